"""The same questions to the engine and to a bare `casbin.Enforcer`; the first difference raises `Differs`.

The enforcer gets the files as they are, people as users through `g`, and the functions of model.conf. The
laws of duties, which stand in no file, are applied to its answers here, in a few lines of our own.
"""

import pickle
import random
from dataclasses import dataclass, field, fields
from functools import cache
from itertools import product
from pathlib import Path

from gql_approvals.policy import Facts, GrantClass, Policy, read_policy
from gql_approvals.policy.model import requirement_context
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

from .conftest import stock_enforcer
from .random_policies import NOW, ROLES, UNKNOWN, Drawn, Question, draw, numbers, questions

# The laws, as the specification words them (1-workflow, rules 3 and 4).
MAKING = {Permission.CREATE, Permission.EDIT, Permission.DUPLICATE, Permission.SUBMIT}
DECIDING = {Permission.APPROVE, Permission.REJECT}
SEES_FIRST = (MAKING | DECIDING) - {Permission.CREATE}


class Differs(AssertionError):
    """The engine does not say what stock Casbin says."""


@dataclass
class Tally:
    """How much was compared."""

    policies: int = 0
    edited: int = 0
    refused: int = 0
    decisions: int = 0
    allowed: int = 0
    denied_by_rule: int = 0
    mixed: int = 0
    classes: int = 0
    needed: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{one.name} {getattr(self, one.name)}" for one in fields(self))


