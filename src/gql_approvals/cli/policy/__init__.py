"""`policy`: check, try and explain the policy files, with a server or without.

Each command is a module that loads at once; what it does is in modules that load Casbin, when it runs.
"""

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.policy.check import check
from gql_approvals.cli.policy.diff import diff
from gql_approvals.cli.policy.explain import explain
from gql_approvals.cli.policy.history import show_version, versions
from gql_approvals.cli.policy.matrix import matrix
from gql_approvals.cli.policy.test import test


@click.group(cls=Commands)
def policy() -> None:
    """Check, explain and compare the policy files.

    FOLDER is the folder of model.conf and policy.csv; by default the one that the server would use.
    """


for _command in (check, explain, test, diff, matrix, versions, show_version):
    policy.add_command(_command)
