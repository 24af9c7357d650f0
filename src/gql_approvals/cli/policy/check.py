"""`policy check`: everything that would refuse the files, and what is suspicious in them."""

from pathlib import Path

import click

from gql_approvals.cli.policy.arguments import folder_argument


@click.command()
@folder_argument
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="json: one value, for programs; github: annotations for a workflow.",
)
def check(folder: Path | None, form: str, *, strict: bool) -> None:
    """Say whether a server would accept the policy files.

    Their tests are run, too. Where the configured database exists, its accounts and the roles of its
    members are looked at as well. Exits with 1 when the files would be refused.
    """
    from gql_approvals.cli.policy import checking
    from gql_approvals.cli.policy.folder import files_of
    from gql_approvals.settings import from_environment

    settings = from_environment()
    files = files_of(folder, settings)
    verdict = checking.judge(files, settings)
    checking.PRINTERS[form](verdict, files)
    if strict and verdict.accepted and verdict.problems:
        click.echo("warnings are refused because of --strict", err=True)
    if not verdict.accepted or (strict and verdict.problems):
        raise click.exceptions.Exit(1)
