"""What can happen to an account, row by row of the real table."""

from dataclasses import replace

import pytest
from tests.workflow.world import NOON, World

from gql_approvals.errors import Reason, Refusal
from gql_approvals.workflow import account
from gql_approvals.workflow.account import ACCOUNT_ROWS, AccountCase, AccountIntent
from gql_approvals.workflow.model import Member, Newcomer
from gql_approvals.workflow.vocabulary import AccountAction, NotifyScope

A = AccountAction
ACME = World().account
MAYA = Member(id=5, account_id=ACME.id, user_id=1, roles=frozenset({"maker"}), active=True)
GONE = replace(MAYA, active=False)
CONFLICT = (Reason("MAKES", "one"), Reason("DECIDES", "other"))
NINA = {"email": "nina@acme.test", "name": "Nina"}


def case(action, intent=(), **facts):
    return AccountCase(account=ACME, intent=AccountIntent(action=action, **dict(intent)), now=NOON, **facts)


def answer(action, intent=(), **facts):
    """OK with nothing changed is `-`."""
    try:
        change = account.apply(case(action, intent, **facts))
    except Refusal as refusal:
        return refusal.code
    return change.kind or "-"


@pytest.mark.parametrize(
    ("action", "intent", "facts", "expected"),
    [
        (A.ADD_MEMBER, NINA, {}, "member:added"),
        (A.ADD_MEMBER, NINA, {"member": GONE}, "member:enabled"),
        (A.ADD_MEMBER, NINA, {"member": MAYA}, "INVALID_INPUT"),
        (A.ADD_MEMBER, NINA | {"email": "nina"}, {}, "INVALID_INPUT"),
        (A.ADD_MEMBER, NINA | {"name": " "}, {"member": GONE}, "INVALID_INPUT"),
        (A.ADD_MEMBER, NINA, {"unknown_roles": ("makr",)}, "INVALID_INPUT"),
        (A.ADD_MEMBER, NINA, {"conflict": CONFLICT}, "SEGREGATION_OF_DUTIES"),
        (A.ADD_MEMBER, NINA, {"conflict": CONFLICT, "member": MAYA}, "INVALID_INPUT"),
        (A.DISABLE_MEMBER, {}, {"member": MAYA}, "member:disabled"),
        (A.DISABLE_MEMBER, {}, {"member": GONE}, "-"),
        (
            A.DISABLE_MEMBER,
            {},
            {"member": MAYA, "managers": frozenset({1}), "stays_manager": False},
            "LAST_ADMIN",
        ),
        (
            A.DISABLE_MEMBER,
            {},
            {"member": MAYA, "managers": frozenset({1, 2}), "stays_manager": False},
            "member:disabled",
        ),
        (
            A.DISABLE_MEMBER,
            {},
            {"member": MAYA, "managers": frozenset({2}), "stays_manager": False},
            "member:disabled",
        ),
        (A.DISABLE_MEMBER, {}, {"member": GONE, "stays_manager": False}, "-"),
        (A.ENABLE_MEMBER, {}, {"member": GONE}, "member:enabled"),
        (A.ENABLE_MEMBER, {}, {"member": MAYA}, "-"),
        (A.ENABLE_MEMBER, {}, {"member": GONE, "conflict": CONFLICT}, "SEGREGATION_OF_DUTIES"),
        (A.UPDATE_ACCOUNT, {}, {}, "-"),
        (A.UPDATE_ACCOUNT, {"name": ACME.name, "time_zone": ACME.time_zone}, {}, "-"),
        (A.UPDATE_ACCOUNT, {"notify_scope": NotifyScope.ROLE_HOLDERS}, {}, "account:updated"),
        (A.UPDATE_ACCOUNT, {"name": " "}, {}, "INVALID_INPUT"),
        (A.UPDATE_ACCOUNT, {"time_zone": "x"}, {"unknown_zone": True}, "INVALID_INPUT"),
    ],
)
def test_an_action_on_the_account_is_answered_as_it_is_written(action, intent, facts, expected):
    assert answer(action, intent, **facts) == expected


def test_every_problem_of_an_input_is_listed_in_the_order_of_the_guards():
    given = {"email": "nina", "name": ""}

    with pytest.raises(Refusal) as caught:
        account.apply(case(A.ADD_MEMBER, given, unknown_roles=("makr",), conflict=CONFLICT))

    assert [problem.path for problem in caught.value.problems] == [("email",), ("name",), ("roles",)]


def test_a_newcomer_is_told_as_asked_and_who_comes_back_keeps_who_they_are():
    roles = frozenset({"checker"})

    new = account.apply(case(A.ADD_MEMBER, {"email": "Nina@x", "name": " Nina ", "roles": roles}))
    back = account.apply(case(A.ADD_MEMBER, NINA | {"roles": roles}, member=GONE))

    assert new.newcomer == Newcomer(email="Nina@x", name="Nina", roles=roles)
    assert (new.member, new.detail) == (None, {"roles": ["checker"]})
    assert (back.newcomer, back.member) == (None, replace(MAYA, roles=roles))
    assert back.detail == {"user": 1, "roles": ["checker"]}


def test_what_is_turned_off_and_on_is_the_member_alone():
    gone = account.apply(case(A.DISABLE_MEMBER, member=MAYA))
    back = account.apply(case(A.ENABLE_MEMBER, member=GONE))

    assert (gone.member, back.member) == (GONE, MAYA)
    assert gone.account == back.account == ACME
    assert gone.detail == back.detail == {"user": 1}


def test_an_update_names_what_it_changed():
    asked = {"name": " Other ", "time_zone": "UTC", "notify_scope": ACME.notify_scope}

    change = account.apply(case(A.UPDATE_ACCOUNT, asked))

    assert change.account == replace(ACME, name="Other", time_zone="UTC")
    assert change.detail == {"changed": ["name", "timeZone"]}


def test_every_action_has_one_row_and_needs_a_permission_of_the_account():
    assert set(ACCOUNT_ROWS) == set(AccountAction)
    assert len(account.ACCOUNT_TRANSITIONS) == len(AccountAction)
    assert {row.permission for row in account.ACCOUNT_TRANSITIONS} == {
        "manage_approvals",
        "manage_members",
        "record_metrics",
    }
