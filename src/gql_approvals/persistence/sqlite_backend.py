"""Tortoise's SQLite backend with transactions that are immediate, durable and cannot leak.

What differs from `tortoise.backends.sqlite` 1.1.9, and why:

- BEGIN IMMEDIATE: a deferred BEGIN fails with `database is locked` as soon as two processes write.
- A BEGIN that fails or is cancelled gives the lock back (Tortoise keeps it for ever), a COMMIT that fails
  rolls back (Tortoise would commit the rest with the next BEGIN), and a transaction that is over refuses
  statements.
- A SELECT outside a transaction goes to a second, read-only connection: with WAL it sees what is committed,
  and waits for no writer. A SELECT that is known to be short is not even sent to another thread.
- Scripts are run statement by statement: `sqlite3.executescript` commits the open transaction first.
- Times are stored as UTC text of one width, so that their order as text is their order in time.
"""

# Tortoise is typed in part only, and a backend is made of its private parts.
# pyright: reportPrivateUsage=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# ruff: noqa: SLF001

import asyncio
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper, translate_exceptions
from tortoise.connection import ConnectionToken, get_connections
from tortoise.exceptions import TransactionManagementError
from typing_extensions import override

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence.faults import Contention, translating
from gql_approvals.persistence.uninterrupted import uninterrupted

# Safe to change only together with docs: an acknowledged change is on disk because of WAL and FULL.
_PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "recursive_triggers": "ON",  # or INSERT OR REPLACE would slip past the triggers of audit_event
    "journal_size_limit": "16777216",  # bytes
}
_WAL_RETRY_S = 0.02
_FULL = 2  # as `PRAGMA synchronous` answers; NORMAL is 1, EXTRA is 3


def _utc_text(value: datetime) -> str:
    if value.tzinfo is None:
        message = f"`{value}` has no time zone: times are aware UTC"
        raise ValueError(message)
    return value.astimezone(UTC).isoformat(" ", timespec="microseconds")


sqlite3.register_adapter(datetime, _utc_text)  # instead of Tortoise's, which keeps any offset


def _statements(script: str) -> Generator[str, None, None]:
    """Split at the semicolons that end a statement: not those in strings and trigger bodies."""
    statement = ""
    for part in script.split(";"):
        statement += part
        if not statement.strip():
            continue
        statement += ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


class _Statements(SqliteClient):
    """Statements whose errors are translated by `faults`."""

    @override
    async def execute_insert(self, query: str, values: list[Any]) -> int:
        with translating():
            result: int = await super().execute_insert(query, values)
        return result

    @override
    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        with translating():
            await super().execute_many(query, values)

    @override
    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        with translating():
            result: tuple[int, Sequence[dict[str, Any]]] = await super().execute_query(query, values)
        return result

    @override
    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        with translating():
            result: list[dict[str, Any]] = await super().execute_query_dict(query, values)
        return result

    @override
    async def execute_script(self, query: str) -> None:
        for statement in _statements(query):
            await self.execute_query(statement)


