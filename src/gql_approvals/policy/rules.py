"""The lines of `policy.csv` with their meaning, column by column.

A column is checked here on its own; what needs more than one line to judge is in `check`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gql_approvals.policy import conditions
from gql_approvals.policy.columns import Mistake, Table, read_columns
from gql_approvals.policy.conditions import Condition
from gql_approvals.policy.problem import Code, PolicyProblem, did_you_mean
from gql_approvals.policy.source import Row
from gql_approvals.workflow.vocabulary import EVERYONE, Channel, Permission

ANY = "any"
EVERYWHERE = "*"

CHANNELS = {channel.lower(): channel for channel in Channel}
_ACTIONS = {permission.value: permission for permission in Permission}
_EFFECTS = ("allow", "deny")
_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """A `p` line: allows or denies one action."""

    row: Row
    role: str
    account: str
    action: Permission
    channels: str
    when: Condition
    allow: bool


@dataclass(frozen=True, slots=True)
class Requirement:
    """A `p2` line: so many approvals by holders of a role."""

    row: Row
    account: str
    channels: str
    when: Condition
    approvals: int
    approver: str


@dataclass(frozen=True, slots=True)
class Link:
    """A `g` line: `role` may do everything that `parent` may do."""

    row: Row
    role: str
    parent: str
    account: str


Line = Grant | Requirement | Link

_LINES: dict[str, Callable[..., Line]] = {"p": Grant, "p2": Requirement, "g": Link}


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of one file, in its order."""

    grants: tuple[Grant, ...]
    requirements: tuple[Requirement, ...]
    links: tuple[Link, ...]

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts that a line names."""
        lines: list[Line] = [*self.grants, *self.requirements, *self.links]
        return frozenset(line.account for line in lines) - {EVERYWHERE}

    def roles(self, account: str | None = None) -> frozenset[str]:
        """The roles declared for the account, or in any account; not `everyone`."""
        places = {EVERYWHERE, account}
        granted = {g.role for g in self.grants if account is None or g.account in places}
        linked = {r for k in self.links if account is None or k.account in places for r in (k.role, k.parent)}
        return frozenset(granted | linked) - {EVERYONE}


def listed(channel: str | None, spec: str) -> bool:
    """Whether a `channels` column covers the channel; registered with Casbin."""
    return spec == ANY or (channel is not None and channel.lower() in spec.split())


def in_scope(account: str, spec: str) -> bool:
    """Whether an `account` column covers the account; registered with Casbin."""
    return spec in (EVERYWHERE, account)


def read_role(text: str) -> str:
    """Read a role's name, known or not.

    Raises:
        Mistake: when it is none.
    """
    if not _ROLE.fullmatch(text):
        raise Mistake(Code.ROLE, f"`{text}` is no role name", "use letters, digits, `_` and `-`")
    return text


def _linked_role(text: str) -> str:
    if text == EVERYONE:
        raise Mistake(
            Code.ROLE, "`everyone` takes no part in inheritance", "write `p, everyone, ...` lines instead"
        )
    return read_role(text)


def read_account(text: str) -> str:
    """Read an account's short name or `*`.

    Raises:
        Mistake: when it is neither.
    """
    if text != EVERYWHERE and not _ACCOUNT.fullmatch(text):
        raise Mistake(
            Code.ACCOUNT, f"`{text}` is no account", "write an account's short name, or `*` for every account"
        )
    return text


def read_action(text: str) -> Permission:
    """Read a permission.

    Raises:
        Mistake: when there is no such one.
    """
    if text not in _ACTIONS:
        raise Mistake(Code.ACTION, f"unknown action `{text}`", did_you_mean(text, _ACTIONS))
    return _ACTIONS[text]


def _channels(text: str) -> str:
    if text == ANY:
        return text
    seen: set[str] = set()
    for match in re.finditer(r"\S+", text):
        word = match[0]
        if word == ANY:
            raise Mistake(Code.CHANNEL, "`any` stands alone", "leave the others out", match.start())
        if word not in CHANNELS:
            known = (ANY, *CHANNELS)
            raise Mistake(Code.CHANNEL, f"unknown channel `{word}`", did_you_mean(word, known), match.start())
        if word in seen:
            raise Mistake(Code.CHANNEL, f"`{word}` is named twice", None, match.start())
        seen.add(word)
    return text


def _when(text: str) -> Condition:
    try:
        return conditions.parse(text)
    except conditions.WhenError as error:
        raise Mistake(Code.WHEN, error.message, error.help, error.offset) from None


def _effect(text: str) -> bool:
    if text not in _EFFECTS:
        raise Mistake(Code.EFFECT, f"unknown effect `{text}`", did_you_mean(text, _EFFECTS))
    return text == "allow"


def read_count(text: str) -> int:
    """Read how many approvals are needed, 1 to 999.

    Raises:
        Mistake: when it is no such number.
    """
    if not _COUNT.fullmatch(text):
        help_text = "a campaign always needs at least one approval" if text == "0" else None
        raise Mistake(Code.NUMBER, f"`{text}` is no whole number from 1 to 999", help_text)
    return int(text)


# The order is that of model.conf.
COLUMNS: Table = {
    "p": (
        ("role", read_role),
        ("account", read_account),
        ("action", read_action),
        ("channels", _channels),
        ("when", _when),
        ("effect", _effect),
    ),
    "p2": (
        ("account", read_account),
        ("channels", _channels),
        ("when", _when),
        ("approvals", read_count),
        ("approver", read_role),
    ),
    "g": (("role", _linked_role), ("inherits from", _linked_role), ("account", read_account)),
}


def read_rules(rows: list[Row], file: str) -> tuple[Rules, list[PolicyProblem]]:
    """Give the rows their meaning; rows with a mistake are left out and reported."""
    problems: list[PolicyProblem] = []
    lines: list[Line] = []
    for row in rows:
        values, mistakes = read_columns(row, file, COLUMNS)
        if not mistakes:
            lines.append(_LINES[row.cells[0].text](row, *values))
        problems += mistakes
    return Rules(
        tuple(line for line in lines if isinstance(line, Grant)),
        tuple(line for line in lines if isinstance(line, Requirement)),
        tuple(line for line in lines if isinstance(line, Link)),
    ), problems
