"""`policy test`: run the policy tests."""

from pathlib import Path

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.cli.policy.arguments import folder_argument


@click.command()
@folder_argument
@format_option
def test(folder: Path | None, form: str) -> None:
    """Run the policy tests, FOLDER/tests/*.csv.

    A server refuses policy files whose tests fail. Exits with 1 when a line fails; the first case in which it
    does is shown.
    """
    from gql_approvals.cli.policy import testing
    from gql_approvals.cli.policy.folder import files_of, rules_of
    from gql_approvals.cli.policy.trial import outcomes
    from gql_approvals.settings import from_environment

    files = files_of(folder, from_environment())
    ended = outcomes(files, rules_of(files))
    if form == "json":
        show(testing.as_data(files, ended), "", form)
    else:
        testing.print_outcomes(files, ended)
    if not all(outcome.passed for outcome in ended):
        raise click.exceptions.Exit(1)
