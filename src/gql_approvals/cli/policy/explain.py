"""`policy explain`: why somebody may do something, or may not."""

from pathlib import Path

import click

from gql_approvals.cli.output import format_option
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel


def _words(words: type[Channel] | type[CampaignStatus]) -> click.Choice[str]:
    return click.Choice([word.lower() for word in words], case_sensitive=False)


@click.command()
@click.argument("who")
@click.argument("action")
@click.option("--account", metavar="SLUG", help="The account's short name; by default the person's only one.")
@click.option(
    "--campaign", metavar="ID", help="A campaign of the database: its id in the API, or its number."
)
@click.option("--channel", type=_words(Channel), help="The channel of a campaign that is imagined.")
@click.option("--audience", metavar="N", help="How many people it reaches: 50000, 50_000 or 50k.")
@click.option("--status", type=_words(CampaignStatus), help="Its status.")
@click.option(
    "--relation",
    type=click.Choice(["none", "involved", "own"]),
    help="Whether the person contributed to the campaign, or created it.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="The folder of the policy files.")
@format_option
def explain(folder: Path | None, form: str, **asked: str | None) -> None:
    """Say whether WHO may do ACTION, and which line decides.

    WHO is a member's e-mail address, or role names of the policy joined by `+`, or `everyone` for a member
    without a role; roles are explained without a database. ACTION is a word of the policy's action column.
    """
    from gql_approvals.cli.policy import answer
    from gql_approvals.cli.policy.folder import files_of, rules_of
    from gql_approvals.cli.policy.question import Asked, question
    from gql_approvals.settings import from_environment

    settings = from_environment()
    policy = rules_of(files_of(folder, settings))
    given = {name: value for name, value in asked.items() if value is not None}
    answer.print_answer(question(Asked(**given), policy, settings), policy, form)
