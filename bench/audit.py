"""Recomputing an audit chain of 100 000 entries, on both databases."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types
from tests import databases

from bench.rows import Row
from gql_approvals.cli.auditing import verify
from gql_approvals.persistence.audit import GENESIS, Entry, entry_hash
from gql_approvals.workflow.content import canonical

ENTRIES = 100_000
ENTRIES_A_SECOND = 20_000
BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
ACCOUNT = "id, slug, name, time_zone, approvals_enabled, notify_scope, audit_seq, audit_hash, created_at"
EVENT = (
    "account_id", "seq", "kind", "at", "actor_id", "campaign_id", "detail", "policy_version", "previous_hash",
    "hash",
)  # fmt: skip


def verification() -> Iterator[Row]:
    """The whole command but its start: reading, hashing, comparing."""
    entries = chain()
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as folder:
        yield measured("SQLite", in_file(Path(folder) / "bench.db", entries))
    with databases.postgres_server() as server:
        made = databases.PostgresDatabases(server)
        url = made.url(made.create())
        asyncio.run(in_server(url, entries))
        yield measured("PostgreSQL", url)
        made.close()


def measured(where: str, url: str) -> Row:
    """The entries a second."""
    begun_s = time.perf_counter()
    (verdict,) = asyncio.run(verify(url, form="json"))
    speed = ENTRIES / (time.perf_counter() - begun_s)
    if verdict.finding is not None or verdict.entries != ENTRIES:
        raise AssertionError(verdict)
    what = f"audit verify, {where}, {ENTRIES:,} entries"
    return Row(what, f"{speed:,.0f} entries/s", f">= {ENTRIES_A_SECOND:,}/s", speed >= ENTRIES_A_SECOND)


def chain() -> list[tuple[Any, ...]]:
    """An intact chain of votes."""
    rows, previous = list[tuple[Any, ...]](), GENESIS
    for seq in range(1, ENTRIES + 1):
        entry = Entry(
            kind="campaign:approved", at=BEGIN + timedelta(seconds=seq), actor=seq % 50 + 1,
            campaign=seq % 9_000 + 1, detail={"contentHash": "ab" * 32, "revision": seq % 9},
            policy_version="b5079dac140e",
        )  # fmt: skip
        own = entry_hash(entry, seq=seq, previous=previous)
        detail = canonical(entry.detail).decode()
        said = (entry.kind, entry.at, entry.actor, entry.campaign, detail, entry.policy_version)
        rows.append((1, seq, *said, previous, own))
        previous = own
    return rows


def account(rows: list[tuple[Any, ...]]) -> str:
    """The statement that makes the account whose chain it is."""
    head = f"{len(rows)}, '{rows[-1][-1]}'"
    values = f"1, 'acme', 'Acme', 'UTC', true, 'INVOLVED', {head}, '2027-01-01'"
    return f"INSERT INTO account ({ACCOUNT}) VALUES ({values})"  # noqa: S608  # our own


def in_file(path: Path, rows: list[tuple[Any, ...]]) -> str:
    """A SQLite database with the chain."""
    url = f"sqlite:///{path}"
    asyncio.run(databases.migrate(url))
    marks = ", ".join("?" * len(EVENT))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(account(rows))
        insert = f"INSERT INTO audit_event ({', '.join(EVENT)}) VALUES ({marks})"  # noqa: S608  # our own
        connection.executemany(insert, rows)
    return url


async def in_server(url: str, rows: list[tuple[Any, ...]]) -> None:
    """Put the chain into a PostgreSQL database."""
    connection: Any = await asyncpg.connect(url)
    await connection.execute(account(rows))
    await connection.copy_records_to_table("audit_event", records=rows, columns=EVENT)
    await connection.close()
