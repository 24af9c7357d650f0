"""Which refusal is answered when several apply: every pair that can be in the way at once."""

from dataclasses import replace
from itertools import combinations

import pytest
from tests.workflow.stories import (
    FIRST,
    MANUAL,
    SCHEDULED,
    TOMORROW,
)
from tests.workflow.world import (
    ADMIN,
    CARL,
    CLEO,
    DAY,
    MAYA,
    MIKE,
    OTHER_HASH,
    Electorate,
    Words,
    World,
)

from gql_approvals.errors import ErrorCode
from gql_approvals.workflow.vocabulary import (
    Action,
)

# ------------------------------------------------------------------------------------------- precedence
ORDER = [
    "IDEMPOTENCY_MISMATCH",
    "NOT_FOUND",
    "FORBIDDEN",
    "INVALID_INPUT",
    "PREVIEW_OUTDATED",
    "SEGREGATION_OF_DUTIES",
    "LAST_ADMIN",
    "ALREADY_DECIDED",
    "ALREADY_VOTED",
    "WRONG_STATUS",
    "UNDER_REVIEW",
    "ALREADY_PENDING",
    "APPROVALS_OFF",
    "SCHEDULE_MISSED",
    "REQUEST_EXPIRED",
    "SELF_REVIEW",
    "STALE_REVISION",
    "STALE_VERSION",
    "UNCHANGED_SINCE_REJECTION",
    "QUORUM_IMPOSSIBLE",
]


def decision(action: Action, problems: set[str]) -> str:
    """The admin decides, with these things in the way."""
    scheduled = "SCHEDULE_MISSED" in problems
    world = World().create(FIRST[SCHEDULED] if scheduled else FIRST[MANUAL]).ask_for(2)
    if "SELF_REVIEW" in problems:
        world.edit(replace(FIRST[SCHEDULED] if scheduled else FIRST[MANUAL], size=11), by=ADMIN).ask_for(2)
    world.submit(MIKE)
    if "ALREADY_VOTED" in problems:
        world.approve(ADMIN)
    if "ALREADY_DECIDED" in problems:
        world.approve(CLEO).approve(CARL)
    if "WRONG_STATUS" in problems and "ALREADY_DECIDED" not in problems:
        world.perform(Action.WITHDRAW)
    if problems & {"SCHEDULE_MISSED", "REQUEST_EXPIRED"}:
        world.wait(20 * DAY)
    if "ALREADY_DECIDED" in problems and scheduled:
        world.perform(Action.MISS, None)
    if "FORBIDDEN" in problems:
        world.electorate = Electorate(frozenset({ADMIN}))
    blank = "INVALID_INPUT" in problems
    words = (
        {"comment": "\x00" if blank else "fine"}
        if action is Action.APPROVE
        else {"reason": " " * blank or "no"}
    )
    content_hash = OTHER_HASH if "STALE_REVISION" in problems else world.campaign.head.hashes.content
    return world.answer(ADMIN, action, content_hash=content_hash, **words)


def submission(problems: set[str]) -> str:
    """Maya submits."""
    words = Words(" " if "INVALID_INPUT" in problems else "a")
    if "SCHEDULE_MISSED" in problems:
        words = replace(words, mode=SCHEDULED, time=TOMORROW)
    world = World().create(words)
    if "UNCHANGED_SINCE_REJECTION" in problems:
        world.submit().reject()
    if "ALREADY_PENDING" in problems:
        world.submit()
    if "WRONG_STATUS" in problems:
        world.perform(Action.ARCHIVE)
    if "SCHEDULE_MISSED" in problems:
        world.wait(20 * DAY)
    if "QUORUM_IMPOSSIBLE" in problems:
        world.ask_for(4)
    world.switch(on="APPROVALS_OFF" not in problems)
    return world.answer(MAYA, Action.SUBMIT, expected_version=0 if "STALE_VERSION" in problems else None)


def edition(problems: set[str]) -> str:
    """Maya writes another content."""
    world = World().create(FIRST[MANUAL])
    if "UNDER_REVIEW" in problems:
        world.submit()
    if "WRONG_STATUS" in problems:
        world.perform(Action.ARCHIVE)
    fields = Words("another").fields | {"name": " " if "INVALID_INPUT" in problems else "Autumn sale"}
    return world.answer(
        MAYA, Action.EDIT, expected_version=0 if "STALE_VERSION" in problems else None, **fields
    )


