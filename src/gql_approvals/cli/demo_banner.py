"""What `demo` prints when it is ready: where to look, and as whom."""

import sys

from rich.console import Console
from rich.table import Table

from gql_approvals import __version__
from gql_approvals.cli.demo_start import Ready
from gql_approvals.cli.output import colours
from gql_approvals.persistence.address import hide_password
from gql_approvals.settings import Settings

_PLAIN_WIDTH = 120  # of pipes and files, which have none


def print_banner(settings: Settings, ready: Ready, base: str) -> None:
    """Print it to standard output, without colours where there is no terminal or NO_COLOR is set."""
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    console = Console(width=width, highlight=False, color_system=colours())
    console.print(f"\n[bold]gql-approvals {__version__}[/bold], demo", end="\n\n")
    for name, text in _places(settings, ready, base):
        console.print(f"  {name:<11}", end="")
        console.print(text, soft_wrap=True, markup=False, style="cyan" if text.startswith("http") else None)
    console.print(
        "\n  Send [bold]Authorization: Bearer TOKEN[/bold]; who is in two accounts adds X-Account.\n"
    )
    console.print(_people(ready))
    console.print()


def _places(settings: Settings, ready: Ready, base: str) -> list[tuple[str, str]]:
    kept = "new" if ready.seeded else "kept from before; --reset starts over"
    mail = {"outbox": "kept, not sent: " + base + "/dev/outbox", "console": "printed here"}
    return [
        ("GraphiQL", f"{base}/graphql"),
        ("Schema", f"{base}/schema.graphql"),
        ("Mail", mail.get(settings.mail, "sent to " + hide_password(settings.mail))),
        ("Hand-overs", f"{base}/dev/deliveries"),
        ("Database", f"{hide_password(settings.database_url)} ({kept})"),
        ("Policy", f"version {ready.policy_version}, {settings.policy_folder / 'policy.csv'}"),
    ]


def _people(ready: Ready) -> Table:
    table = Table("account", "name", "roles", "token", box=None, padding=(0, 2), header_style="bold")
    for account, person, roles in ready.roles:
        table.add_row(account, person.name, ", ".join(roles) or "-", person.token)
    return table
