"""One loaded version of the policy files: the door to everything the rest of the product asks."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from gql_approvals.errors import BadPolicy, Reason
from gql_approvals.policy.answers import Answers
from gql_approvals.policy.check import check_meaning, check_structure
from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.expectations import Expectation, check_expectations, read_expectations
from gql_approvals.policy.files import PolicyFiles, SourceFile, read_files
from gql_approvals.policy.model import Model, read_model
from gql_approvals.policy.problem import PolicyProblem, Severity, errors_of
from gql_approvals.policy.reasons import explain
from gql_approvals.policy.rules import Line, Rules, read_rules
from gql_approvals.policy.source import split_rows
from gql_approvals.policy.subject import NEUTRAL, Facts
from gql_approvals.workflow.vocabulary import Channel, Permission


class Policy:
    """An immutable version of the rules, safe to share between threads and tasks.

    Roles are role names as assigned to one member; () is a member without a role, who still may do what
    `everyone` may. An `account` is always its short name. Roles that the files do not know grant nothing.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        files: PolicyFiles,
        loaded_at: datetime,
        problems: tuple[PolicyProblem, ...],
    ) -> None:
        self.files = files
        self.version = files.version
        self.loaded_at = loaded_at
        self.problems = problems
        self.answers = answers

    @classmethod
    def load(cls, folder: Path, *, now: datetime, accounts: Collection[str] | None = None) -> "Policy":
        """Read and check the two files of a folder.

        Raises:
            BadPolicy: when there is an error; the message has a line for every one.
        """
        policy, problems = read_policy(folder, now=now, accounts=accounts)
        if policy is None:
            raise BadPolicy("\n".join(errors_of(problems)))
        return policy

    def allows(
        self, roles: frozenset[str], account: str, permission: Permission, facts: Facts = NEUTRAL
    ) -> bool:
        """Casbin's answer, and the laws of `duties`; what was asked before costs about a microsecond."""
        return self.answers.allows(roles, account, permission, facts)

    def permitted(self, roles: frozenset[str], account: str, facts: Facts) -> frozenset[Permission]:
        """All for which `allows` is True with these facts."""
        return self.answers.permitted(roles, account, facts)

    def ever_allows(self, roles: frozenset[str], account: str, permission: Permission) -> bool:
        """Whether `allows` is True for some facts."""
        return any(True for _ in self.answers.allowed(roles, account, permission))

    def allowed_classes(
        self, roles: frozenset[str], account: str, permission: Permission
    ) -> tuple[GrantClass, ...]:
        """The facts for which `allows` is True, as few disjoint classes; for filters in a database."""
        return self.answers.allowed_classes(roles, account, permission)

    def roles(self, account: str) -> tuple[str, ...]:
        """The roles that can be assigned in the account, sorted."""
        return tuple(sorted(self.answers.rules.roles(account)))

    def holds_role(self, roles: frozenset[str], account: str, role: str) -> bool:
        """Whether one of the roles is `role` or inherits from it; everybody holds `anyone`."""
        return self.answers.holds_role(roles, account, role)

    def needed(self, account: str, channel: Channel, audience: int) -> tuple[tuple[str, int], ...]:
        """(role, how many approvals) for a campaign, `anyone` first; never empty."""
        return self.answers.needed(account, Facts(channel=channel, audience=audience))

    def conflict(self, roles: frozenset[str], account: str) -> tuple[Reason, ...]:
        """Why nobody may hold these roles together: a reason for each role and side; () when all is fine."""
        return self.answers.conflict(roles, account)

    def reasons(
        self, roles: frozenset[str], account: str, permission: Permission, facts: Facts = NEUTRAL
    ) -> tuple[Reason, ...]:
        """Why `allows` is what it is; the first reason decided."""
        return explain(self.answers, roles, account, permission, facts)

    def rules_as_text(self) -> tuple[str, ...]:
        """Every rule with single spaces and without comments, in the order of the file."""
        rules = self.answers.rules
        lines: list[Line] = [*rules.links, *rules.grants, *rules.requirements]
        return tuple(line.row.said for line in sorted(lines, key=lambda line: line.row.line))

    def warm(self, role_sets: Iterable[tuple[str, frozenset[str]]]) -> None:
        """Ask everything about these (account, roles) now, so that no request is the first to ask."""
        for account, roles in role_sets:
            for permission in Permission:
                for _ in self.answers.allowed(roles, account, permission):
                    pass


def read_policy(
    folder: Path, *, now: datetime, accounts: Collection[str] | None = None
) -> tuple[Policy | None, tuple[PolicyProblem, ...]]:
    """Read and check a folder; see `examine`."""
    return examine(read_files(folder), now=now, accounts=accounts)


def examine(
    files: PolicyFiles, *, now: datetime, accounts: Collection[str] | None = None
) -> tuple[Policy | None, tuple[PolicyProblem, ...]]:
    """Check the files and run their tests; None when there is an error.

    `accounts`, when they are known, are looked for in the file. Problems stand in the order of the files.
    """
    answers, problems = _checked(files, None if accounts is None else frozenset(accounts))
    if answers is None:
        return None, problems
    return Policy(answers, files=files, loaded_at=now, problems=problems), problems


@lru_cache(maxsize=8)
def _checked(
    files: PolicyFiles, accounts: frozenset[str] | None
) -> tuple[Answers | None, tuple[PolicyProblem, ...]]:
    """The answers from some files; the same texts are checked once, and share what is remembered."""
    model, problems = _model(files.model)
    rules, found = _rules(files.policy, accounts)
    expectations, mistakes = _expectations(files.tests)
    problems += found + mistakes
    answers: Answers | None = None
    if model is not None and not _has_error(problems):
        answers = Answers(model, rules)
        problems += check_meaning(answers, files.policy.name)
        if not _has_error(problems):
            problems += check_expectations(answers, expectations)[1]
    problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
    return None if _has_error(problems) else answers, tuple(problems)


def _expectations(files: tuple[SourceFile, ...]) -> tuple[list[Expectation], list[PolicyProblem]]:
    expectations: list[Expectation] = []
    problems: list[PolicyProblem] = []
    for file in files:
        # No other Casbin tool reads the tests: what spreadsheets do to them does not matter.
        errors = [problem for problem in file.problems if problem.severity is Severity.ERROR]
        read, mistakes = ((), []) if errors else read_expectations(file.text, file.name)
        expectations += read
        problems += errors + mistakes
    return expectations, problems


def _model(file: SourceFile) -> tuple[Model | None, list[PolicyProblem]]:
    problems = list(file.problems)
    if _has_error(problems):
        return None, problems
    model, found = read_model(file.text, file.name)
    return model, problems + found


def _rules(file: SourceFile, accounts: frozenset[str] | None) -> tuple[Rules, list[PolicyProblem]]:
    problems = list(file.problems)
    if _has_error(problems):
        return Rules((), (), ()), problems
    rows, unreadable = split_rows(file.text, file.name)
    rules, mistakes = read_rules(rows, file.name)
    problems += unreadable + mistakes
    if rows or not _has_error(unreadable):
        problems += check_structure(rules, rows, file.name, accounts)
    return rules, problems


def _has_error(problems: list[PolicyProblem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)
