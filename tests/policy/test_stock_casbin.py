"""Our answers are those of a bare `casbin.Enforcer` on the same two files.

`APPROVALS_TEST_DECISIONS=100000` makes the long comparison that long.
"""

import os
import pickle
import random
from collections import Counter
from collections.abc import Collection
from itertools import product
from pathlib import Path

import pytest

from gql_approvals.policy import Facts, Policy, read_policy
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

from .conftest import NOW, SHIPPED, stock_enforcer
from .differential import compare_many, copied
from .random_policies import ACCOUNTS, ROLES, Drawn, Question, accepted, dice_for, numbers

SIZES = (0, 49_999, 50_000, 50_001, 99_999, 100_000, 5_000_000)
RELATIONS = ((False, False), (False, True), (True, True))  # who created a campaign is involved in it
CHANNELS = (None, *Channel)
LONG = int(os.environ.get("APPROVALS_TEST_DECISIONS", "12000"))
USELESS = ("shadowed", "unreachable", "duplicate")


@pytest.mark.slow
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


def test_random_policies_answer_as_a_bare_enforcer_does(tmp_path: Path):
    tally = compare_many(dice_for(2), tmp_path / "policies", 600, edited=0)

    assert tally.policies >= 5
    assert tally.allowed > tally.decisions / 10
    assert tally.denied_by_rule
    assert tally.mixed


@pytest.mark.slow
def test_many_random_policies_answer_as_a_bare_enforcer_does(tmp_path: Path):
    tally = compare_many(dice_for(7), tmp_path / "policies", LONG)

    print(tally)  # noqa: T201 - `pytest -s` shows how much was compared
    assert tally.edited
    assert tally.policies >= LONG / 120


def probes(drawn: Drawn, dice: random.Random, about: Collection[str] = ()) -> list[Question]:
    """Questions about campaigns that may exist, at the edges of the lines, most of all about some actions."""
    sizes = sorted({0, *(n + more for n in numbers(drawn.policy) for more in (-1, 0, 1))})
    held = [frozenset[str](), *(frozenset({role}) for role in ROLES)]
    held += [frozenset(dice.sample(ROLES, 2)) for _ in range(2)]

    def campaign() -> Facts:
        channel, status = dice.choice(list(Channel)), dice.choice(list(CampaignStatus))
        return Facts(channel, status, *dice.choice(RELATIONS), dice.choice(sizes))

    return [
        Question(roles, account, permission, campaign())
        for roles, account, permission in product(held, ACCOUNTS, Permission)
        for _ in range(40 if permission in about else 2)
    ]


def answers(policy: Policy, asked: list[Question]) -> list[object]:
    """What is decided about campaigns, who holds which role, and which approvals are needed."""
    people = {(one.roles, one.account): None for one in asked}
    return [
        *(policy.allows(one.roles, one.account, one.permission, one.facts) for one in asked),
        *(policy.holds_role(*person, role) for person, role in product(people, ROLES)),
        *(
            dict(policy.needed(*one))
            for one in product(ACCOUNTS, Channel, {one.facts.audience for one in asked})
        ),
    ]


def remove_useless_lines(dice: random.Random, folder: Path, count: int) -> Counter[str]:
    """Remove each line that the check calls useless, alone, and then all of a file at once, so many."""
    removed: Counter[str] = Counter()
    while removed.total() < count:
        drawn, policy = accepted(dice, folder, edited=0)
        useless = {one.line: one.code for one in policy.problems if one.code in USELESS}
        actions = {drawn.lines[number - 1][3] for number in useless}
        asked = probes(drawn, dice, actions) if useless else []
        before = answers(policy, asked)
        for lines in (*((line,) for line in useless), tuple(useless)):
            without, problems = read_policy(drawn.without(*lines).write(folder), now=NOW)
            if without is None:  # it was the only line that said that there is such a role
                assert {one.code for one in problems if one.severity == "error"} == {"role"}, problems
            else:
                pairs = zip(before, answers(without, asked), strict=True)
                assert not any(was != now for was, now in pairs), (lines, drawn.policy)
                removed.update([useless[lines[0]]] if len(lines) == 1 else ["several"])
    return removed


def test_a_line_that_is_called_useless_can_be_removed(tmp_path: Path):
    removed = remove_useless_lines(dice_for(3), tmp_path / "policies", 12)

    assert removed.total() >= 12


@pytest.mark.slow
def test_many_lines_that_are_called_useless_can_be_removed(tmp_path: Path):
    removed = remove_useless_lines(dice_for(4), tmp_path / "policies", 400)

    print(removed)  # noqa: T201 - `pytest -s` shows how many of which kind
    assert set(removed) == {*USELESS, "several"}


def test_a_policy_that_went_through_pickle_answers_from_the_same_memory(tmp_path: Path):
    dice = dice_for(5)
    for _ in range(4):
        drawn, policy = accepted(dice, tmp_path / "policies")
        asked = probes(drawn, dice)[::4]
        half = answers(policy, asked[::2])
        sent = copied(pickle.dumps(policy))

        assert answers(sent, asked[::2]) == half
        if not drawn.edited:
            assert "judge" not in vars(sent.answers)  # what was remembered was not asked again
        assert answers(sent, asked) == answers(policy, asked)
