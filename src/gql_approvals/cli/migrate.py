"""`migrate`: bring the database up to this release."""

import asyncio

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment


@click.command()
@format_option
def migrate(form: str) -> None:
    """Create or update the database's tables.

    Safe to run at every start, and by several processes at once.
    """
    from gql_approvals.persistence.address import hide_password
    from gql_approvals.persistence.database import Database

    url = from_environment().database_url

    async def run() -> list[str]:
        async with Database.open(url, pool_size=1) as database:
            return await database.migrate()

    applied = asyncio.run(run())
    shown = hide_password(url)
    lines = [f"applied {name}" for name in applied] or ["nothing to do"]
    show({"database": shown, "applied": applied}, "\n".join([f"{shown}:", *lines]), form)
