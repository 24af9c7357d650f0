"""The hard cases, one sentence each."""

from dataclasses import replace

import pytest
from tests.workflow.stories import (
    FIRST,
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
    CLEO,
    DAY,
    MAYA,
    MIKE,
    NOON,
    RULES,
    Electorate,
    Words,
    World,
)

from gql_approvals.errors import Refusal
from gql_approvals.workflow import transitions
from gql_approvals.workflow.model import Requirement
from gql_approvals.workflow.vocabulary import (
    Action,
    CampaignStatus,
    RequestStatus,
    RevisionState,
)


# ------------------------------------------------------------------------------------ settled: decisions
def test_a_decision_after_the_first_terminal_one_is_told_by_whom_and_when():
    world = standing("REJECTED")

    with pytest.raises(Refusal) as caught:
        world.approve(CARL)

    assert (caught.value.code, caught.value.verdict, caught.value.by) == ("ALREADY_DECIDED", "REJECTED", CLEO)
    assert caught.value.at == world.now


def test_a_hash_that_was_decided_is_so_after_the_makers_went_on():
    world = standing("REJECTED")
    old = world.campaign.head.hashes.content
    world.edit(SECOND)

    assert world.answer(CARL, Action.APPROVE, content_hash=old) == "ALREADY_DECIDED"


def test_a_hash_of_an_older_revision_is_stale_while_another_request_is_open():
    world = standing("REJECTED")
    old = world.campaign.head.hashes.content
    world.edit(SECOND).submit()

    with pytest.raises(Refusal) as caught:
        world.approve(CARL, content_hash=old)

    assert (caught.value.code, caught.value.current) == ("STALE_REVISION", SECOND.hash)


def test_the_same_content_submitted_again_with_a_note_may_be_decided():
    world = standing("REJECTED").submit(note="the price is right")

    assert world.answer(CARL, Action.APPROVE, content_hash=FIRST[MANUAL].hash) == "OK"


@pytest.mark.parametrize(
    ("undone", "answer"),
    [
        (lambda world: world.perform(Action.REVOKE, CLEO, reason="stop"), "WRONG_STATUS"),
        (lambda world: world.edit(SECOND), "WRONG_STATUS"),
        (lambda world: world.perform(Action.ARCHIVE), "WRONG_STATUS"),
        (lambda world: world.perform(Action.PUBLISH), "ALREADY_DECIDED"),
    ],
    ids=["revoked", "edited", "archived", "sent"],
)
def test_already_decided_speaks_of_a_decision_that_stands(undone, answer):
    world = undone(standing("APPROVED"))

    assert world.answer(CARL, Action.APPROVE, content_hash=FIRST[MANUAL].hash) == answer


def test_an_automatic_approval_is_nobodys_decision():
    world = standing("PENDING_REVIEW").switch(on=False).perform(Action.AUTO_APPROVE, None)

    assert naturally(world, CARL, Action.APPROVE) == "WRONG_STATUS"


def test_who_voted_before_a_withdrawal_may_vote_again():
    world = standing("DRAFT").ask_for(2).submit().approve(CLEO)
    assert naturally(world, CLEO, Action.APPROVE) == naturally(world, CLEO, Action.REJECT) == "ALREADY_VOTED"

    world.perform(Action.WITHDRAW).submit()

    assert naturally(world, CLEO, Action.APPROVE) == "OK"


def test_a_decision_on_an_expired_request_names_what_passed():
    assert naturally(standing("EXPIRED"), CARL, Action.APPROVE) == "REQUEST_EXPIRED"
    assert naturally(standing("EXPIRED", SCHEDULED), CARL, Action.REJECT) == "SCHEDULE_MISSED"


@pytest.mark.parametrize(("mode", "code"), [(MANUAL, "REQUEST_EXPIRED"), (SCHEDULED, "SCHEDULE_MISSED")])
def test_an_overdue_review_is_refused_before_any_clock_has_written_it_down(mode, code):
    world = standing("PENDING_REVIEW", mode).wait(20 * DAY)

    assert naturally(world, CARL, Action.APPROVE) == naturally(world, CARL, Action.REJECT) == code
    assert world.answer(None, Action.AUTO_APPROVE) == code


def test_the_permission_without_a_requirement_is_not_enough_to_approve_but_to_reject():
    world = standing("DRAFT")
    world.requirements = (Requirement(role="checker", needed=1),)
    world.submit()

    with pytest.raises(Refusal) as caught:
        world.approve(ADMIN)

    assert caught.value.code == "FORBIDDEN"
    assert [reason.code for reason in caught.value.reasons] == ["NO_REQUIREMENT"]
    assert naturally(world, ADMIN, Action.REJECT) == "OK"


def test_a_requirement_that_others_have_met_needs_no_more_votes():
    world = standing("DRAFT")
    world.requirements = (Requirement(role="anyone", needed=1), Requirement(role="checker", needed=1))
    world.submit().approve(ADMIN)

    assert naturally(world, CLEO, Action.APPROVE) == "OK"
    world.electorate = Electorate(frozenset({CLEO, CARL}))
    assert naturally(world, CLEO, Action.APPROVE) == "FORBIDDEN"


