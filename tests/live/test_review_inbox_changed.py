"""`reviewInboxChanged`: exactly how the viewer's `reviewInbox` changes, whatever makes it change."""

import random

import pytest
from tests.live.live_client import INBOX, events, signed_in
from tests.schema.client import hash_of, on_one_database

from gql_approvals.persistence import people
from gql_approvals.service.perform import perform_due
from gql_approvals.workflow.identity import parse_global_id


@pytest.mark.wide
async def test_a_request_comes_and_goes(live):
    async with signed_in(live.port, "chen") as chen, signed_in(live.port, "maya") as maya:
        told, makers = await chen.follow(INBOX), await maya.follow(INBOX)
        campaign = await live.submitted()
        assert await told.change() == ("ADDED", campaign["id"])
        await live.decided(campaign, "cleo")
        assert await told.change() == ("REMOVED", campaign["id"])
        other = await live.submitted()
        assert await told.change() == ("ADDED", other["id"])
        assert (told.so_far(), makers.so_far()) == ([], [])


@on_one_database
async def test_a_request_comes_over_server_sent_events(live):
    async with events(live.client, "chen", INBOX) as told:
        campaign = await live.submitted()
        change = (await told.next())["reviewInboxChanged"]
        assert (change["change"], change["request"]["campaign"]["id"]) == ("ADDED", campaign["id"])


@on_one_database
async def test_ones_own_vote_takes_it_away_and_others_keep_it(live):
    async with signed_in(live.port, "chen") as chen, signed_in(live.port, "cleo") as cleo:
        campaign = await live.submitted(size=100_000)  # asks for a legal reviewer as well
        mine, theirs = await chen.follow(INBOX), await cleo.follow(INBOX)
        await live.decided(campaign, "chen")
        assert await mine.change() == ("REMOVED", campaign["id"])
        await live.act("maya", "withdrawCampaign", campaign)
        assert await theirs.change() == ("REMOVED", campaign["id"])
        assert (mine.so_far(), theirs.so_far()) == ([], [])


@on_one_database
async def test_a_new_request_for_the_same_campaign_is_another_one(live):
    async with signed_in(live.port, "chen") as chen:
        campaign = await live.submitted()
        told = await chen.follow(INBOX)
        edited = await live.edited(campaign)
        assert await told.change() == ("REMOVED", campaign["id"])
        await live.act("maya", "submitCampaign", edited)
        assert await told.change() == ("ADDED", campaign["id"])


@on_one_database
async def test_it_goes_when_its_time_is_over(live):
    async with signed_in(live.port, "chen") as chen:
        campaign = await live.submitted()
        told = await chen.follow(INBOX)
        live.clock.pass_(days=15)
        acme = await people.account_by_slug("acme")
        await perform_due(live.office, acme.id, parse_global_id(campaign["id"])[1])
        assert await told.change() == ("REMOVED", campaign["id"])


@on_one_database
async def test_roles_that_change_bring_requests_and_take_them(live):
    async with signed_in(live.port, "vera") as vera:
        campaign = await live.submitted()
        told = await vera.follow(INBOX)
        await live.assign("vera", "checker")
        assert await told.change() == ("ADDED", campaign["id"])
        await live.assign("vera")
        assert await told.change() == ("REMOVED", campaign["id"])


@pytest.mark.wide
async def test_a_policy_that_changes_brings_requests_and_takes_them(live, obey):
    async with signed_in(live.port, "dora") as dora:
        campaign = await live.submitted()
        told = await dora.follow(INBOX)
        obey(r"^(p, delivery, .*)$", r"\1\np, delivery, *, reject, any, always, allow")
        assert await told.change() == ("ADDED", campaign["id"])
        obey(r"^(p, delivery, .*)$", r"\1\n# as it was")
        assert await told.change() == ("REMOVED", campaign["id"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_what_was_told_adds_up_to_the_inbox(live, seed):
    chance = random.Random(seed)  # noqa: S311  # the same every time
    async with signed_in(live.port, "vera") as socket:
        told, held = await socket.follow(INBOX), set[str]()
        await live.assign("vera", "checker")
        for step in range(40):
            await _step(live, chance, step)
        await live.assign("vera", "checker")
        last = await live.submitted("max")
        while last["id"] not in held:
            change, campaign = await told.change()
            (held.add if change == "ADDED" else held.remove)(campaign)
        assert held == set(await live.inbox("vera"))
        assert told.so_far() == []


async def _step(live, chance, step):
    waiting = await live.inbox("chen")
    act = chance.choice(["submit", "submit", "decide", "withdraw", "role"])
    if act == "role":
        await live.assign("vera", *chance.choice([["checker"], [], ["text_approver"]]))
    elif act == "submit" or not waiting:
        await live.submitted(chance.choice(["maya", "max"]), chance.choice(["email", "sms"]), name=f"{step}")
    else:
        campaign = await live.campaign(chance.choice(waiting))
        if act == "decide":
            mutation = chance.choice(["approveCampaign", "rejectCampaign"])
            reason = {"reason": "no"} if mutation == "rejectCampaign" else {}
            await live.mutate(
                "chen", mutation, campaignId=campaign["id"], contentHash=hash_of(campaign), **reason
            )
        else:
            await live.mutate("ada", "withdrawCampaign", campaignId=campaign["id"])
