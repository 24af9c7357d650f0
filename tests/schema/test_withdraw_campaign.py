"""withdrawCampaign."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import on_one_database, paths_of

pytestmark = pytest.mark.wide


async def test_a_maker_takes_a_submission_back_and_the_votes_are_void(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    done = await api.send(
        "maya",
        "withdrawCampaign",
        "campaign { status openRequest { id } head { number } requests { edges { node { status decisions { voided } } } } }",
        campaignId=campaign["id"],
        reason="a typo",
    )

    assert done["campaign"] == {
        "status": "DRAFT",
        "openRequest": None,
        "head": {"number": 1},
        "requests": {"edges": [{"node": {"status": "WITHDRAWN", "decisions": [{"voided": True}]}}]},
    }
    assert await api.inbox("cleo") == []
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:withdrawn"


@on_one_database
async def test_a_maker_withdraws_only_what_they_are_involved_in(api):
    campaign = await api.submitted("maya")

    assert await api.code("max", "withdrawCampaign", campaign) == "FORBIDDEN"
    assert await api.code("chen", "withdrawCampaign", campaign) == "FORBIDDEN"
    assert (await api.act("ada", "withdrawCampaign", campaign))["campaign"]["status"] == "DRAFT"


@on_one_database
async def test_whoever_submitted_somebody_elses_draft_is_involved(api):
    campaign = await api.create("maya")
    await api.act("max", "submitCampaign", campaign)

    assert (await api.act("max", "withdrawCampaign", campaign))["campaign"]["status"] == "DRAFT"


@on_one_database
@pytest.mark.slow
async def test_only_a_pending_campaign_is_withdrawn(api):
    for status in ("DRAFT", "APPROVED", "REJECTED", "SENT", "ARCHIVED"):
        assert await api.code("maya", "withdrawCampaign", await api.in_status(status)) == "WRONG_STATUS"


@on_one_database
async def test_an_overdue_submission_expires_instead(api):
    campaign = await api.in_status("EXPIRED")

    answer = await api.mutate("maya", "withdrawCampaign", campaignId=campaign["id"])

    assert answer["code"] == "WRONG_STATUS"
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:expired"
    assert await api.code("maya", "withdrawCampaign", campaign) == "WRONG_STATUS"


async def test_a_reason_that_cannot_be_stored_is_refused(api):
    assert paths_of(await api.refused("maya", "withdrawCampaign", await api.submitted(), reason="a\0")) == [
        "reason"
    ]