def test_one_vote_counts_for_every_requirement_whose_role_its_voter_holds():
    world = standing("DRAFT")
    world.requirements = (Requirement(role="anyone", needed=1), Requirement(role="checker", needed=1))

    assert world.submit().approve(CLEO).status == "APPROVED"


def test_the_vote_of_who_lost_the_right_no_longer_counts():
    world = standing("DRAFT").ask_for(2).submit().approve(CLEO)
    world.electorate = Electorate(frozenset({CLEO}))

    assert world.approve(CARL).status == "PENDING_REVIEW"
    assert world.approve(ADMIN).status == "APPROVED"


def test_a_right_that_comes_back_does_not_leave_a_review_that_nobody_can_end():
    world = standing("DRAFT").ask_for(2).submit().approve(CLEO)
    world.electorate = Electorate(frozenset({CLEO}))
    world.approve(CARL)

    world.electorate = Electorate()

    assert naturally(world, CLEO, Action.APPROVE) == "ALREADY_VOTED"
    assert world.approve(ADMIN).status == "APPROVED"


def test_an_open_request_keeps_its_requirements():
    world = standing("PENDING_REVIEW").ask_for(3)

    assert world.approve(CLEO).status == "APPROVED"


def test_an_empty_hash_is_another_hash():
    assert standing("PENDING_REVIEW").answer(CARL, Action.APPROVE, content_hash="") == "STALE_REVISION"
    assert standing("APPROVED").answer(MAYA, Action.PUBLISH, content_hash="") == "STALE_REVISION"


def test_a_stale_vote_is_told_what_changed():
    world = standing("DRAFT")
    known = world.campaign.head.hashes
    world.edit(replace(FIRST[MANUAL], size=99)).submit()
    case = replace(world.case(CARL, Action.APPROVE, content_hash=known.content), asked_hashes=known)

    assert transitions.refusal_of(case).changed == ("AUDIENCE",)


# ------------------------------------------------------------------------------------ settled: submitting
@pytest.mark.parametrize(
    ("words", "path"),
    [
        (Words("  "), ("content", "sms", "body")),
        (Words(""), ("content", "sms", "body")),
    ],
)
def test_a_blank_text_is_named_by_its_path(words, path):
    world = World().create(words)

    refusal = world.refusal(MAYA, Action.SUBMIT)

    assert [problem.path for problem in refusal.problems] == [path]


def test_a_blank_segment_is_named_by_its_path():
    world = standing("DRAFT")
    audience = replace(FIRST[MANUAL].audience, segment="\t")
    world.perform(Action.EDIT, audience=audience)

    assert [p.path for p in world.refusal(MAYA, Action.SUBMIT).problems] == [("audience", "segment")]


def test_a_withdrawal_does_not_make_a_rejection_forgotten():
    world = standing("REJECTED").submit(note="look again").perform(Action.WITHDRAW)

    assert world.answer(MAYA, Action.SUBMIT) == "UNCHANGED_SINCE_REJECTION"
    assert world.answer(MAYA, Action.SUBMIT, note="  ") == "UNCHANGED_SINCE_REJECTION"
    assert world.answer(MAYA, Action.SUBMIT, note="look again") == "OK"


def test_a_rejected_content_that_was_changed_and_changed_back_needs_a_note():
    world = standing("REJECTED").edit(SECOND).edit(FIRST[MANUAL])

    assert world.answer(MAYA, Action.SUBMIT) == "UNCHANGED_SINCE_REJECTION"


def test_the_submitter_is_a_contributor_when_the_quorum_is_counted():
    world = World().create(FIRST[MANUAL], by=MAYA).ask_for(3)

    assert world.answer(MAYA, Action.SUBMIT) == "OK"
    assert world.answer(ADMIN, Action.SUBMIT) == "QUORUM_IMPOSSIBLE"


def test_an_impossible_quorum_is_told_in_numbers():
    world = standing("DRAFT").ask_for(4)

    assert world.refusal(MAYA, Action.SUBMIT).unmet == (("anyone", 4, 3),)


def test_the_deadline_is_the_schedule_or_else_the_time_for_review():
    assert standing("PENDING_REVIEW").campaign.request.expires_at == NOON + RULES.review
    assert standing("PENDING_REVIEW", SCHEDULED).campaign.request.expires_at == TOMORROW


# --------------------------------------------------------------------------------------- settled: editing
@pytest.mark.parametrize("status", [s for s in CampaignStatus if s != "ARCHIVED"])
def test_a_new_name_alone_keeps_everything_else(status):
    world = standing(status)
    before = world.campaign

    world.perform(Action.EDIT, MIKE, name="Autumn sale", **FIRST[MANUAL].fields)

    renamed = replace(before, name="Autumn sale", version=before.version + 1, updated_at=world.now)
    assert world.campaign == renamed


