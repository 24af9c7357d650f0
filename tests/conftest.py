"""Fixtures that every test may use: databases. What they do is in `databases.py`."""

import asyncio
import gc
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # --import-mode=importlib leaves it out

import databases
import executors
from gql_approvals.persistence.database import Database
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[1] / "policies"

memory = databases.folder_in_memory()
if memory is not None and not os.statvfs(memory).f_flag & os.ST_NOEXEC:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))  # SQLite waits for a disk at each commit


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the marks `alone`, `wide` and `sampled` mean; pyproject.toml has the words."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        call = getattr(item, "callspec", None)
        on_postgresql = call is not None and "postgresql" in call.params.values()
        if item.get_closest_marker("alone") or (item.get_closest_marker("wide") and on_postgresql):
            item.add_marker("slow")
        elif item.get_closest_marker("sampled") and not item.get_closest_marker("slow"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for found in cases.values():
        for item in _not_sampled(found):
            item.add_marker("slow")


def _not_sampled(cases: list[pytest.Item]) -> list[pytest.Item]:
    """All but a few that are spread from the first to the last."""
    marker = cases[0].get_closest_marker("sampled")
    assert marker is not None
    [many] = marker.args or [3]
    few = {(len(cases) - 1) * number // max(1, many - 1) for number in range(many)}
    return [one for number, one in enumerate(cases) if number not in few]


def pytest_collection_finish() -> None:
    """What was collected stays to the end: without it the garbage collector is done sooner, each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=os.environ.get("APPROVALS_TEST_EXECUTORS") == "both")
def both_executors() -> Iterator[executors.Seen]:
    """Every operation that the test asks for is executed by both executors, and they must agree."""
    with executors.both() as seen:
        yield seen


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.PostgresDatabases]:
    """The PostgreSQL server of this session."""
    with databases.postgres_server() as url:
        server = databases.PostgresDatabases(url)
        yield server
        server.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(databases.migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def demo_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the demo's data, to be read or copied."""
    from gql_approvals.cli.demo_start import prepare  # noqa: PLC0415  # xdist's controller needs no server

    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copyfile(sqlite_template, path)
    settings = Settings(database_url=f"sqlite:///{path}", policies=str(POLICIES), demo=True)
    asyncio.run(prepare(settings, reset=False))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    shutil.copyfile(sqlite_template, tmp_path / "approvals.db")
    return f"sqlite:///{tmp_path / 'approvals.db'}"


@pytest.fixture
def postgresql_url(postgres: databases.PostgresDatabases) -> Iterator[str]:
    """A fresh migrated PostgreSQL database, dropped afterwards."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database; the test runs once for each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table; the test runs once for each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: databases.PostgresDatabases = request.getfixturevalue("postgres")
    name = server.create(migrated=False)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database, None]:
    """The same, opened."""
    async with Database.open(database_url) as database:
        yield database
