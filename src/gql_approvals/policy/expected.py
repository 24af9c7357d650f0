"""What the lines of a policy test say: `policies/tests/*.csv`, column by column.

    expect,    ROLES, ACCOUNT, ACTION, CHANNEL, AUDIENCE, STATUS, RELATION, allow|deny
    approvals, ACCOUNT, CHANNEL, AUDIENCE, N ROLE [and N ROLE ...]

A line is checked here on its own; what only a policy can tell (is there such a role?) is in
`expectations`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gql_approvals.policy.columns import Mistake, Table, read_columns
from gql_approvals.policy.conditions import STATUSES, parse_number
from gql_approvals.policy.duties import ACCOUNT_WIDE
from gql_approvals.policy.problem import Code, PolicyProblem, Severity, did_you_mean
from gql_approvals.policy.rules import ANY, CHANNELS, read_account, read_action, read_count, read_role
from gql_approvals.policy.source import Row, split_rows
from gql_approvals.workflow.vocabulary import ANYONE, EVERYONE, CampaignStatus, Channel, Permission

T = TypeVar("T")

# What a person has to do with a campaign, as (created it, contributed to the version at hand).
Relation = tuple[bool, bool]
RELATIONS: dict[str, Relation] = {
    "none": (False, False),
    "involved": (False, True),
    "own": (True, True),
}

_RESULTS = {"allow": True, "deny": False}
_ABOUT_CAMPAIGNS = slice(4, 8)  # the cells of an `expect` line that describe one campaign


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """An `expect` line: may holders of all these roles do this? () = no role, None = any."""

    file: str
    row: Row
    roles: tuple[str, ...]
    account: str
    action: Permission
    channel: Channel | None
    audience: int | None
    status: CampaignStatus | None
    relation: Relation | None
    allow: bool


@dataclass(frozen=True, slots=True)
class ExpectedApprovals:
    """An `approvals` line: exactly these (role, how many) are needed; None = any."""

    file: str
    row: Row
    account: str
    channel: Channel | None
    audience: int | None
    needed: tuple[tuple[str, int], ...]


Expectation = ExpectedAnswer | ExpectedApprovals


def read_expectations(text: str, file: str) -> tuple[tuple[Expectation, ...], list[PolicyProblem]]:
    """Read one file of tests; lines with a mistake are left out and reported.

    Quotes, padding and comments behind a line are no problem here: no other Casbin tool reads the file.
    """
    rows, unreadable = split_rows(text, file)
    problems = [problem for problem in unreadable if problem.severity is Severity.ERROR]
    expectations: list[Expectation] = []
    for row in rows:
        values, mistakes = read_columns(row, file, COLUMNS)
        if not mistakes:
            expectation = _LINES[row.cells[0].text](file, row, *values)
            mistakes = list(_out_of_scope(expectation))
            if not mistakes:
                expectations.append(expectation)
        problems += mistakes
    return tuple(expectations), sorted(problems, key=lambda problem: (problem.line, problem.column))


def words(text: str) -> Iterator[tuple[int, str]]:
    """Each word of a column, with the characters before it."""
    return ((match.start(), match[0]) for match in re.finditer(r"\S+", text))


def _out_of_scope(expectation: Expectation) -> Iterator[PolicyProblem]:
    if isinstance(expectation, ExpectedApprovals) or expectation.action not in ACCOUNT_WIDE:
        return
    for (name, _), cell in zip(COLUMNS["expect"][3:7], expectation.row.cells[_ABOUT_CAMPAIGNS], strict=True):
        if cell.text != ANY:
            message = f"`{expectation.action}` is about the account, not about one campaign"
            place = (expectation.row.line, cell.column)
            yield PolicyProblem(
                expectation.file, *place, Code.EXPECTATION, message, f"{name} must be `{ANY}`"
            )


def _roles(text: str) -> tuple[str, ...]:
    roles: list[str] = []
    for at, word in words(text):
        if word == EVERYONE:
            if word == text:
                return ()
            help_text = "it is a member without a role: leave the others out"
            raise Mistake(Code.ROLE, f"`{EVERYONE}` stands alone", help_text, at)
        if word == ANYONE:
            raise Mistake(Code.ROLE, f"unknown role `{ANYONE}`", f"did you mean `{EVERYONE}`?", at)
        if word in roles:
            raise Mistake(Code.ROLE, f"`{word}` is named twice", "name each role once", at)
        roles.append(_at(at, read_role, word))
    return tuple(roles)


def _channel(text: str) -> Channel | None:
    several = text.split()
    if len(several) > 1 and all(word in CHANNELS or word == ANY for word in several):
        raise Mistake(Code.CHANNEL, f"`{text}` is more than one channel", "write a line for each, or `any`")
    return _one_of(text, CHANNELS, Code.CHANNEL, "channel")


def _audience(text: str) -> int | None:
    number = parse_number(text)
    if number is None and text != ANY:
        raise Mistake(Code.NUMBER, f"`{text}` is no number", "write `any`, or 50000, 50_000, 50k or 2m")
    return number


def _status(text: str) -> CampaignStatus | None:
    return _one_of(text, STATUSES, Code.EXPECTATION, "status")


def _relation(text: str) -> Relation | None:
    return _one_of(text, RELATIONS, Code.EXPECTATION, "relation")


def _result(text: str) -> bool:
    if text not in _RESULTS:
        raise Mistake(Code.EXPECTATION, f"unknown result `{text}`", did_you_mean(text, _RESULTS))
    return _RESULTS[text]


def _needed(text: str) -> tuple[tuple[str, int], ...]:
    """Read `1 checker and 2 lawyer`."""
    found: dict[str, int] = {}
    rest = list(words(text))
    while True:
        at, word = _take(rest, "a number", len(text))
        count = _at(at, read_count, word)
        at, role = _take(rest, f"a role after `{word}`", len(text))
        if role == EVERYONE:
            raise Mistake(Code.ROLE, f"unknown role `{EVERYONE}`", f"did you mean `{ANYONE}`?", at)
        if role in found:
            raise Mistake(Code.ROLE, f"`{role}` is named twice", "name each role once", at)
        found[_at(at, read_role, role)] = count
        if not rest:
            return tuple(found.items())
        at, word = rest.pop(0)
        if word != "and":
            help_text = "write `2 anyone`, or join several with `and`"
            raise Mistake(Code.EXPECTATION, f"expected `and`, found `{word}`", help_text, at)


def _take(rest: list[tuple[int, str]], what: str, end: int) -> tuple[int, str]:
    if not rest:
        raise Mistake(Code.EXPECTATION, f"expected {what} at the end", "write how many of whom", end)
    return rest.pop(0)


def _at(offset: int, read: Callable[[str], T], word: str) -> T:
    """Read one word of several; a mistake then stands at that word."""
    try:
        return read(word)
    except Mistake as error:
        error.offset += offset
        raise


def _one_of(text: str, known: Mapping[str, T], code: Code, what: str) -> T | None:
    """Read one of the words; None = `any`."""
    if text == ANY:
        return None
    if text not in known:
        raise Mistake(code, f"unknown {what} `{text}`", did_you_mean(text, (ANY, *known)))
    return known[text]


_LINES: dict[str, Callable[..., Expectation]] = {
    "expect": ExpectedAnswer,
    "approvals": ExpectedApprovals,
}

# The order is that of the fields.
COLUMNS: Table = {
    "expect": (
        ("roles", _roles),
        ("account", read_account),
        ("action", read_action),
        ("channel", _channel),
        ("audience", _audience),
        ("status", _status),
        ("relation", _relation),
        ("result", _result),
    ),
    "approvals": (
        ("account", read_account),
        ("channel", _channel),
        ("audience", _audience),
        ("needed", _needed),
    ),
}
