"""`approvals`: the switch of an account, and what waits there."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, show, switch
from gql_approvals.settings import from_environment

if TYPE_CHECKING:
    from gql_approvals.service.reading import Waiting
    from gql_approvals.workflow.model import Account

CHANGED = "what waits has changed meanwhile, so nothing was done; it is this:"
NO_TERMINAL = "nobody can be asked here, and nothing was done: look with `approvals status`, then give --yes"


@click.group(cls=Commands)
def approvals() -> None:
    """Switch approvals on and off, and see what waits."""


@approvals.command()
@click.argument("slug", required=False)
@format_option
def status(slug: str | None, form: str) -> None:
    """Say whether approvals are on, and what waits for one.

    With SLUG, every campaign that waits in that account; without, how many wait in each account.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing, waiting
    from gql_approvals.persistence import people
    from gql_approvals.service.finding import account_called

    async def run() -> "list[tuple[Account, Waiting]]":
        async with open_office(from_environment()) as office:
            chosen = await people.accounts() if slug is None else (await account_called(slug),)
            return [(one, await governing.waiting(office, one)) for one in chosen]

    found = asyncio.run(run())
    if slug is None:
        waiting.print_accounts(found, form)
    else:
        waiting.print_account(*found[0], form)


@approvals.command(name="on")
@click.argument("slug")
@format_option
def switch_on(slug: str, form: str) -> None:
    """Switch approvals on in the account SLUG.

    From then on, what is sent must be approved. What is approved already stays approved.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing

    async def run() -> "Account":
        async with open_office(from_environment()) as office:
            return await governing.switch_on(office, slug)

    already = asyncio.run(run()).approvals_enabled
    data = {"account": slug, "approvalsEnabled": True, "already": already}
    show(data, f"approvals of {slug} {'were on before' if already else 'are on'}", form)


@approvals.command(name="off")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask: approve whatever waits.")
@format_option
def switch_off(slug: str, form: str, *, yes: bool) -> None:
    """Switch approvals off in the account SLUG, and approve what waits.

    What waits is shown first, and what is shown is what is approved: if it changes before you have answered,
    it is shown anew. Without a terminal to ask on, --yes is needed.
    """
    from gql_approvals.cli import waiting
    from gql_approvals.errors import PreviewOutdated

    account, found = asyncio.run(_look(slug))
    while True:
        seen = None if yes or not account.approvals_enabled else _confirmed(account, found)
        try:
            account, found = asyncio.run(_switch(account, seen))
            break
        except PreviewOutdated:
            click.echo(CHANGED, err=True)
            account, found = asyncio.run(_look(slug))
    waiting.print_switched_off(account, found, form)


def _confirmed(account: "Account", found: "Waiting") -> str:
    """Show what would be approved, and ask; the token of what was confirmed.

    Raises:
        ClickException: when there is nobody to ask.
        Exit: when the answer is no.
    """
    from gql_approvals.cli import waiting

    waiting.print_preview(account, found)
    if not sys.stdin.isatty():
        raise click.ClickException(NO_TERMINAL)
    if not click.confirm("Continue?", err=True):
        click.echo(f"nothing was done: approvals of {account.slug} are {switch(on=True)}", err=True)
        raise click.exceptions.Exit(1)
    return found.confirm_token


async def _look(slug: str) -> "tuple[Account, Waiting]":
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing
    from gql_approvals.service.finding import account_called

    async with open_office(from_environment()) as office:
        account = await account_called(slug)
        return account, await governing.waiting(office, account)


async def _switch(account: "Account", seen: str | None) -> "tuple[Account, Waiting]":
    from gql_approvals.app import open_office
    from gql_approvals.cli import governing

    async with open_office(from_environment()) as office:
        return await governing.switch_off(office, account, seen)