@pytest.mark.parametrize("status", ["DRAFT", "PENDING_REVIEW", "APPROVED", "SENT"])
def test_an_edit_that_changes_nothing_does_nothing_unless_it_is_stale(status):
    world = standing(status)
    before = world.campaign

    change = world.do(MIKE, Action.EDIT, name=before.name, **FIRST[MANUAL].fields)

    assert (change.events, world.campaign) == ((), before)
    assert world.answer(MIKE, Action.EDIT, expected_version=0, **FIRST[MANUAL].fields) == "STALE_VERSION"


def test_a_name_does_not_smuggle_a_content_past_the_review():
    world = standing("PENDING_REVIEW")

    assert world.answer(MAYA, Action.EDIT, name="Autumn sale", **SECOND.fields) == "UNDER_REVIEW"


def test_a_draft_is_amended_until_it_was_submitted_once():
    world = standing("DRAFT").edit(SECOND)
    assert (world.campaign.head.number, len(world.revisions)) == (1, 1)

    world.submit().perform(Action.WITHDRAW).edit(FIRST[MANUAL])

    assert world.campaign.head.number == 2
    assert world.revisions[1].content == SECOND.content
    assert world.revisions[1].state is RevisionState.FROZEN


def test_an_edit_of_what_is_reviewed_voids_the_votes_and_keeps_them():
    world = standing("DRAFT").ask_for(2).submit().approve(CLEO).edit(SECOND, by=MIKE)
    request = world.campaign.request

    assert (world.status, request.status) == ("DRAFT", RequestStatus.SUPERSEDED)
    assert [(vote.by, vote.voided) for vote in request.decisions] == [(CLEO, True)]
    assert world.campaign.due_at is None


def test_a_terminal_request_keeps_its_votes_when_another_authorisation_is_taken_back():
    world = standing("REJECTED", SCHEDULED, on=False).perform(Action.PUBLISH)
    rejected = world.campaign.request

    world.perform(Action.REVOKE, CLEO, reason="stop")

    assert world.campaign.request == rejected
    assert world.answer(CARL, Action.APPROVE, content_hash=rejected.content_hash) == "ALREADY_DECIDED"


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"n": 2**53}, "2^53"),
        ({"n": float("nan")}, "2^53"),
        ({"\ud800": 1, "b": 2}, "surrogate"),
        (["\udfff"], "surrogate"),
        ("a\x00b", "NUL"),
    ],
)
@pytest.mark.parametrize("status", ["DRAFT", "PENDING_REVIEW", "SENT"])
def test_a_definition_that_cannot_be_hashed_is_an_invalid_input(status, definition, message):
    world = standing(status)
    audience = replace(FIRST[MANUAL].audience, definition=definition)

    refusal = world.refusal(MAYA, Action.EDIT, audience=audience)

    assert refusal.code == "INVALID_INPUT"
    assert message in refusal.message


@pytest.mark.parametrize("levels", [101, 900, 5000])
def test_a_definition_without_end_is_an_invalid_input(levels):
    definition = None
    for _ in range(levels + 1):
        definition = [definition]
    audience = replace(FIRST[MANUAL].audience, definition=definition)

    assert standing("DRAFT").answer(MAYA, Action.EDIT, audience=audience) == "INVALID_INPUT"
    fields = FIRST[MANUAL].fields | {"audience": audience, "name": "Spring sale"}
    assert World().answer(MAYA, Action.CREATE, **fields) == "INVALID_INPUT"


# --------------------------------------------------------------------------------------- mode and schedule
@pytest.mark.parametrize(
    ("mode", "time", "answer"),
    [
        (None, None, ON_APPROVAL),
        (None, TOMORROW, SCHEDULED),
        (MANUAL, None, MANUAL),
        (SCHEDULED, TOMORROW, SCHEDULED),
        (SCHEDULED, None, ("scheduledAt",)),
        (MANUAL, TOMORROW, ("publishMode",)),
        (ON_APPROVAL, TOMORROW, ("publishMode",)),
    ],
)
def test_a_time_goes_with_scheduled_and_only_with_it(mode, time, answer):
    fields = FIRST[MANUAL].fields | {"publish_mode": mode, "scheduled_at": time, "name": "Spring sale"}
    world = World()

    refusal = world.refusal(MAYA, Action.CREATE, **fields)

    if refusal is None:
        assert world.perform(Action.CREATE, **fields).campaign.head.publish_mode is answer
    else:
        assert [problem.path for problem in refusal.problems] == [answer]


def test_an_edit_that_leaves_the_time_out_keeps_it_and_null_clears_it():
    world = standing("DRAFT", SCHEDULED)

    world.perform(Action.EDIT, content=SECOND.content)
    assert world.campaign.head.scheduled_at == TOMORROW

    world.perform(Action.EDIT, publish_mode=MANUAL, scheduled_at=None)
    assert world.campaign.head.scheduled_at is None
