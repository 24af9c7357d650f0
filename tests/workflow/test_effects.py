"""What a transition does, whom it tells, and when time alone changes a status."""

from dataclasses import replace

import pytest
from tests.workflow.stories import (
    MANUAL,
    ON_APPROVAL,
    SCHEDULED,
    SECOND,
    TOMORROW,
    naturally,
    standing,
)
from tests.workflow.world import (
    ADMIN,
    CARL,
    CHECKERS,
    CLEO,
    DAY,
    MAYA,
    MIKE,
    MINUTE,
    NOON,
    RULES,
    Words,
)

from gql_approvals.workflow import transitions
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import Comment, is_overdue
from gql_approvals.workflow.vocabulary import (
    Action,
    Authorisation,
    CampaignStatus,
    IfPending,
    RequestStatus,
    RevisionState,
    Section,
)


# -------------------------------------------------------------------------------------------- effects
def test_t11_a_content_that_is_not_the_approved_one_is_held_and_told_to_the_administrators():
    world = standing("APPROVED", SCHEDULED)
    forged = replace(world.campaign.head, content=SECOND.content)
    world.campaign = replace(world.campaign, head=forged)
    world.now = TOMORROW

    change = world.do(None, Action.SEND)

    assert (change.refusal.code, world.status, world.sent) == ("STALE_REVISION", "APPROVED", [])
    assert [(event.kind, set(event.tells)) for event in change.events] == [("campaign:held", {"ADMINS"})]
    assert world.answer(None, Action.SEND) == "WRONG_STATUS"


@pytest.mark.parametrize("mode", [MANUAL, ON_APPROVAL])
def test_a_forged_content_is_not_sent_by_hand_nor_by_its_approval(mode):
    world = standing("PENDING_REVIEW", mode)
    world.campaign = replace(world.campaign, head=replace(world.campaign.head, content=SECOND.content))
    world.approve(CLEO)

    if mode is MANUAL:
        assert naturally(world, MAYA, Action.PUBLISH) == "STALE_REVISION"
        world.perform(Action.PUBLISH)
    assert (world.sent, world.campaign.authorisation) == ([], None)
    assert naturally(world, MAYA, Action.PUBLISH) == "WRONG_STATUS"


def test_t12_a_missed_schedule_is_not_sent_and_its_authorisation_is_void():
    world = standing("APPROVED", SCHEDULED)
    world.now = TOMORROW + RULES.grace + MINUTE

    assert world.answer(None, Action.SEND) == "WRONG_STATUS"
    world.perform(Action.MISS, None)

    assert (world.status, world.campaign.authorisation, world.campaign.due_at) == ("EXPIRED", None, None)
    assert world.campaign.request.status is RequestStatus.APPROVED
    assert world.sent == []


def test_t13_an_edit_of_what_was_sent_leaves_it_live():
    world = standing("SENT")
    live = world.campaign.live

    world.edit(SECOND, by=MIKE)

    assert (world.status, world.campaign.head.number) == ("DRAFT", 2)
    assert (world.campaign.live, world.campaign.live_revision) == (live, world.revisions[1])
    assert world.campaign.contributors == {MAYA, MIKE}
    assert world.campaign.authorisation is None


@pytest.mark.parametrize("status", ["DRAFT", "REJECTED", "EXPIRED"])
def test_t14_a_discarded_revision_leaves_the_campaign_as_it_was_sent(status):
    world = standing(status, live=True)
    live = world.campaign.live

    change = world.do(MAYA, Action.DISCARD)

    assert (world.status, world.campaign.head, change.discarded_above) == ("SENT", world.revisions[1], 1)
    assert (world.campaign.live, len(world.sent)) == (live, 1)
    assert world.revisions[2].state is RevisionState.DISCARDED
    assert world.campaign.due_at is None


def test_t14_the_number_of_a_discarded_revision_is_not_used_again_and_its_editors_stay_contributors():
    world = (
        standing("DRAFT", live=True).edit(SECOND, by=ADMIN).perform(Action.DISCARD).edit(Words("c"), by=MIKE)
    )

    assert world.campaign.head.number == 3
    assert world.campaign.contributors == {MAYA, MIKE, ADMIN}


@pytest.mark.parametrize(
    ("mode", "status", "sent"), [(MANUAL, "SENT", 1), (ON_APPROVAL, "SENT", 1), (SCHEDULED, "APPROVED", 0)]
)
def test_t16_publishing_while_approvals_are_off_needs_nobody_else(mode, status, sent):
    world = standing("DRAFT", mode, on=False).perform(Action.PUBLISH, MIKE)

    assert (world.status, len(world.sent)) == (status, sent)
    assert world.campaign.authorisation is Authorisation.NOT_REQUIRED
    assert MIKE in world.revisions[1].contributors
    assert world.campaign.requests == ()


