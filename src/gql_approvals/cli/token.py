"""`token`: API tokens of people."""

import asyncio

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment


@click.group()
def token() -> None:
    """Make API tokens."""


@token.command()
@click.argument("email")
@click.option("--name", default="cli", show_default=True, help="What the token is for.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How long it is valid."
)
@format_option
def create(email: str, name: str, days: int, form: str) -> None:
    """Make an API token for the person EMAIL and print it: it cannot be shown again."""
    from gql_approvals.app import open_office
    from gql_approvals.cli import administration as admin

    async def run() -> str:
        async with open_office(from_environment()) as office:
            return await admin.issue(office, email, name=name, days=days)

    text = asyncio.run(run())
    data = {"email": email.lower(), "name": name, "days": days, "token": text}
    show(data, f"token for {email.lower()}, shown only now, valid for {days} days: {text}", form)
