"""`policy matrix`: who may do what, as a table."""

from pathlib import Path

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.cli.policy.arguments import folder_argument


@click.command()
@folder_argument
@click.option(
    "--account",
    metavar="SLUG",
    default="*",
    show_default=True,
    help="The account's short name; * is every account that no line names.",
)
@format_option
def matrix(folder: Path | None, account: str, form: str) -> None:
    """Print what each role may do in an account, and when."""
    from gql_approvals.cli.policy.folder import files_of, note_misspelt, rules_of
    from gql_approvals.policy.matrix import WORDS, render_matrix
    from gql_approvals.policy.matrix import matrix as matrix_of
    from gql_approvals.settings import from_environment

    policy = rules_of(files_of(folder, from_environment()))
    note_misspelt(account, policy)
    cells = {
        permission.value: {role: {"may": WORDS[one.mark], "when": one.when} for role, one in row.items()}
        for permission, row in matrix_of(policy, account).items()
    }
    data = {"account": account, "version": policy.version, "actions": cells}
    show(data, render_matrix(policy, account).rstrip("\n"), form)
