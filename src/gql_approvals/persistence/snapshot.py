"""Reading a database as it is at one moment, for as long as it takes, without making any writer wait.

Past the ORM: rows come as the tables hold them, in batches, and what cannot be decoded comes, too. On SQLite
reading happens in the caller's thread, so this is for commands and not for a server.
"""
# asyncpg is typed in part only.
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import sqlite3
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import asyncpg  # type: ignore[import-untyped]  # it has no types

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence.address import Address, parse
from gql_approvals.persistence.asyncpg_backend import CONNECT_TIMEOUT_S
from gql_approvals.persistence.faults import translating

BATCH = 2000  # rows
Row = Sequence[Any]


class Snapshot(Protocol):
    """What is read belongs to one moment. In queries `?` stands for the one parameter."""

    def batches(self, query: str, *values: int) -> AsyncGenerator[Sequence[Row]]:
        """The rows of a query, at most `BATCH` at a time."""
        ...

    async def rows(self, query: str) -> Sequence[Row]:
        """All rows of a query that gives few."""
        ...


@asynccontextmanager
async def snapshot(url: str) -> AsyncGenerator[Snapshot]:
    """Open a database that is there, for reading.

    Raises:
        BadDatabase: when there is none, it does not answer, is none of ours, or damaged.
        Unavailable: when it is lost meanwhile, or another process holds it too long.
    """
    address = parse(url)
    opened = _sqlite if address.dialect == "sqlite" else _postgresql
    async with opened(address) as reading:
        yield reading


@dataclass(frozen=True, slots=True)
class _Sqlite:
    connection: sqlite3.Connection
    shown: str

    async def batches(self, query: str, *values: int) -> AsyncGenerator[Sequence[Row]]:
        with _reading(self.shown):
            cursor = self.connection.execute(query, values)
        while True:
            with _reading(self.shown):
                found = cursor.fetchmany(BATCH)
            if not found:
                return
            yield found

    async def rows(self, query: str) -> Sequence[Row]:
        with _reading(self.shown):
            return self.connection.execute(query).fetchall()


@dataclass(frozen=True, slots=True)
class _Postgresql:
    connection: Any

    async def batches(self, query: str, *values: int) -> AsyncGenerator[Sequence[Row]]:
        with translating():
            cursor = await self.connection.cursor(query.replace("?", "$1"), *values)
        while True:
            with translating():
                found: Sequence[Row] = await cursor.fetch(BATCH)
            if not found:
                return
            yield found

    async def rows(self, query: str) -> Sequence[Row]:
        with translating():
            found: Sequence[Row] = await self.connection.fetch(query)
        return found


def open_file(path: str, shown: str) -> sqlite3.Connection:
    """Open a SQLite file that is there, for reading; texts that are no UTF-8 keep their bytes.

    Raises:
        BadDatabase: when it is not there, or no database.
    """
    if not Path(path).is_file():
        raise BadDatabase(f"there is no database `{shown}`: check GQL_APPROVALS_DATABASE_URL")
    connection = None
    try:
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None)
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.text_factory = _text
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master")  # the moment begins with the first look
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise BadDatabase(f"the database `{shown}` cannot be read: {error}") from error
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


async def connect(address: Address) -> Any:  # noqa: ANN401  # it has no types
    """A connection to a PostgreSQL database, which the caller closes; no statement has a time limit.

    Raises:
        BadDatabase: when the server does not answer, or refuses.
    """
    try:
        return await asyncpg.connect(
            address.target,
            timeout=CONNECT_TIMEOUT_S,
            server_settings={"application_name": "gql-approvals", "timezone": "UTC"},
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise BadDatabase(f"the database `{address.shown}` cannot be opened: {why}") from error


@contextmanager
def _reading(shown: str) -> Generator[None]:
    """Tell a damaged file from one that is busy."""
    try:
        with translating():
            yield
    except sqlite3.DatabaseError as error:
        raise BadDatabase(f"the file `{shown}` is damaged: {error}; restore a backup") from error


@asynccontextmanager
async def _sqlite(address: Address) -> AsyncGenerator[Snapshot]:
    with closing(open_file(address.target, address.shown)) as connection:
        with _reading(address.shown):
            _require_tables({str(name) for (name,) in connection.execute(_SQLITE_TABLES)}, address)
        yield _Sqlite(connection, address.shown)


@asynccontextmanager
async def _postgresql(address: Address) -> AsyncGenerator[Snapshot]:
    connection = await connect(address)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found: list[Any] = await connection.fetch(_POSTGRESQL_TABLES)
            _require_tables({str(row["relname"]) for row in found}, address)
            yield _Postgresql(connection)
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)


_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_POSTGRESQL_TABLES = (
    "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)"
)


def _require_tables(found: set[str], address: Address) -> None:
    if not {"account", "audit_event", "tortoise_migrations"} <= found:
        raise BadDatabase(
            f"the database `{address.shown}` has no tables of gql-approvals: run gql-approvals migrate"
        )
