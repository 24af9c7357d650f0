"""The command `gql-approvals`: what an administrator does from a terminal.

Exit codes: 0 done, 1 refused, 2 cannot be started as asked or configured. Answers go to standard output,
everything else to standard error. Heavy imports stay inside the commands, so that `--help` is instant.
"""

from typing import Any

import click
from typing_extensions import override

from gql_approvals import __version__
from gql_approvals.cli.account import account
from gql_approvals.cli.demo import demo
from gql_approvals.cli.member import member
from gql_approvals.cli.migrate import migrate
from gql_approvals.cli.output import CannotStart
from gql_approvals.cli.policy import policy
from gql_approvals.cli.schema import schema
from gql_approvals.cli.serve import serve
from gql_approvals.cli.settings import settings
from gql_approvals.cli.token import token
from gql_approvals.errors import ApprovalsError, StartError

_HEADINGS = {"SETTINGS": "the settings are wrong", "POLICY": "the policy files have mistakes"}


class _Commands(click.Group):
    """A group that turns expected errors into one message and an exit code."""

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ApprovalsError as error:
            raise _told(error) from error


def _told(error: ApprovalsError) -> click.ClickException:
    message = error.message
    if isinstance(error, StartError) and error.code in _HEADINGS:
        message = "\n  ".join([_HEADINGS[error.code] + ":", *message.splitlines()])
    return CannotStart(message) if isinstance(error, StartError) else click.ClickException(message)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Campaign approval: makers submit, checkers decide, only approved content is sent.

    Settings are read from GQL_APPROVALS_… variables; `gql-approvals settings` lists them.
    """


for _command in (demo, serve, migrate, account, member, token, policy, schema, settings):
    main.add_command(_command)
