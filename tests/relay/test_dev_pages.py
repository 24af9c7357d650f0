"""The demo's pages, over HTTP: what they show, what they may do, and the receiver behind them."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from tests.relay.test_policy_mail import refuse
from tests.relay.world import SECRET, World, until

from gql_approvals.http.dev_pages import DELIVERIES, dev_routes
from gql_approvals.http.request_body import MAX_BODY
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.relay.handover import signed_headers
from gql_approvals.relay.loop import relay
from gql_approvals.service import webhooks as service
from gql_approvals.service.reach import Reach
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

SETTINGS = Settings(demo=True, delivery_secret=SECRET)


def client(world, settings=SETTINGS):
    app = Starlette(routes=dev_routes(lambda: world.office, settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://demo.test")


async def test_the_outbox_lists_mails_and_hand_overs_with_their_state(world):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    await world.change_member("cleo", roles=[])
    async with client(world) as http:
        page = await http.get("/dev/outbox")

    assert page.status_code == 200
    assert page.text.count("[Campaign approval] Diwali sale (revision 1)") == 1
    assert "Chen &lt;chen@acme.test&gt;" in page.text
    assert page.text.count(">untold<") == 1
    assert "the sending system" in page.text
    assert page.text.count(">waiting<") == 4


@pytest.mark.slow
async def test_the_outbox_is_in_threads_as_mail_programs_show_it(world):
    first = await world.submitted(name="First")
    await world.act("chen", Action.REJECT, first, reason="No")
    await world.submitted(name="Second")
    await world.act("maya", Action.SUBMIT, first, note="It is right")
    await world.act("chen", Action.APPROVE, first)
    await refuse(world)
    async with client(world) as http:
        page = await http.get("/dev/outbox")

    threads = [
        thread.partition("</section>")[0] for thread in page.text.split('<section class="thread">')[1:]
    ]
    badges = [re.findall(r'class="badge \w+">([^<]+)<', thread) for thread in threads]
    titles = [re.search(r"<h2>([^<]+)", thread)[1].strip() for thread in threads]
    assert list(zip(titles, badges, strict=True)) == [
        ("[Campaign approval] The policy files on node-1 have mistakes", ["Policy refused"]),
        ("[Campaign approval] First (revision 1)", ["Review requested", "Approved", "Handed over"]),
        ("[Campaign approval] Second (revision 1)", ["Review requested"]),
        ("[Campaign approval] First (revision 1)", ["Review requested", "Rejected"]),
    ]
    at = world.clock().astimezone(ZoneInfo("Asia/Kolkata"))
    assert f"{at:%H:%M} Asia/Kolkata" in page.text
    assert f"{world.clock():%H:%M} UTC" in page.text


async def test_a_mail_can_be_taken_away_as_it_is_sent(world, sink):
    await world.submitted()
    [message, *_] = await world.messages("mail")
    settings = Settings(demo=True, mail_from="approvals@acme.test")
    async with client(world, settings) as http:
        answer = await http.get(f"/dev/outbox/{message.id}/eml")
    await world.mail_lane(sink.port).round()

    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == f'attachment; filename="mail-{message.id}.eml"'
    assert answer.content in [letter.raw for letter in sink.letters]


async def test_messages_whose_campaign_is_gone_are_still_shown(world):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    await OutboxRow.all().update(payload={"event": "campaign:submitted", "campaign": 10**6})
    async with client(world) as http:
        listed = await http.get("/dev/outbox")
        pages = [await http.get(f"/dev/outbox/{message.id}") for message in await world.messages()]
        frame = await http.get(f"/dev/outbox/{(await world.messages('mail'))[0].id}/html")

    assert [listed.status_code, *(page.status_code for page in pages)] == [200] * 6
    assert frame.status_code == 404


async def test_a_webhook_s_message_is_listed_and_shown_as_it_is_posted(world):
    await service.add(
        world.office,
        Reach(plain=True),
        "acme",
        "http://localhost:1/",
        description="",
        events=["campaign:created"],
    )
    await world.create(name="<b>bold</b>")
    [message] = await world.messages("webhook")
    async with client(world) as http:
        page = await http.get("/dev/outbox")
        one = await http.get(f"/dev/outbox/{message.id}")

    assert (page.status_code, one.status_code) == (200, 200)
    assert "campaign:created" in page.text
    assert "webhook 1" in page.text
    assert "&#34;type&#34;: &#34;campaign:created&#34;" in one.text
    assert "<b>" not in one.text


async def test_a_mail_is_shown_as_text_html_and_headers_without_any_script(database):
    world = await World.open(database)
    await world.submitted(name="<script>alert(1)</script>")
    [message, *_] = await world.messages("mail")
    async with client(world) as http:
        page = await http.get(f"/dev/outbox/{message.id}")
        frame = await http.get(f"/dev/outbox/{message.id}/html")

    for answer in (page, frame):
        assert "<script" not in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "http://" not in answer.text
        assert "https://" not in answer.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert frame.headers["content-security-policy"].startswith("sandbox;")
    assert f'<iframe sandbox title="The mail as HTML" src="/dev/outbox/{message.id}/html">' in page.text
    assert "Message-ID" in page.text
    assert "Sale ends tonight" in page.text


async def test_every_page_answers_whatever_is_asked(world):
    async with client(world) as http:
        for path in ("/dev/outbox", "/dev/deliveries", "/dev/dev.css"):
            assert (await http.get(path)).status_code == 200
        for path in ("/dev/outbox/1", f"/dev/outbox/{2**80}", "/dev/outbox/0/html", "/dev/outbox/x"):
            assert (await http.get(path)).status_code == 404


def delivery(body, *, key="publication-1", secret=SECRET, at=None):
    headers = signed_headers(Webhook(secret), key, body, at or datetime.now(UTC))
    return {"content": body.encode(), "headers": headers}


async def test_the_receiver_keeps_each_delivery_once(world, tmp_path):
    facts = {"name": "Sale\n{}", "channel": "SMS", "revision": 1, "authorisation": "QUORUM"}
    body = json.dumps({**facts, "maxRecipients": 1})
    async with client(world) as http:
        answers = await asyncio.gather(*(http.post("/dev/delivery", **delivery(body)) for _ in range(5)))
        other = await http.post("/dev/delivery", **delivery(body, key="publication-2"))
        page = await http.get("/dev/deliveries")

    assert sorted(answer.json()["stored"] for answer in answers) == [False] * 4 + [True]
    assert other.json() == {"stored": True}
    lines = [json.loads(line) for line in (tmp_path / DELIVERIES).read_text().splitlines()]
    assert [line["id"] for line in lines] == ["publication-1", "publication-2"]
    assert lines[0]["body"] == json.loads(body)
    assert page.text.index("publication-2") < page.text.index("publication-1")


FORGED = {
    "no headers": {"content": b"{}"},
    "another secret": delivery("{}", secret="whsec_" + "A" * 32),
    "another body": {**delivery("{}"), "content": b"[]"},
    "too old": delivery("{}", at=datetime.now(UTC) - timedelta(minutes=10)),
    "malformed signature": {
        "content": b"{}",
        "headers": {**delivery("{}")["headers"], "webhook-signature": "v1"},
    },
    "bytes": {**delivery("{}"), "content": b"\xff\xfe"},
    "no JSON": delivery("{"),
    "too deep": delivery("[" * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGED)
async def test_the_receiver_takes_nothing_that_is_not_signed(world, tmp_path, forgery):
    async with client(world) as http:
        answer = await http.post("/dev/delivery", **FORGED[forgery])
    assert answer.status_code == 401
    assert not (tmp_path / DELIVERIES).exists()


async def test_the_receiver_takes_no_more_than_it_can_hold(world):
    async with client(world) as http:
        assert (await http.post("/dev/delivery", **delivery(" " * (MAX_BODY + 1)))).status_code == 413


async def test_without_a_place_or_a_secret_the_receiver_says_so(database):
    world = await World.open(database)
    async with client(world) as http:
        assert (await http.post("/dev/delivery", **delivery("{}"))).status_code == 503


async def test_the_relay_hands_over_to_the_demo_s_own_receiver(world, tmp_path):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    app = Starlette(routes=dev_routes(lambda: world.office, SETTINGS))
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
    server.install_signal_handlers = lambda: None
    serving = asyncio.create_task(server.serve())
    stop = asyncio.Event()

    async def is_up():
        return server.started

    await until(is_up)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/dev/delivery"
    settings = Settings(demo=True, poll_s=0.01, delivery_url=url, delivery_secret=SECRET)
    running = asyncio.create_task(relay(world.office, settings, stop))

    async def is_handed_over():
        return (await world.campaign(campaign)).live.handed_over_at is not None

    await until(is_handed_over)
    stop.set()
    await running
    server.should_exit = True
    await serving

    [line] = (tmp_path / DELIVERIES).read_text().splitlines()
    assert json.loads(line)["body"]["content"] == {"senderId": "ACME", "body": "Sale ends tonight"}
