"""Real servers on either database, with everybody of an account, and the other sides they talk to."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # --import-mode=importlib leaves it out

from server_client import Client
from server_process import ServerProcess, policies_that_ask_for_two, running
from server_sinks import HandoverSink, MailSink, handover_sink, mail_sink

from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database

PEOPLE = {
    "maya": ["maker"],
    "max": ["maker"],
    "chen": ["checker"],
    "cleo": ["checker"],
    "ada": ["admin"],
    "vera": [],
    "sofia": ["text_approver"],
    "leo": ["legal_reviewer"],
    "dora": ["delivery"],
}
Serve = Callable[..., AbstractContextManager[ServerProcess]]


@dataclass(frozen=True)
class World:
    """A migrated database with an account, its people and their tokens."""

    database_url: str
    tokens: dict[str, str]

    @asynccontextmanager
    async def client(self, server: ServerProcess, connections: int = 8) -> AsyncGenerator[Client, None]:
        """Connections to a server, half of them to each of two workers."""
        client = await Client.open(server, self.tokens, connections)
        try:
            yield client
        finally:
            await client.close()


@pytest.fixture
def world(database_url: str) -> World:
    return World(database_url, asyncio.run(_settle(database_url)))


async def _settle(database_url: str) -> dict[str, str]:
    async with Database.open(database_url, pool_size=1) as database:
        return await database.transaction(_people)


async def _people() -> dict[str, str]:
    now = datetime.now(UTC)
    account = await people.create_account("acme", name="Acme", time_zone="Europe/Berlin", now=now)
    tokens: dict[str, str] = {}
    for name, roles in PEOPLE.items():
        user = await people.create_user(name=name.title(), email=f"{name}@acme.test", now=now)
        tokens[name] = await people.create_token(user.id, name=name, now=now, expires_at=None)
        await people.create_member(account.id, user.id, roles, now)
    return tokens


@pytest.fixture
def mails() -> Iterator[MailSink]:
    """An SMTP server."""
    with mail_sink() as sink:
        yield sink


@pytest.fixture
def handovers() -> Iterator[HandoverSink]:
    """A sending system."""
    with handover_sink() as sink:
        yield sink


@pytest.fixture
def serve(world: World, handovers: HandoverSink, tmp_path: Path) -> Serve:
    """Starts a server over `world`: `with serve(workers=2, POLL_S="0.2") as server`."""
    return partial(running, tmp_path, DATABASE_URL=world.database_url, **handovers.settings)


@pytest.fixture
def pair(serve: Serve) -> Iterator[ServerProcess]:
    """A server with two worker processes."""
    with serve(workers=2, POLL_S="0.2") as server:
        yield server
        assert server.faults() == []


@pytest.fixture
def strict_pair(serve: Serve, tmp_path: Path) -> Iterator[ServerProcess]:
    """The same, asking for two approvals."""
    with serve(workers=2, POLL_S="0.2", POLICIES=str(policies_that_ask_for_two(tmp_path))) as server:
        yield server
        assert server.faults() == []


@pytest.fixture
async def racers(world: World, pair: ServerProcess) -> AsyncGenerator[Client, None]:
    """Eight connections to `pair`, four to each worker."""
    async with world.client(pair) as client:
        yield client


@pytest.fixture
async def strict_racers(world: World, strict_pair: ServerProcess) -> AsyncGenerator[Client, None]:
    """Eight connections to `strict_pair`."""
    async with world.client(strict_pair) as client:
        yield client
