"""One loaded version of the policy files: the door to everything the rest of the product asks."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from gql_approvals.errors import BadPolicy, Reason
from gql_approvals.policy.answers import Answers
from gql_approvals.policy.check import check_meaning, check_structure
from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.model import Model, read_model
from gql_approvals.policy.problem import PolicyProblem, Severity
from gql_approvals.policy.reasons import explain
from gql_approvals.policy.rules import Rules, read_rules
from gql_approvals.policy.source import read_text, split_rows
from gql_approvals.policy.subject import NEUTRAL, Facts
from gql_approvals.workflow.vocabulary import Channel, Permission

MODEL_FILE = "model.conf"
POLICY_FILE = "policy.csv"

_VERSION_DIGITS = 12


class Policy:
    """An immutable version of the rules, safe to share between threads and tasks.

    Roles are role names as assigned to one member; () is a member without a role, who still may do what
    `everyone` may. An `account` is always its short name. Roles that the files do not know grant nothing.
    """

    def __init__(
        self, answers: Answers, *, version: str, loaded_at: datetime, problems: tuple[PolicyProblem, ...]
    ) -> None:
        self.version = version
        self.loaded_at = loaded_at
        self.problems = problems
        self._answers = answers

    @classmethod
    def load(cls, folder: Path, *, now: datetime, accounts: Collection[str] | None = None) -> "Policy":
        """Read and check the two files of a folder.

        Raises:
            BadPolicy: when there is an error; the message has a line for every one.
        """
        policy, problems = read_policy(folder, now=now, accounts=accounts)
        if policy is None:
            errors = [problem.text for problem in problems if problem.severity is Severity.ERROR]
            raise BadPolicy("\n".join(errors))
        return policy

    def allows(
        self, roles: frozenset[str], account: str, permission: Permission, facts: Facts = NEUTRAL
    ) -> bool:
        """Casbin's answer, and the laws of `duties`; what was asked before costs about a microsecond."""
        return self._answers.allows(roles, account, permission, facts)

    def ever_allows(self, roles: frozenset[str], account: str, permission: Permission) -> bool:
        """Whether `allows` is True for some facts."""
        return any(True for _ in self._answers.allowed(roles, account, permission))

    def allowed_classes(
        self, roles: frozenset[str], account: str, permission: Permission
    ) -> tuple[GrantClass, ...]:
        """The facts for which `allows` is True, as few disjoint classes; for filters in a database."""
        return self._answers.allowed_classes(roles, account, permission)

    def roles(self, account: str) -> tuple[str, ...]:
        """The roles that can be assigned in the account, sorted."""
        return tuple(sorted(self._answers.rules.roles(account)))

    def holds_role(self, roles: frozenset[str], account: str, role: str) -> bool:
        """Whether one of the roles is `role` or inherits from it; everybody holds `anyone`."""
        return self._answers.holds_role(roles, account, role)

    def needed(self, account: str, channel: Channel, audience: int) -> tuple[tuple[str, int], ...]:
        """(role, how many approvals) for a campaign, `anyone` first; never empty."""
        return self._answers.needed(account, Facts(channel=channel, audience=audience))

    def conflict(self, roles: frozenset[str], account: str) -> tuple[Reason, ...]:
        """Why nobody may hold these roles together: a reason for each role and side; () when all is fine."""
        return self._answers.conflict(roles, account)

    def reasons(
        self, roles: frozenset[str], account: str, permission: Permission, facts: Facts = NEUTRAL
    ) -> tuple[Reason, ...]:
        """Why `allows` is what it is; the first reason decided."""
        return explain(self._answers, roles, account, permission, facts)

    def warm(self, role_sets: Iterable[tuple[str, frozenset[str]]]) -> None:
        """Ask everything about these (account, roles) now, so that no request is the first to ask."""
        for account, roles in role_sets:
            for permission in Permission:
                for _ in self._answers.allowed(roles, account, permission):
                    pass


def read_policy(
    folder: Path, *, now: datetime, accounts: Collection[str] | None = None
) -> tuple[Policy | None, tuple[PolicyProblem, ...]]:
    """Read and check; None when there is an error. `accounts`, when known, are looked for in the file."""
    files = [_read(folder / name) for name in (MODEL_FILE, POLICY_FILE)]
    known = None if accounts is None else frozenset(accounts)
    answers, version, problems = _checked(files[0], files[1], known)
    if answers is None:
        return None, problems
    return Policy(answers, version=version, loaded_at=now, problems=problems), problems


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was read; `problems` are about its bytes."""

    name: str
    text: str
    problems: tuple[PolicyProblem, ...]


def _read(path: Path) -> _File:
    text, problems = read_text(path, str(path))
    return _File(str(path), text, tuple(problems))


@lru_cache(maxsize=8)
def _checked(
    model_file: _File, policy_file: _File, accounts: frozenset[str] | None
) -> tuple[Answers | None, str, tuple[PolicyProblem, ...]]:
    """The answers and version of two files; the same texts are checked once, and share what is remembered."""
    model, problems = _model(model_file)
    rules, found = _rules(policy_file, accounts)
    problems += found
    answers: Answers | None = None
    if model is not None and not _has_error(problems):
        answers = Answers(model, rules)
        problems += check_meaning(answers, policy_file.name)
    problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
    whole = f"{len(model_file.text)}\n{model_file.text}{policy_file.text}"
    version = hashlib.sha256(whole.encode()).hexdigest()[:_VERSION_DIGITS]
    return None if _has_error(problems) else answers, version, tuple(problems)


def _model(file: _File) -> tuple[Model | None, list[PolicyProblem]]:
    problems = list(file.problems)
    if _has_error(problems):
        return None, problems
    model, found = read_model(file.text, file.name)
    return model, problems + found


def _rules(file: _File, accounts: frozenset[str] | None) -> tuple[Rules, list[PolicyProblem]]:
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