def test_t16_a_scheduled_one_waits_for_its_time():
    world = standing("DRAFT", SCHEDULED, on=False).perform(Action.PUBLISH).switch(on=True)
    assert world.campaign.due_at == TOMORROW

    world.wait(DAY).perform(Action.SEND, None)

    assert [p.authorisation for p in world.sent] == [Authorisation.NOT_REQUIRED]


def test_t16_a_publication_that_needed_no_review_names_none():
    world = standing("REJECTED", on=False).perform(Action.PUBLISH)

    assert [p.request_id for p in world.sent] == [None]


@pytest.mark.parametrize("status", CampaignStatus)
def test_t18_a_duplicate_carries_copy_and_audience_and_nothing_else(status):
    world = standing(status, SCHEDULED if status not in ("SENT", "ARCHIVED") else MANUAL)
    source = world.campaign

    copy = world.do(CARL, Action.DUPLICATE).campaign

    head = source.head
    assert (copy.head.content, copy.head.audience) == (head.content, head.audience)
    assert (copy.status, copy.version, copy.head.number, copy.newest_number) == ("DRAFT", 1, 1, 1)
    assert (copy.id, copy.head.id, copy.head.state) == (None, None, RevisionState.DRAFT)
    assert (copy.created_by, copy.contributors, copy.head.contributors) == (CARL, {CARL}, {CARL})
    assert (copy.requests, copy.live, copy.live_revision, copy.authorisation) == ((), None, None, None)
    assert (copy.head.scheduled_at, copy.due_at, copy.duplicated_from) == (None, None, source.id)
    assert copy.head.publish_mode is (ON_APPROVAL if head.publish_mode is SCHEDULED else MANUAL)
    assert copy.head.hash_as_stored(copy.channel) == copy.head.hashes.content
    assert world.campaign is source


def test_t18_a_duplicate_of_a_long_name_is_not_too_long():
    world = standing("DRAFT").perform(Action.EDIT, name="x" * 200)

    assert len(world.do(MAYA, Action.DUPLICATE).campaign.name) == 200
    assert world.do(MAYA, Action.DUPLICATE, name="Mine").campaign.name == "Mine"


@pytest.mark.parametrize(
    ("status", "ended", "voided"),
    [
        ("PENDING_REVIEW", RequestStatus.WITHDRAWN, []),
        ("APPROVED", RequestStatus.APPROVED, [True]),
        ("REJECTED", RequestStatus.REJECTED, [False]),
    ],
)
def test_t17_archiving_ends_what_is_open_and_voids_what_is_approved(status, ended, voided):
    world = standing(status).perform(Action.ARCHIVE)
    request = world.campaign.request

    assert (request.status, [vote.voided for vote in request.decisions]) == (ended, voided)
    assert (world.campaign.authorisation, world.campaign.due_at) == (None, None)


def test_an_approval_without_a_quorum_of_people_is_marked_for_ever():
    world = standing("PENDING_REVIEW").switch(on=False).perform(Action.AUTO_APPROVE, None)
    world.switch(on=True).perform(Action.PUBLISH)

    assert [p.authorisation for p in world.sent] == [Authorisation.AUTO_DISABLED]
    assert world.campaign.request.decisions == ()


# ------------------------------------------------------------------------------ versions and people told
@pytest.mark.parametrize(
    ("world", "action"),
    [
        (lambda: standing("PENDING_REVIEW").wait(20 * DAY), Action.EXPIRE),
        (lambda: standing("APPROVED", SCHEDULED).wait(20 * DAY), Action.MISS),
    ],
    ids=["expire", "miss"],
)
def test_expiry_does_not_raise_the_version(world, action):
    world = world()
    before = world.campaign

    world.perform(action, None)

    assert (world.campaign.version, world.campaign.updated_at) == (before.version, before.updated_at)


def test_every_other_change_raises_the_version_by_one():
    world = standing("DRAFT").ask_for(2)
    steps = (
        lambda: world.edit(SECOND),
        world.submit,
        lambda: world.approve(CLEO),
        lambda: world.approve(CARL),
        lambda: world.perform(Action.PUBLISH),
        lambda: world.perform(Action.EDIT, name="Autumn sale"),
        lambda: world.perform(Action.VIEW),
        lambda: world.perform(Action.COMMENT, body="well done"),
    )

    assert [step().campaign.version for step in steps] == [2, 3, 4, 5, 6, 7, 7, 7]


@pytest.mark.parametrize("section", [None, *Section])
def test_a_comment_is_kept_beside_the_campaign_and_its_words_are_not_in_the_event(section):
    world = standing("PENDING_REVIEW")
    before = world.campaign

    change = world.do(CLEO, Action.COMMENT, body=" secret ", section=section)

    (event,) = change.events
    named = {} if section is None else {"section": section.value}
    expected = {"revision": 1, "contentHash": before.head.hashes.content, **named}
    assert (event.kind, event.detail, event.tells) == ("comment:added", expected, frozenset())
    assert change.comment == Comment(by=CLEO, at=world.now, body=" secret ", section=section)
    assert world.campaign == before


