"""The server beside an identity provider: who is let in, by which tokens, with which roles."""

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # --import-mode=importlib leaves it out

from provider import AUDIENCE, START, Provider, on_loopback

from gql_approvals import app
from gql_approvals.cli.administration import NewAccount, Person, admit, create_account, create_token
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"
GROUPS = """\
# group,   account, role
makers,    acme,    maker
checkers,  acme,    checker
admins,    acme,    admin
abroad,    globex,  maker
"""
WHO = "{ viewer { user { name email } account { slug } roles permissions } }"


@dataclass
class World:
    """A server with the accounts acme and globex, Ada who administers acme, and a provider beside it."""

    office: Office
    client: httpx.AsyncClient
    provider: Provider
    time: datetime = START
    tokens: dict[str, str] = field(default_factory=dict)

    async def post(self, token: str | None, query: str = WHO, **headers: str) -> dict[str, Any]:
        """Post a query and return the whole body."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        response = await self.client.post("/graphql", json={"query": query}, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def viewer(self, token: str, **headers: str) -> dict[str, Any]:
        """Whom the server takes the bearer for."""
        body = await self.post(token, **headers)
        assert "errors" not in body, body
        return body["data"]["viewer"]

    async def code(self, token: str, **headers: str) -> str:
        """The code of the one error that a token earns."""
        body = await self.post(token, **headers)
        [error] = body["errors"]
        return error["extensions"]["code"]

    async def later(self, *without: str, minutes: float = 1, **more: Any) -> str:
        """A token of Maya's that is issued a little later."""
        self.time += timedelta(minutes=minutes)
        return self.provider.token(*without, **more)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds."""
        found = await self.office.database._client.execute_query_dict(query)
        return [tuple(row.values()) for row in found]

    async def audit(self, account: str = "acme") -> list[tuple[str, Any]]:
        """(kind, actor) of the account's entries since everybody was let in."""
        query = f"""
            SELECT e.kind, e.actor_id FROM audit_event e JOIN account a ON a.id = e.account_id
            WHERE a.slug = '{account}' AND e.kind NOT LIKE 'token:%' ORDER BY e.seq
        """  # noqa: S608  # a name of ours
        return (await self.rows(query))[2 if account == "acme" else 1 :]


Opens = Callable[[], AbstractAsyncContextManager[World]]


@asynccontextmanager
async def world_on(url: str, folder: Path, groups: str = GROUPS, **more: Any) -> AsyncIterator[World]:
    """A server on this database; its clock is `World.time`."""
    file = folder / "groups.csv"
    file.write_text(groups)
    worlds: list[World] = []

    def now() -> datetime:
        return worlds[0].time if worlds else START

    with on_loopback(now) as provider:
        settings = Settings(
            database_url=url,
            policies=str(POLICIES),
            oidc_issuer=provider.issuer,
            oidc_audience=AUDIENCE,
            oidc_roles=str(file),
            **more,
        )
        await _settle(settings)
        application = app.create(settings, now=now, driven=False)
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=application), base_url="http://approvals.test"
            ) as client,
        ):
            office: Office = application.state.office
            world = World(office=office, client=client, provider=provider)
            worlds.append(world)
            world.tokens["ada"] = await office.database.transaction(
                partial(create_token, office, "ada@acme.test", name="ada", days=30)
            )
            yield world


async def _settle(settings: Settings) -> None:
    async with app.open_office(settings, lambda: START) as office:

        async def steps() -> None:
            for slug in ("acme", "globex"):
                account = await create_account(office, NewAccount(slug=slug, name=slug, time_zone="UTC"))
                if slug == "acme":
                    person = Person(email="ada@acme.test", name="Ada")
                    await admit(office, account, person, frozenset({"admin"}))

        await office.database.transaction(steps)


@pytest.fixture
async def everywhere(database_url: str, tmp_path: Path) -> AsyncGenerator[World, None]:
    """The server on each database."""
    async with world_on(database_url, tmp_path) as world:
        yield world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path) -> AsyncGenerator[World, None]:
    """The server on one database, for what no database decides."""
    async with world_on(sqlite_url, tmp_path) as world:
        yield world
