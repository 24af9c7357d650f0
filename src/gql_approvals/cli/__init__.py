"""The command `gql-approvals`: what an administrator does from a terminal.

Exit codes: 0 done, 1 refused, 2 cannot be started as asked or configured. Answers go to standard output,
everything else to standard error. Heavy imports stay inside the commands, so that `--help` is instant.
"""

import click

from gql_approvals import __version__
from gql_approvals.cli.account import account
from gql_approvals.cli.approvals import approvals
from gql_approvals.cli.audit import audit
from gql_approvals.cli.backup import backup, restore
from gql_approvals.cli.commands import Main
from gql_approvals.cli.demo import demo
from gql_approvals.cli.doctor import doctor
from gql_approvals.cli.init import init
from gql_approvals.cli.mail import mail
from gql_approvals.cli.member import member
from gql_approvals.cli.migrate import migrate
from gql_approvals.cli.outbox import outbox
from gql_approvals.cli.policy import policy
from gql_approvals.cli.relay import relay
from gql_approvals.cli.schema import schema
from gql_approvals.cli.serve import serve
from gql_approvals.cli.settings import settings
from gql_approvals.cli.token import token
from gql_approvals.cli.webhook import webhook

# In the order of --help: how one begins, and then what one does every day.
SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Start": (
        demo,
        init,
        settings,
        doctor,
        migrate,
        serve,
    ),
    "People": (
        account,
        member,
        token,
        approvals,
    ),
    "Policy": (policy,),
    "Operate": (
        relay,
        mail,
        outbox,
        webhook,
        audit,
        backup,
        restore,
        schema,
    ),
}

HELP = """Run campaign approvals: makers submit, checkers decide.

Settings are read from gql-approvals.env and GQL_APPROVALS_… variables; `gql-approvals settings` lists
them. Begin with `gql-approvals demo` to look around, with `gql-approvals init` for something real.
"""

main = click.version_option(__version__, message="%(prog)s %(version)s")(
    Main(SECTIONS, name="gql-approvals", help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
)
