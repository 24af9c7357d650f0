"""`schema`: the GraphQL schema as a document, and what another version of it changes for clients.

Each command is a module that loads at once; what it does is in modules that load GraphQL, when it runs.
"""

import click

from gql_approvals.cli.schema.diff import diff


@click.group()
def schema() -> None:
    """Show the GraphQL schema, and compare it with another version."""


@schema.command("print")
def print_schema() -> None:
    """Print the schema in the schema definition language."""
    from gql_approvals.schema import sdl

    click.echo(sdl().rstrip("\n"))


schema.add_command(diff)
