"""revokeApproval."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import TOMORROW, hash_of, on_one_database, paths_of

pytestmark = pytest.mark.wide


async def test_a_checker_stops_a_send_and_the_approval_is_void(api):
    campaign = await api.scheduled()

    done = await api.send(
        "cleo",
        "revokeApproval",
        "campaign { status authorisation head { number scheduledAt } requests { edges { node { status decisions { voided } } } } }",
        campaignId=campaign["id"],
        reason="the price is wrong",
    )

    assert done["campaign"] == {
        "status": "DRAFT",
        "authorisation": None,
        "head": {"number": 1, "scheduledAt": TOMORROW},
        "requests": {"edges": [{"node": {"status": "APPROVED", "decisions": [{"voided": True}]}}]},
    }
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:revoked"
    api.clock.pass_(days=1)
    assert (await api.campaign(campaign["id"]))["status"] == "DRAFT"  # nothing is due any more


@on_one_database
async def test_even_an_approval_of_ones_own_work_may_be_revoked(api):
    campaign = await api.decided(await api.submitted("ada", publishMode="MANUAL"))

    assert (await api.act("ada", "revokeApproval", campaign, reason="stop"))["campaign"]["status"] == "DRAFT"


@on_one_database
async def test_a_revoked_campaign_may_be_submitted_and_approved_again(api):
    campaign = await api.approved()
    await api.act("chen", "revokeApproval", campaign, reason="stop")

    again = (await api.act("maya", "submitCampaign", campaign))["campaign"]

    assert (await api.decided(again, "chen"))["status"] == "APPROVED"
    assert await api.code("chen", "approveCampaign", again, contentHash=hash_of(again)) == "ALREADY_DECIDED"


@on_one_database
async def test_a_reason_is_needed_that_can_be_stored(api):
    campaign = await api.approved()

    for reason in ("", "  ", "\0"):
        assert paths_of(await api.refused("chen", "revokeApproval", campaign, reason=reason)) == ["reason"]


@on_one_database
@pytest.mark.slow
async def test_only_an_approved_campaign_is_revoked(api):
    for status in ("DRAFT", "PENDING_REVIEW", "REJECTED", "SENT", "ARCHIVED"):
        campaign = await api.in_status(status)
        assert await api.code("chen", "revokeApproval", campaign, reason="stop") == "WRONG_STATUS"


@on_one_database
async def test_makers_and_partial_checkers_may_not_revoke(api):
    campaign = await api.approved(channel="sms")

    for who in ("maya", "sofia", "leo"):
        assert await api.code(who, "revokeApproval", campaign, reason="stop") == "FORBIDDEN"


@on_one_database
async def test_what_missed_its_time_is_not_revoked_but_expired(api):
    campaign = await api.scheduled()
    api.clock.pass_(days=1, seconds=301)

    assert (await api.mutate("chen", "revokeApproval", campaignId=campaign["id"], reason="stop"))[
        "code"
    ] == "WRONG_STATUS"
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:schedule_missed"
