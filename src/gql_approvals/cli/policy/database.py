"""What the database knows that matters for the policy files: accounts, and who holds which roles.

Every command works without a database; `database_facts` is the one place where `check` asks for it.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gql_approvals.errors import BadDatabase, Unavailable
from gql_approvals.persistence.address import parse
from gql_approvals.policy.subject import Member

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.database import Database


class NoDatabase(Exception):
    """There is no database that could be asked; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The short names of all accounts, and every active member, named by their e-mail address."""

    accounts: tuple[str, ...]
    members: tuple[Member, ...]


def database_facts(url: str) -> DatabaseFacts:
    """Read what there is.

    Raises:
        NoDatabase: when the database is not there, does not answer, or is not migrated.
    """

    async def read() -> DatabaseFacts:
        async with existing_database(url):
            # Tortoise is loaded only where there is a database to open.
            from gql_approvals.persistence import people

            held = await people.holdings()
            members = tuple(Member(one.account, one.email, one.roles) for one in held)
            return DatabaseFacts(accounts=await people.account_slugs(), members=members)

    return asyncio.run(read())


@asynccontextmanager
async def existing_database(url: str) -> AsyncGenerator["Database"]:
    """Open a database; none is made where there is none.

    Raises:
        NoDatabase: when it is not there, does not answer, or is not migrated.
    """
    try:
        _require_file(url)
        from gql_approvals.persistence.database import Database

        async with Database.open(url, pool_size=1) as database:
            await database.require_migrated()
            yield database
    except (BadDatabase, Unavailable) as error:
        raise NoDatabase(f"no database ({error.message})") from error


def _require_file(url: str) -> None:
    """Opening a SQLite database would make one."""
    address = parse(url)
    if address.dialect == "sqlite" and not Path(address.target).is_file():
        raise NoDatabase("no database")
