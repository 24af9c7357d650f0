"""`schema`: the GraphQL schema as a document, and what another version of it changes for clients.

Each command is a module that loads at once; what it does is in modules that load GraphQL, when it runs.
"""

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import show
from gql_approvals.cli.schema.diff import diff


@click.group(cls=Commands)
def schema() -> None:
    """Show the GraphQL schema, and compare it with another version."""


@schema.command("print")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text: the schema definition language; json: the answer to an introspection query.",
)
def print_schema(form: str) -> None:
    """Print the schema, for clients and their tools."""
    from graphql import build_schema, introspection_from_schema

    from gql_approvals.schema import sdl

    text = sdl().rstrip("\n")
    show(introspection_from_schema(build_schema(text)) if form == "json" else {}, text, form)


schema.add_command(diff)
