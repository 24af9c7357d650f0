"""`token`: API tokens of people."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, printable, show
from gql_approvals.service.scopes import TokenScope, in_order, scopes_from
from gql_approvals.settings import from_environment

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.people import Token


@click.group(cls=Commands)
def token() -> None:
    """Make, list and revoke API tokens."""


@token.command()
@click.argument("email")
@click.option("--name", default="cli", show_default=True, help="What the token is for.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How long it is valid."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in TokenScope]),
    help="What it may be used for, read included; may be given twice. By default everything.",
)
@format_option
def create(email: str, name: str, days: int, scopes: tuple[str, ...], form: str) -> None:
    """Make an API token for the person EMAIL, and print it once.

    It cannot be shown again.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import administration as admin

    async def run() -> str:
        async with open_office(from_environment()) as office:
            return await admin.issue(office, email, name=name, days=days, scopes=frozenset(scopes))

    text, held = asyncio.run(run()), in_order(scopes_from(scopes or None))
    data = {"email": email.lower(), "name": name, "days": days, "scopes": held, "token": text}
    limit = f", to {' and '.join(held)} only" if scopes else ""
    show(data, f"token for {email.lower()}, shown only now, valid for {days} days{limit}: {text}", form)


@token.command(name="list")
@click.argument("email")
@format_option
def list_tokens(email: str, form: str) -> None:
    """List every token that the person EMAIL ever got.

    With its number, and what it may be used for.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import administration as admin
    from gql_approvals.cli.tables import show_table

    async def run() -> "tuple[Token, ...]":
        async with open_office(from_environment()):
            return await admin.tokens(email)

    found, now = asyncio.run(run()), datetime.now(UTC)
    data = {"email": email.lower(), "tokens": [_as_data(one, now) for one in found]}
    headings = ("number", "may", "state", "last used", "name")
    rows = [_row(one, now) for one in found]
    show_table(data, headings, rows, form, nothing=f"{email.lower()} has no token")


@token.command()
@click.argument("which", metavar="TOKEN|NUMBER")
@format_option
def revoke(which: str, form: str) -> None:
    """Revoke a token at once, on every worker.

    It is named by its number in `token list`, or by its text. `-` reads the text from standard input, so that
    it is left in no history of the shell.
    """
    from gql_approvals.app import open_office
    from gql_approvals.cli import administration as admin

    asked = sys.stdin.readline().strip() if which == "-" else which

    async def run() -> "tuple[Token, str]":
        async with open_office(from_environment()) as office:
            return await admin.revoke(office, asked)

    before, email = asyncio.run(run())
    already = before.revoked_at is not None
    data = {"token": before.id, "email": email, "name": before.name, "already": already}
    said = "was revoked before" if already else "is revoked"
    show(data, f"token {before.id} of {email} ({printable(before.name)}) {said}", form)


def _state(one: "Token", now: datetime) -> str:
    if one.revoked_at is not None:
        return "revoked"
    return "expired" if one.expires_at is not None and one.expires_at <= now else "valid"


def _row(one: "Token", now: datetime) -> tuple[str, ...]:
    until = "" if one.expires_at is None else f" until {one.expires_at.date()}"
    state = f"revoked {one.revoked_at.date()}" if one.revoked_at else f"{_state(one, now)}{until}"
    used = "never" if one.last_used_at is None else str(one.last_used_at.date())
    return str(one.id), " ".join(in_order(scopes_from(one.scopes))), state, used, one.name


def _as_data(one: "Token", now: datetime) -> dict[str, object]:
    times = {
        "createdAt": one.created_at,
        "expiresAt": one.expires_at,
        "revokedAt": one.revoked_at,
        "lastUsedAt": one.last_used_at,
    }
    return {
        "id": one.id,
        "name": one.name,
        "scopes": in_order(scopes_from(one.scopes)),
        "state": _state(one, now),
        **{name: None if at is None else at.isoformat(timespec="seconds") for name, at in times.items()},
    }
