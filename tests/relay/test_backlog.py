"""How much is not delivered: what readiness and metrics tell of the outbox."""

from datetime import timedelta

import pytest

from gql_approvals.persistence import outbox
from gql_approvals.persistence.outbox import HANDOVER, KINDS, LEASE, MAIL
from gql_approvals.persistence.undelivered import Backlog, backlog
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.outcome import Delivered, Failed, NotTold, Refused
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide


async def deliver(world, *outcomes):
    """Let the oldest due mails end like this, one each."""
    left = list(outcomes)

    async def attempt(_):
        return left.pop(0)

    await Lane(world.office, MAIL, attempt, at_once=len(outcomes)).round()


async def test_an_empty_outbox_has_every_kind_and_nothing_of_it(world):
    assert await backlog(world.clock()) == dict.fromkeys(KINDS, Backlog())


async def test_what_waits_what_is_due_and_what_is_dead_is_counted_by_kind(world):
    for number in range(3):
        await world.submitted(name=f"Sale {number}")  # three mails each
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    await deliver(world, Delivered(), Failed("busy"), Refused("no such mailbox"), NotTold())
    mails = len(await world.messages(MAIL))

    found = await backlog(world.clock())

    assert (found[MAIL].waiting, found[MAIL].due, found[MAIL].dead) == (mails - 3, mails - 4, 1)
    assert (found[HANDOVER].waiting, found[HANDOVER].due, found[HANDOVER].dead) == (1, 1, 0)


async def test_ages_are_those_of_the_oldest_message_and_of_the_longest_due(world):
    await world.submitted()
    world.clock.forward(minutes=1)
    await deliver(world, Failed("busy"), Failed("busy"), Failed("busy"))
    assert (await backlog(world.clock()))[MAIL].overdue == timedelta(0)
    world.clock.forward(minutes=2)

    found = (await backlog(world.clock()))[MAIL]

    assert found.oldest == timedelta(minutes=3)
    assert timedelta(seconds=118) < found.overdue < timedelta(seconds=120)  # since their next attempt


async def test_a_message_in_hand_is_not_due_and_one_whose_relay_died_is_again(world):
    await world.submitted()
    await world.office.database.transaction(lambda: outbox.claim(world.clock(), limit=1))
    assert (await backlog(world.clock()))[MAIL].due == 2
    world.clock.forward(seconds=LEASE.total_seconds())
    assert (await backlog(world.clock()))[MAIL].due == 3


async def test_a_clock_that_was_set_back_makes_no_age_negative(world):
    await world.submitted()

    found = (await backlog(world.clock() - timedelta(hours=1)))[MAIL]

    assert (found.due, found.oldest, found.overdue) == (3, timedelta(0), timedelta(0))
