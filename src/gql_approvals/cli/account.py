"""`account`: tenants."""

import asyncio

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment


@click.group()
def account() -> None:
    """Make accounts."""


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
    """Make the account SLUG with one member who may manage it, and print their API token once."""
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
