"""Webhooks over real HTTP on loopback: every event, signed, under one id, until it is taken or given up."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError
from tests.relay import misbehaving as bad
from tests.relay.misbehaving import PLAIN, receiving, status
from tests.relay.world import Sink, World, smtp_server, until

from gql_approvals.persistence import lookups, outbox, people, webhooks
from gql_approvals.persistence.audit import Entry, append
from gql_approvals.relay.backoff import WEBHOOK_PAUSES_S
from gql_approvals.relay.loop import relay
from gql_approvals.relay.webhook import Poster, client, delivery
from gql_approvals.relay.webhook_lanes import WebhookLanes
from gql_approvals.service import webhooks as service
from gql_approvals.service.reach import Reach
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

LOOPBACK = Reach(plain=True)
ATTEMPTS = len(WEBHOOK_PAUSES_S) + 1


async def hooked(world, receiver, *events):
    """A webhook whose own `webhook:added` is out of the way."""
    made = await service.add(
        world.office, LOOPBACK, world.account.slug, receiver.url, description="", events=events
    )
    await world.office.database.transaction(
        lambda: outbox.give_up_all(made.id, why="test", now=world.office.now())
    )
    return made


@asynccontextmanager
async def lanes(world, *, timeout_s=10.0, **limits):
    async with client(httpx.AsyncHTTPTransport(verify=PLAIN)) as http:
        yield WebhookLanes(
            world.office, delivery(world.office, Poster(http, LOOPBACK, timeout_s=timeout_s)), **limits
        )


async def round_of(world, webhook, *, timeout_s=10.0):
    async with lanes(world, timeout_s=timeout_s) as found:
        return await found.lane(webhook.id).round()


async def messages(world, webhook):
    return [
        message
        for message in await world.messages("webhook")
        if message.webhook == webhook.id and message.last_error != "test"
    ]


async def audit_kinds(world):
    seq, found = 1, []
    while (event := await lookups.audit_event_at(world.account.id, seq)) is not None:
        found.append(event)
        seq += 1
    return found


# -------------------------------------------------------------------------------------- what is told to whom
async def test_every_event_is_told_once_and_says_what_the_audit_log_says(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver)
        before = len(await audit_kinds(world))
        campaign = await world.submitted()
        await world.act("chen", Action.APPROVE, campaign)
        while await round_of(world, webhook):
            pass

    events = (await audit_kinds(world))[before:]
    assert [event.entry.kind for event in events] == [
        "campaign:created", "campaign:submitted", "campaign:approved", "campaign:sent"
    ]  # fmt: skip
    told = sorted(receiver.verified(webhook.secrets[0]), key=lambda body: body["data"]["seq"])
    assert [(body["type"], body["data"]["seq"], body["data"]["hash"]) for body in told] == [
        (event.entry.kind, event.seq, event.hash) for event in events
    ]
    assert [body["data"]["detail"] for body in told] == [dict(event.entry.detail) for event in events]
    assert told[1]["data"]["actor"]["name"] == "Maya"
    assert told[1]["data"]["campaign"]["status"] == "PENDING_REVIEW"
    assert told[1]["data"]["detail"]["contentHash"] == (await world.campaign(campaign)).head.hashes.content
    assert len(set(receiver.ids)) == 4
    assert all(message.delivered_at for message in await messages(world, webhook))


async def test_what_is_told_is_what_was_so_when_it_happened(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver, "campaign:submitted")
        campaign = await world.submitted()
        await world.act("maya", Action.WITHDRAW, campaign)
        await world.act("maya", Action.EDIT, campaign, name="Holi sale")
        await round_of(world, webhook)

    [body] = receiver.verified(webhook.secrets[0])
    assert body["data"]["campaign"]["status"] == "PENDING_REVIEW"
    assert body["data"]["campaign"]["name"] == "Diwali sale"


async def test_a_webhook_is_told_of_the_kinds_it_asked_for_and_of_no_other_account(world):
    async with receiving() as mine, receiving() as others:
        some = await hooked(world, mine, "campaign:submitted", "campaign:withdrawn")
        globex = await World.open(world.office.database, slug="globex")
        other = await hooked(globex, others)
        campaign = await world.submitted()
        await world.act("maya", Action.WITHDRAW, campaign)

    assert [m.payload["type"] for m in await messages(world, some)] == [
        "campaign:submitted", "campaign:withdrawn"
    ]  # fmt: skip
    assert await messages(world, other) == []


async def test_nothing_is_told_of_what_was_rolled_back(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver)

        async def fails():
            await people.lock_account(world.account.id)
            await append(world.account.id, Entry(kind="account:updated", at=world.clock(), actor=None))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await world.office.database.transaction(fails)

        assert await messages(world, webhook) == []
        assert await round_of(world, webhook) == 0


async def test_an_account_without_webhooks_writes_no_message(world):
    await world.submitted()

    assert await world.messages("webhook") == []


async def test_nothing_that_people_wrote_of_a_campaign_is_told(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver)
        campaign = await world.submitted(note="a note of mine")
        await world.act("chen", Action.REJECT, campaign, reason="a reason of mine")

    text = json.dumps([message.payload for message in await messages(world, webhook)])
    assert "campaign:rejected" in text
    for written in ("of mine", "Sale ends tonight", "Lapsed buyers", "@acme.test", *webhook.secrets):
        assert written not in text


# --------------------------------------------------------------------------------- receivers that misbehave
FAILS = {
    "400": status(400), "401": status(401), "404": status(404), "409": status(409), "429": status(429),
    "500": status(500), "502": status(502), "503": status(503), "504": status(504),
    "304": status(304), "redirect": status(302, "Location: http://127.0.0.1:9/\r\n"),
    "redirect_307": status(307, "Location: http://169.254.169.254/latest\r\n"),
    "hang": bad.hang, "drop": bad.drop, "no answer": bad.say_nothing, "garbage": bad.garbage,
    "slow head": bad.slow_head, "huge head": bad.huge_head,
}  # fmt: skip
NEVER = {"hang", "slow head"}
TAKES = {"200": status(200), "202": status(202), "slow body": bad.slow_body, "huge body": bad.huge_body}


@pytest.mark.parametrize("how", FAILS)
@pytest.mark.sampled
async def test_what_is_not_taken_comes_again_under_the_same_id(world, how):
    async with receiving(FAILS[how]) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        await round_of(world, webhook, timeout_s=1 if how in NEVER else 10)
        [failed] = await messages(world, webhook)
        world.clock.forward(seconds=6.1)
        await round_of(world, webhook)
        await round_of(world, webhook)

    [message] = await messages(world, webhook)
    assert (failed.attempts, failed.delivered_at, failed.given_up_at) == (1, None, None)
    assert failed.last_error
    assert message.delivered_at is not None
    assert receiver.ids == [message.key, message.key]
    assert receiver.requests[0][1] == receiver.requests[1][1]  # the same bytes
    assert len(receiver.verified(webhook.secrets[0])) == 2


@pytest.mark.parametrize("how", TAKES)
@pytest.mark.sampled
async def test_what_is_taken_does_not_come_again_however_the_answer_goes_on(world, how):
    async with receiving(TAKES[how]) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        await round_of(world, webhook, timeout_s=2)
        world.clock.forward(days=2)
        assert await round_of(world, webhook) == 0

    assert len(receiver.requests) == 1


async def test_nobody_listening_is_a_failure_like_any_other(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
    await world.create()
    await round_of(world, webhook)

    [message] = await messages(world, webhook)
    assert message.attempts == 1
    assert "ConnectError" in message.last_error


async def test_it_is_tried_by_the_schedule_of_the_standard_and_then_given_up(world):
    async with receiving(always=status(500)) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        for pause in WEBHOOK_PAUSES_S:
            assert await round_of(world, webhook) == 1
            world.clock.forward(seconds=pause * 0.79)
            assert await round_of(world, webhook) == 0
            world.clock.forward(seconds=pause * 0.42)
        assert await round_of(world, webhook) == 1
        world.clock.forward(days=9)
        assert await round_of(world, webhook) == 0

    [message] = await messages(world, webhook)
    assert message.given_up_at is not None
    assert message.last_error == "given up after 10 attempts: answered 500"
    assert receiver.ids == [message.key] * ATTEMPTS
    assert (await webhooks.one(webhook.id)).disabled_at is None


@pytest.mark.parametrize(
    ("asked", "waits_s"), [("60", 60), ("1", 5), ("Wed, 21 Oct 2030 07:28:00 GMT", 5), ("9" * 9, 86400)]
)
@pytest.mark.sampled
async def test_a_busy_receiver_says_when_to_come_again_within_a_day(world, asked, waits_s):
    async with receiving(status(429, f"Retry-After: {asked}\r\n")) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        await round_of(world, webhook)
        world.clock.forward(seconds=waits_s * 0.79)
        assert await round_of(world, webhook) == 0
        world.clock.forward(seconds=waits_s * 0.42)
        assert await round_of(world, webhook) == 1


async def test_410_disables_the_webhook_and_gives_up_what_waits_for_it(world):
    async with receiving(status(410)) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        for _ in range(6):
            await world.create()
        async with lanes(world, at_once=1) as found:
            await found.lane(webhook.id).round()
            assert await found.lane(webhook.id).round() == 0
        await world.create()

    stored = await webhooks.one(webhook.id)
    waiting = await messages(world, webhook)
    assert stored.disabled_why == "the receiver answered 410 Gone"
    assert len(receiver.requests) == 1
    assert len(waiting) == 6
    assert all(message.given_up_at for message in waiting)
    [told] = [event.entry for event in await audit_kinds(world) if event.entry.kind == "webhook:disabled"]
    assert dict(told.detail) == {"webhook": webhook.id, "deadLetters": 6}


async def test_an_enabled_webhook_is_told_of_what_happens_from_then_on(world):
    async with receiving(status(410)) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        await round_of(world, webhook)
        await world.create()

        assert await service.enable(world.office, webhook.id)
        assert not await service.enable(world.office, webhook.id)
        await world.create()
        assert await round_of(world, webhook) == 1

    assert len(receiver.requests) == 2


async def test_what_was_claimed_before_the_webhook_was_removed_is_not_sent(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        [claimed] = await world.office.database.transaction(
            lambda: outbox.claim(world.clock(), limit=5, kinds=("webhook",))
        )
        assert await service.remove(world.office, webhook.id) == 1
        async with client() as http:
            outcome = await delivery(world.office, Poster(http, LOOPBACK))(claimed)

    assert outcome.error == "the webhook was removed or disabled"
    assert receiver.requests == []


# ------------------------------------------------------------------------------------------------- secrets
async def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_only(world):
    async with receiving() as receiver:
        old = await hooked(world, receiver, "campaign:created")
        new = await service.rotate(world.office, old.id)
        await world.create()
        await round_of(world, new)
        world.clock.forward(hours=24)
        await world.create()
        await round_of(world, new)

    (during, first), (after, _) = receiver.requests
    assert new.secrets[0] != old.secrets[0]
    for secret in (old.secrets[0], new.secrets[0]):
        assert Verifier(secret).verify(first, during)
    assert len(during["webhook-signature"].split()) == 2
    assert len(after["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        Verifier(old.secrets[0]).verify(first, {**during, "webhook-signature": after["webhook-signature"]})


async def test_no_secret_is_in_the_audit_log_or_in_what_a_programmer_prints(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver)
        rotated = await service.rotate(world.office, webhook.id)
        await service.remove(world.office, webhook.id)

    text = repr([webhook, rotated, await audit_kinds(world), await world.messages()])
    assert "whsec_" not in text
    for secret in (*webhook.secrets, *rotated.secrets):
        assert secret not in text
    assert [event.entry.kind for event in await audit_kinds(world)][-3:] == [
        "webhook:added", "webhook:rotated", "webhook:removed"
    ]  # fmt: skip


# ------------------------------------------------------------------------------------ side by side, and lost
@pytest.mark.slow
async def test_a_receiver_that_hangs_holds_up_neither_mails_nor_other_receivers(world):
    async with (
        receiving(always=bad.hang) as slow,
        receiving() as quick,
        smtp_server(Sink()) as sink,
    ):
        for receiver in (slow, quick):
            await hooked(world, receiver, "campaign:created", "campaign:submitted")
        for _ in range(20):
            await world.create()
        await world.submitted()
        stop = asyncio.Event()
        settings = Settings(
            mail=f"smtp://127.0.0.1:{sink.port}", mail_from="a@acme.test", poll_s=0.01,
            review_url="http://localhost/{campaign}",
        )  # fmt: skip
        running = asyncio.create_task(relay(world.office, settings, stop))

        async def all_but_the_slow_one():
            return len(quick.requests) == 22 and sink.told == ["ada", "chen", "cleo"]

        await until(all_but_the_slow_one)
        assert 0 < len(slow.requests) <= 4
        stop.set()
        slow.always = None
        for task in slow.tasks:
            task.cancel()
        await running

    assert len(set(quick.ids)) == 22


async def test_receivers_take_turns_where_more_are_due_than_may_be_served_at_once(world):
    async with receiving() as first, receiving() as second:
        for receiver in (first, second):
            await hooked(world, receiver, "campaign:created")
        for _ in range(6):
            await world.create()
        async with lanes(world, at_once=1, rounds=1) as found:
            stop = asyncio.Event()
            running = asyncio.create_task(found.run(0.01, stop))

            async def three_each():
                return len(first.requests) + len(second.requests) >= 6

            await until(three_each)
            stop.set()
            await running

    assert abs(len(first.requests) - len(second.requests)) <= 1


async def test_a_worker_that_dies_after_the_receiver_took_it_sends_the_same_id_again(world):
    async with receiving(bad.hang) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        await world.create()
        async with lanes(world) as found:
            dying = asyncio.create_task(found.lane(webhook.id).round())
            await receiver.arrived.wait()
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        assert await round_of(world, webhook) == 0  # the lease holds
        world.clock.forward(seconds=61)
        assert await round_of(world, webhook) == 1

    [message] = await messages(world, webhook)
    assert message.delivered_at is not None
    assert receiver.ids == [message.key] * 2


async def test_two_workers_deliver_each_message_once(world):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        for _ in range(8):
            await world.create()
        async with lanes(world) as one, lanes(world) as two:
            counts = await asyncio.gather(*(found.lane(webhook.id).round() for found in (one, two)))
            await one.lane(webhook.id).round()

    assert sum(counts) <= 8
    assert len(receiver.ids) == len(set(receiver.ids)) == 8


async def test_a_clock_that_was_set_back_strands_nothing(world):
    async with receiving(status(500)) as receiver:
        webhook = await hooked(world, receiver, "campaign:created")
        world.clock.forward(days=30)
        await world.create()
        await round_of(world, webhook)
        world.clock.at -= timedelta(days=30)
        assert await round_of(world, webhook) == 1
        assert len(receiver.requests) == 2
