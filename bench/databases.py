"""Databases for benchmarks: a file, and a PostgreSQL of their own, each filled with the seed."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests import databases

from bench.workloads.filling import fill


@contextmanager
def filled(name: str, campaigns: int) -> Generator[str]:
    """The URL of a database that holds so many campaigns; `name`: SQLite or PostgreSQL."""
    if name == "SQLite":
        with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as folder:
            url = f"sqlite:///{Path(folder) / 'bench.db'}"
            fill(url, campaigns)
            yield url
        return
    with databases.postgres_server() as server:
        made = databases.PostgresDatabases(server)
        own = made.create()
        try:
            url = made.url(own)
            fill(url, campaigns, migrated=True)
            yield url
        finally:
            made.drop(own)
            made.close()
