"""Policies drawn by lot, with everything that the language has, and questions at the edges of their lines.

Most of them are accepted: roles keep to one side of the duties, and what nobody may be without stays. The
others are refused, and not counted.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gql_approvals.policy import Facts, Policy, read_policy
from gql_approvals.policy.conditions import STATUSES
from gql_approvals.policy.duties import ACCOUNT_WIDE, DECIDE, MAKE
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

NOW = datetime(2027, 1, 1, tzinfo=UTC)
MODEL = (Path(__file__).parents[2] / "policies" / "model.conf").read_text()

# Who is named earlier may inherit from who is named later: so there is no circle.
MAKERS, DECIDERS, OTHERS, FREE = ("ant", "cat"), ("bee", "dog"), ("eel", "fly"), "elk"
ROLES = (FREE, *MAKERS, *DECIDERS, *OTHERS)
UNKNOWN = "gnu"  # a role that a member may still hold, though the file has forgotten it
ACCOUNTS = ("acme", "bank", "other")
_SCOPES = (("*", "*", "acme", "bank"), ("*",) * 8 + ("bank",))  # a file names accounts often, or hardly ever
_NUMBERS = {10: ("10",), 999: ("999",), 1_000: ("1k", "1_000"), 50_000: ("50k", "50000", "50_000")}
_RELATIONS = ("own", "not own", "involved", "not involved")

_ANY_SIDE = tuple(p for p in Permission if p not in {*MAKE, *DECIDE})
_NEUTRAL = sorted(set(_ANY_SIDE) - {Permission.MANAGE_APPROVALS})
_ACTIONS = {
    **dict.fromkeys(MAKERS, (*MAKE, *MAKE, *MAKE, *_NEUTRAL)),
    **dict.fromkeys(DECIDERS, (*(DECIDE * 6), *_NEUTRAL)),
    **dict.fromkeys(OTHERS, _NEUTRAL),
    FREE: (*MAKE, *DECIDE, *_ANY_SIDE),
    "everyone": (Permission.VIEW, Permission.COMMENT, Permission.PUBLISH, Permission.VIEW_AUDIT),
}
_DENIED = (Permission.VIEW, *Permission)

# The least that is accepted, with and without a line about everyone.
_LEAST = """\
# Somebody must be able to do these.
p, admin, *, approve, any, always, allow
p, admin, *, manage_members, any, always, allow
p, admin, *, manage_approvals, any, always, allow
p, member, *, comment, any, always, allow
"""
_MEMBERS = (
    "p, everyone, *, view, any, always, allow\ng, admin, member, *\n",
    "p, member, *, view, any, always, allow\ng, admin, member, *\n",
)
# Matchers as an operator might edit them: (what is replaced, by what).
_EDITS = (
    ("r.act == p.action &&", "p.action == r.act &&"),
    ("holds(p.when, r.obj)", "holds(p.when, r.obj) && r.obj.audience < 70000"),
    ("holds(p.when, r.obj)", 'holds(p.when, r.obj) && r.obj.status != "SENT"'),
    ("holds(p.when, r.obj)", 'holds(p.when, r.obj) && (r.obj.channel != "SMS" || r.obj.own)'),
    ("holds(p.when, r.obj)", 'holds(p.when, r.obj) && (r.account != "bank" || r.act != "publish")'),
    ("holds(p2.when, r2.obj)", "holds(p2.when, r2.obj) || r2.obj.audience > 70000"),
)


@dataclass(frozen=True)
class Drawn:
    """The texts of both files."""

    policy: str
    model: str = MODEL

    @property
    def edited(self) -> bool:
        return self.model != MODEL

    @property
    def lines(self) -> list[list[str]]:
        """The columns of each line, at its number less one; [] for what is no rule."""
        return [[cell.strip() for cell in line.split(",")] if "," in line else [] for line in self.rows]

    @property
    def rows(self) -> list[str]:
        return self.policy.split("\n")

    def without(self, *numbers: int) -> "Drawn":
        """The same policy without some lines, of which the first is number 1."""
        kept = (row for number, row in enumerate(self.rows, 1) if number not in numbers)
        return Drawn("\n".join(kept), self.model)

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "policy.csv").write_text(self.policy)
        (folder / "model.conf").write_text(self.model)
        return folder


@dataclass(frozen=True)
class Question:
    """What `Policy.allows` is asked."""

    roles: frozenset[str]
    account: str
    permission: Permission
    facts: Facts


def dice_for(seed: int) -> random.Random:
    """What falls alike each time."""
    return random.Random(seed)  # noqa: S311 - no secret


def draw(dice: random.Random, *, edited: float = 0.03) -> Drawn:
    """A policy; `edited`: how often its matcher is not the shipped one."""
    model = MODEL
    if dice.random() < edited:
        old, new = dice.choice(_EDITS)
        assert old in model
        model = model.replace(old, new)
    members = dice.choice(_MEMBERS)
    scopes = dice.choice(_SCOPES)
    lines = list(_links(dice, scopes, everybody="everyone" not in members))
    grants: list[list[str]] = []
    for _ in range(dice.randint(4, 16)):
        like = grants and dice.random() < 0.4
        grants.append(_varied(dice, scopes, dice.choice(grants)) if like else _grant(dice, scopes))
    if dice.random() < 0.3:
        role, scope = dice.choice((*ROLES, "everyone")), dice.choice(("acme", "bank", "*"))
        grants.append(["p", role, scope, Permission.VIEW, _channels(dice), _when(dice), "deny"])
    lines += [", ".join(grant) for grant in grants]
    lines += _requirements(dice, scopes)
    dice.shuffle(lines)
    return Drawn(_LEAST + members + "\n".join(lines) + "\n", model)


def accepted(dice: random.Random, folder: Path, *, edited: float = 0.03) -> tuple[Drawn, Policy]:
    """Draw until one is accepted, and load it."""
    while True:
        drawn = draw(dice, edited=edited)
        policy, _ = read_policy(drawn.write(folder), now=NOW)
        if policy is not None:
            return drawn, policy


def _links(dice: random.Random, scopes: Sequence[str], *, everybody: bool) -> Iterator[str]:
    for role in ROLES:
        if everybody or dice.random() < 0.5:
            yield f"g, {role}, member, *"
    for _ in range(dice.randint(0, 5)):
        young, old = sorted(dice.sample(range(len(ROLES)), 2))
        if ROLES[old] in OTHERS or ROLES[young] == FREE or (ROLES[young] in MAKERS) == (ROLES[old] in MAKERS):
            yield f"g, {ROLES[young]}, {ROLES[old]}, {dice.choice(scopes)}"


def _grant(dice: random.Random, scopes: Sequence[str]) -> list[str]:
    role = dice.choice((*MAKERS, *DECIDERS, *ROLES, "everyone"))
    deny = dice.random() < 0.3
    action = dice.choice(_DENIED if deny else _ACTIONS[role])
    channels, when = _channels(dice), _when(dice)
    if action in ACCOUNT_WIDE:
        channels = when = ""
    if action == Permission.CREATE:
        when = ""
    if role == FREE and dice.random() < 0.5:
        deny, action, channels, when = False, Permission.MANAGE_APPROVALS, "", ""
    effect = "deny" if deny else "allow"
    return ["p", role, dice.choice(scopes), action, channels or "any", when or "always", effect]


def _varied(dice: random.Random, scopes: Sequence[str], line: list[str]) -> list[str]:
    """A line like another one, but for one column: they share, shadow or deny each other."""
    line = [*line]
    column = dice.choice((1, 1, 2, 4, 5, 6))
    free = line[3] not in ACCOUNT_WIDE
    if column == 1 and line[1] != "everyone":
        line[1] = dice.choice(next(side for side in (MAKERS, DECIDERS, OTHERS, (FREE,)) if line[1] in side))
    elif column == 2:
        line[2] = dice.choice(scopes)
    elif column == 4 and free:
        line[4] = _channels(dice)
    elif column == 5 and free and line[3] != Permission.CREATE:
        line[5] = _when(dice)
    elif column == 6:
        line[6] = "deny"
    return line


def _requirements(dice: random.Random, scopes: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for _ in range(dice.choice((0, 0, 1, 2, 4))):
        approver = dice.choice(("anyone", "anyone", "admin", *DECIDERS, FREE))
        if approver in (*DECIDERS, FREE):
            lines.append(f"p, {approver}, *, approve, any, always, allow")
        when = _audience(dice) if dice.random() < 0.7 else "always"
        lines.append(
            f"p2, {dice.choice(scopes)}, {_channels(dice)}, {when}, {dice.randint(1, 3)}, {approver}"
        )
    return lines


def _channels(dice: random.Random) -> str:
    if dice.random() < 0.5:
        return "any"
    return " ".join(channel.lower() for channel in dice.sample(list(Channel), dice.randint(1, 4)))


def _when(dice: random.Random) -> str:
    parts: list[str] = []
    if dice.random() < 0.35:
        parts.append(dice.choice(_RELATIONS))
    if dice.random() < 0.3:
        parts.append("status is " + " or ".join(dice.sample(sorted(STATUSES), dice.randint(1, 3))))
    if dice.random() < 0.4:
        parts.append(_audience(dice))
    dice.shuffle(parts)
    return " and ".join(parts) or "always"


def _audience(dice: random.Random) -> str:
    number = dice.choice(list(_NUMBERS))
    return f"audience {dice.choice(('<=', '<', '>=', '>'))} {dice.choice(_NUMBERS[number])}"


def numbers(text: str) -> list[int]:
    """The numbers that a text mentions, however they are written."""
    found = re.findall(r"\b(\d[\d_]*)([km]?)\b", text)
    return sorted({int(digits) * {"": 1, "k": 1_000, "m": 1_000_000}[unit] for digits, unit in found})


def questions(dice: random.Random, drawn: Drawn, *, people: int = 4) -> Iterator[list[Question]]:
    """The same of each of some people, of whom two hold the same roles in two accounts."""
    sizes = [0, 10**7, *(n + more for n in numbers(drawn.policy + drawn.model) for more in (-1, 0, 1))]
    used = [Permission(line[3]) for line in drawn.lines if line and line[0] == "p"]
    asked = [*dice.sample(used, 4), dice.choice(list(Permission))]
    places = dice.sample(ACCOUNTS, len(ACCOUNTS))
    held = frozenset[str]()
    for number in range(people):
        held = _held(dice, number) if number != 1 else held
        yield [
            Question(held, places[number % len(places)], permission, facts)
            for permission in asked
            for facts in _facts(dice, sizes, 6)
        ]


def _held(dice: random.Random, number: int) -> frozenset[str]:
    """One role, or one of each side; none, one or three of any."""
    if number == 0 and dice.random() < 0.5:
        return frozenset(
            {dice.choice(MAKERS), dice.choice(DECIDERS), *dice.choice(((), (), (FREE,), OTHERS))}
        )
    count = dice.choice((0, 1, 1, 3)) if number else 1
    return frozenset(dice.sample((*ROLES, "admin", UNKNOWN), count))


def _facts(dice: random.Random, sizes: list[int], count: int) -> Iterator[Facts]:
    for _ in range(count):
        own, involved = dice.choice(((False, False), (False, True), (True, True), (True, False)))
        channel, status = dice.choice((None, *Channel, *Channel)), dice.choice((None, *CampaignStatus))
        yield Facts(channel, status, own, involved, dice.choice(sizes))