def publication(problems: set[str]) -> str:
    """Maya publishes while approvals are off."""
    words = Words(" " if "INVALID_INPUT" in problems else "a")
    if "SCHEDULE_MISSED" in problems:
        words = replace(words, mode=SCHEDULED, time=TOMORROW)
    world = World().create(words).switch(on=False)
    if "WRONG_STATUS" in problems:
        world.perform(Action.ARCHIVE)
    if "SCHEDULE_MISSED" in problems:
        world.wait(20 * DAY)
    return world.answer(
        MAYA,
        Action.PUBLISH,
        content_hash=OTHER_HASH if "STALE_REVISION" in problems else world.campaign.head.hashes.content,
    )


def revocation(problems: set[str]) -> str:
    """Cleo stops the send."""
    world = World().create(FIRST[MANUAL])
    if "WRONG_STATUS" not in problems:
        world.submit().approve()
    return world.answer(CLEO, Action.REVOKE, reason=" " if "INVALID_INPUT" in problems else "stop")


TRIALS = {
    "approve": (
        lambda problems: decision(Action.APPROVE, problems),
        (
            "FORBIDDEN INVALID_INPUT ALREADY_DECIDED ALREADY_VOTED WRONG_STATUS "
            "SCHEDULE_MISSED REQUEST_EXPIRED SELF_REVIEW STALE_REVISION"
        ),
    ),
    "reject": (
        lambda problems: decision(Action.REJECT, problems),
        (
            "INVALID_INPUT ALREADY_DECIDED ALREADY_VOTED WRONG_STATUS SCHEDULE_MISSED REQUEST_EXPIRED "
            "SELF_REVIEW STALE_REVISION"
        ),
    ),
    "submit": (
        submission,
        (
            "INVALID_INPUT WRONG_STATUS ALREADY_PENDING APPROVALS_OFF SCHEDULE_MISSED STALE_VERSION "
            "UNCHANGED_SINCE_REJECTION QUORUM_IMPOSSIBLE"
        ),
    ),
    "edit": (edition, "INVALID_INPUT WRONG_STATUS UNDER_REVIEW STALE_VERSION"),
    "publish": (publication, "INVALID_INPUT WRONG_STATUS SCHEDULE_MISSED STALE_REVISION"),
    "revoke": (revocation, "INVALID_INPUT WRONG_STATUS"),
}
# Two that cannot be in the way at once: a vote needs an open request, a decided one is not open, …
NEVER_TOGETHER = {
    "approve": {
        ("FORBIDDEN", "ALREADY_DECIDED"),
        ("FORBIDDEN", "WRONG_STATUS"),
        ("ALREADY_DECIDED", "ALREADY_VOTED"),
        ("ALREADY_DECIDED", "REQUEST_EXPIRED"),
        ("ALREADY_DECIDED", "STALE_REVISION"),
        ("ALREADY_VOTED", "WRONG_STATUS"),
        ("ALREADY_VOTED", "SELF_REVIEW"),
        ("WRONG_STATUS", "SCHEDULE_MISSED"),
        ("WRONG_STATUS", "REQUEST_EXPIRED"),
        ("SCHEDULE_MISSED", "REQUEST_EXPIRED"),
    },
    "submit": {
        ("INVALID_INPUT", "ALREADY_PENDING"),
        ("INVALID_INPUT", "UNCHANGED_SINCE_REJECTION"),
        ("WRONG_STATUS", "ALREADY_PENDING"),
        ("ALREADY_PENDING", "UNCHANGED_SINCE_REJECTION"),
    },
    "edit": {("WRONG_STATUS", "UNDER_REVIEW")},
}
NEVER_TOGETHER["reject"] = NEVER_TOGETHER["approve"]


def test_the_codes_stand_in_the_order_of_the_specification():
    assert list(ErrorCode) == ORDER


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, (_, codes) in TRIALS.items() for code in codes.split()]
)
def test_a_refusal_that_applies_alone_is_answered(name, code):
    assert TRIALS[name][0]({code}) == code


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        (name, *pair)
        for name, (_, codes) in TRIALS.items()
        for pair in combinations(codes.split(), 2)
        if pair not in NEVER_TOGETHER.get(name, ())
    ],
)
def test_of_two_refusals_the_one_that_comes_first_is_answered(name, first, second):
    assert ORDER.index(first) < ORDER.index(second)
    assert TRIALS[name][0]({first, second}) == first


@pytest.mark.parametrize("name", TRIALS)
def test_nothing_in_the_way_means_yes(name):
    assert TRIALS[name][0](set()) == "OK"
