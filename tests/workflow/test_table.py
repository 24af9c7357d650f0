"""The real table, cell by cell: who is answered what, in which status."""

import pytest
from tests.workflow.stories import (
    ON_APPROVAL,
    SCHEDULED,
    SYSTEM,
    natural,
    naturally,
    standing,
)
from tests.workflow.world import (
    CARL,
    EVERYBODY,
    MAYA,
)

from gql_approvals.errors import Refusal
from gql_approvals.workflow.transitions import TRANSITIONS, VIEWER_ACTIONS, is_possible
from gql_approvals.workflow.vocabulary import (
    Action,
    CampaignStatus,
    PublishMode,
)

# ---------------------------------------------------------------------------- every person, status, action
SITUATIONS = [
    pytest.param(status, mode, live, on, marks=[pytest.mark.slow] if live or not on else [])
    for status in CampaignStatus
    for mode in PublishMode
    for live in (False, True)
    for on in (True, False)
    if not (status == "ARCHIVED" and live)
    if not (status in ("APPROVED", "SENT") and mode is ON_APPROVAL)
    if not (status == "SENT" and mode is SCHEDULED)
]


@pytest.mark.parametrize(("status", "mode", "live", "on"), SITUATIONS)
def test_what_viewer_actions_say_is_what_the_mutation_answers(status, mode, live, on):
    world = standing(status, mode, live=live, on=on)

    for person in EVERYBODY:
        for action in VIEWER_ACTIONS:
            flag = world.refusal(person, action, probing=True)
            said = "OK" if flag is None else flag.code
            assert (person, action, said) == (person, action, naturally(world, person, action))
            possible = is_possible(world.case(person, Action.VIEW, probing=True), action)
            assert (person, action, possible) == (person, action, flag is None)


# `yes`: it is done; `no`: WRONG_STATUS; anything else: that refusal.
MAKING = """
               EDIT         DUPLICATE SUBMIT                    WITHDRAW PUBLISH DISCARD ARCHIVE
DRAFT          yes          yes       yes                       no       no      no      yes
PENDING_REVIEW UNDER_REVIEW yes       ALREADY_PENDING           yes      no      no      yes
APPROVED       UNDER_REVIEW yes       no                        no       yes     no      yes
REJECTED       yes          yes       UNCHANGED_SINCE_REJECTION no       no      no      yes
EXPIRED        yes          yes       no                        no       no      no      yes
SENT           yes          yes       no                        no       no      no      no
ARCHIVED       no           yes       no                        no       no      no      no
"""
DECIDING = """
               VIEW COMMENT APPROVE         REJECT          REVOKE
DRAFT          yes  yes     no              no              no
PENDING_REVIEW yes  yes     yes             yes             no
APPROVED       yes  yes     ALREADY_DECIDED ALREADY_DECIDED yes
REJECTED       yes  yes     ALREADY_DECIDED ALREADY_DECIDED no
EXPIRED        yes  yes     REQUEST_EXPIRED REQUEST_EXPIRED no
SENT           yes  yes     ALREADY_DECIDED ALREADY_DECIDED no
ARCHIVED       yes  yes     no              no              no
"""
WITH_LIVE = """
               DISCARD ARCHIVE
DRAFT          yes     no
PENDING_REVIEW no      no
APPROVED       no      no
REJECTED       yes     no
EXPIRED        yes     no
SENT           no      no
"""
WHILE_OFF = """
         SUBMIT        PUBLISH
DRAFT    APPROVALS_OFF yes
APPROVED no            yes
REJECTED APPROVALS_OFF yes
EXPIRED  no            yes
SENT     no            no
ARCHIVED no            no
"""
BY_THE_SYSTEM = """
               AUTO_APPROVE SEND EXPIRE MISS
DRAFT          no           no   no     no
PENDING_REVIEW yes          no   no     no
APPROVED       no           no   no     no
REJECTED       no           no   no     no
EXPIRED        no           no   no     no
SENT           no           no   no     no
ARCHIVED       no           no   no     no
"""


def cells(table: str, **variant):
    head, *lines = table.strip("\n").splitlines()
    for line in lines:
        status, *answers = line.split()
        for action, written in zip(head.split(), answers, strict=True):
            answer = {"yes": "OK", "no": "WRONG_STATUS"}.get(written, written)
            name = "-".join((status, action, *variant))
            yield pytest.param(status, Action(action), variant, answer, id=name)


@pytest.mark.parametrize(
    ("status", "action", "variant", "answer"),
    [
        *cells(MAKING),
        *cells(DECIDING),
        *cells(WITH_LIVE, live=True),
        *cells(WHILE_OFF, on=False),
        *cells(BY_THE_SYSTEM),
    ],
)
def test_each_cell_answers_as_it_is_written_and_a_refusal_changes_nothing(status, action, variant, answer):
    world = standing(status, **variant)
    person = None if action in SYSTEM else CARL if action in (Action.APPROVE, Action.REJECT) else MAYA
    before, seen = repr(world.campaign), world.campaign

    assert naturally(world, person, action) == answer
    if answer != "OK":
        with pytest.raises(Refusal):
            world.do(person, action, **natural(action, world))
        assert world.campaign is seen
    assert repr(world.campaign) == before


def test_every_status_can_be_left_or_entered_by_some_row():
    sources = {status for row in TRANSITIONS if row.number for status in row.source}
    targets = {row.target for row in TRANSITIONS if row.target is not None}

    assert sources == targets == set(CampaignStatus)


def test_the_numbers_are_those_of_the_specification():
    assert {row.number for row in TRANSITIONS} == set(range(19))


def test_all_rows_of_an_action_ask_for_the_same_permission():
    asked = {action: {row.permission for row in TRANSITIONS if row.action is action} for action in Action}

    assert {action: len(permissions) for action, permissions in asked.items()} == dict.fromkeys(Action, 1)
    assert {action for action, permissions in asked.items() if permissions == {None}} == set(SYSTEM)


@pytest.mark.parametrize(
    ("status", "action", "variant", "answer"),
    [*cells(MAKING), *cells(DECIDING), *cells(WITH_LIVE, live=True), *cells(WHILE_OFF, on=False)],
)
def test_an_action_ends_in_a_status_that_its_rows_name(status, action, variant, answer):
    if answer != "OK" or action is Action.DUPLICATE:
        return
    world = standing(status, **variant)
    rows = [row for row in TRANSITIONS if row.action is action and status in row.source]

    world.perform(
        action, CARL if action in (Action.APPROVE, Action.REJECT) else MAYA, **natural(action, world)
    )

    assert world.status in {row.target or status for row in rows} | {
        "SENT" for row in rows if row.number == 16
    }
