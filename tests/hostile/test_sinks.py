"""A story told with each hostile text, and all that leaves the server: mails, hand-overs, webhooks, pages, logs.

Every text that people can type is the same hostile one; the servers at the other ends are real.
"""
# ruff: noqa: E501  # tables and sentences keep their lines

import json
import logging
import re
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from starlette.applications import Starlette
from tests.hostile.fields import texts_in
from tests.hostile.raw_mail import read, skeleton
from tests.hostile.test_mails import HEADERS
from tests.hostile.texts import FEW, STORABLE
from tests.relay.misbehaving import PLAIN, receiving
from tests.relay.world import SECRET, World

from gql_approvals import logs
from gql_approvals.http.dev_pages import PAGE_HEADERS, dev_routes
from gql_approvals.persistence import chain, outbox, webhooks
from gql_approvals.persistence.snapshot import snapshot
from gql_approvals.relay import handover
from gql_approvals.relay.handover import HandOver
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import handover_delivery
from gql_approvals.relay.text import header_text
from gql_approvals.relay.webhook import Poster, client, delivery
from gql_approvals.relay.webhook_lanes import WebhookLanes
from gql_approvals.service import webhooks as service
from gql_approvals.service.reach import Reach
from gql_approvals.settings import Settings
from gql_approvals.workflow.content import Audience, EmailContent
from gql_approvals.workflow.vocabulary import Action

LOOPBACK = Reach(plain=True)
# Ids, hashes, roles, times and words of ours: what an audit entry may hold of a story.
PLAIN_WORD = re.compile(r"[A-Za-z0-9_:.+*-]{1,80}")
SAYABLE = {name: text for name, text in STORABLE.items() if text.strip()}  # a name is not blank
SHOWN = [name for name in FEW if name in SAYABLE]


def name_of(text: str) -> str:
    """The text as a campaign's or a person's name, which has at most 200 letters."""
    return text[:200]


@asynccontextmanager
async def told(database, folder, text, receiver):
    """The story: somebody is told of everything, it is rejected, corrected, approved and handed over."""
    name = name_of(text)
    world = await World.open(database, folder=folder, names={"maya": name, "chen": name}, account_name=name)
    await service.add(world.office, LOOPBACK, "acme", receiver.url, description="", events=())
    campaign = await world.create(
        name=name,
        content=EmailContent(
            subject=text, from_name=text, from_email=text, html=f"<p>{text}</p>{text}",
            preheader=text, reply_to=text, text=text,
        ),
        audience=Audience(segment=text, definition={text: [text, {text: text}]}, estimated_size=1),
    )  # fmt: skip
    await world.act("maya", Action.COMMENT, campaign, body=text)
    await world.act("maya", Action.SUBMIT, campaign, note=text)
    await world.act("chen", Action.REJECT, campaign, reason=text)
    await world.act("maya", Action.SUBMIT, campaign, note=text)
    await world.act("chen", Action.APPROVE, campaign, reason=text)
    yield world, campaign


@pytest.fixture
def tell(database, database_url, tmp_path, sink, caplog):
    """Tell the story with the text of this name, and look at all that came of it."""
    return partial(_tell, database, database_url, tmp_path, (sink, caplog))


@pytest.mark.wide
@pytest.mark.parametrize("name", SHOWN[:4])
@pytest.mark.sampled(1)
async def test_a_story_told_with_it_is_told_as_any_other(tell, name):
    await tell(name)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [name for name in SAYABLE if name not in SHOWN[:4]])
async def test_a_story_told_with_any_of_them(tell, name):
    await tell(name)


async def _tell(database, database_url, tmp_path, ends, name):
    sink, caplog = ends
    text = STORABLE[name]
    caplog.set_level(logging.INFO)
    async with receiving() as receiver, told(database, tmp_path, text, receiver) as (world, campaign):
        while await world.mail_lane(sink.port).round():
            pass
        mailed(sink.letters, text)
        await handed_over(world, text)
        await posted(world, receiver, text)
        await paged(world)
        await audited(database_url)
        logged(caplog.records)
        stored = await world.campaign(campaign)
        assert (stored.name, stored.head.content.subject) == (name_of(text), text)
        assert stored.head.audience.definition == {text: [text, {text: text}]}


