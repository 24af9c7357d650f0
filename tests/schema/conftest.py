"""The API as its clients meet it: over HTTP, on both databases, with a clock that the test sets.

One server serves a file of tests on a database; before each test the database is put back to where everybody
has just been let in, and the clock to `START`.
"""

# ruff: noqa: S608  # the names of our own tables
import asyncio
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.schema.client import START, TABLES, Api, Clock, settle

from gql_approvals import app
from gql_approvals.persistence.database import Database
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"
ORIGIN = "https://frontend.test"
SETTLED = ("account", "app_user", "member", "api_token")
Reset = Callable[[], Awaitable[None]]


@asynccontextmanager
async def serving(url: str) -> AsyncGenerator[Api, None]:
    """The server on this database, and everybody's client."""
    clock = Clock()
    settings = Settings(database_url=url, policies=str(POLICIES), allowed_origins=(ORIGIN,))
    application = app.create(settings, now=clock, driven=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application), base_url="http://approvals.test"
        ) as client,
    ):
        yield Api(client=client, clock=clock, office=application.state.office)


async def _let_in(url: str) -> None:
    async with Database.open(url) as database:
        await database.transaction(lambda: settle(START))


# -------------------------------------------------------------------------------------------- databases
@pytest.fixture(scope="session")
def settled_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in which everybody has been let in."""
    path = tmp_path_factory.mktemp("settled") / "settled.db"
    shutil.copyfile(sqlite_template, path)
    asyncio.run(_let_in(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def settled_postgresql(postgres) -> Iterator[str]:
    """A database in which everybody has been let in, with a copy of these rows beside them."""
    name = postgres.create()
    url = postgres.url(name)
    asyncio.run(_let_in(url))
    copies = [f"CREATE TABLE settled.{table} AS TABLE {table}" for table in SETTLED]
    erasable = "ALTER TABLE audit_event DISABLE TRIGGER ALL"  # that it is append-only is proved elsewhere
    asyncio.run(_execute(url, "; ".join(["CREATE SCHEMA settled", *copies, erasable])))
    yield url
    postgres.drop(name)


async def _execute(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(script)
    await connection.close()


@asynccontextmanager
async def _sqlite(settled: Path, folder: Path) -> AsyncGenerator[tuple[str, Reset], None]:
    path = folder / "approvals.db"
    shutil.copyfile(settled, path)
    source, target = sqlite3.connect(settled), sqlite3.connect(path)

    async def reset() -> None:
        source.backup(target)

    try:
        yield f"sqlite:///{path}", reset
    finally:
        source.close()
        target.close()


@asynccontextmanager
async def _postgresql(url: str) -> AsyncGenerator[tuple[str, Reset], None]:
    """Rows are deleted as a replica would: neither triggers nor references are asked."""
    script = [
        *(f"DELETE FROM {table}" for table in TABLES),
        *(f"INSERT INTO {table} SELECT * FROM settled.{table}" for table in SETTLED),
        *(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false)"
            f" FROM {table}"
            for table in TABLES
        ),
    ]
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica")

    async def reset() -> None:
        await connection.execute("; ".join(script))

    try:
        yield url, reset
    finally:
        await reset()
        await connection.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AbstractAsyncContextManager[tuple[str, Reset]]:
    """One of the databases, to be opened."""
    if request.param == "sqlite":
        return _sqlite(request.getfixturevalue("settled_sqlite"), tmp_path_factory.mktemp("schema"))
    return _postgresql(request.getfixturevalue("settled_postgresql"))


@pytest.fixture(scope="module")
async def server(
    place: AbstractAsyncContextManager[tuple[str, Reset]],
) -> AsyncGenerator[tuple[Api, Reset], None]:
    """The server on one of the databases, and how to put that back."""
    async with place as (url, reset), serving(url) as api:
        yield api, reset


@pytest.fixture
async def api(server: tuple[Api, Reset]) -> Api:
    """The server, with everybody of the two accounts and nothing else."""
    api, reset = server
    await reset()
    api.clock.now = START
    return api