TOLD = """
submit     ELIGIBLE
withdraw   ELIGIBLE
archive    ELIGIBLE
vote       -
approve    INVOLVED
reject     INVOLVED
expire     ELIGIBLE,INVOLVED
revoke     INVOLVED,VOTERS
edit       INVOLVED,VOTERS
auto       INVOLVED
miss       INVOLVED
"""
STEPS = {
    "submit": lambda: standing("DRAFT").do(MAYA, Action.SUBMIT),
    "withdraw": lambda: standing("PENDING_REVIEW").do(MAYA, Action.WITHDRAW),
    "archive": lambda: standing("PENDING_REVIEW").do(MAYA, Action.ARCHIVE),
    "vote": lambda: standing("DRAFT").ask_for(2).submit().do(CLEO, Action.APPROVE),
    "approve": lambda: standing("PENDING_REVIEW").do(CLEO, Action.APPROVE),
    "reject": lambda: standing("PENDING_REVIEW").do(CLEO, Action.REJECT, reason="no"),
    "expire": lambda: standing("PENDING_REVIEW").wait(20 * DAY).do(None, Action.EXPIRE),
    "revoke": lambda: standing("APPROVED").do(CLEO, Action.REVOKE, reason="stop"),
    "edit": lambda: standing("APPROVED").do(
        MAYA, Action.EDIT, if_pending=IfPending.WITHDRAW, content=SECOND.content
    ),
    "auto": lambda: standing("PENDING_REVIEW").do(None, Action.AUTO_APPROVE),
    "miss": lambda: standing("APPROVED", SCHEDULED).wait(20 * DAY).do(None, Action.MISS),
}


@pytest.mark.parametrize(("step", "groups"), [line.split() for line in TOLD.strip().splitlines()])
def test_who_is_told(step, groups):
    (event,) = STEPS[step]().events

    assert ",".join(sorted(event.tells)) == groups.strip("-")


@pytest.mark.parametrize("step", ["revoke", "edit"])
def test_whose_votes_became_void_is_told_by_name(step):
    (event,) = STEPS[step]().events

    assert event.voters == {CLEO}


# ------------------------------------------------------------------------------------ the effective status
@pytest.mark.parametrize(
    ("status", "mode", "moment", "counts_as_expired", "due"),
    [
        ("PENDING_REVIEW", MANUAL, NOON + RULES.review - MINUTE, False, None),
        ("PENDING_REVIEW", MANUAL, NOON + RULES.review, True, Action.EXPIRE),
        ("PENDING_REVIEW", SCHEDULED, TOMORROW - MINUTE, False, None),
        ("PENDING_REVIEW", SCHEDULED, TOMORROW, True, Action.EXPIRE),
        ("APPROVED", SCHEDULED, TOMORROW - MINUTE, False, None),
        ("APPROVED", SCHEDULED, TOMORROW, False, Action.SEND),
        ("APPROVED", SCHEDULED, TOMORROW + RULES.grace, False, Action.SEND),
        ("APPROVED", SCHEDULED, TOMORROW + RULES.grace + MINUTE, True, Action.MISS),
        ("APPROVED", MANUAL, NOON + 90 * DAY, False, None),
        ("DRAFT", SCHEDULED, NOON + 90 * DAY, False, None),
        ("REJECTED", SCHEDULED, NOON + 90 * DAY, False, None),
        ("SENT", MANUAL, NOON + 90 * DAY, False, None),
    ],
)
def test_the_effective_status_needs_no_clock_and_the_clock_agrees_with_it(
    status, mode, moment, counts_as_expired, due
):
    world = standing(status, mode)
    world.now = moment

    assert is_overdue(world.campaign, moment, RULES.grace) is counts_as_expired
    assert transitions.due_intent(world.campaign, moment, RULES.grace) == (
        None if due is None else Intent(action=due)
    )
    if due is not None:
        assert world.answer(None, due) == "OK"


def test_nothing_is_sent_before_its_time():
    world = standing("APPROVED", SCHEDULED)
    world.now = TOMORROW - MINUTE

    assert world.answer(None, Action.SEND) == "WRONG_STATUS"


@pytest.mark.parametrize("person", CHECKERS)
def test_who_sends_does_not_become_a_contributor_of_the_next_revision(person):
    world = standing("DRAFT", on=False).perform(Action.PUBLISH, ADMIN).switch(on=True).edit(SECOND).submit()

    assert world.campaign.contributors == {MAYA}
    assert naturally(world, person, Action.APPROVE) == naturally(world, ADMIN, Action.APPROVE) == "OK"
