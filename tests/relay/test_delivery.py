"""What goes wrong between the outbox and the other side: refusals, silence, crashes, clocks, and company."""

import asyncio
import logging
import re
import signal
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from tests.relay.world import Line, Sink, World, smtp_server, until

from gql_approvals.clock import clock
from gql_approvals.errors import Unavailable
from gql_approvals.persistence import outbox
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.relay.backoff import PAUSES_S, pause_after
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import mail_delivery, relay
from gql_approvals.relay.outcome import Delivered, Failed
from gql_approvals.relay.smtp import Console, keep, transport_of
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

WAIT_S = 10  # a test that waits longer has failed


async def one_mail(world):
    """A rejection: the submission's mails are marked, so that one mail to Maya is left."""
    campaign = await world.submitted()
    await OutboxRow.all().update(delivered_at=world.clock())
    await world.act("chen", Action.REJECT, campaign, reason="No")
    [message] = [m for m in await world.messages() if not m.delivered_at]
    return message


async def test_a_server_that_is_busy_gets_the_same_mail_again(world):
    message = await one_mail(world)
    async with smtp_server(Sink(answers=["451 try later", "250 fine"])) as sink:
        lane = world.mail_lane(sink.port)
        assert await lane.round() == 1
        waiting = await outbox.one(message.id)
        assert (waiting.attempts, waiting.delivered_at, waiting.last_error) == (1, None, "451 try later")
        assert await lane.round() == 0, "not due yet"
        world.clock.forward(seconds=1.3)
        assert await lane.round() == 1
        world.clock.forward(days=30)
        assert await lane.round() == 0

    [letter] = sink.letters
    assert letter.mail["Message-ID"] == f"<{message.key}@acme.test>"
    assert (await outbox.one(message.id)).delivered_at is not None


async def test_every_attempt_sends_the_same_bytes(world):
    """Taken, but the answer was lost: the copy has the same id, so that it can be known for one."""
    message = await one_mail(world)
    async with smtp_server() as sink:
        lane = world.mail_lane(sink.port)
        await lane.round()
        await OutboxRow.filter(id=message.id).update(delivered_at=None)
        await lane.round()

    first, second = sink.letters
    assert first.raw == second.raw


async def test_a_recipient_that_is_refused_for_good_is_a_dead_letter_with_the_error(world, caplog):
    message = await one_mail(world)
    async with smtp_server(Sink(answers=["550 no such \x1b[31muser"])) as sink:
        lane = world.mail_lane(sink.port)
        await lane.round()
        world.clock.forward(days=30)
        assert await lane.round() == 0

    dead = await outbox.one(message.id)
    assert dead.given_up_at is not None
    assert dead.last_error.startswith("550 no such")
    assert "\x1b" not in dead.last_error + caplog.text
    assert "relay:dead_letter" in caplog.text
    assert sink.letters == []


async def test_a_server_that_hangs_costs_its_timeout_and_a_retry(world):
    message = await one_mail(world)
    async with smtp_server(Sink(hold=asyncio.Event())) as sink:
        await world.mail_lane(sink.port, timeout_s=0.3).round()

    failed = await outbox.one(message.id)
    assert failed.last_error == "no answer within 0.3 s"
    assert failed.attempts == 1
    async with smtp_server() as sink:
        world.clock.forward(seconds=1.3)
        await world.mail_lane(sink.port).round()
    assert len(sink.letters) == 1


async def test_a_server_that_is_away_is_tried_until_it_is_given_up(world):
    message = await one_mail(world)
    async with smtp_server() as sink:
        port = sink.port
    lane = world.mail_lane(port)
    for _ in range(len(PAUSES_S) + 1):
        assert await lane.round() == 1
        world.clock.forward(hours=29)
    assert await lane.round() == 0

    dead = await outbox.one(message.id)
    assert dead.given_up_at is not None
    assert dead.last_error.startswith("given up after 13 attempts: SMTPConnectError")


def test_pauses_grow_with_jitter_and_end():
    for attempts, seconds in enumerate(PAUSES_S, 1):
        pauses = {pause_after(attempts) for _ in range(50)}
        assert len(pauses) > 1
        assert all(abs(pause.total_seconds() - seconds) <= seconds / 5 for pause in pauses)
        assert max(pauses) < outbox.FARTHEST_RETRY
    assert pause_after(len(PAUSES_S) + 1) is None


