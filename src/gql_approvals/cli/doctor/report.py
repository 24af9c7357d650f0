"""How findings are shown: one line each and how to mend it below, or one JSON value."""

from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.text import Text

from gql_approvals.cli.doctor.finding import Finding, State
from gql_approvals.cli.output import as_json, printable
from gql_approvals.cli.policy.rendering import say, terminal
from gql_approvals.policy.wording import counted
from gql_approvals.settings import Reading

_SIGNS = {State.FINE: "\N{CHECK MARK}", State.WARNING: "!", State.WRONG: "\N{BALLOT X}"}
_PLAIN_SIGNS = {State.FINE: "ok", State.WARNING: "!", State.WRONG: "x"}
_COLOURS = {State.FINE: "green", State.WARNING: "bold yellow", State.WRONG: "bold red"}
_WIDTH = 16  # of a check's name


def of_settings(reading: Reading) -> list[Finding]:
    """Mistakes of the settings as findings: nothing else can be looked at."""
    fix = "`gql-approvals settings` lists what there is"
    return [Finding(State.WRONG, problem, fix, "settings") for problem in reading.problems]


def show(findings: Sequence[Finding], form: str) -> None:
    """Print the findings."""
    if form == "json":
        data = {"ok": not _count(findings, State.WRONG), "findings": [asdict(one) for one in findings]}
        click.echo(as_json(data))
        return
    console = terminal()
    signs = _SIGNS if _can_show(console.encoding) else _PLAIN_SIGNS
    wide = max(map(len, signs.values()))
    for one in findings:
        line = Text(f"{signs[one.state]:<{wide}} ", style=_COLOURS[one.state])
        line.append(printable(f"{one.check:<{_WIDTH}}{one.what}"), style="default not bold")
        say(console, line)
        if one.fix:
            say(console, printable(" " * (wide + 1 + _WIDTH) + f"fix: {one.fix}"))
    counts = (
        f"{_count(findings, State.WRONG)} wrong",
        counted(_count(findings, State.WARNING), "warning"),
        f"{_count(findings, State.FINE)} fine",
    )
    say(console, "\n" + ", ".join(counts))


def _count(findings: Sequence[Finding], state: State) -> int:
    return sum(one.state is state for one in findings)


def _can_show(encoding: str) -> bool:
    try:
        "".join(_SIGNS.values()).encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
