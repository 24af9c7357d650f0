"""The machine finds each of these faults when it is planted in the real table.

A fault replaces a row, or a guard or an effect of a row, of `TRANSITIONS`; the machine and its ledger are
those of `test_machine`. A fault that stays unfound means that the machine proves less than it claims.
"""

from dataclasses import replace

import pytest
from hypothesis import Phase
from tests.workflow.ledger import PromiseBrokenError
from tests.workflow.machine import search

from gql_approvals.workflow import conditions, transitions
from gql_approvals.workflow import effects as do
from gql_approvals.workflow import guards as check
from gql_approvals.workflow.vocabulary import Action, Authorisation, RequestStatus, RevisionState
from gql_approvals.workflow.vocabulary import CampaignStatus as S


def rows(numbers, change):
    """Replace rows of the real table by what `change` makes of them."""
    return tuple(change(row) if row.number in numbers else row for row in transitions.TRANSITIONS)


def without(numbers, *guards):
    """The real table without some guards of some rows."""
    return rows(
        numbers,
        lambda row: replace(
            row,
            state_guards=tuple(guard for guard in row.state_guards if guard not in guards),
            input_guards=tuple(guard for guard in row.input_guards if guard not in guards),
        ),
    )


def with_effect(numbers, effect):
    return rows(numbers, lambda row: replace(row, effect=effect))


# --------------------------------------------------------------------------------------------- effects
def edit_that_keeps_votes(case):
    """The open review goes on with the new content, votes included."""
    change = do.edit(case)
    request = case.at_hand.open_request
    if request is None:
        return change
    head = change.campaign.head
    request = replace(request, revision_number=head.number, content_hash=head.hashes.content)
    return changed(
        change,
        status=S.PENDING_REVIEW,
        requests=(*case.at_hand.requests[:-1], request),
        due_at=case.at_hand.due_at,
    )


def edit_that_leaves_votes_valid(case):
    """The review ends, but its votes are not marked void."""
    change = do.edit(case)
    if not case.at_hand.requests:
        return change
    request = replace(change.campaign.requests[-1], decisions=case.at_hand.requests[-1].decisions)
    return changed(change, requests=(*change.campaign.requests[:-1], request))


def edit_that_keeps_the_authorisation(case):
    """An approved campaign stays approved, with its new content."""
    change = do.edit(case)
    if case.at_hand.status is not S.APPROVED:
        return change
    return changed(
        change,
        status=S.APPROVED,
        authorisation=case.at_hand.authorisation,
        authorised_hash=change.campaign.head.hashes.content,
        due_at=change.campaign.head.scheduled_at,
    )


def send_without_looking(case):
    """The clock takes the head for authorised, whatever it is."""
    campaign = case.at_hand
    trusting = replace(
        campaign,
        authorisation=campaign.authorisation or Authorisation.QUORUM,
        authorised_hash=campaign.head.hashes.content,
    )
    return do.send(replace(case, campaign=trusting))


def reject_what_was_decided(case):
    """The last decision wins."""
    *older, newest = case.at_hand.requests
    opened = replace(newest, status=RequestStatus.OPEN)
    return do.reject(replace(case, campaign=replace(case.at_hand, requests=(*older, opened))))


def withdraw_that_thaws(case):
    """The revision may be amended again, although checkers have read it."""
    change = do.withdraw(case)
    return changed(change, head=replace(change.campaign.head, state=RevisionState.DRAFT))


def changed(change, **fields):
    return replace(change, campaign=replace(change.campaign, **fields))


# ------------------------------------------------------------------------------------------------ faults
VOTES = {6, 7}
DECISIONS = {6, 7, 8}
EDITS = {2, 5, 13}

FAULTS = {
    "contributor may vote": (
        lambda: without(DECISIONS, check.self_review),
        "nobody decides on their own work",
    ),
    "a vote for another hash counts": (
        lambda: without(VOTES, check.stale_revision),
        "a vote is for exact content",
    ),
    "edit keeps votes": (
        lambda: with_effect({5}, edit_that_keeps_votes),
        "an edit ends the review and the authorisation",
    ),
    "edit leaves votes valid": (
        lambda: with_effect({5}, edit_that_leaves_votes_valid),
        "votes on what is undone are void",
    ),
    "edit keeps authorisation": (
        lambda: with_effect({5}, edit_that_keeps_the_authorisation),
        "an edit ends the review and the authorisation",
    ),
    "the clock sends unapproved": (
        lambda: rows(
            {11},
            lambda row: (
                replace(
                    row,
                    source=frozenset({S.DRAFT, S.PENDING_REVIEW, S.APPROVED}),
                    when=lambda case: case.at_hand.authorisation is None or conditions.is_due(case),
                    state_guards=(),
                    effect=send_without_looking,
                )
                if row.action is Action.SEND
                else row
            ),
        ),
        "only what was authorised is sent",
    ),
    "missed schedule is sent late": (
        lambda: rows(
            {11},
            lambda row: (
                replace(row, when=lambda case: case.at_hand.due_at is not None)
                if row.action is Action.SEND
                else row
            ),
        ),
        "nothing is sent early or late",
    ),
    "reject overwrites approve": (
        lambda: rows(
            {8},
            lambda row: replace(
                row,
                source=frozenset({S.PENDING_REVIEW, S.APPROVED}),
                state_guards=tuple(guard for guard in row.state_guards if guard is not check.already_decided),
                effect=reject_what_was_decided,
            ),
        ),
        "only an open review is decided",
    ),
    "one person counts twice": (
        lambda: without(VOTES, check.already_voted),
        "one person decides once",
    ),
    "switch-off approves expired ones": (
        lambda: without({15}, check.review_over),
        "only what waits in time is approved by the switch",
    ),
    "a withdrawn revision is amended": (
        lambda: with_effect({4}, withdraw_that_thaws),
        "a revision that was submitted is never amended",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("plant", "promise"), FAULTS.values(), ids=FAULTS)
def test_the_machine_finds(plant, promise, monkeypatch):
    monkeypatch.setattr(transitions, "ROWS_OF", transitions.by_action(plant()))

    with pytest.raises(PromiseBrokenError, match=promise):
        search(range(100), phases=[Phase.generate], report_multiple_bugs=False)
