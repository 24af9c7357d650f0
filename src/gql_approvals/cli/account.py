"""`account`: tenants."""

import asyncio
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, printable, show, switch
from gql_approvals.settings import from_environment
from gql_approvals.workflow.vocabulary import NotifyScope

if TYPE_CHECKING:
    from gql_approvals.workflow.model import Account

_LABELS = {"name": "name", "timeZone": "time zone", "notifyScope": "notify scope"}
_SCOPES = [scope.lower() for scope in NotifyScope]


@click.group(cls=Commands)
def account() -> None:
    """Make, change and list accounts."""


@account.command()
@click.argument("slug")
@click.option("--admin", "email", required=True, metavar="EMAIL", help="Who will manage the account.")
@click.option("--admin-name", metavar="NAME", help="That person's name; by default the address's first part.")
@click.option("--name", help="The account's name; by default its slug.")
@click.option("--time-zone", default="UTC", show_default=True, help="Such as Europe/Berlin: for mails.")
@click.option("--role", help="The administrator's role, where the policy has several that may manage.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="The token's life.")
@format_option
def create(
    *,
    slug: str,
    email: str,
    admin_name: str | None,
    name: str | None,
    time_zone: str,
    role: str | None,
    days: int,
    form: str,
) -> None:
    """Make the account SLUG, with one member who may manage it.

    Their API token is printed, once.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import administration as admin

    async def run() -> tuple[str, str]:
        async with open_office(from_environment()) as office:
            person = admin.Person(email=email, name=admin_name or email.partition("@")[0])
            founded = admin.NewAccount(slug=slug, name=name or slug, time_zone=time_zone)
            return await admin.found(office, founded, person, role=role, days=days)

    chosen, token = asyncio.run(run())
    data = {"account": slug, "email": email.lower(), "role": chosen, "token": token}
    text = f"account {slug}: {email.lower()} is its {chosen}\ntoken, shown only now: {token}"
    show(data, text, form)


@account.command(name="set")
@click.argument("slug")
@click.option("--name", help="The account's name.")
@click.option("--time-zone", metavar="ZONE", help="Such as Europe/Berlin: for mails.")
@click.option(
    "--notify-scope",
    type=click.Choice(_SCOPES),
    help="Who is told: those involved, or all who hold a role for it.",
)
@format_option
def set_account(slug: str, form: str, **asked: str | None) -> None:
    """Change what the account SLUG is called and how it tells people.

    What is not given stays. The mutation `updateAccount` has the same rules.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing
    from gql_approvals.workflow.account import AccountIntent
    from gql_approvals.workflow.vocabulary import AccountAction

    if all(value is None for value in asked.values()):
        raise click.UsageError("nothing to change: give --name, --time-zone or --notify-scope")
    scope = NotifyScope(asked["notify_scope"].upper()) if asked["notify_scope"] else None
    intent = AccountIntent(
        action=AccountAction.UPDATE_ACCOUNT,
        name=asked["name"],
        time_zone=asked["time_zone"],
        notify_scope=scope,
    )

    async def run() -> "tuple[Account, Account]":
        async with open_office(from_environment()) as office:
            return await governing.set_account(office, slug, intent)

    before, after = asyncio.run(run())
    old, new = _as_data(before), _as_data(after)
    changed = {name: {"from": old[name], "to": new[name]} for name in _LABELS if old[name] != new[name]}
    lines = [
        printable(f"{slug}: {_LABELS[name]} was `{one['from']}` and is `{one['to']}`")
        for name, one in changed.items()
    ]
    show({**new, "changed": changed}, "\n".join(lines) or f"{slug}: nothing changes", form)


@account.command(name="list")
@format_option
def list_accounts(form: str) -> None:
    """List the accounts, and whether each has approvals on."""
    from gql_approvals.app import open_office
    from gql_approvals.cli.tables import show_table
    from gql_approvals.persistence import people

    async def run() -> "list[tuple[Account, int]]":
        async with open_office(from_environment()):
            counts = await people.active_counts()
            return [(one, counts.get(one.id, 0)) for one in await people.accounts()]

    found = asyncio.run(run())
    data = {"accounts": [{**_as_data(one), "activeMembers": count} for one, count in found]}
    rows = [
        (one.slug, one.name, one.time_zone, str(count), switch(on=one.approvals_enabled))
        for one, count in found
    ]
    nothing = "there is no account: make one with `gql-approvals account create SLUG --admin EMAIL`"
    show_table(
        data, ("account", "name", "time zone", "active members", "approvals"), rows, form, nothing=nothing
    )


def _as_data(one: "Account") -> dict[str, object]:
    return {
        "account": one.slug,
        "name": one.name,
        "timeZone": one.time_zone,
        "notifyScope": one.notify_scope.value,
        "approvalsEnabled": one.approvals_enabled,
    }
