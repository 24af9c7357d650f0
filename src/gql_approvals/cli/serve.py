"""`serve`: the server, for production."""

import asyncio

import click

from gql_approvals.cli.listening import listen, run, workers_option
from gql_approvals.settings import from_environment


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@workers_option
def serve(host: str, port: int, workers: int) -> None:
    """Serve GraphQL over HTTP.

    Settings, database and policy are checked first: what is wrong is said once, with exit code 2.
    """
    from gql_approvals import app

    asyncio.run(app.check_start(from_environment()))
    with listen(host, port) as listener:
        run(listener, workers)
