"""`policy versions` and `policy show`: every version that ever decided anything, with its text."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from gql_approvals.cli.output import CannotStart, format_option, show, visible
from gql_approvals.settings import from_environment

Read = TypeVar("Read")


@click.command()
@format_option
def versions(form: str) -> None:
    """List the versions that the database keeps, newest first.

    With the number of workers on which each is in force.
    """
    from gql_approvals.persistence import policies
    from gql_approvals.service.policy_status import alive_workers

    async def read() -> list[dict[str, object]]:
        alive = await alive_workers(datetime.now(UTC))
        return [
            {
                "version": version,
                "since": first_at.isoformat(timespec="seconds"),
                "workers": sum(worker.version == version for worker in alive),
            }
            for version, first_at in await policies.known_versions()
        ]

    found = _from_database(read)
    lines = [f"{one['version']}  {one['since']}  {_obeyed(one['workers'])}".rstrip() for one in found]
    show({"versions": found}, "\n".join(lines) or "no server has put a version in force yet", form)


@click.command(name="show")
@click.argument("version")
@click.option("--model", is_flag=True, help="Print model.conf instead of policy.csv.")
@format_option
def show_version(version: str, form: str, *, model: bool) -> None:
    """Print the policy.csv of a VERSION that decided something.

    VERSION is what audit entries and decisions name.
    """
    from gql_approvals.persistence import policies

    text = _from_database(lambda: policies.text_of(version))
    if text is None:
        raise click.ClickException(f"the database keeps no version `{version}`: see `policy versions`")
    name, content = ("model.conf", text.model) if model else ("policy.csv", text.policy)
    if form == "json":
        show({"version": version, "file": name, "text": content}, "", form)
    else:
        on_terminal = sys.stdout.isatty()
        click.echo(visible(content) if on_terminal else content, nl=False, color=True)  # else as it is


def _obeyed(workers: object) -> str:
    return f"in force on {workers} {'worker' if workers == 1 else 'workers'}" if workers else ""


def _from_database(read: Callable[[], Awaitable[Read]]) -> Read:
    from gql_approvals.cli.existing import NoDatabase, existing_database

    async def opened() -> Read:
        async with existing_database(from_environment().database_url):
            return await read()

    try:
        return asyncio.run(opened())
    except NoDatabase as error:
        raise CannotStart(f"versions are kept by the database: {error}") from error