def mailed(letters, text):
    """Every mail has one recipient, one of each header, and no element of its own."""
    assert len(letters) > 6
    elements = {"html", "head", "meta", "title", "style", "body", "div", "p", "span", "h1", "h2", "blockquote",
                "table", "tr", "th", "td", "a", "!"}  # fmt: skip
    for letter in letters:
        mail = read(letter.raw)
        assert sorted(mail.names) == sorted(HEADERS)
        assert letter.sender == "approvals@acme.test"
        assert re.fullmatch(r"[a-z]+@acme\.test", *letter.recipients)
        assert mail["To"].endswith(f"<{letter.recipients[0]}>") or mail["To"] == letter.recipients[0]
        assert f"{header_text(name_of(text))} (revision" in re.sub(r"\s+", " ", mail["Subject"])
        found = skeleton(mail.parts[1].text)
        assert {tag for tag, _, _ in found} <= elements
        assert not [item for item in found if item[1].startswith("on") or item[1] in {"src", "href"}]


async def handed_over(world, text):
    """The sending system gets exactly what was typed, signed; an independent reader verifies it."""
    async with receiving() as sender, handover.client() as http:
        post = HandOver(http, sender.url, SECRET)
        await Lane(world.office, outbox.HANDOVER, handover_delivery(world.office, post)).round()
    [body] = sender.verified(SECRET)
    assert (body["name"], body["content"]["subject"]) == (name_of(text), text)
    assert body["audience"]["definition"] == {text: [text, {text: text}]}


async def posted(world, receiver, text):
    """A webhook's event is valid JSON under a good signature, and tells only names of what people wrote."""
    [hook] = await webhooks.of_account(world.account.id)
    async with client(httpx.AsyncHTTPTransport(verify=PLAIN)) as http:
        lanes = WebhookLanes(world.office, delivery(world.office, Poster(http, LOOPBACK)))
        while await lanes.lane(hook.id).round():
            pass
    assert len(receiver.requests) > 6
    for headers, body in receiver.requests:
        assert Verifier(hook.secrets[0]).verify(body, headers)
        assert json.loads(body)["type"]
        for word in texts_in(json.loads(body)):
            assert PLAIN_WORD.fullmatch(word) or word == name_of(text), word


async def paged(world):
    """The demo's pages: nothing of it is an element or an attribute, and nothing may run."""
    app = Starlette(routes=dev_routes(lambda: world.office, Settings(demo=True, mail_from="a@acme.test")))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://demo.test", timeout=60
    ) as http:
        kinds = {message.kind: message.id for message in await world.messages()}
        for path in ("/dev/outbox", *(f"/dev/outbox/{one}" for one in kinds.values())):
            page = await http.get(path)
            assert page.status_code == 200
            assert page.headers["content-security-policy"] == PAGE_HEADERS["Content-Security-Policy"]
            found = skeleton(page.text)
            assert not {"script", "img", "svg", "b", "object", "embed", "form"} & {tag for tag, _, _ in found}
            assert not [item for item in found if item[1].startswith("on") and item[1] != "on"]
            links = [value for _, attribute, value in found if attribute in {"href", "src"}]
            assert all(re.match(r"/|https?://|mailto:", link) for link in links), links
        frame = await http.get(f"/dev/outbox/{kinds['mail']}/html")
        assert frame.headers["content-security-policy"].startswith("sandbox;")


async def audited(database_url):
    """The chain is whole, and its entries hold ids, hashes and words of ours only."""
    async with snapshot(database_url) as reading:
        [verdict] = [one async for one in chain.check(reading, ["acme"])]
        assert verdict.finding is None
        entries = [entry async for entry in chain.entries(reading, "acme")]
    assert len(entries) > 6
    for entry in entries:
        for word in texts_in(entry["detail"]):
            assert PLAIN_WORD.fullmatch(word), (entry["kind"], word)


def logged(records):
    """Every record is one line in both forms, and whole JSON in one of them."""
    assert records
    for form in ("text", "json"):
        formatter = logs.formatter(form)
        for record in records:
            line = formatter.format(record)
            assert line.isprintable()
            assert form == "text" or json.loads(line)["event"]
