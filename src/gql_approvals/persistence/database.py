"""Opening and closing the database, transactions, migrations.

INVARIANT: one `Database` a process is open. Tortoise's context is its global fallback, so requests,
background tasks and tests see the same one. Connections are named after their dialect, because Tortoise
caches SQL by connection name.
"""

# Tortoise and asyncpg are typed in part only; how a transaction begins is private to Tortoise.
# pyright: reportMissingTypeStubs=false, reportPrivateUsage=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# ruff: noqa: SLF001

import asyncio
import logging
import pkgutil
import random
import shutil
import socket
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg  # type: ignore[import-untyped]  # it has no types
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from typing_extensions import override

from gql_approvals.errors import BadDatabase, Unavailable
from gql_approvals.observability import meters, tracing
from gql_approvals.persistence import asyncpg_backend, migrations, sqlite_backend
from gql_approvals.persistence.address import Address, Dialect, parse
from gql_approvals.persistence.faults import Contention
from gql_approvals.persistence.releases import NEEDED, misfit, needs_of

T = TypeVar("T")

_log = logging.getLogger(__name__)

_RETRIES = 3
_MIGRATION_RETRIES = 20
_RETRY_WITHIN_S = 30  # no retry begins later than this after the first try
_PING_S = 2
_CLOSE_S = 10  # running transactions may finish within this
_LOCK_TIMEOUT_S: dict[Dialect, float] = {"sqlite": 30, "postgresql": 10}
_MIGRATION_LOCK = 7_305_771_220_661  # any number, the same in every release


