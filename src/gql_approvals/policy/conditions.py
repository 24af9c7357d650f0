"""The closed language of the `when` column: what it says, and whether it holds.

    when  = "always" | term { "and" term }
    term  = [ "not" ] ( "own" | "involved" )
          | "status" "is" STATUS { "or" STATUS }
          | "audience" ( "<=" | "<" | ">=" | ">" ) NUMBER        50000, 50_000, 50k, 2m

Nothing is evaluated: a condition is a set of statuses, two relations and one interval, so it cannot
throw, and two conditions can be compared exactly.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf

from gql_approvals.policy.problem import did_you_mean
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow.vocabulary import CampaignStatus

STATUSES = {status.lower(): status for status in CampaignStatus}

_WORD = re.compile(r"<=|>=|[<>]|=+|[^\s<>=]+")
_NUMBER = re.compile(r"([0-9]+|[0-9]{1,3}(?:_[0-9]{3})+)([km]?)", re.ASCII)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_LARGEST = 10**12  # far above any audience, far below what a database's integers hold


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be true; None = does not matter. The audience is `audience_from <= n < audience_to`."""

    statuses: frozenset[CampaignStatus] | None = None
    own: bool | None = None
    involved: bool | None = None
    audience_from: int = 0
    audience_to: int | None = None

    def holds(self, facts: Facts) -> bool:
        """Whether the facts fulfil every part."""
        return (
            (self.statuses is None or facts.status in self.statuses)
            and (self.own is None or self.own == facts.own)
            and (self.involved is None or self.involved == facts.involved)
            and self.audience_from <= facts.audience
            and (self.audience_to is None or facts.audience < self.audience_to)
        )

    @property
    def only_audience(self) -> bool:
        """Whether nothing but the audience matters."""
        return self.statuses is None and self.own is None and self.involved is None

    def covers(self, other: "Condition") -> bool:
        """Whether this one holds wherever the other does; who created a campaign is involved in it."""
        return (
            (self.statuses is None or (other.statuses is not None and other.statuses <= self.statuses))
            and (self.own is None or self.own == other.own or (not self.own and other.involved is False))
            and (self.involved in (None, other.involved) or (self.involved is True and other.own is True))
            and self.audience_from <= other.audience_from
            and (self.audience_to or inf) >= (other.audience_to or inf)
        )

    def overlaps(self, other: "Condition") -> bool:
        """Whether both can hold at once."""
        own = {self.own, other.own} - {None}
        involved = {self.involved, other.involved} - {None}
        return (
            (self.statuses is None or other.statuses is None or not self.statuses.isdisjoint(other.statuses))
            and len(own) <= 1
            and len(involved) <= 1
            and not (own == {True} and involved == {False})
            and max(self.audience_from, other.audience_from)
            < min(self.audience_to or inf, other.audience_to or inf)
        )


ALWAYS = Condition()


class WhenError(Exception):
    """The text is not a condition; `offset` counts characters from its start."""

    def __init__(self, offset: int, message: str, help_text: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.help = help_text


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """Read one condition.

    Raises:
        WhenError: when the text is not in the language, or can never be true.
    """
    return _Reader(text).read()


def parse_number(text: str) -> int | None:
    """Read `50000`, `50_000`, `50k` or `2m`; None when it is none of these, or absurdly large."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    number = int(match[1]) * _UNITS[match[2]] if len(match[1]) <= len(str(_LARGEST)) else _LARGEST + 1
    return number if number <= _LARGEST else None


class _Reader:
    """Reads the words of one condition from left to right."""

    def __init__(self, text: str) -> None:
        self.words = [(match.start(), match[0]) for match in _WORD.finditer(text)]
        self.end = len(text)
        self.next = 0

    def read(self) -> Condition:
        if [word for _, word in self.words] == ["always"]:
            return ALWAYS
        condition = ALWAYS
        while True:
            at = self._offset()
            condition = self._term(condition)
            _refuse_contradiction(condition, at)
            if self.next == len(self.words):
                return condition
            at, word = self._take("`and`")
            if word == "or":
                raise WhenError(at, "found `or` between two conditions", "write two lines instead")
            if word != "and":
                raise WhenError(at, f"expected `and`, found `{word}`")

    def _offset(self) -> int:
        return self.words[self.next][0] if self.next < len(self.words) else self.end

    def _take(self, expected: str) -> tuple[int, str]:
        if self.next == len(self.words):
            raise WhenError(self.end, f"expected {expected} at the end")
        self.next += 1
        return self.words[self.next - 1]

    def _term(self, so_far: Condition) -> Condition:
        at, word = self._take("a condition")
        match word:
            case "own" | "involved":
                return _related(so_far, word, wanted=True, at=at)
            case "not":
                at, word = self._take("`own` or `involved` after `not`")
                if word not in {"own", "involved"}:
                    raise WhenError(at, f"expected `own` or `involved` after `not`, found `{word}`")
                return _related(so_far, word, wanted=False, at=at)
            case "status":
                return self._status(so_far)
            case "audience":
                return self._audience(so_far)
            case "always":
                raise WhenError(at, "`always` stands alone", "leave it out")
            case _:
                known = ("always", "own", "not", "involved", "status", "audience")
                raise WhenError(at, f"unknown condition `{word}`", did_you_mean(word, known))

    def _status(self, so_far: Condition) -> Condition:
        at, word = self._take("`is` after `status`")
        if word != "is":
            raise WhenError(at, f"expected `is` after `status`, found `{word}`")
        statuses: set[CampaignStatus] = set()
        while True:
            at, word = self._take("a status")
            if word not in STATUSES:
                raise WhenError(at, f"unknown status `{word}`", did_you_mean(word, STATUSES))
            statuses.add(STATUSES[word])
            if self.next == len(self.words) or self.words[self.next][1] != "or":
                break
            self.next += 1
        before = so_far.statuses
        return replace(so_far, statuses=frozenset(statuses if before is None else statuses & before))

    def _audience(self, so_far: Condition) -> Condition:
        at, operator = self._take("`<=`, `<`, `>=` or `>` after `audience`")
        if operator not in {"<=", "<", ">=", ">"}:
            raise WhenError(at, f"expected `<=`, `<`, `>=` or `>` after `audience`, found `{operator}`")
        at, word = self._take(f"a number after `{operator}`")
        number = parse_number(word)
        if number is None:
            raise WhenError(
                at, f"expected a number after `{operator}`, found `{word}`", "write 50000, 50_000, 50k or 2m"
            )
        bound = number + 1 if operator in {"<=", ">"} else number
        if operator in {">", ">="}:
            return replace(so_far, audience_from=max(so_far.audience_from, bound))
        to = so_far.audience_to
        return replace(so_far, audience_to=bound if to is None else min(to, bound))


def _related(so_far: Condition, word: str, *, wanted: bool, at: int) -> Condition:
    before = so_far.own if word == "own" else so_far.involved
    if before is not None and before != wanted:
        raise WhenError(at, f"can never be true: `{word}` and `not {word}`")
    return replace(so_far, own=wanted) if word == "own" else replace(so_far, involved=wanted)


def _refuse_contradiction(condition: Condition, at: int) -> None:
    if condition.own and condition.involved is False:
        raise WhenError(at, "can never be true: who created a campaign is `involved` in it")
    if condition.statuses is not None and not condition.statuses:
        raise WhenError(at, "can never be true: a campaign has one status", "write `status is A or B`")
    if condition.audience_to is not None and condition.audience_from >= condition.audience_to:
        raise WhenError(at, "can never be true: no audience is that small and that large")
