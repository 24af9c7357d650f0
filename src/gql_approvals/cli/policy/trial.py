"""Running the policy tests of a folder, file by file."""

from collections.abc import Iterable
from dataclasses import dataclass

from gql_approvals.policy.engine import Policy
from gql_approvals.policy.expectations import check_expectations, read_expectations
from gql_approvals.policy.files import PolicyFiles, SourceFile
from gql_approvals.policy.problem import PolicyProblem, Severity


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines of tests there are, and how many decisions they are about."""

    lines: int
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one file of tests ended; `problems` are failures, mistakes and warnings."""

    file: str
    tally: Tally
    problems: tuple[PolicyProblem, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing in it would refuse a reload."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


def outcomes(files: PolicyFiles, policy: Policy) -> list[Outcome]:
    """Run every file of tests."""
    return [_outcome(file, policy) for file in files.tests]


def tally(files: PolicyFiles, policy: Policy) -> Tally:
    """Count over all files of tests."""
    return total(outcomes(files, policy))


def total(ended: Iterable[Outcome]) -> Tally:
    """The sum of several files."""
    tallies = [outcome.tally for outcome in ended]
    return Tally(sum(one.lines for one in tallies), sum(one.decisions for one in tallies))


def _outcome(file: SourceFile, policy: Policy) -> Outcome:
    expectations, mistakes = read_expectations(file.text, file.name)
    decisions, failures = check_expectations(policy.answers, expectations)
    problems = sorted((*file.problems, *mistakes, *failures), key=lambda one: (one.line, one.column))
    return Outcome(file=file.name, tally=Tally(len(expectations), decisions), problems=tuple(problems))
