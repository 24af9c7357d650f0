"""duplicateCampaign."""

import pytest
from tests.schema.client import CAMPAIGN, TOMORROW, hash_of, on_one_database, paths_of

pytestmark = pytest.mark.wide


async def test_a_maker_duplicates_copy_and_audience_and_nothing_else(api):
    campaign = await api.sent(size=4711)
    await api.mutate(
        "dora",
        "recordDeliveryMetrics",
        publicationId=campaign["live"]["id"],
        sent=1,
        delivered=1,
        opened=1,
        clicked=1,
        failed=0,
    )

    done = await api.send(
        "max",
        "duplicateCampaign",
        f"campaign {{ {CAMPAIGN} duplicatedFrom {{ id }} requests {{ edges {{ cursor }} }} }}",
        campaignId=campaign["id"],
    )

    copy = done["campaign"]
    assert copy["id"] != campaign["id"]
    assert (copy["name"], copy["status"], copy["version"]) == ("Copy of Winter sale", "DRAFT", 1)
    assert (copy["createdBy"], copy["head"]["contributors"]) == ({"name": "Max"}, [{"name": "Max"}])
    assert hash_of(copy) == hash_of(campaign)
    assert copy["live"] is copy["metrics"] is copy["openRequest"] is copy["authorisation"] is None
    assert (copy["duplicatedFrom"], copy["requests"]) == ({"id": campaign["id"]}, {"edges": []})
    assert await api.kinds(copy["id"]) == ["campaign:duplicated"]
    assert await api.campaign(campaign["id"]) == await api.campaign(campaign["id"], "maya")


@on_one_database
async def test_a_duplicate_of_a_scheduled_campaign_has_no_time(api):
    copy = (await api.act("maya", "duplicateCampaign", await api.create(scheduledAt=TOMORROW)))["campaign"]

    assert (copy["publishMode"], copy["head"]["scheduledAt"]) == ("ON_APPROVAL", None)


@on_one_database
@pytest.mark.slow
async def test_every_status_can_be_duplicated(api):
    for status in ("DRAFT", "PENDING_REVIEW", "APPROVED", "REJECTED", "ARCHIVED", "SENT"):
        campaign = await api.in_status(status)
        assert (await api.act("max", "duplicateCampaign", campaign))["campaign"]["status"] == "DRAFT"


@on_one_database
async def test_an_overdue_campaign_is_expired_and_duplicated(api):
    campaign = await api.in_status("EXPIRED")

    assert (await api.act("max", "duplicateCampaign", campaign))["campaign"]["status"] == "DRAFT"
    assert (await api.campaign(campaign["id"]))["status"] == "EXPIRED"


@on_one_database
async def test_the_name_is_ones_own_or_fits(api):
    campaign = await api.create(name="x" * 200)

    assert (await api.act("max", "duplicateCampaign", campaign, name="Mine"))["campaign"]["name"] == "Mine"
    assert len((await api.act("max", "duplicateCampaign", campaign))["campaign"]["name"]) == 200
    for name in ("", " ", "y" * 201, "\0"):
        assert paths_of(await api.refused("max", "duplicateCampaign", campaign, name=name)) == ["name"]


@on_one_database
async def test_the_duplicator_is_the_creator_and_may_not_approve(api):
    copy = (await api.act("ada", "duplicateCampaign", await api.create("maya")))["campaign"]
    pending = (await api.act("max", "submitCampaign", copy))["campaign"]

    assert await api.code("ada", "approveCampaign", pending, contentHash=hash_of(pending)) == "SELF_REVIEW"


@on_one_database
async def test_who_may_not_make_does_not_duplicate(api):
    campaign = await api.create()

    for who in ("chen", "leo", "sofia"):
        assert await api.code(who, "duplicateCampaign", campaign) == "FORBIDDEN"
