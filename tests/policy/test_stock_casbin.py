"""Our answers are those of a bare `casbin.Enforcer` on the same two files."""

import random
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import casbin
import pytest

from gql_approvals.errors import BadPolicy
from gql_approvals.policy import Facts, Policy
from gql_approvals.policy.conditions import STATUSES
from gql_approvals.policy.duties import DECIDE, EXEMPTS, MAKE, REQUIRES_VIEW, SEPARATED
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

from .conftest import BASE, NOW, SHIPPED, stock_enforcer

SIZES = (0, 49_999, 50_000, 50_001, 99_999, 100_000, 5_000_000)
RELATIONS = ((False, False), (False, True), (True, True))
CHANNELS = (None, *Channel)


def test_the_whole_shipped_matrix_is_what_a_bare_enforcer_says(shipped: Policy):
    stock = stock_enforcer(SHIPPED)
    for account, relation, size in product(("acme", "globex"), RELATIONS, (50_000, 50_001)):
        for role, permission, channel in product(shipped.roles(account), Permission, CHANNELS):
            facts = Facts(channel, CampaignStatus.PENDING_REVIEW, *relation, size)
            expected = stock.enforce(role, account, permission.value, facts)
            assert shipped.allows(frozenset({role}), account, permission, facts) == expected, (role, facts)


def test_a_member_without_a_role_is_who_casbin_has_never_heard_of(shipped: Policy):
    stock = stock_enforcer(SHIPPED)
    for permission, channel in product(Permission, CHANNELS):
        facts = Facts(channel)
        expected = stock.enforce("somebody", "acme", permission.value, facts)
        assert shipped.allows(frozenset(), "acme", permission, facts) == expected


@pytest.mark.parametrize("size", SIZES)
def test_the_shipped_requirements_are_what_a_bare_enforcer_matches(shipped: Policy, size: int):
    stock = stock_enforcer(SHIPPED)
    lines = [list(line) for line in stock.model["p"]["p2"].policy]
    context = stock.new_enforce_context("2")
    context.etype = "e"
    for account, channel in product(("acme", "globex"), Channel):
        expected: dict[str, int] = {}
        for line in lines:
            stock.model["p"]["p2"].policy = [line]
            if stock.enforce(context, account, Facts(channel, audience=size)):
                expected[line[4]] = max(int(line[3]), expected.get(line[4], 0))
        assert dict(shipped.needed(account, channel, size)) == expected


# Random policies. The lines are free, so roles may mix duties; such files are refused and not counted.
ROLES = ("ant", "bee", "cat", "dog")
ACCOUNTS = ("*", "acme", "bank")
CUTS = (10, 999, 50_000)


def random_when(dice: random.Random) -> str:
    parts: list[str] = []
    if dice.random() < 0.3:
        parts.append(dice.choice(["own", "not own", "involved", "not involved"]))
    if dice.random() < 0.3:
        parts.append("status is " + " or ".join(dice.sample(sorted(STATUSES), dice.randint(1, 3))))
    if dice.random() < 0.4:
        parts.append(f"audience {dice.choice(['<=', '<', '>=', '>'])} {dice.choice(CUTS)}")
    return " and ".join(parts) or "always"


def random_policy(dice: random.Random) -> str:
    lines: list[str] = []
    for _ in range(dice.randint(0, 4)):
        young, old = sorted(dice.sample(range(len(ROLES)), 2))
        lines.append(f"g, {ROLES[young]}, {ROLES[old]}, {dice.choice(ACCOUNTS)}")
    lines += [f"g, {role}, member, {dice.choice(ACCOUNTS)}" for role in ROLES]
    sides = (("comment", "create", "edit", "submit", "view"), ("comment", "approve", "reject", "view"))
    for _ in range(dice.randint(3, 9)):
        role = dice.choice((*ROLES, "everyone"))
        deny = dice.random() < 0.25
        action = dice.choice(sides[ROLES.index(role) % 2] if role in ROLES else ("comment", "view"))
        if deny:
            action = dice.choice(("view", "comment", "edit", "approve", "create"))
        channels = dice.choice(["any", "any", "sms", "email sms", "onsite web_push app_push"])
        when = "always" if action == "create" else random_when(dice)
        effect = "deny" if deny else "allow"
        lines.append(f"p, {role}, {dice.choice(ACCOUNTS)}, {action}, {channels}, {when}, {effect}")
    return BASE + "\n".join(lines) + "\n"


