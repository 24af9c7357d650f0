"""Plain SQL on both databases, with nothing between it and the driver."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg  # type: ignore[import-untyped]  # it has no types

from bench.workloads.filling import file_of, is_sqlite

Row = Sequence[Any]


class Writing(Protocol):
    """An open transaction."""

    async def __call__(self, statement: str, *values: Any) -> list[Row]:  # noqa: ANN401  # what a column holds
        """Execute a statement with `$1`, `$2` and so on."""
        ...


class Sql(ABC):
    """A database: statements have `$1`, `$2`, …; `read_in` writes lists into the text, one mark each."""

    @abstractmethod
    async def read(self, statement: str, *values: Any) -> list[Row]:  # noqa: ANN401  # what a column holds
        """Execute one statement outside of a transaction."""

    async def read_in(self, statement: str, *values: Any, **lists: Sequence[Any]) -> list[Row]:  # noqa: ANN401  # likewise
        """The same; `{name}` in it stands for the values of a list."""
        given, marks = list(values), dict[str, str]()
        for name, members in lists.items():
            marks[name] = ",".join(f"${len(given) + place}" for place in range(1, len(members) + 1)) or "NULL"
            given += members
        return await self.read(statement.format(**marks), *given)

    @abstractmethod
    def writing(self) -> "Any":  # noqa: ANN401  # an async context manager of `Writing`
        """A transaction."""

    @abstractmethod
    def now(self) -> Any:  # noqa: ANN401  # as the column holds it
        """The time as it is compared with a column."""

    @abstractmethod
    def time(self, value: Any) -> Any:  # noqa: ANN401  # as the column holds it
        """A column's time as orjson is to write it."""

    def is_past(self, value: Any) -> bool:  # noqa: ANN401  # as the column holds it
        """Whether a column's time has come."""
        return bool(value <= self.now())


class Postgres(Sql):
    """A pool that does not reset its connections: nothing is ever set on them."""

    def __init__(self, pool: Any) -> None:  # noqa: ANN401  # asyncpg has no types
        self._pool = pool

    async def read(self, statement: str, *values: Any) -> list[Row]:  # noqa: ANN401  # see `Sql`
        """See `Sql`."""
        async with self._pool.acquire() as connection:
            found: list[Row] = await connection.fetch(statement, *values)
            return found

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[Writing]:
        """See `Sql`."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection.fetch

    def now(self) -> datetime:
        """See `Sql`."""
        return datetime.now(UTC)

    def time(self, value: Any) -> Any:  # noqa: ANN401  # see `Sql`
        """See `Sql`."""
        return value


class File(Sql):
    """SQLite in this thread: a connection that reads, and one that writes, one transaction at a time."""

    def __init__(self, path: str) -> None:
        self._reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self._writer = sqlite3.connect(path, isolation_level=None)
        self._lock = asyncio.Lock()
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON"):
            self._writer.execute(f"PRAGMA {pragma}")

    async def read(self, statement: str, *values: Any) -> list[Row]:  # noqa: ANN401  # see `Sql`
        """See `Sql`."""
        return self._reader.execute(statement.replace("$", "?"), values).fetchall()

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[Writing]:
        """See `Sql`."""
        async with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._write
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    async def _write(self, statement: str, *values: Any) -> list[Row]:  # noqa: ANN401  # see `Sql`
        return self._writer.execute(statement.replace("$", "?").replace("FOR UPDATE", ""), values).fetchall()

    def now(self) -> str:
        """See `Sql`."""
        return datetime.now(UTC).isoformat(" ", timespec="microseconds")

    def time(self, value: Any) -> Any:  # noqa: ANN401  # see `Sql`
        """See `Sql`."""
        fraction = "" if value[20:26] == "000000" else value[19:26]
        return f"{value[:10]}T{value[11:19]}{fraction}Z"

    def close(self) -> None:
        """Close both connections."""
        self._reader.close()
        self._writer.close()


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Sql]:
    """The database at this address."""
    if is_sqlite(url):
        file = File(file_of(url))
        try:
            yield file
        finally:
            file.close()
        return

    async def nothing(_: Any) -> None:  # noqa: ANN401  # a connection
        pass

    async with asyncpg.create_pool(url, min_size=10, max_size=10, reset=nothing) as pool:
        yield Postgres(pool)
