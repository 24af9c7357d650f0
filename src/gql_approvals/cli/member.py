"""`member`: the people of an account."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.people import Membership
    from gql_approvals.workflow.model import Member


@click.group(cls=Commands)
def member() -> None:
    """Let people into accounts, and say what they may do there."""


@member.command()
@click.argument("slug")
@click.argument("email")
@click.option("--name", help="The person's name; by default the address's first part.")
@click.option("--role", "roles", multiple=True, help="A role of the policy; may be given several times.")
@format_option
def add(slug: str, email: str, name: str | None, roles: tuple[str, ...], form: str) -> None:
    """Let the person EMAIL into the account SLUG.

    They have any roles, or none. Who was disabled comes back, with exactly these roles. What `addMember`
    refuses is refused here as well: unknown roles, and roles that would let one person both make and
    decide.
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
    show(data, f"{email.lower()} is a member of {slug}; roles: {_words(given)}", form)


@member.command(name="list")
@click.argument("slug")
@format_option
def list_members(slug: str, form: str) -> None:
    """List the members of the account SLUG, disabled ones included."""
    from gql_approvals.app import open_office
    from gql_approvals.cli.tables import show_table
    from gql_approvals.persistence import people
    from gql_approvals.service.finding import account_called

    async def run() -> "tuple[Membership, ...]":
        async with open_office(from_environment()):
            return await people.memberships((await account_called(slug)).id)

    found = asyncio.run(run())
    data = {"account": slug, "members": [_as_data(one) for one in found]}
    rows = [
        (one.name, one.email, _words(one.roles), "yes" if one.active else "no", str(one.since.date()))
        for one in found
    ]
    show_table(
        data, ("name", "email", "roles", "active", "since"), rows, form, nothing=f"{slug} has no member"
    )


@member.command()
@click.argument("slug")
@click.argument("email")
@click.option("--add", "added", multiple=True, metavar="ROLE", help="A role to give; several times for more.")
@click.option("--remove", "removed", multiple=True, metavar="ROLE", help="A role to take away; likewise.")
@click.option("--set", "given", multiple=True, metavar="ROLE", help="A role to have, and no other; likewise.")
@format_option
def roles(
    slug: str,
    email: str,
    form: str,
    *,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    given: tuple[str, ...],
) -> None:
    """Change the roles of the member EMAIL of the account SLUG.

    What `assignRoles` refuses is refused here as well: unknown roles, roles that would let one person both
    make and decide, and leaving nobody who may manage members.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing

    change = governing.RoleChange(
        given=frozenset(given) if given else None, added=frozenset(added), removed=frozenset(removed)
    )
    _check_change(added, removed, given)

    async def run() -> "tuple[Member, Member]":
        async with open_office(from_environment()) as office:
            return await governing.set_roles(office, slug, email, change)

    before, after = asyncio.run(run())
    said = "already has" if before.roles == after.roles else "has"
    data = {
        "account": slug,
        "email": email.lower(),
        "roles": sorted(after.roles),
        "added": sorted(after.roles - before.roles),
        "removed": sorted(before.roles - after.roles),
    }
    sleeping = "" if after.active else ", but is disabled"
    show(data, f"{email.lower()} {said} in {slug} the roles: {_words(after.roles)}{sleeping}", form)


@member.command()
@click.argument("slug")
@click.argument("email")
@format_option
def disable(slug: str, email: str, form: str) -> None:
    """Take every right in the account SLUG from the member EMAIL.

    At once, on every worker. Their roles, and what they did, stay; `enable` gives the rights back. The
    last member who may manage members cannot be disabled.
    """
    _turn(slug, email, form, active=False)


@member.command()
@click.argument("slug")
@click.argument("email")
@format_option
def enable(slug: str, email: str, form: str) -> None:
    """Let the disabled member EMAIL act in the account SLUG again.

    They have the roles that they had.
    """
    _turn(slug, email, form, active=True)


def _turn(slug: str, email: str, form: str, *, active: bool) -> None:
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing

    async def run() -> "tuple[Member, Member]":
        async with open_office(from_environment()) as office:
            return await governing.turn(office, slug, email, active=active)

    before, after = asyncio.run(run())
    already = before.active is active
    data = {
        "account": slug,
        "email": email.lower(),
        "active": active,
        "already": already,
        "roles": sorted(after.roles),
    }
    turned, before_that = "enabled" if active else "disabled", " before" if already else ""
    said = f"{'was' if already else 'is'} {turned} in {slug}{before_that}"
    show(data, f"{email.lower()} {said}; roles: {_words(after.roles)}", form)


def _check_change(added: tuple[str, ...], removed: tuple[str, ...], given: tuple[str, ...]) -> None:
    if not (added or removed or given):
        raise click.UsageError("nothing to change: give --add, --remove or --set")
    if given and (added or removed):
        raise click.UsageError("--set says all roles that are left: give it without --add and --remove")
    if both := sorted({*added} & {*removed}):
        raise click.UsageError(f"`{both[0]}` cannot be added and removed at once: choose one")


def _words(roles: Iterable[str]) -> str:
    return ", ".join(sorted(roles)) or "none"


def _as_data(one: "Membership") -> dict[str, object]:
    return {
        "name": one.name,
        "email": one.email,
        "roles": list(one.roles),
        "active": one.active,
        "since": one.since.isoformat(timespec="seconds"),
    }
