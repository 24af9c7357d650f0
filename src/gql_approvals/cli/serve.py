"""`serve`: the server, for production."""

import asyncio
import logging

import click

from gql_approvals.cli.listening import address, listen, run, workers_option
from gql_approvals.settings import apply_to_environment, from_environment

_log = logging.getLogger(__name__)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
)
@workers_option
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve GraphQL over HTTP.

    Settings, database and policy are checked first: what is wrong is said once, with exit code 2.
    """
    from gql_approvals import app, logs
    from gql_approvals.persistence.address import hide_password

    settings = from_environment()
    doubts = asyncio.run(app.check_start(settings))
    apply_to_environment(settings)  # workers obey what was checked, whatever becomes of the file
    with listen(host, port) as listener:
        logs.configure(settings.log)
        told = {"url": f"{address(listener)}/graphql", "database": hide_password(settings.database_url)}
        _log.info("serve:begins", extra={**told, "production": settings.production})
        for doubt in doubts:
            _log.warning("serve:doubt %s", doubt)
        run(listener, workers or settings.workers)
