"""`policy diff`: what another version of the policy would change for the members there are."""

import click

from gql_approvals.cli.output import format_option


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option("--roles", is_flag=True, help="Compare roles instead of members; needs no database.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is a difference.")
@format_option
def diff(old: str, new: str | None, form: str, *, roles: bool, exit_code: bool) -> None:
    """Say in words what the policy NEW changes, compared with OLD.

    Each is a folder of policy files, a version of 12 digits whose text the database keeps, or `in-force`;
    NEW is by default the folder that the server would use. Every decision for every active member is
    compared: no output means that nothing changes for them. Policy tests are not run.
    """
    from gql_approvals.cli.policy import comparing
    from gql_approvals.settings import from_environment

    compared = comparing.compare(old, new, from_environment(), roles=roles)
    comparing.PRINTERS[form](compared)
    if exit_code and compared.impact.count:
        raise click.exceptions.Exit(1)
