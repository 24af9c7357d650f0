"""archiveCampaign."""

import pytest
from tests.schema.client import on_one_database

pytestmark = pytest.mark.wide


async def test_a_maker_puts_a_draft_away(api):
    campaign = await api.create()

    done = await api.send("max", "archiveCampaign", "campaign { status version }", campaignId=campaign["id"])

    assert done["campaign"] == {"status": "ARCHIVED", "version": 2}
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:archived"


async def test_an_open_review_is_withdrawn(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    after = (await api.act("maya", "archiveCampaign", campaign))["campaign"]

    assert (after["status"], after["openRequest"], await api.inbox("leo")) == ("ARCHIVED", None, [])
    requests = (await api.show(campaign, "requests { edges { node { status decisions { voided } } } }"))[
        "requests"
    ]
    assert requests["edges"] == [{"node": {"status": "WITHDRAWN", "decisions": [{"voided": True}]}}]


@on_one_database
async def test_an_approved_campaign_is_not_sent_once_it_is_archived(api):
    campaign = await api.scheduled()

    after = (await api.act("maya", "archiveCampaign", campaign))["campaign"]

    assert (after["status"], after["authorisation"]) == ("ARCHIVED", None)
    api.clock.pass_(days=1)
    assert (await api.campaign(campaign["id"]))["status"] == "ARCHIVED"


@on_one_database
@pytest.mark.parametrize("status", ["REJECTED", "EXPIRED"])
async def test_what_was_refused_or_forgotten_is_archived(api, status):
    assert (await api.act("maya", "archiveCampaign", await api.in_status(status)))["campaign"][
        "status"
    ] == "ARCHIVED"


@on_one_database
async def test_what_is_live_cannot_be_archived_whatever_its_head_is(api):
    sent = await api.sent()
    assert await api.code("maya", "archiveCampaign", sent) == "WRONG_STATUS"

    draft = await api.edited(sent)
    assert await api.code("maya", "archiveCampaign", draft) == "WRONG_STATUS"
    await api.act("maya", "submitCampaign", draft)
    assert await api.code("maya", "archiveCampaign", draft) == "WRONG_STATUS"


@on_one_database
async def test_what_is_archived_stays_so(api):
    campaign = await api.in_status("ARCHIVED")

    assert await api.code("maya", "archiveCampaign", campaign) == "WRONG_STATUS"
    assert await api.code("maya", "submitCampaign", campaign) == "WRONG_STATUS"
    assert await api.code("chen", "archiveCampaign", campaign) == "FORBIDDEN"
