"""`mail`: look at the mails before anybody gets one, and try the mail server."""

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.mail.preview import preview
from gql_approvals.cli.mail.send_test import send_test


@click.group(cls=Commands)
def mail() -> None:
    """Look at the mails that people get, and try the mail server."""


for _command in (preview, send_test):
    mail.add_command(_command)
