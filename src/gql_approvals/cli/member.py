"""`member`: the people of an account."""

import asyncio

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment


@click.group()
def member() -> None:
    """Let people into accounts."""


@member.command()
@click.argument("slug")
@click.argument("email")
@click.option("--name", help="The person's name; by default the address's first part.")
@click.option("--role", "roles", multiple=True, help="A role of the policy; may be given several times.")
@format_option
def add(slug: str, email: str, name: str | None, roles: tuple[str, ...], form: str) -> None:
    """Add the person EMAIL to the account SLUG, with any number of roles, none included.

    What `addMember` refuses is refused here as well: unknown roles, and roles that would let one person both
    make and decide.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import administration as admin

    async def run() -> None:
        async with open_office(from_environment()) as office:
            person = admin.Person(email=email, name=name or email.partition("@")[0])
            await admin.add_member(office, slug, person, frozenset(roles))

    asyncio.run(run())
    given = sorted(set(roles))
    data = {"account": slug, "email": email.lower(), "roles": given}
    show(data, f"{email.lower()} is a member of {slug}; roles: {', '.join(given) or 'none'}", form)
