"""What the database knows that matters for the policy files: accounts, and who holds which roles.

Every command works without a database; `database_facts` is the one place where `check` asks for it.
"""

import asyncio
from dataclasses import dataclass

from gql_approvals.cli.existing import existing_database
from gql_approvals.policy.subject import Member


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