async def test_two_relays_never_have_the_same_message(world):
    for place in range(6):
        await world.submitted(name=f"Sale {place}")
    seen = []

    async def note(message):
        seen.append(message.id)
        await asyncio.sleep(0)
        return Delivered()

    lanes = [Lane(world.office, outbox.MAIL, note, at_once=3) for _ in range(2)]
    while sum(await asyncio.gather(*(lane.round() for lane in lanes))):
        pass

    assert sorted(seen) == sorted(message.id for message in await world.messages("mail"))
    assert len(seen) == len(set(seen)) == 18


async def claimed(world, limit=100):
    return await world.office.database.transaction(lambda: outbox.claim(world.clock(), limit=limit))


async def test_claims_are_disjoint_and_last_as_long_as_the_lease(world):
    await world.submitted()
    first, second = await asyncio.gather(claimed(world, 2), claimed(world, 2))
    assert len({message.id for message in (*first, *second)}) == len(first) + len(second) <= 3
    await claimed(world)
    assert await claimed(world) == []
    world.clock.forward(seconds=59)
    assert await claimed(world) == []
    world.clock.forward(seconds=1)
    assert len(await claimed(world)) == 3


async def test_a_claim_that_read_the_clock_before_another_does_not_take_its_lease(world):
    await world.submitted()
    await claimed(world)
    world.clock.forward(seconds=-30)
    assert await claimed(world) == []


async def test_a_clock_that_was_set_back_strands_nothing(world):
    await world.submitted()
    await OutboxRow.all().update(leased_until=world.clock() + timedelta(hours=1))
    assert len(await claimed(world)) == 3
    await OutboxRow.all().update(leased_until=None, next_at=world.clock() + timedelta(hours=1))
    assert len(await claimed(world)) == 3, "a first attempt waits for no clock"


async def test_who_lost_the_lease_does_not_take_it_from_its_holder(world):
    await world.submitted()
    mine = (await claimed(world))[0]
    world.clock.forward(seconds=61)
    theirs = (await claimed(world))[0]
    assert mine.id == theirs.id
    at = world.clock()
    await world.office.database.transaction(
        lambda: outbox.mark_failed(mine, error="late", now=at, next_at=at)
    )
    assert await claimed(world) == []


async def test_a_mistake_in_one_message_does_not_stop_the_others(world, caplog):
    await world.submitted()
    first = (await world.messages("mail"))[0]

    async def deliver(message):
        if message.id == first.id:
            raise KeyError("oops")
        return Delivered()

    await Lane(world.office, outbox.MAIL, deliver).round()

    assert [bool(message.delivered_at) for message in await world.messages("mail")] == [False, True, True]
    assert (await outbox.one(first.id)).last_error == "KeyError: 'oops'"
    assert "relay:delivery_failed" in caplog.text


async def test_a_lost_database_is_said_once_and_waited_for(world, caplog):
    message = await one_mail(world)
    caplog.set_level(logging.INFO)
    attempts = []

    async def deliver(message):
        attempts.append(message.id)
        if len(attempts) < 3:
            raise Unavailable("the database does not answer")
        return Delivered()

    await Lane(world.office, outbox.MAIL, deliver).round()

    assert (await outbox.one(message.id)).delivered_at is not None
    assert (await outbox.one(message.id)).attempts == 0, "an outage is no failed attempt"
    assert caplog.text.count("relay:database_lost") == 1


@pytest.mark.slow
async def test_the_loops_outlive_an_outage_of_the_database(postgresql_url, caplog):
    caplog.set_level(logging.INFO)
    line = Line(postgresql_url)
    await line.restore()
    async with Database.open(line.url) as database:
        world = await World.open(database)
        stop = asyncio.Event()
        settings = Settings(poll_s=0.01)
        running = [asyncio.create_task(loop(world.office, settings, stop)) for loop in (relay, clock)]
        await world.submitted()

        async def are_told():
            return all(message.delivered_at for message in await world.messages("mail"))

        await until(are_told)
        await line.cut()

        async def is_said():
            return all(
                re.search(rf"{name}:(database_lost|round_failed)", caplog.text) for name in ("relay", "clock")
            )

        await until(is_said)
        await line.restore()

        async def are_back():
            return "relay:recovered" in caplog.text and "clock:recovered" in caplog.text

        await until(are_back)
        await world.submitted()
        await until(are_told)
        stop.set()
        await asyncio.gather(*running)
    await line.cut()
    told = [
        (record.message.partition(":")[0], getattr(record, "kind", None))
        for record in caplog.records
        if record.levelno >= logging.WARNING and re.match("(relay|clock):(?!no_delivery_url)", record.message)
    ]
    assert sorted(set(told), key=str) == sorted(told, key=str)  # each lane says it once
    assert {name for name, _ in told} == {"relay", "clock"}