class Client(_Statements):
    """One writing and two reading connections to a file; writers of this process queue at a lock.

    `busy_timeout_ms` is how long a statement waits for another process.
    """

    def __init__(self, file_path: str, *, connection_name: str, busy_timeout_ms: int = 30_000) -> None:
        super().__init__(file_path, connection_name=connection_name)
        self.pragmas = {"busy_timeout": str(busy_timeout_ms), **_PRAGMAS}
        self._busy_timeout_ms = busy_timeout_ms
        self._reader: aiosqlite.Connection | None = None
        self._here: sqlite3.Connection | None = None

    @override
    async def create_connection(self, with_db: bool) -> None:
        """Open the connections.

        Raises:
            BadDatabase: when the file cannot be put into WAL mode, or a commit would not be on disk.
            sqlite3.Error: when it cannot be opened, or is no database.
        """
        if self._connection is not None:
            return
        writer = await self._connect()
        try:
            reader = await self._connect()
        except BaseException:
            await uninterrupted(writer.close())
            raise
        await reader.execute_fetchall("PRAGMA query_only=ON")
        self._connection, self._reader, self._here = writer, reader, self._connect_here()
        await self._post_connect()

    async def _connect(self) -> aiosqlite.Connection:
        connection = aiosqlite.connect(self.filename, isolation_level=None)
        try:
            await connection
        except BaseException:
            # Its thread still has a message for this loop, and would find the loop closed.
            await uninterrupted(asyncio.to_thread(connection._thread.join))
            raise
        try:
            for pragma, value in self.pragmas.items():
                await self._set(connection, pragma, value)
            await self._require_durable(connection)
        except BaseException:
            await uninterrupted(connection.close())
            raise
        connection.row_factory = sqlite3.Row
        return connection

    def _connect_here(self) -> sqlite3.Connection:
        here = sqlite3.connect(self.filename, isolation_level=None, timeout=0)
        here.execute("PRAGMA query_only=ON")
        return here

    async def _set(self, connection: aiosqlite.Connection, pragma: str, value: str) -> None:
        answer = await self._retried(connection, f"PRAGMA {pragma}={value}")
        if pragma == "journal_mode" and answer[0][0] != "wal":
            message = f"`{self.filename}` cannot use WAL: put it on a local file system"
            raise BadDatabase(message)

    async def _require_durable(self, connection: aiosqlite.Connection) -> None:
        [[level]] = await connection.execute_fetchall("PRAGMA synchronous")
        if level < _FULL:
            message = (
                f"`{self.filename}` is used with synchronous={level}, where a power cut takes back what was "
                "acknowledged: use SQLite as Python brings it along, which takes synchronous=FULL"
            )
            raise BadDatabase(message)

    async def _retried(self, connection: aiosqlite.Connection, query: str) -> list[Any]:
        # Processes that put one new file into WAL mode at once are refused without waiting.
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._busy_timeout_ms / 1000
        while loop.time() < deadline:
            with suppress(Contention), translating():
                return list(await connection.execute_fetchall(query))
            await asyncio.sleep(_WAL_RETRY_S)
        with translating():
            return list(await connection.execute_fetchall(query))

    @override
    async def close(self) -> None:
        if self._here is not None:
            self._here.close()
        connections = (self._connection, self._reader)
        self._connection = self._reader = self._here = None
        for connection in connections:
            if connection is not None:
                await uninterrupted(connection.close())

    @override
    def _in_transaction(self) -> TransactionContext:
        return _Context(self, self._lock)

    @override
    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)

    @override
    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        if not _is_select(query):
            return await super().execute_query(query, values)
        rows = await self._read(query, values)
        return len(rows), rows

    async def read_soon(self, query: str, values: Any) -> Sequence[Sequence[Any]]:  # noqa: ANN401  # by name
        """Run a SELECT that is short, outside a transaction: in this thread, unless the file is busy."""
        if self._here is not None:
            with suppress(Contention), translating():
                rows: list[Sequence[Any]] = self._here.execute(query, values).fetchall()
                return rows
        found: list[Sequence[Any]] = await self._read(query, values)
        return found

    @override
    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        if not _is_select(query):
            return await super().execute_query_dict(query, values)
        return [dict(row) for row in await self._read(query, values)]

    @translate_exceptions
    async def _read(self, query: str, values: list[Any] | None) -> list[Any]:
        if self._reader is None:
            async with self._lock:
                await self.create_connection(with_db=True)
        reader = cast("aiosqlite.Connection", self._reader)
        with translating():
            return list(await reader.execute_fetchall(query, values))


def _is_select(query: str) -> bool:
    return query.lstrip()[:6].upper() == "SELECT"


class Transaction(_Statements, SqliteTransactionWrapper):
    """The connection as it is seen inside a transaction."""

    @override
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Transaction(self))

    @override
    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        """Refuse when the transaction is over.

        Raises:
            TransactionManagementError: when a task that was started inside outlives the transaction.
        """
        if self._finalized:
            message = "the transaction is over: start background work after it, not inside"
            raise TransactionManagementError(message)
        return super().acquire_connection()

    @override
    async def begin(self) -> None:
        with translating():
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")

    @override
    async def commit(self) -> None:
        with translating():
            await super().commit()


class _Context(TransactionContext):
    """One transaction; the lock is free again and no transaction is open whichever way it ends."""

    _transaction: Transaction
    _token: ConnectionToken

    def __init__(self, parent: Client, lock: asyncio.Lock) -> None:
        self._parent = parent
        self._lock = lock

    @override
    async def __aenter__(self) -> TransactionalDBClient:
        await self._lock.acquire()
        try:
            await self._parent.create_connection(with_db=True)
            self._transaction = Transaction(self._parent)
        except BaseException:
            self._lock.release()
            raise
        try:
            await self._transaction.begin()
        except BaseException:
            # A cancelled BEGIN still runs in the connection's thread: the ROLLBACK queues behind it.
            await uninterrupted(self._end(commit=False))
            raise
        self._token = get_connections().set(self._transaction.connection_name, self._transaction)
        return self._transaction

    @override
    async def __aexit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None:
        get_connections().reset(self._token)
        await uninterrupted(self._end(commit=exc_type is None))

    async def _end(self, *, commit: bool) -> None:
        connection = self._transaction._connection
        try:
            if commit and not self._transaction._finalized:
                await self._transaction.commit()
        finally:
            self._transaction._finalized = True
            try:
                await connection.rollback()  # does nothing after a COMMIT
            finally:
                self._lock.release()


client_class = Client
