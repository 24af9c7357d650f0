"""What a check has found, and what checks are given to look at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from gql_approvals.persistence.database import Database
from gql_approvals.policy.engine import Policy
from gql_approvals.settings import Reading, Settings

LIMIT_S = 5.0  # no check takes longer


class State(StrEnum):
    """Whether something is to be done. Only what is wrong keeps a server from doing its work."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what is so, and, unless it is fine, how to mend it."""

    state: State
    what: str
    fix: str = ""
    check: str = ""


@dataclass(slots=True, kw_only=True)
class Ground:
    """What there is to look at. `database`: None unless migrated; `policy`: None if refused."""

    reading: Reading
    database: Database | None = None
    policy: Policy | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.reading.settings


Look: TypeAlias = Callable[[Ground], Awaitable[list[Finding]]]


def fine(what: str) -> Finding:
    """All is well."""
    return Finding(State.FINE, what)


def warning(what: str, fix: str) -> Finding:
    """Somebody should look at this."""
    return Finding(State.WARNING, what, fix)


def wrong(what: str, fix: str) -> Finding:
    """This does not work."""
    return Finding(State.WRONG, what, fix)
