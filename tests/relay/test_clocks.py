"""Clocks that jump and nodes whose clocks differ: nothing is stranded, and nobody takes another's message."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.relay.world import Sink, smtp_server, until

from gql_approvals.persistence import outbox
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import relay
from gql_approvals.relay.outcome import Delivered, Failed
from gql_approvals.relay.shared_time import SharedTime
from gql_approvals.settings import Settings

pytestmark = pytest.mark.wide

JUMPS = [timedelta(days=-1), timedelta(hours=-1), timedelta(hours=1), timedelta(days=1)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.sampled
async def test_after_a_jump_of_the_clock_everything_is_delivered_within_two_leases(world, jump):
    """A message whose relay died, one that failed, and a new one."""
    await world.submitted()
    await world.office.database.transaction(lambda: outbox.claim(world.clock(), limit=1))
    answers = [Failed("busy"), Delivered()]

    async def attempt(_):
        return answers.pop(0) if answers else Delivered()

    await Lane(world.office, outbox.MAIL, attempt).round()
    world.clock.at += jump
    lane = Lane(world.office, outbox.MAIL, attempt)
    for _ in range(2):
        await lane.round()
        world.clock.forward(seconds=outbox.LEASE.total_seconds())
    await lane.round()

    assert [bool(message.delivered_at) for message in await world.messages("mail")] == [True] * 3


async def test_a_message_that_failed_before_the_clock_was_set_back_is_tried_once_and_then_waits(world):
    await world.submitted()

    async def attempt(_):
        return Failed("busy")

    lane = Lane(world.office, outbox.MAIL, attempt)
    assert await lane.round() == 3
    world.clock.forward(hours=-1)
    assert await lane.round() == 3
    assert await lane.round() == 0


@pytest.mark.parametrize("apart", JUMPS, ids=str)
@pytest.mark.sampled(1)
async def test_relays_of_nodes_whose_clocks_differ_do_not_take_each_others_messages(world, apart):
    for number in range(4):
        await world.submitted(name=f"Sale {number}")
    wrong = replace(world.office, now=lambda: datetime.now(UTC) + apart)
    stop = asyncio.Event()
    async with smtp_server(SlowSink()) as sink:
        settings = Settings(mail=f"smtp://127.0.0.1:{sink.port}", mail_from="a@acme.test", poll_s=0.01)
        offices = (replace(world.office, now=lambda: datetime.now(UTC)), wrong)
        running = [asyncio.create_task(relay(office, settings, stop)) for office in offices]

        async def all_told():
            return all(message.delivered_at for message in await world.messages("mail"))

        await until(all_told)
        stop.set()
        await asyncio.gather(*running)

    ids = [letter.mail["Message-ID"] for letter in sink.letters]
    assert len(ids) == len(set(ids)) == 12
    delivered = [message.delivered_at for message in await world.messages("mail")]
    assert all(abs(at - datetime.now(UTC)) < timedelta(minutes=1) for at in delivered)


class SlowSink(Sink):
    """Takes its time, so that several relays look at leased messages."""

    async def handle_DATA(self, *given):  # noqa: N802  # aiosmtpd's name
        await asyncio.sleep(0.1)
        return await super().handle_DATA(*given)


async def test_the_shared_time_is_the_databases_and_no_clock_of_the_node_moves_it(database, monkeypatch):
    time = SharedTime(database)
    await time.read()
    before = time()
    assert abs(before - await database.clock()) < timedelta(seconds=1)
    monkeypatch.setattr("gql_approvals.persistence.database.datetime", None)  # whoever asks for it, fails

    assert timedelta(0) <= time() - before < timedelta(seconds=1)


async def test_an_answer_that_took_long_does_not_move_the_shared_time(database, monkeypatch):
    time = SharedTime(database)
    await time.read()
    slow = iter([0.0, 9.0])
    monkeypatch.setattr(type(database), "clock", lambda _: _answer(datetime(2001, 1, 1, tzinfo=UTC)))
    with monkeypatch.context() as patched:
        patched.setattr("gql_approvals.relay.shared_time.monotonic", lambda: next(slow))
        await time.read()

    assert time().year > 2001


async def _answer(at):
    return at


async def test_an_old_version_beside_may_leave_no_end_of_a_lease_behind(world):
    """It clears the lease of a failed message: due again by the farthest retry only."""
    await world.submitted()
    await OutboxRow.all().update(attempts=1, leased_until=None, next_at=world.clock() + timedelta(hours=1))
    lane = Lane(world.office, outbox.MAIL, lambda _: _answer(Delivered()))
    assert await lane.round() == 0
    world.clock.forward(hours=1)
    assert await lane.round() == 3
