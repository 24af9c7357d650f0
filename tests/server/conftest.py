"""Real servers on either database, with everybody of an account, and the other sides they talk to."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.server.server_client import Client, Wire
from tests.server.server_history import rows, until
from tests.server.server_policies import PolicyFolder
from tests.server.server_process import ServerProcess, policies_that_ask_for_two, running
from tests.server.server_sinks import HandoverSink, MailSink, handover_sink, mail_sink

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
POLICY_STATUS = """{ policyStatus { version refusedVersion problems { file line column code message help
  refuses } workers { node version refused } } }"""
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


@pytest.fixture
def settled() -> Callable[[str], World]:
    """Puts everybody into a migrated database of the test's own."""
    return lambda url: World(url, asyncio.run(_settle(url)))


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


@dataclass(frozen=True)
class Site:
    """Two workers that obey a policy folder of their own."""

    world: World
    server: ServerProcess
    policies: PolicyFolder

    async def obeyed(
        self, client: Client, version: str, *, refused: bool = False, within_s: float = 10
    ) -> None:
        """Wait until both workers obey this version, and have refused what the folder holds, or have not.

        `client` has a connection to each worker.
        """

        async def is_obeyed() -> bool:
            found = [await self.status(client, wire) for wire in client.wires[:2]]
            return all(
                (one["version"], one["refusedVersion"] is not None) == (version, refused) for one in found
            )

        await until(is_obeyed, within_s=within_s, every_s=0.05)

    async def status(self, client: Client, wire: Wire | None = None, who: str = "ada") -> dict[str, Any]:
        """`policyStatus` as somebody sees it who may see the policy."""
        body = await (wire or client.wire()).post(client.tokens[who], POLICY_STATUS, {})
        assert "errors" not in body, body
        return body["data"]["policyStatus"]  # type: ignore[no-any-return]

    async def told(self, version: str) -> None:
        """Wait until every account's audit log says that this version decides."""

        async def is_told() -> bool:
            found = await rows(self.world.database_url, "SELECT policy_version FROM account")
            return {one for (one,) in found} == {version}

        await until(is_told, within_s=10)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests of a module, since starting it takes longer than most of them."""
    folder = tmp_path_factory.mktemp("site")
    with _migrated(request, folder) as url:
        world = World(url, asyncio.run(_settle_two(url)))
        policies = PolicyFolder.made(folder / "policies")
        chosen = {"DATABASE_URL": url, "POLICIES": str(policies.path), "POLL_S": "0.2", "LOG": "json"}
        with running(folder, 2, **chosen) as server:
            yield Site(world, server, policies)
            assert server.records() != []  # whatever happened, every line is a record
            assert server.faults() == []


@contextmanager
def _migrated(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "approvals.db")
        yield f"sqlite:///{folder / 'approvals.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def site(shared_site: Site) -> Site:
    """Two workers that obey the shipped files."""
    shared_site.policies.restore()
    async with shared_site.world.client(shared_site.server, 2) as client:
        await shared_site.obeyed(client, shared_site.policies.version, within_s=40)
    await shared_site.told(shared_site.policies.version)
    return shared_site


async def _settle_two(database_url: str) -> dict[str, str]:
    """As `_settle`; Gina administers another account."""
    tokens = await _settle(database_url)

    async def other() -> dict[str, str]:
        now = datetime.now(UTC)
        account = await people.create_account("globex", name="Globex", time_zone="UTC", now=now)
        gina = await people.create_user(name="Gina", email="gina@globex.test", now=now)
        await people.create_member(account.id, gina.id, ["admin"], now)
        return {"gina": await people.create_token(gina.id, name="gina", now=now, expires_at=None)}

    async with Database.open(database_url, pool_size=1) as database:
        return {**tokens, **await database.transaction(other)}


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
