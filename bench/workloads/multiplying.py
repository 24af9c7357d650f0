"""Many campaigns from some: the database copies its own rows, which takes minutes instead of an hour."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

from bench.workloads.filling import file_of, is_sqlite
from bench.workloads.seed import COLUMNS

# What a column refers to: its value moves by as many rows as that table has.
REFERENCES: dict[str, dict[str, str]] = {
    "campaign": {"id": "campaign", "live_publication_id": "publication"},
    "revision": {"id": "revision", "campaign_id": "campaign"},
    "contributor": {"id": "contributor", "campaign_id": "campaign"},
    "approval_request": {"id": "approval_request", "campaign_id": "campaign"},
    "decision": {"id": "decision", "request_id": "approval_request"},
    "publication": {"id": "publication", "campaign_id": "campaign", "request_id": "approval_request"},
}
TIMES = frozenset({"created_at", "updated_at", "submitted_at", "at", "sent_at"})  # a copy is a minute later
LATER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', s.{0}, n.k || ' minutes') || '.000000+00:00'",
    "postgres": "s.{0} + n.k * interval '1 minute'",
}
COPIES = {
    "sqlite": (
        "(WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < {0}) SELECT k FROM c)"
    ),
    "postgres": "(SELECT generate_series(1, {0}) AS k)",
}


def multiply(url: str, times: int) -> None:
    """Have so many times as many campaigns as there are, with all that belongs to them."""
    if times < 2:  # noqa: PLR2004  # once is what there is
        return
    if is_sqlite(url):
        _in_file(file_of(url), times)
    else:
        asyncio.run(_in_server(url, times))


def statements(dialect: str, sizes: dict[str, int], times: int) -> Iterator[str]:
    """One for each table."""
    for table, references in REFERENCES.items():
        columns = COLUMNS[table].split()
        values = ", ".join(_value(dialect, column, references, sizes) for column in columns)
        copies = COPIES[dialect].format(times - 1)
        # the copies one behind the other, as if they had been created so
        yield (
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {copies} n"  # noqa: S608  # our own
            f" CROSS JOIN {table} s ORDER BY n.k, s.id"
        )


def _value(dialect: str, column: str, references: dict[str, str], sizes: dict[str, int]) -> str:
    if column in references:
        return f"s.{column} + n.k * {sizes[references[column]]}"
    return LATER[dialect].format(column) if column in TIMES else f"s.{column}"


def _in_file(path: str, times: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        sizes = {table: connection.execute(_count(table)).fetchone()[0] for table in REFERENCES}
        for statement in statements("sqlite", sizes, times):
            connection.execute(statement)
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _in_server(url: str, times: int) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")  # references are right already
        sizes = {table: await connection.fetchval(_count(table)) for table in REFERENCES}
        for statement in statements("postgres", sizes, times):
            await connection.execute(statement)
        for table, size in sizes.items():
            place = f"pg_get_serial_sequence('{table}', 'id')"
            await connection.execute(f"SELECT setval({place}, {size * times + 1}, false)")
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def _count(table: str) -> str:
    return f"SELECT count(*) FROM {table}"  # noqa: S608  # our own