async def test_the_loop_ends_promptly_and_finishes_the_send_in_hand(world):
    message = await one_mail(world)
    stop = asyncio.Event()
    async with smtp_server(Sink(hold=asyncio.Event())) as sink:
        settings = Settings(mail=f"smtp://127.0.0.1:{sink.port}", mail_from="a@acme.test", poll_s=3600)
        running = asyncio.create_task(relay(world.office, settings, stop))
        async with asyncio.timeout(WAIT_S):
            await sink.arrived.wait()
            stop.set()
            asyncio.get_running_loop().call_later(0.3, sink.hold.set)  # the server takes its time
            await running

    assert len(sink.letters) == 1
    assert (await outbox.one(message.id)).delivered_at is not None


async def test_an_idle_loop_ends_at_once(world):
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(1):
        await relay(world.office, Settings(poll_s=3600), stop)


async def test_without_a_sending_system_publications_wait(world, caplog):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    stop = asyncio.Event()
    running = asyncio.create_task(relay(world.office, Settings(poll_s=0.01), stop))

    async def is_told():
        return all(message.delivered_at for message in await world.messages("mail"))

    await until(is_told)
    stop.set()
    await running

    [handover] = await world.messages("handover")
    assert (handover.attempts, handover.delivered_at, handover.given_up_at) == (0, None, None)
    assert caplog.text.count("relay:no_delivery_url") == 1


async def test_the_outbox_transport_keeps_and_the_console_shows(world):
    message = await one_mail(world)
    assert transport_of("outbox") is keep
    shown = StringIO()
    await Lane(world.office, outbox.MAIL, mail_delivery(world.office, Settings(), Console(shown))).round()

    assert "Subject: [Campaign approval] Diwali sale (revision 1)" in shown.getvalue()
    assert "> No" in shown.getvalue()
    assert (await outbox.one(message.id)).delivered_at is not None


async def test_the_console_obeys_no_letter_of_a_mail(database):
    world = await World.open(database)
    await world.submitted(name="\x1b]0;title\x07\x9b31m", note="\x1b[2J\r\x08")
    shown = StringIO()
    await Lane(world.office, outbox.MAIL, mail_delivery(world.office, Settings(), Console(shown))).round()

    assert not set(shown.getvalue()) & set("\x1b\x07\x9b\r\x08")


@pytest.mark.parametrize("url", ["smtp://ma%40ya:p%3Ass%2F@127.0.0.1:2525", "smtps://127.0.0.1"])
def test_user_and_password_are_percent_decoded(url):
    transport = transport_of(url)
    expected = ("ma@ya", "p:ss/") if "@" in url else (None, None)
    assert (transport._user, transport._password) == expected
    assert transport._tls is url.startswith("smtps")


CRASHING = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gql_approvals.persistence import outbox
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.database import Database
from gql_approvals.policy.engine import Policy
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.outcome import Delivered
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.workflow.case import Rules

async def main():
    policy = Policy.load(Path(sys.argv[2]), now=datetime.now(UTC))
    async with Database.open(sys.argv[1]) as database:
        now = lambda: datetime.now(UTC)
        office = Office(database=database, policy=PolicyInForce(policy), now=now, rules=Rules())
        async def deliver(message):
            os.kill(os.getpid(), signal.SIGKILL)
        await Lane(office, outbox.MAIL, deliver, 2).round()

asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_relay_killed_between_commit_and_send_loses_and_repeats_nothing(database_url, world):
    await world.submitted()
    policies = str(Path(__file__).parents[2] / "policies")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CRASHING, database_url, policies)
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL

    async with smtp_server() as sink:
        lane = world.mail_lane(sink.port)
        await lane.round()
        assert len(sink.letters) == 1, "two are leased to the relay that died"
        world.clock.forward(seconds=120)
        while await lane.round():
            pass
    assert sink.told == ["ada", "chen", "cleo"]
    assert len({letter.mail["Message-ID"] for letter in sink.letters}) == 3


async def test_a_failed_attempt_of_another_kind_is_kept_short(world):
    message = await one_mail(world)

    async def deliver(_):
        return Failed("x" * 10_000 + "\x00")

    await Lane(world.office, outbox.MAIL, deliver).round()
    assert len((await outbox.one(message.id)).last_error) == 500
