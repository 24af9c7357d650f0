"""A real server on a loopback port, in this process and with the test's clock: sockets need a wire.

One serves a file of tests on a database; of the drivers only the feed runs.
"""

import asyncio
import contextlib
import re
import shutil
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from tests.schema.client import START, Api, Clock
from tests.schema.conftest import (
    ORIGIN,
    POLICIES,
    Reset,
    _execute,
    _postgresql,
    _sqlite,
    settled_postgresql,
    settled_sqlite,
)

from gql_approvals import app
from gql_approvals.feed import tell_followers
from gql_approvals.policy.engine import Policy
from gql_approvals.settings import Settings

__all__ = ["settled_postgresql", "settled_sqlite"]


@dataclass
class Live(Api):
    """Everybody's client, and where sockets are opened."""

    port: int

    @property
    def feed(self):
        return self.office.feed


@asynccontextmanager
async def listening(application) -> AsyncGenerator[int, None]:
    """Serve on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        config = uvicorn.Config(
            application, lifespan="off", ws="websockets-sansio", log_config=None, ws_max_size=2**20,
            ws_per_message_deflate=False, timeout_graceful_shutdown=5,
        )  # fmt: skip
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def serving(url: str, clock: Clock, **more: Any) -> AsyncGenerator[Live, None]:
    """The server on this database, with its feed. `more`: other settings."""
    settings = Settings(database_url=url, policies=str(POLICIES), allowed_origins=(ORIGIN,), **more)
    application = app.create(settings, now=clock, driven=False)
    async with application.router.lifespan_context(application), listening(application) as port:
        office, stop = application.state.office, asyncio.Event()
        feed = asyncio.create_task(tell_followers(office, settings, stop))
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                yield Live(client=client, clock=clock, office=office, port=port)
        finally:
            stop.set()
            await feed


@pytest.fixture(scope="session")
def told_postgresql(settled_postgresql: str) -> str:
    """The database in which everybody has been let in, and which tells of new audit entries."""
    asyncio.run(_execute(settled_postgresql, "ALTER TABLE audit_event ENABLE TRIGGER audit_event_told"))
    return settled_postgresql


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AbstractAsyncContextManager[tuple[str, Reset]]:
    """One of the databases, to be opened."""
    if request.param == "sqlite":
        return _sqlite(request.getfixturevalue("settled_sqlite"), tmp_path_factory.mktemp("live"))
    return _postgresql(request.getfixturevalue("told_postgresql"))


@pytest.fixture(scope="module")
async def server(
    place: AbstractAsyncContextManager[tuple[str, Reset]],
) -> AsyncGenerator[tuple[Live, Reset], None]:
    async with place as (url, reset), serving(url, Clock()) as live:
        yield live, reset


@pytest.fixture
async def live(server: tuple[Live, Reset]) -> Live:
    """The server, with everybody of the two accounts and nothing else."""
    live, reset = server
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while live.feed.rooms or live.feed.presences:  # noqa: ASYNC110  # of the test before
                await asyncio.sleep(0.01)
    await reset()
    live.clock.now = START
    return live


@pytest.fixture
def obey(live: Live, tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Puts another policy in force: the shipped one with a text replaced, wherever it stands."""
    shipped = live.office.policy()

    def exchange(old: str, new: str) -> None:
        folder = shutil.copytree(POLICIES, tmp_path / f"policies-{len(new)}", dirs_exist_ok=True)
        shutil.rmtree(folder / "tests", ignore_errors=True)
        file = folder / "policy.csv"
        text, changed = re.subn(old, new, file.read_text(), flags=re.MULTILINE)
        assert changed
        file.write_text(text)
        live.office.policy.exchange(Policy.load(folder, now=START))

    yield exchange
    live.office.policy.exchange(shipped)
