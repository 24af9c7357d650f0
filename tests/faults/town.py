"""Who acts in a run: accounts that know nothing of each other, and their people."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.faults.weather.sinks import SECRET
from tests.server.server_history import rows

from gql_approvals.persistence import people, webhooks
from gql_approvals.persistence.database import Database
from gql_approvals.workflow.identity import global_id

ROLES = {
    "maya": ("maker",),
    "max": ("maker",),
    "chen": ("checker",),
    "cleo": ("checker",),
    "rita": ("checker",),  # whose rights come and go
    "ada": ("admin",),
    "dora": ("delivery",),
}


@dataclass(frozen=True)
class Person:
    """Somebody of one account. `id` and `member` are the API's."""

    name: str
    account: str
    token: str
    id: str
    member: str


@dataclass
class Account:
    """`toggles`: whether its approvals are switched off and on. `webhook`: who is told of everything.

    `campaigns` are those that clients know of, as they last saw them; `schedules`: mode and time of each.
    `busy`: things that one client at a time does here, such as taking roles away.
    """

    slug: str
    number: int
    people: Mapping[str, Person]
    toggles: bool = False
    webhook: int | None = None
    campaigns: dict[str, dict[str, Any]] = field(default_factory=dict)
    schedules: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class Town:
    """All accounts of a run. `without_checkers`: versions of policies under which checkers may not decide."""

    accounts: list[Account]
    without_checkers: set[str] = field(default_factory=set)

    @property
    def tokens(self) -> dict[str, str]:
        """By `name@account`."""
        return {
            f"{person.name}@{account.slug}": person.token
            for account in self.accounts
            for person in account.people.values()
        }


def settle(database_url: str, accounts: int, webhook_url: str) -> Town:
    """Let people into a migrated database. The first account's events go to the webhook, the last toggles."""
    return asyncio.run(_settle(database_url, accounts, webhook_url))


async def _settle(database_url: str, number: int, webhook_url: str) -> Town:
    async with Database.open(database_url, pool_size=1) as database:
        found = [await database.transaction(lambda i=i: _account(f"town{i}")) for i in range(1, number + 1)]
        found[0].webhook = await database.transaction(lambda: _webhook(found[0].number, webhook_url))
    await rows(database_url, f"UPDATE webhook SET secrets = '[\"{SECRET}\"]'")  # noqa: S608  # of this run
    found[-1].toggles = True
    return Town(found)


async def _account(slug: str) -> Account:
    now = datetime.now(UTC)
    account = await people.create_account(slug, name=slug.title(), time_zone="Europe/Berlin", now=now)
    found: dict[str, Person] = {}
    for name, roles in ROLES.items():
        user = await people.create_user(name=name.title(), email=f"{name}@{slug}.test", now=now)
        token = await people.create_token(user.id, name=name, now=now, expires_at=None)
        member = await people.create_member(account.id, user.id, roles, now)
        found[name] = Person(name, slug, token, global_id("User", user.id), global_id("Member", member.id))
    return Account(slug, account.id, found)


async def _webhook(account: int, url: str) -> int:
    made = await webhooks.add(account, url, description="everything", events=None, now=datetime.now(UTC))
    return made.id
