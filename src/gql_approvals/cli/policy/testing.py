"""How the outcomes of policy tests are shown."""

from collections.abc import Sequence
from pathlib import Path

from gql_approvals.cli.output import printable
from gql_approvals.cli.policy import rendering
from gql_approvals.cli.policy.trial import Outcome, total
from gql_approvals.policy.files import TEST_FILES, PolicyFiles
from gql_approvals.policy.problem import Severity
from gql_approvals.policy.wording import counted


def print_outcomes(files: PolicyFiles, ended: Sequence[Outcome]) -> None:
    """Print a line for each file, and below it what is wrong."""
    console = rendering.terminal()
    if not ended:
        rendering.say(console, f"there are no tests in {Path(files.policy.name).parent / TEST_FILES}")
    for outcome in ended:
        rendering.say(console, printable(_line(outcome)))
        rendering.print_problems(outcome.problems, files)
    if len(ended) > 1:
        failed = sum(not outcome.passed for outcome in ended)
        sums = total(ended)
        counts = f"{counted(sums.lines, 'line')}, {counted(sums.decisions, 'decision')}"
        rendering.say(console, f"{counted(len(ended), 'file')}, {failed} failed: {counts}")


def as_data(files: PolicyFiles, ended: Sequence[Outcome]) -> dict[str, object]:
    """What programs get."""
    return {
        "passed": all(outcome.passed for outcome in ended),
        "version": files.version,
        "files": [
            {
                "file": outcome.file,
                "lines": outcome.tally.lines,
                "decisions": outcome.tally.decisions,
                "problems": [rendering.as_data(problem) for problem in outcome.problems],
            }
            for outcome in ended
        ],
    }


def _line(outcome: Outcome) -> str:
    counts = f"{counted(outcome.tally.lines, 'line')}, {counted(outcome.tally.decisions, 'decision')}"
    failed = sum(problem.severity is Severity.ERROR for problem in outcome.problems)
    if outcome.passed:
        return f"ok {outcome.file}: {counts}"
    return f"failed {outcome.file}: {counts}, {failed} failed"