def decision_space(dice: random.Random, count: int) -> Iterator[Facts]:
    statuses = (None, *CampaignStatus)
    sizes = (0, *(cut + more for cut in CUTS for more in (-1, 0, 1)), 10**7)
    for _ in range(count):
        own, involved = dice.random() < 0.5, dice.random() < 0.5
        yield Facts(dice.choice(CHANNELS), dice.choice(statuses), own, involved, dice.choice(sizes))


def lawful(
    stock: casbin.Enforcer, who: tuple[str, str], permission: Permission, facts: Facts, *, mixed: bool
) -> bool:
    def enforce(action: Permission) -> bool:
        return stock.enforce(*who, action.value, facts)

    needs_view = permission in REQUIRES_VIEW
    separated = mixed and permission in SEPARATED
    return enforce(permission) and (not needs_view or enforce(Permission.VIEW)) and not separated


def both_sides(stock: casbin.Enforcer, user: str, account: str) -> bool:
    space = [
        Facts(channel, status, own, involved, size)
        for channel, status, own, involved, size in product(
            (None, Channel.EMAIL, Channel.SMS, Channel.ONSITE),
            CampaignStatus,
            (False, True),
            (False, True),
            (0, 10, 11, 999, 1000, 50_000, 50_001),
        )
    ]

    def ever(permission: Permission) -> bool:
        return any(stock.enforce(user, account, permission.value, facts) for facts in space)

    if stock.enforce(user, account, EXEMPTS.value, Facts()):
        return False
    return any(map(ever, MAKE)) and any(map(ever, DECIDE))


def test_random_policies_answer_as_a_bare_enforcer_does(folder: Callable[..., Path]):
    dice = random.Random(20270101)  # noqa: S311 - a repeatable choice, no secret
    policies = decisions = yes = 0
    while decisions < 2_400:
        place = folder(random_policy(dice))
        try:
            policy = Policy.load(place, now=NOW)
        except BadPolicy:
            continue
        policies += 1
        stock = stock_enforcer(place)
        for number in range(4):
            account = dice.choice(("acme", "bank", "other"))
            roles = frozenset(dice.sample(ROLES, number % 3))
            user = f"user-{number}"
            for role in roles:
                stock.get_role_manager().add_link(user, role, account)
            mixed = bool(policy.conflict(roles, account))
            for facts in decision_space(dice, 30):
                permission = dice.choice(list(Permission)[:12])
                expected = lawful(stock, (user, account), permission, facts, mixed=mixed)
                assert policy.allows(roles, account, permission, facts) == expected, (roles, account, facts)
                decisions += 1
                yes += expected
    assert policies > 10
    assert decisions / 20 < yes < decisions


def test_who_mixes_duties_is_found_as_a_bare_enforcer_over_all_facts_would(folder: Callable[..., Path]):
    dice = random.Random(5)  # noqa: S311 - a repeatable choice, no secret
    found = set[bool]()
    while found != {True, False}:
        place = folder(random_policy(dice))
        try:
            policy = Policy.load(place, now=NOW)
        except BadPolicy:
            continue
        stock = stock_enforcer(place)
        for role in ("ant", "bee"):
            stock.get_role_manager().add_link("user", role, "acme")
        expected = both_sides(stock, "user", "acme")
        assert bool(policy.conflict(frozenset({"ant", "bee"}), "acme")) == expected
        found.add(expected)
