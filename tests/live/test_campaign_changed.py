"""`campaignChanged`: every change once, in order, and only what one may see."""

import asyncio

import pytest
from tests.live.live_client import CAMPAIGNS, events, signed_in
from tests.schema.client import on_one_database

from gql_approvals.workflow.identity import global_id

ONE = "subscription($id: ID) { campaignChanged(campaignId: $id) { id name status version } }"
VIEW = r"^(p, (everyone|viewer), +\*, +view, +any, +)always"


async def test_a_change_is_told_once_to_everybody_who_follows(live):
    async with signed_in(live.port, "vera") as vera, signed_in(live.port, "chen") as chen:
        told = [await vera.follow(CAMPAIGNS), await chen.follow(CAMPAIGNS), await chen.follow(CAMPAIGNS)]
        campaign = await live.create()
        for one in told:
            assert await one.campaign() == {
                "id": campaign["id"], "name": "Winter sale", "status": "DRAFT", "version": 1
            }  # fmt: skip
        await live.act("maya", "submitCampaign", campaign)
        for one in told:
            assert (await one.campaign())["status"] == "PENDING_REVIEW"
        await live.decided(campaign)  # approved and sent: one change, two entries of the audit log
        for one in told:
            assert (await one.campaign())["status"] == "SENT"
        last = await live.create()
        for one in told:
            assert (await one.campaign())["id"] == last["id"]
        assert [one.so_far() for one in told] == [[], [], []]


@on_one_database
async def test_a_change_is_told_over_server_sent_events(live):
    async with events(live.client, "vera", CAMPAIGNS) as told:
        campaign = await live.create()
        assert (await told.next())["campaignChanged"]["id"] == campaign["id"]
        await live.act("maya", "submitCampaign", campaign)
        assert (await told.next())["campaignChanged"]["status"] == "PENDING_REVIEW"


@on_one_database
async def test_what_came_before_is_not_told_and_what_comes_right_after_is(live):
    async with signed_in(live.port, "vera") as vera:
        for number in range(3):
            await live.create(name=f"Before {number}")
            told = await vera.follow(CAMPAIGNS)
            await live.create(name=f"After {number}")
            assert (await told.campaign())["name"] == f"After {number}"
            await told.complete()


@pytest.mark.wide
async def test_no_change_is_lost_or_told_twice_when_many_come_at_once(live):
    async with signed_in(live.port, "vera") as vera:
        told = await vera.follow(CAMPAIGNS)
        made = await asyncio.gather(*(live.create(name=f"Campaign {number}") for number in range(8)))
        await asyncio.gather(*(live.act("maya", "submitCampaign", campaign) for campaign in made))
        seen = [await told.campaign() for _ in range(16)]
        await live.create(name="The last one")
        assert (await told.campaign())["name"] == "The last one"
        assert told.so_far() == []
    for campaign in made:
        of = [one["status"] for one in seen if one["id"] == campaign["id"]]
        assert len(of) == 2
        assert of[-1] == "PENDING_REVIEW"
        assert of == sorted(of)  # DRAFT comes first, if it was told before the submission


@on_one_database
async def test_who_follows_one_campaign_is_told_of_that_one_only(live):
    async with signed_in(live.port, "vera") as vera:
        mine, other = await live.create(), await live.create()
        told = await vera.follow(ONE, id=mine["id"])
        await live.act("maya", "submitCampaign", other)
        await live.act("maya", "submitCampaign", mine)
        assert (await told.campaign())["id"] == mine["id"]
        assert told.so_far() == []


@on_one_database
async def test_what_one_may_not_see_never_arrives_whether_it_exists_or_not(live):
    async with signed_in(live.port, "vera") as vera, signed_in(live.port, "gil") as gil:
        foreign = await live.create("gwen")
        told = [
            await vera.follow(CAMPAIGNS),
            await vera.follow(ONE, id=foreign["id"]),
            await vera.follow(ONE, id=global_id("Campaign", 999_999)),
            await vera.follow(ONE, id="no id at all"),
        ]
        theirs = await gil.follow(CAMPAIGNS)
        await live.act("gwen", "submitCampaign", foreign)
        assert (await theirs.campaign())["id"] == foreign["id"]
        own = await live.create()
        assert (await told[0].campaign())["id"] == own["id"]
        await vera.ping()
        assert [one.so_far() for one in told] == [[], [], [], []]


@on_one_database
async def test_one_account_is_followed_at_a_time(live):
    async with signed_in(live.port, "noor", "globex") as noor:
        told = await noor.follow(CAMPAIGNS)
        await live.create()
        foreign = await live.create("gwen")
        assert (await told.campaign())["id"] == foreign["id"]


@on_one_database
async def test_a_campaign_that_becomes_invisible_just_stops(live, obey):
    async with signed_in(live.port, "vera") as vera, signed_in(live.port, "maya") as maya:
        told, own = await vera.follow(CAMPAIGNS), await maya.follow(CAMPAIGNS)
        campaign = await live.create()
        assert (await told.campaign())["status"] == (await own.campaign())["status"] == "DRAFT"
        obey(VIEW, r"\1own   ")
        await live.edited(campaign, name="Theirs alone")
        assert (await own.campaign())["name"] == "Theirs alone"
        await vera.ping()
        assert told.so_far() == []


@on_one_database
async def test_every_event_is_answered_from_what_holds_then(live):
    selection = """subscription { campaignChanged {
      head { contentHash contributors { name } } openRequest { id }
      viewerActions { action allowed } } }"""
    async with signed_in(live.port, "vera") as vera:
        told = await vera.follow(selection)
        campaign = await live.create()
        first = (await told.next())["campaignChanged"]
        await live.assign("vera", "maker")
        await live.edited(campaign, "max")
        second = (await told.next())["campaignChanged"]

    def allowed(event):
        return {one["action"] for one in event["viewerActions"] if one["allowed"]}

    assert allowed(first) == {"VIEW"}
    assert {"EDIT", "SUBMIT", "DUPLICATE"} <= allowed(second)
    assert first["head"]["contentHash"] != second["head"]["contentHash"]
    assert [len(one["head"]["contributors"]) for one in (first, second)] == [1, 2]


@on_one_database
async def test_an_error_of_a_field_is_told_with_its_event_and_the_next_one_comes(live):
    query = "subscription($n: Int!) { campaignChanged { id revisions(first: $n) { edges { cursor } } } }"
    async with signed_in(live.port, "vera") as vera:
        told = await vera.follow(query, n=-1)
        for _ in range(2):
            await live.create()
            payload = (await told.message())["payload"]
            assert payload["data"] is None
            assert payload["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
