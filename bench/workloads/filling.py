"""Put the seed into a migrated database, as fast as each of them takes it."""

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types
from tests.databases import migrate

from bench.workloads.seed import COLUMNS, Rows, rows

SQLITE = "sqlite:///"


def is_sqlite(url: str) -> bool:
    """Whether the database is a file."""
    return url.startswith(SQLITE)


def file_of(url: str) -> str:
    """Where that file is."""
    return url.removeprefix(SQLITE)


def fill(url: str, campaigns: int, *, migrated: bool = False) -> None:
    """Migrate the database, unless it is, and write the seed."""
    if not migrated:
        asyncio.run(migrate(url))
    found = rows(campaigns)
    if is_sqlite(url):
        _into_file(file_of(url), found)
    else:
        asyncio.run(_into_server(url, found))


def _into_file(path: str, found: Rows) -> None:
    with closing(sqlite3.connect(path)) as connection:
        with connection:
            for table, columns in COLUMNS.items():
                names = columns.split()
                marks = ", ".join("?" * len(names))
                insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  # our own
                connection.executemany(insert, found[table])
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _into_server(url: str, found: Rows) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        for table, columns in COLUMNS.items():
            await connection.copy_records_to_table(table, records=found[table], columns=columns.split())
            place = f"pg_get_serial_sequence('{table}', 'id')"
            await connection.execute(f"SELECT setval({place}, {len(found[table]) + 1}, false)")
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
