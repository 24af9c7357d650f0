"""`schema`: the GraphQL schema as a document."""

import click


@click.group()
def schema() -> None:
    """Show the GraphQL schema."""


@schema.command("print")
def print_schema() -> None:
    """Print the schema in the schema definition language."""
    from gql_approvals.schema import sdl

    click.echo(sdl().rstrip("\n"))
