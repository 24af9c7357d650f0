"""What `policy check` finds, and its three forms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from gql_approvals.cli.existing import NoDatabase
from gql_approvals.cli.output import as_json, printable
from gql_approvals.cli.policy import rendering
from gql_approvals.cli.policy.database import DatabaseFacts, database_facts
from gql_approvals.cli.policy.trial import Tally, tally
from gql_approvals.policy.engine import Policy, examine
from gql_approvals.policy.files import PolicyFiles
from gql_approvals.policy.members import conflicting_members
from gql_approvals.policy.problem import PolicyProblem, Severity
from gql_approvals.policy.wording import counted
from gql_approvals.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a server would say. `lines` and `tests` are counted in files that are accepted only."""

    folder: str
    accepted: bool
    version: str
    lines: int
    problems: tuple[PolicyProblem, ...]
    tests: Tally | None

    def count(self, severity: Severity) -> int:
        """How many problems are of this severity."""
        return sum(problem.severity is severity for problem in self.problems)


def judge(files: PolicyFiles, settings: Settings) -> Verdict:
    """Check the files as a reload would; without a database that is said on standard error."""
    facts = _facts(settings)
    accounts = None if facts is None else facts.accounts
    policy, problems = examine(files, now=datetime.now(UTC), accounts=accounts)
    if policy is not None and facts is not None:
        problems += tuple(conflicting_members(policy, facts.members, Severity.ERROR))
    return Verdict(
        folder=str(Path(files.policy.name).parent),
        accepted=not any(problem.severity is Severity.ERROR for problem in problems),
        version=files.version,
        lines=0 if policy is None else _lines(policy),
        problems=problems,
        tests=None if policy is None else tally(files, policy),
    )


def _facts(settings: Settings) -> DatabaseFacts | None:
    try:
        return database_facts(settings.database_url)
    except NoDatabase as error:
        click.echo(f"accounts are not checked: {error}", err=True)
        return None


def _lines(policy: Policy) -> int:
    rules = policy.answers.rules
    return len(rules.grants) + len(rules.requirements) + len(rules.links)


def summary(verdict: Verdict) -> str:
    """The verdict in one line."""
    errors, warnings = (
        counted(verdict.count(severity), severity) for severity in (Severity.ERROR, Severity.WARNING)
    )
    folder = printable(verdict.folder)
    if not verdict.accepted or verdict.tests is None:
        return f"{folder}: refused, {errors}, {warnings}"
    lines = counted(verdict.lines, "line")
    tests = f"{counted(verdict.tests.lines, 'test')}, {counted(verdict.tests.decisions, 'decision')}"
    return f"{folder}: accepted, version {verdict.version}, {lines}, {warnings}; {tests}"


def _print_text(verdict: Verdict, files: PolicyFiles) -> None:
    rendering.print_problems(verdict.problems, files)
    rendering.say(rendering.terminal(), summary(verdict))


def _print_json(verdict: Verdict, files: PolicyFiles) -> None:
    del files
    tests = verdict.tests
    data = {
        "accepted": verdict.accepted,
        "version": verdict.version,
        "problems": [rendering.as_data(problem) for problem in verdict.problems],
        "tests": None if tests is None else {"lines": tests.lines, "decisions": tests.decisions},
    }
    click.echo(as_json(data))


def _print_github(verdict: Verdict, files: PolicyFiles) -> None:
    del files
    for problem in verdict.problems:
        click.echo(rendering.annotation(problem))
    click.echo(summary(verdict), err=True)


PRINTERS: dict[str, Callable[[Verdict, PolicyFiles], None]] = {
    "text": _print_text,
    "json": _print_json,
    "github": _print_github,
}
