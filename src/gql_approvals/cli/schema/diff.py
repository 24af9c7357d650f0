"""`schema diff`: what a version of the schema would break for the clients of another one."""

import click

from gql_approvals.cli.output import format_option


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something breaks clients.")
@format_option
def diff(old: str, new: str | None, form: str, *, exit_code: bool) -> None:
    """Say what the schema NEW breaks for clients made for OLD.

    And what it may break. Each is a file in the schema definition language, or `-` for standard input;
    NEW is by default this version's own schema. No output means that clients notice nothing. What is
    newly deprecated is told, too.
    """
    from gql_approvals.cli.schema import comparing

    found = comparing.compare(old, new)
    comparing.PRINTERS[form](found)
    if exit_code and found.breaking:
        raise click.exceptions.Exit(1)
