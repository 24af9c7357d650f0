"""`doctor`: is everything there that a server needs, and does it work?"""

import asyncio

import click

from gql_approvals.cli.output import format_option


@click.command()
@format_option
def doctor(form: str) -> None:
    """Say what is wrong or missing, and how to mend it.

    Settings, database, policy, people, mail, the sending system, sign-in. Nothing is changed and nothing is
    sent. Exits with 1 when something is wrong, with 2 when settings are wrong; warnings do not count.
    """
    from gql_approvals.cli.doctor import report
    from gql_approvals.cli.doctor.examining import examine
    from gql_approvals.cli.doctor.finding import State
    from gql_approvals.settings import read

    reading = read()
    if reading.problems:
        report.show(report.of_settings(reading), form)
        raise click.exceptions.Exit(2)
    findings = asyncio.run(examine(reading))
    report.show(findings, form)
    if any(one.state is State.WRONG for one in findings):
        raise click.exceptions.Exit(1)
