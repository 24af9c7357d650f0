"""`demo`: the server with demo people and campaigns, for trying it out."""

import asyncio
import os

import click

from gql_approvals.cli.listening import address, listen, run, workers_option
from gql_approvals.settings import apply_to_environment


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@workers_option
@click.option("--reset", is_flag=True, help="Start over with fresh demo data.")
@click.option("--database-url", metavar="URL", help="By default a SQLite file in the folder .demo.")
def demo(*, host: str, port: int, workers: int | None, reset: bool, database_url: str | None) -> None:
    """Serve with demo people and campaigns.

    There are campaigns in every status and channel. They are written into an empty database and survive
    restarts. Never use it for anything real: the people's tokens are public.
    """
    from gql_approvals import app
    from gql_approvals.cli.demo_banner import print_banner
    from gql_approvals.cli.demo_start import choose_settings, prepare, unread_file

    unread = unread_file(os.environ)
    if unread:
        click.echo(f"the demo does not read `{unread}`, whose settings are for something real", err=True)
    with listen(host, port) as listener:
        base = address(listener)
        settings = choose_settings(os.environ, base, database_url)
        ready = asyncio.run(prepare(settings, reset=reset))
        apply_to_environment(settings)
        asyncio.run(app.check_start(settings))
        print_banner(settings, ready, base)
        run(listener, workers or settings.workers)
