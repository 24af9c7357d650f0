"""The policy that decides now: one reference, exchanged as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gql_approvals.policy.engine import Policy
from gql_approvals.policy.members import as_seen_from
from gql_approvals.policy.problem import Code, PolicyProblem, Severity


@dataclass(frozen=True, slots=True)
class Refused:
    """Files that are in the folder, but not in force. `since`: when they were refused."""

    version: str
    problems: tuple[PolicyProblem, ...]
    since: datetime

    @property
    def names_members(self) -> bool:
        """Whether somebody's roles, and not the files alone, are a reason."""
        return any(one.code is Code.MEMBERS for one in self.problems)

    @property
    def places(self) -> tuple[str, ...]:
        """Where something is wrong, `policy.csv:15:22 [action]`: fit for everybody's eyes."""
        return tuple(
            f"{Path(one.file).name}:{one.line}:{one.column} [{one.code}]"
            for one in self.problems
            if one.severity is Severity.ERROR
        )

    def texts_for(self, account: str) -> list[str]:
        """What is wrong, in words for people of this account."""
        seen = (as_seen_from(problem, account) for problem in self.problems)
        return [problem.text for problem in seen if problem.severity is Severity.ERROR]


class PolicyInForce:
    """Call it for the policy in force; whoever decides calls it once and stays with that policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.refused: Refused | None = None

    def __call__(self) -> Policy:
        """The policy in force."""
        return self._policy

    def exchange(self, policy: Policy) -> Policy:
        """Put another one in force, for every request that begins from now on; return the one before."""
        before, self._policy = self._policy, policy
        self.refused = None
        return before

    def refuse(self, version: str, problems: Sequence[PolicyProblem], now: datetime) -> None:
        """Keep the one in force although the folder holds other files."""
        self.refused = Refused(version, tuple(problems), now)

    def shown_problems(self) -> tuple[PolicyProblem, ...]:
        """What is wrong with the files in the folder, or remarkable about those in force."""
        return self.refused.problems if self.refused else self().problems
