"""Tortoise's asyncpg backend with transactions that cannot leak a connection of the pool.

What differs from `tortoise.backends.asyncpg` 1.1.9, and why:

- A BEGIN that fails or is cancelled gives its connection back: Tortoise loses it, and 400 dropped clients
  empty a pool of ten.
- COMMIT and ROLLBACK run to their end however often the caller is cancelled; a failing ROLLBACK does not hide
  the error that caused it; a transaction that is over refuses statements.
- Errors that Tortoise leaves raw are translated by `faults`.
- The pool takes the URL as it is, with its own limits: waits for a connection, a lock and an answer all end.
- No reset query at each release: sessions carry no state, and an open transaction is still rolled back.
"""

# Tortoise and asyncpg are typed in part only, and a backend is made of Tortoise's private parts.
# pyright: reportMissingTypeStubs=false, reportPrivateUsage=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# ruff: noqa: SLF001

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types
from asyncpg.pool import PoolConnectionProxy  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.connection import ConnectionToken, get_connections
from tortoise.exceptions import TransactionManagementError
from typing_extensions import override

from gql_approvals.errors import Unavailable
from gql_approvals.observability import meters
from gql_approvals.persistence.faults import translating
from gql_approvals.persistence.uninterrupted import uninterrupted

CONNECT_TIMEOUT_S = 10
_LEASE_TIMEOUT_S = 10  # waiting for a free connection of the pool
_IDLE_IN_TRANSACTION_MS = 60_000  # a process that stands still gives its row locks back after this


# Only `off` answers before the commit is on disk; what an operator chose for standbys is left as it is.
_ON_DISK = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)


async def _commit_on_disk(connection: asyncpg.Connection) -> None:
    """Let no setting of the database or of its user make an acknowledged change less than durable."""
    await connection.execute(_ON_DISK)


async def _no_reset(_connection: object) -> None:
    """Stand in for `RESET ALL` and its like; asyncpg has already ended an open transaction."""


class _Statements(AsyncpgDBClient):
    """Statements whose errors are translated by `faults`."""

    @override
    async def _translate_exceptions(
        self, func: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        with translating():
            return await super()._translate_exceptions(func, *args, **kwargs)


class Client(_Statements):
    """A pool of connections to one database.

    `lock_timeout_ms` limits the wait for a row lock, `command_timeout_s` that for any answer; 0 and None
    are no limit.
    """

    def __init__(
        self,
        dsn: str,
        *,
        connection_name: str,
        pool_size: int = 10,
        lock_timeout_ms: int = 10_000,
        command_timeout_s: float | None = 30,
    ) -> None:
        super().__init__(connection_name=connection_name, minsize=1, maxsize=pool_size)
        self._dsn = dsn
        self._command_timeout_s = command_timeout_s
        self.server_settings = {
            "application_name": "gql-approvals",
            "timezone": "UTC",
            "lock_timeout": str(lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_MS),
            "jit": "off",  # compiling takes longer than any statement of ours runs
        }

    @override
    async def create_connection(self, with_db: bool) -> None:
        """Open the pool with one connection.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: when the server is not reached or refuses.
        """
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=self.pool_minsize,
            max_size=self.pool_maxsize,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=self._command_timeout_s,
            server_settings=self.server_settings,
            init=_commit_on_disk,
            reset=_no_reset,
        )
        await self._post_connect()

    async def lease(self) -> PoolConnectionProxy:
        """Take a connection from the pool; the caller gives it back with `give_back`.

        Raises:
            TimeoutError: when none is free within 10 s.
        """
        if self._pool is None:
            async with self._pool_init_lock:
                if self._pool is None:
                    await self.create_connection(with_db=True)
        pool: Any = self._pool
        async with asyncio.timeout(_LEASE_TIMEOUT_S):
            connection: PoolConnectionProxy = await pool.acquire()
        meters.count("database_connections")
        return connection

    async def give_back(self, connection: PoolConnectionProxy) -> None:
        """Return a connection; one that is broken is closed, and the pool opens another when needed."""
        pool: Any = self._pool
        meters.count("database_connections", by=-1)
        with suppress(Unavailable), translating():  # asyncpg has closed it
            await pool.release(connection)

    @override
    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        return _Lease(self, self._pool_init_lock)

    @override
    def _in_transaction(self) -> TransactionContext:
        return _Context(self)


class _Lease(PoolConnectionWrapper[Any]):
    """A connection for one statement outside a transaction."""

    client: Client
    _leased: PoolConnectionProxy

    @override
    async def __aenter__(self) -> PoolConnectionProxy:
        self._leased = self.connection = await self.client.lease()
        return self._leased

    @override
    async def __aexit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None:
        await uninterrupted(self.client.give_back(self._leased))


class Transaction(_Statements, TransactionWrapper):
    """The connection as it is seen inside a transaction."""

    @override
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Transaction(self))

    @override
    def acquire_connection(self) -> ConnectionWrapper[asyncpg.Connection]:
        """Refuse when the transaction is over.

        Raises:
            TransactionManagementError: when a task that was started inside outlives the transaction.
        """
        if self._finalized:
            message = "the transaction is over: start background work after it, not inside"
            raise TransactionManagementError(message)
        return super().acquire_connection()

    @override
    async def commit(self) -> None:
        with translating():
            await super().commit()

    @override
    async def rollback(self) -> None:
        with translating():
            await super().rollback()


class _Context(TransactionContext):
    """One transaction; its connection is back in the pool whichever way it ends."""

    _transaction: Transaction
    _connection: Any
    _token: ConnectionToken

    def __init__(self, parent: Client) -> None:
        self._parent = parent

    @override
    async def __aenter__(self) -> TransactionalDBClient:
        with translating():
            self._connection = await self._parent.lease()
        self._transaction = Transaction(self._parent)
        self._transaction._connection = self._connection
        try:
            await uninterrupted(self._transaction.begin())
        except BaseException:
            await uninterrupted(self._end(commit=False))
            raise
        self._token = get_connections().set(self._transaction.connection_name, self._transaction)
        return self._transaction

    @override
    async def __aexit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None:
        get_connections().reset(self._token)
        await uninterrupted(self._end(commit=exc_type is None))

    async def _end(self, *, commit: bool) -> None:
        try:
            if self._transaction._finalized:
                return
            if commit:
                await self._transaction.commit()
            elif self._transaction.transaction is not None:  # None: the connection was lost before BEGIN
                with suppress(Unavailable):  # a lost connection has rolled back; the first error is told
                    await self._transaction.rollback()
        finally:
            self._transaction._finalized = True
            await self._parent.give_back(self._connection)


client_class = Client
