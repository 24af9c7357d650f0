"""discardDraft."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import hash_of, on_one_database

pytestmark = pytest.mark.wide


async def test_a_maker_gives_up_what_came_after_the_live_revision(api):
    campaign = await api.sent()
    draft = await api.edited(campaign)

    done = await api.send(
        "max",
        "discardDraft",
        "campaign { status authorisation head { id number } live { id } revisions { edges { node { number } } } }",
        campaignId=campaign["id"],
    )

    assert draft["head"]["number"] == 2
    assert done["campaign"] == {
        "status": "SENT",
        "authorisation": "QUORUM",
        "head": {"id": campaign["head"]["id"], "number": 1},
        "live": {"id": campaign["live"]["id"]},
        "revisions": {"edges": [{"node": {"number": 2}}, {"node": {"number": 1}}]},
    }
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:discarded"


async def test_a_discarded_number_is_never_used_again(api):
    campaign = await api.edited(await api.sent())
    campaign = (await api.act("maya", "discardDraft", campaign))["campaign"]

    assert (await api.edited(campaign, subject="Sale 3"))["head"]["number"] == 3


async def test_whoever_wrote_what_was_discarded_still_may_not_decide(api):
    campaign = await api.edited(await api.sent(), "ada")
    campaign = (await api.act("maya", "discardDraft", campaign))["campaign"]
    pending = await api.edited(campaign, "maya", subject="Sale 3")
    pending = (await api.act("maya", "submitCampaign", pending))["campaign"]

    assert await api.code("ada", "approveCampaign", pending, contentHash=hash_of(pending)) == "SELF_REVIEW"
    assert await api.inbox("ada") == []


@on_one_database
async def test_rejected_and_expired_revisions_are_discarded_as_well(api):
    rejected, expired = await api.edited(await api.sent()), await api.edited(await api.sent())
    for campaign in (rejected, expired):
        await api.act("maya", "submitCampaign", campaign)
    await api.decided(rejected, mutation="rejectCampaign", reason="no")
    api.clock.pass_(days=15)

    for campaign in (rejected, expired):
        assert (await api.act("maya", "discardDraft", campaign))["campaign"]["status"] == "SENT"


@on_one_database
@pytest.mark.slow
async def test_without_a_live_revision_or_with_nothing_after_it_there_is_nothing_to_discard(api):
    for status in ("DRAFT", "PENDING_REVIEW", "APPROVED", "REJECTED", "SENT", "ARCHIVED"):
        assert await api.code("maya", "discardDraft", await api.in_status(status)) == "WRONG_STATUS"


@on_one_database
async def test_what_is_under_review_is_not_discarded(api):
    campaign = await api.edited(await api.sent())
    await api.act("maya", "submitCampaign", campaign)

    assert await api.code("maya", "discardDraft", campaign) == "WRONG_STATUS"
    assert await api.code("chen", "discardDraft", campaign) == "FORBIDDEN"
