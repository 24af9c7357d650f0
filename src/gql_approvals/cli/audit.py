"""`audit`: prove that the audit trail is as it was written, and take it elsewhere."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment

if TYPE_CHECKING:  # asyncpg is loaded only where there is a database to read
    from gql_approvals.persistence.chain import Verdict


@click.group(cls=Commands)
def audit() -> None:
    """Verify and export the audit trail."""


@audit.command()
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads that were kept (what `audit head` printed, the server's log, webhooks' bodies, a mail): "
    "finds a cut end and a chain written anew.",
)
@format_option
def verify(slugs: tuple[str, ...], head_file: Path | None, form: str) -> None:
    """Recompute every hash, and name the first bad entry.

    Of each of the accounts SLUG, by default of all. Servers may go on working meanwhile. Exits with 1 when
    an entry is not as it was written.
    """
    from gql_approvals.cli import auditing
    from gql_approvals.cli.saved_heads import read_heads

    saved = () if head_file is None else read_heads(head_file)
    verdicts = asyncio.run(auditing.verify(from_environment().database_url, slugs, saved, form))
    show({"accounts": [auditing.as_data(one) for one in verdicts]}, _text(verdicts), form)
    if any(one.finding is not None for one in verdicts):
        raise click.exceptions.Exit(1)


@audit.command()
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
def head(slugs: tuple[str, ...]) -> None:
    """Print how far each chain has come.

    A line for each account, for `audit verify --head`. Keep the lines where whoever can change the database
    cannot change them.
    """
    from gql_approvals.cli import auditing

    for one in asyncio.run(auditing.heads(from_environment().database_url, slugs)):
        click.echo(json.dumps({"account": one.account, "seq": one.seq, "hash": one.hash}))


@audit.command()
@click.argument("slug")
@click.option("--out", type=click.Path(path_type=Path), help="A file that is not there yet.")
def export(slug: str, out: Path | None) -> None:
    """Print the entries of the account SLUG.

    Oldest first, one JSON object a line. Each has the fields and values of `auditLog`, so that anybody can
    recompute the hashes.
    """
    from gql_approvals.cli import auditing
    from gql_approvals.cli.new_file import new_file

    url = from_environment().database_url
    if out is None:
        asyncio.run(auditing.export(url, slug, sys.stdout))
        return
    with new_file(out) as temporary, temporary.open("w", encoding="utf-8") as file:
        count = asyncio.run(auditing.export(url, slug, file))
    click.echo(f"{out}: {count} entries of {slug}", err=True)


def _text(verdicts: "list[Verdict]") -> str:
    from gql_approvals.cli import auditing

    return "\n".join(auditing.line(one) for one in verdicts) or "there is no account yet"