@dataclass(eq=False)
class Stock:
    """A bare enforcer, and who its users are."""

    drawn: Drawn
    folder: Path
    _users: dict[tuple[frozenset[str], str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.enforcer = stock_enforcer(self.folder)
        self.enforcer.enable_auto_save(auto_save=False)
        self.lines = self.drawn.lines
        self._all = self.enforcer.model["p"]["p"].policy
        self.allows = cache(self._allows)
        self.mixes = cache(self._mixes)

    def user(self, roles: frozenset[str], account: str) -> str:
        """A person with these roles in that account."""
        if (roles, account) not in self._users:
            self._users[roles, account] = f"user-{len(self._users)}"
            for role in roles:
                self.enforcer.add_grouping_policy(self._users[roles, account], role, account)
        return self._users[roles, account]

    def _allows(self, user: str, account: str, permission: Permission, facts: Facts) -> bool:
        return self.enforcer.enforce(user, account, permission.value, facts)

    def matches(self, line: list[str], user: str, question: Question) -> bool:
        """Whether one line, alone, is about the question."""
        self.enforcer.model["p"]["p"].policy = [[*line[1:6], "allow"]]
        try:
            return self._allows(user, question.account, question.permission, question.facts)
        finally:
            self.enforcer.model["p"]["p"].policy = self._all

    def needed(self, account: str, facts: Facts) -> dict[str, int]:
        """For each role how many approvals, asking line by line."""
        context = requirement_context(self.enforcer)
        highest: dict[str, int] = {}
        for _, *line in (line for line in self.lines if line and line[0] == "p2"):
            self.enforcer.model["p"]["p2"].policy = [line]
            if self.enforcer.enforce(context, account, facts):
                highest[line[4]] = max(int(line[3]), highest.get(line[4], 0))
        return highest or {"anyone": 1}

    def holds(self, user: str, account: str, role: str) -> bool:
        return self.enforcer.get_role_manager().has_link(user, role, account)

    def lawful(self, user: str, account: str, permission: Permission, facts: Facts) -> bool:
        """Casbin's answer and the laws."""
        if not self.allows(user, account, permission, facts):
            return False
        if permission in SEES_FIRST and not self.allows(user, account, Permission.VIEW, facts):
            return False
        return permission not in MAKING | DECIDING or not self.mixes(user, account)

    def _mixes(self, user: str, account: str) -> bool:
        if self.allows(user, account, Permission.MANAGE_APPROVALS, Facts()):
            return False
        return all(any(self._ever(user, account, one) for one in side) for side in (MAKING, DECIDING))

    def _ever(self, user: str, account: str, permission: Permission) -> bool:
        return any(self.allows(user, account, permission, facts) for facts in self._corners(permission))

    def _corners(self, permission: Permission) -> list[Facts]:
        """Facts of every kind that the lines about an action, or an edited matcher, could tell apart."""
        lines = [line for line in self.lines if line and line[0] == "p" and line[3] == permission]
        if not lines:
            return []
        besides = self.drawn.model if self.drawn.edited else ""

        def kind(word: str | None, column: int) -> tuple[bool, ...]:
            texts = [line[column].split() for line in lines]
            return (word is not None and word in besides, *((word or "").lower() in text for text in texts))

        channels = {kind(one, 4): one for one in (None, *Channel)}.values()
        statuses = {kind(one, 5): one for one in (None, *CampaignStatus)}.values()
        text = besides + " ".join(line[5] for line in lines)
        sizes = {0, *(n + more for n in numbers(text) for more in (0, 1))}
        return [
            Facts(*one) for one in product(channels, statuses, (False, True), (False, True), sorted(sizes))
        ]


def compare_many(dice: random.Random, folder: Path, decisions: int, *, edited: float = 0.03) -> Tally:
    """Draw policies and compare them until so many decisions were the same.

    Raises:
        Differs: at the first one that is not.
    """
    tally = Tally()
    while tally.decisions < decisions:
        drawn = draw(dice, edited=edited)
        policy, _ = read_policy(drawn.write(folder), now=NOW)
        if policy is None:
            tally.refused += 1
        else:
            compare(dice, drawn, policy, folder, tally)
    return tally


def compare(dice: random.Random, drawn: Drawn, policy: Policy, folder: Path, tally: Tally) -> None:
    """Compare everything that one policy is asked; every other one was sent through `pickle` before."""
    stock = Stock(drawn, folder)
    tally.policies += 1
    tally.edited += drawn.edited
    if tally.policies % 2:
        policy = copied(pickle.dumps(policy))
    for number, asked in enumerate(questions(dice, drawn)):
        _compare_person(policy, stock, asked[0], tally)
        for question in asked:
            _compare_decision(policy, stock, question, tally)
        for question in asked if not drawn.edited else asked[number:1]:  # then each class costs an `enforce`
            _compare_classes(policy, stock, question, tally)


def copied(data: bytes) -> Policy:
    """Another policy, with what was remembered and without Casbin."""
    policy: Policy = pickle.loads(data)  # noqa: S301 - our own
    return policy


def _same(what: str, ours: object, stocks: object, stock: Stock, *about: object) -> None:
    if ours != stocks:
        shown = "\n".join((*map(str, about), stock.drawn.policy))
        raise Differs(f"{what}: the engine says {ours}, stock Casbin {stocks}\n{shown}")


def _compare_person(policy: Policy, stock: Stock, question: Question, tally: Tally) -> None:
    roles, account = question.roles, question.account
    user = stock.user(roles, account)
    for role in (*ROLES, "admin", "member", UNKNOWN):
        held = policy.holds_role(roles, account, role)
        _same(f"holds_role {role}", held, stock.holds(user, account, role), stock, roles, account)
    mixed = bool(policy.conflict(roles, account))
    _same("conflict", mixed, stock.mixes(user, account), stock, roles, account)
    tally.mixed += mixed
    facts = question.facts
    if facts.channel is not None:
        needed = dict(policy.needed(account, facts.channel, facts.audience))
        asked = Facts(facts.channel, audience=facts.audience)
        _same("needed", needed, stock.needed(account, asked), stock, account, asked)
        tally.needed += 1


def _compare_decision(policy: Policy, stock: Stock, question: Question, tally: Tally) -> None:
    roles, account, permission, facts = question.roles, question.account, question.permission, question.facts
    user = stock.user(roles, account)
    allowed = stock.lawful(user, account, permission, facts)
    _same("allows", policy.allows(roles, account, permission, facts), allowed, stock, question)
    permitted = permission in policy.permitted(roles, account, facts)
    _same("permitted", permitted, allowed, stock, question)
    tally.decisions += 1
    tally.allowed += allowed
    if allowed:
        _same("ever_allows", policy.ever_allows(roles, account, permission), allowed, stock, question)
    tally.denied_by_rule += _compare_reason(policy, stock, question, allowed=allowed)


def _compare_reason(policy: Policy, stock: Stock, question: Question, *, allowed: bool) -> bool:
    """Whether the first reason is the one that decided, and its line does what it is said to do."""
    roles, account, permission, facts = question.roles, question.account, question.permission, question.facts
    user = stock.user(roles, account)
    reason = policy.reasons(roles, account, permission, facts)[0]
    granted = stock.allows(user, account, permission, facts)
    if allowed:
        expected = {"ALLOWED_BY_RULE"}
    elif not granted:
        expected = {"DENIED_BY_RULE", "NO_RULE"}
    elif permission in SEES_FIRST and not stock.allows(user, account, Permission.VIEW, facts):
        expected = {"NEEDS_VIEW"}
    else:
        expected = {"DUTIES_CONFLICT"}
    _same("reason", reason.code in expected, True, stock, question, reason)  # noqa: FBT003
    if reason.code == "DUTIES_CONFLICT" or reason.source is None:
        named = reason.code in {"ALLOWED_BY_RULE", "DENIED_BY_RULE"} and not stock.drawn.edited
        _same("reason without a line", named, False, stock, question, reason)  # noqa: FBT003
        return False
    line = stock.lines[int(reason.source.partition(":")[2]) - 1]
    does = (stock.matches(line, user, question), line[6])
    says = {"ALLOWED_BY_RULE": (True, "allow"), "DENIED_BY_RULE": (True, "deny"), "NO_RULE": (False, "allow")}
    _same("reason's line", says[reason.code], does, stock, question, reason, line)
    return reason.code == "DENIED_BY_RULE"


def _compare_classes(policy: Policy, stock: Stock, question: Question, tally: Tally) -> None:
    """Whether the facts are in exactly one class when they are allowed, and else in none."""
    roles, account, permission, facts = question.roles, question.account, question.permission, question.facts
    if facts.channel is None or facts.status is None:
        return  # no campaign: a filter never meets it
    found = sum(_is_in(facts, one) for one in policy.allowed_classes(roles, account, permission))
    allowed = stock.lawful(stock.user(roles, account), account, permission, facts)
    _same("classes", found, int(allowed), stock, question)
    tally.classes += 1


def _is_in(facts: Facts, one: GrantClass) -> bool:
    return (
        facts.channel in one.channels
        and facts.status in one.statuses
        and one.own in (None, facts.own)
        and one.involved in (None, facts.involved)
        and one.audience_from <= facts.audience
        and (one.audience_to is None or facts.audience < one.audience_to)
    )
