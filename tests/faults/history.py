"""What clients did and what they were told: one request for each thing that somebody wanted to happen.

A request is attempted once or several times, always with the same input; attempts of one request share its
idempotency key, so that whatever becomes of them it happens once.
"""

import itertools
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
Result = dict[str, Any]


@dataclass
class Attempt:
    """One call. Times are monotonic seconds; `code`: why it was refused, or what is known of the rest."""

    started: float
    ended: float = 0
    outcome: str = UNKNOWN
    code: str = ""
    result: Result = field(default_factory=dict)


@dataclass
class Request:
    """`mark`: a text that is nowhere else, by which the effect is found. `content`: the hash it writes.

    `expected`: the codes it may be answered with, OK among them; empty: any. `manner`: of the client.
    """

    number: int
    account: str
    who: str
    mutation: str
    given: dict[str, Any]
    key: str | None = None
    manner: str = "patient"
    mark: str = ""
    content: str = ""
    campaign: str = ""
    expected: frozenset[str] = frozenset()
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """OK if any attempt was; REFUSED if all were; else UNKNOWN."""
        found = {attempt.outcome for attempt in self.attempts}
        return OK if OK in found else REFUSED if found == {REFUSED} else UNKNOWN

    @property
    def started(self) -> float:
        return min(attempt.started for attempt in self.attempts)

    @property
    def acknowledged(self) -> float:
        """When it was first known to have happened."""
        return min(attempt.ended for attempt in self.attempts if attempt.outcome == OK)

    @property
    def result(self) -> Result:
        """What the first success answered."""
        return next(attempt.result for attempt in self.attempts if attempt.outcome == OK)

    @property
    def first_code(self) -> str:
        return self.attempts[-1].code if self.attempts else ""


@dataclass(frozen=True)
class Look:
    """A read of a campaign."""

    account: str
    campaign: str
    started: float
    ended: float
    version: int
    status: str
    content: str


@dataclass(frozen=True)
class Known:
    """Something that holds from a moment on, until `until`: a token revoked, a policy obeyed.

    `subject`: the person, or the policy's version.
    """

    kind: str
    account: str
    subject: str
    at: float
    until: float = float("inf")


@dataclass
class History:
    """Everything that happened as clients saw it."""

    requests: list[Request] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    retries: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def request(self, **given: Any) -> Request:
        """Begin one."""
        made = Request(next(self._numbers), **given)
        self.requests.append(made)
        return made

    def number(self) -> int:
        return next(self._numbers)

    def known_now(self, kind: str, account: str, subject: str) -> None:
        self.known.append(Known(kind, account, subject, time.monotonic()))

    def attempts(self) -> Collection[Attempt]:
        return [attempt for request in self.requests for attempt in request.attempts]

    def count(self) -> Counter[str]:
        """How many requests ended how, and how clients behaved."""
        found = Counter(request.outcome for request in self.requests)
        found["calls"] = sum(len(request.attempts) for request in self.requests)
        found["twins"] = sum(request.manner == "twin" for request in self.requests)
        found["retries"] = self.retries
        found["looks"] = len(self.looks)
        return found

    def codes(self) -> Counter[str]:
        """How often what was refused with which code."""
        return Counter(a.code for a in self.attempts() if a.outcome == REFUSED)
