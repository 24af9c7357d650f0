"""The hand-over over real HTTP on loopback: signed, repeated until it is taken, exactly what was approved."""

import asyncio
import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import rfc8785
from standardwebhooks.webhooks import Webhook
from tests.relay.world import SECRET, SMS, Receiver, http_server, until

from gql_approvals.errors import BadSettings
from gql_approvals.persistence import outbox
from gql_approvals.persistence.models import RevisionRow
from gql_approvals.relay import handover
from gql_approvals.relay.handover import HandOver, webhook_of
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import handover_delivery, relay
from gql_approvals.service.perform import perform_due
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

DOCUMENT = Path(__file__).parents[2] / "docs" / "hand-over.md"


async def published(world, **fields):
    campaign = await world.submitted(**fields)
    await world.act("chen", Action.APPROVE, campaign)
    return campaign


async def rounds(world, receiver, *, timeout_s=10):
    async with handover.client() as client:
        post = HandOver(client, receiver.url, SECRET, timeout_s=timeout_s)
        lane = Lane(world.office, outbox.HANDOVER, handover_delivery(world.office, post))
        return await lane.round()


async def handed_over_at(world, campaign):
    return (await world.campaign(campaign)).live.handed_over_at


def verified(request):
    headers, body = request
    return Webhook(SECRET).verify(body, headers)


async def test_a_publication_is_handed_over_when_the_other_side_has_it(world):
    campaign = await published(world)
    async with http_server(Receiver(answers=[500, 503, 204])) as receiver:
        for pause in (1.3, 6.1, 60):
            assert await handed_over_at(world, campaign) is None
            assert await rounds(world, receiver) == 1
            world.clock.forward(seconds=pause)
        assert await rounds(world, receiver) == 0

    assert await handed_over_at(world, campaign) is not None
    [message] = await world.messages("handover")
    assert (message.attempts, message.last_error) == (2, None)
    assert {headers["webhook-id"] for headers, _ in receiver.requests} == {message.key}
    bodies = [verified(request) for request in receiver.requests]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_the_body_is_what_was_approved_and_its_hash_can_be_computed_from_it(world):
    at = world.clock() + timedelta(hours=1)
    campaign = await published(world, scheduled_at=at)
    world.clock.forward(hours=1)
    await perform_due(world.office, world.account.id, campaign)
    await world.act("maya", Action.EDIT, campaign, content=type(SMS)(sender_id="ACME", body="Later words"))
    world.clock.forward(hours=-1)
    async with http_server() as receiver:
        await rounds(world, receiver)

    body = verified(receiver.requests[0])
    assert body["content"] == {"senderId": "ACME", "body": "Sale ends tonight"}
    assert body["maxRecipients"] == body["audience"]["estimatedSize"] == 1200
    assert (body["account"], body["channel"], body["revision"], body["authorisation"]) == (
        "acme",
        "SMS",
        1,
        "QUORUM",
    )

    def digest(value):
        return hashlib.sha256(rfc8785.dumps(value)).hexdigest()

    sections = {
        "COPY": digest({"channel": body["channel"], "content": body["content"]}),
        "AUDIENCE": digest(body["audience"]),
        "SCHEDULE": digest({"publishMode": body["publishMode"], "scheduledAt": body["scheduledAt"]}),
    }
    assert digest(sections) == body["contentHash"]
    assert body["contentHash"] == (await world.campaign(campaign)).live.content_hash


async def test_content_that_was_changed_behind_the_back_is_never_handed_over(world, caplog):
    campaign = await published(world)
    await RevisionRow.filter(campaign_id=campaign).update(segment="Everybody")
    async with http_server() as receiver:
        await rounds(world, receiver)

    assert receiver.requests == []
    [message] = await world.messages("handover")
    assert message.given_up_at is not None
    assert "not what was authorised" in message.last_error
    assert "relay:dead_letter" in caplog.text


async def test_a_receiver_that_hangs_or_is_away_is_tried_again(world):
    campaign = await published(world)
    asked = asyncio.Event()

    async def silent(reader, writer):
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    receiver = Receiver(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    await rounds(world, receiver, timeout_s=0.3)
    assert asked.is_set()
    server.close()
    await server.wait_closed()
    [message] = await world.messages("handover")
    assert message.last_error == "no answer within 0.3 s"
    world.clock.forward(seconds=1.3)
    await rounds(world, receiver)
    [message] = await world.messages("handover")
    assert (message.attempts, message.last_error[:12]) == (2, "ConnectError")
    assert await handed_over_at(world, campaign) is None


async def test_a_redirect_is_no_answer_and_is_not_followed(world):
    await published(world)
    elsewhere, redirecting = Receiver(), Receiver(answers=[307])
    async with http_server(elsewhere), http_server(redirecting):
        redirecting.location = elsewhere.url
        await rounds(world, redirecting)

    assert elsewhere.requests == []
    [message] = await world.messages("handover")
    assert message.last_error == "answered 307: redirects are not followed"


async def test_the_environment_names_no_proxy_for_it(world, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    campaign = await published(world)
    async with http_server() as receiver:
        await rounds(world, receiver)
    assert await handed_over_at(world, campaign) is not None


async def test_the_running_relay_hands_over_and_a_hanging_receiver_delays_no_mail(world):
    await published(world)
    hold = asyncio.Event()

    async def silent(_, writer):
        await hold.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    settings = Settings(
        poll_s=0.01,
        delivery_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/",
        delivery_secret=SECRET,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(relay(world.office, settings, stop))

    async def is_told():
        return all(message.delivered_at for message in await world.messages("mail"))

    await until(is_told)
    stop.set()
    hold.set()
    await running
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("secret", ["whsec_", "whsec_é", "whsec_a"])
def test_a_secret_that_is_none_is_refused(secret):
    with pytest.raises(BadSettings, match="GQL_APPROVALS_DELIVERY_SECRET"):
        webhook_of(secret)


async def test_the_document_shows_the_body_as_it_is(world):
    await published(world)
    async with http_server() as receiver:
        await rounds(world, receiver)

    [example] = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    shown, body = json.loads(example), verified(receiver.requests[0])
    assert list(shown) == sorted(body)
    assert {name: type(value) for name, value in shown.items()} == {n: type(v) for n, v in body.items()}