class Database:
    """An open database. Make one with `Database.open`."""

    dialect: Dialect

    def __init__(self, address: Address, client: BaseDBAsyncClient) -> None:
        self.dialect = address.dialect
        self._address = address
        self._client = client
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, pool_size: int = 10, lock_timeout_s: float | None = None
    ) -> AsyncGenerator["Database", None]:
        """Open the database, and close it after running transactions have ended (10 s at most).

        `lock_timeout_s` is how long a statement waits for a lock; None: 30 s on SQLite, 10 s on PostgreSQL.

        Raises:
            BadDatabase: when the URL is malformed, or the database cannot be reached or opened.
        """
        address = parse(url)
        config = {
            "connections": {address.dialect: _connection(address, pool_size, lock_timeout_s)},
            "apps": _apps(address.dialect),
        }
        context = TortoiseContext()
        with context:  # current for this call only: afterwards every task finds it as the global one
            await context.init(config, _enable_global_fallback=True)
        try:
            client = context.connections.get(address.dialect)
            await _connect(client, address)
            database = cls(address, client)
            try:
                yield database
            finally:
                await database._drain()
        finally:
            await context.close_connections()

    async def transaction(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` in a transaction of its own: BEGIN IMMEDIATE, or READ COMMITTED on PostgreSQL.

        It runs in its own task, which goes on to COMMIT or ROLLBACK when the caller is cancelled. After a
        serialization failure, a deadlock or a lock timeout `work` is called again, up to three times: it must
        not have effects outside the database.

        Raises:
            Unavailable: when the database is lost, full, or still busy after the retries.
        """
        current = get_connections().get(self.dialect)
        if isinstance(current, TransactionalDBClient) and not current._finalized:
            message = "transactions do not nest: join the one that is open"
            raise RuntimeError(message)
        with tracing.span("transaction"), meters.during("transactions_open"):
            try:
                return await self._in_task(self._with_retries(work))
            except Unavailable:
                meters.count("database_lost")
                raise

    async def _with_retries(self, work: Callable[[], Awaitable[T]]) -> T:
        # A task that was started inside a transaction has inherited its connection.
        get_connections().set(self.dialect, self._client)
        loop = asyncio.get_running_loop()
        last_start = loop.time() + _RETRY_WITHIN_S
        for attempt in range(_RETRIES):
            try:
                return await self._once(work)
            except Contention as error:
                if loop.time() > last_start:
                    raise
                meters.count("transactions", "retried")
                _log.info("transaction runs again: %r", error.__cause__)
            await asyncio.sleep(random.uniform(0, 0.02 * 4**attempt))  # noqa: S311 - jitter, no secret
        return await self._once(work)

    async def _once(self, work: Callable[[], Awaitable[T]]) -> T:
        outcome = "rolled_back"
        try:
            async with self._client._in_transaction():
                result = await work()
            outcome = "committed"
        finally:
            meters.count("transactions", outcome)
        return result

    async def _in_task(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def require_migrated(self) -> None:
        """Make sure that this release can work with the database: see `releases`.

        Raises:
            BadDatabase: when one of its migrations is missing, or a newer one asks for a newer release.
            Unavailable: when the database does not answer.
        """
        why = await self.why_unfit()
        if why is not None:
            raise BadDatabase(why)

    async def why_unfit(self) -> str | None:
        """Why this release cannot work with the database, and how to mend it; None when it can.

        Raises:
            Unavailable: when the database does not answer.
        """
        rows: list[dict[str, str]]
        try:
            rows = await self._client.execute_query_dict("SELECT app, name FROM tortoise_migrations")
        except OperationalError:  # there is no such table
            rows = []
        return misfit(migration_names(), [(row["app"], row["name"]) for row in rows])

    async def migrate(self) -> list[str]:
        """Apply pending migrations in one transaction, and give their names.

        Processes that migrate at once wait for each other: with an advisory lock on PostgreSQL, with the lock
        of BEGIN IMMEDIATE on SQLite. All of it is undone when one migration fails.

        Raises:
            Unavailable: when the database is lost, or another process keeps the file locked for 30 s.
        """
        return await self._in_task(self._migrate())

    async def _migrate(self) -> list[str]:
        if self.dialect == "sqlite":
            return await self._apply(self._client)
        # A connection of its own: there is no limit to how long a migration takes, or waits for another.
        client = asyncpg_backend.Client(
            self._address.target,
            connection_name=self.dialect,
            pool_size=1,
            lock_timeout_ms=0,
            command_timeout_s=None,
        )
        try:
            return await self._apply_beside_others(client)
        finally:
            await client.close()

    async def _apply_beside_others(self, client: BaseDBAsyncClient) -> list[str]:
        """Apply them while servers work: a deadlock with these undoes all of it, and is tried again."""
        for _ in range(_MIGRATION_RETRIES):
            try:
                return await self._apply(client)
            except Contention as error:
                _log.info("migration runs again: %r", error.__cause__)
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - jitter, no secret
        return await self._apply(client)

    async def _apply(self, client: BaseDBAsyncClient) -> list[str]:
        applied: list[str] = []

        def progress(event: str, _app: str, name: str) -> None:
            if event == "apply_done":
                applied.append(name)

        async with client._in_transaction() as transaction:
            if self.dialect == "postgresql":
                await transaction.execute_query("SELECT pg_advisory_xact_lock($1)", [_MIGRATION_LOCK])
            executor = _Executor(transaction, _apps(self.dialect))
            await executor.prepare()
            await executor.migrate(direction="forward", progress=progress)
            await executor.record_needs(applied)
        return applied

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            Unavailable: when there is none within 2 s.
        """
        task = asyncio.create_task(self._ask())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait((task,), timeout=_PING_S)
        if not done:
            task.cancel()  # not awaited: giving a connection back may hang as well
            message = f"the database has not answered for {_PING_S} s"
            raise Unavailable(message)
        task.result()

    async def clock(self) -> datetime:
        """The time that all who use the database share; a file is of one machine, and so is its clock.

        Raises:
            Unavailable: when it does not answer.
        """
        if self.dialect == "sqlite":
            return datetime.now(UTC)
        [row] = await self._client.execute_query_dict("SELECT clock_timestamp() AS now")
        return cast("datetime", row["now"]).astimezone(UTC)

    def free_bytes(self) -> int | None:
        """The room on the disk of a SQLite file; None when that is the database server's own matter."""
        if self.dialect != "sqlite":
            return None
        return shutil.disk_usage(Path(self._address.target).absolute().parent).free

    async def _ask(self) -> None:
        await self._client.execute_query("SELECT 1")

    async def _drain(self) -> None:
        for timeout_s in (_CLOSE_S, 1):
            if self._running:
                _, late = await asyncio.wait(self._running, timeout=timeout_s)
                for task in late:
                    task.cancel()  # it rolls back


class _Executor(MigrationExecutor):
    """Applies migrations inside a transaction that is open already."""

    async def prepare(self) -> None:
        """Create Tortoise's own table: a look at one that is missing would abort PostgreSQL's transaction."""
        await self.recorder.ensure_schema(self._schema_editor())

    async def record_needs(self, applied: Iterable[str]) -> None:
        """Write down which releases can no longer work with the database."""
        known = {key.name for key in await self.recorder.applied_migrations() if key.app_label == NEEDED}
        for name in sorted({needs_of(one) for one in applied} - known - {None}, key=str):
            await self.recorder.record_applied(NEEDED, str(name))

    @override
    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        # "Atomic" editors split SQL at every semicolon on SQLite, those in comments and triggers as well.
        return super()._schema_editor(atomic=False, collect_sql=collect_sql)


def migration_names() -> list[str]:
    """Give the names of this release's migrations, in their order."""
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))


def _apps(connection: str) -> dict[str, dict[str, Any]]:
    return {
        "approvals": {
            "models": ["gql_approvals.persistence.models", "gql_approvals.persistence.webhook_row"],
            "migrations": migrations.__name__,
            "default_connection": connection,
        }
    }


def _connection(address: Address, pool_size: int, lock_timeout_s: float | None) -> dict[str, Any]:
    lock_timeout_ms = int(
        1000 * (_LOCK_TIMEOUT_S[address.dialect] if lock_timeout_s is None else lock_timeout_s)
    )
    if address.dialect == "sqlite":
        return {
            "engine": sqlite_backend.__name__,
            "credentials": {"file_path": address.target, "busy_timeout_ms": lock_timeout_ms},
        }
    return {
        "engine": asyncpg_backend.__name__,
        "credentials": {"dsn": address.target, "pool_size": pool_size, "lock_timeout_ms": lock_timeout_ms},
    }


async def _connect(client: BaseDBAsyncClient, address: Address) -> None:
    try:
        await client.create_connection(with_db=True)
    except (OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        message = f"the database `{address.shown}` cannot be opened: {_reason(error)}"
        raise BadDatabase(message) from error


def _reason(error: Exception) -> str:  # noqa: PLR0911 - a table
    """Say what failed and how to fix it."""
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "the server refuses the user or the password: check both"
        case asyncpg.InvalidCatalogNameError():
            return "the server has no database of this name: create it"
        case TimeoutError():
            limit = asyncpg_backend.CONNECT_TIMEOUT_S
            return f"the server has not answered for {limit} s: check the host, the port and the network"
        case socket.gaierror():
            return "the host is not known: check its name"
        case ConnectionError() | FileNotFoundError():
            return "no server listens there: start it, or check the host and the port"
        case sqlite3.Error() if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN:
            return (
                "the file cannot be opened: its folder must exist, and the file must be readable and writable"
            )
        case sqlite3.Error() if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
            return "the file cannot be written: check its permissions and those of its folder"
        case sqlite3.Error() if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            return "the file is no SQLite database: name another one"
        case _:
            return str(error).partition("\n")[0]
