"""publishCampaign."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import CONTENT, NOBODYS_HASH, TOMORROW, YESTERDAY, hash_of, on_one_database, paths_of

pytestmark = pytest.mark.wide

SENT = "campaign { status authorisation } publication { contentHash authorisation sentAt handedOverAt request { status } metrics { sent updatedAt } }"


async def test_a_maker_sends_an_approved_manual_campaign(api):
    campaign = await api.approved()
    api.clock.pass_(hours=1)

    done = await api.send(
        "max", "publishCampaign", SENT, campaignId=campaign["id"], contentHash=hash_of(campaign)
    )

    assert done["campaign"] == {"status": "SENT", "authorisation": "QUORUM"}
    assert done["publication"] == {
        "contentHash": hash_of(campaign),
        "authorisation": "QUORUM",
        "sentAt": "2026-11-21T10:00:00Z",
        "handedOverAt": None,
        "request": {"status": "APPROVED"},
        "metrics": {"sent": 0, "updatedAt": None},
    }
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:sent"


@on_one_database
async def test_a_revision_is_sent_once(api):
    campaign = await api.decided(await api.approved(), "maya", "publishCampaign")

    assert (
        await api.code("maya", "publishCampaign", campaign, contentHash=hash_of(campaign)) == "WRONG_STATUS"
    )


@on_one_database
async def test_another_content_than_the_approved_one_is_not_sent(api):
    campaign = await api.approved()

    refused = await api.refused("maya", "publishCampaign", campaign, contentHash=NOBODYS_HASH)

    assert (refused["code"], refused["currentContentHash"]) == ("STALE_REVISION", hash_of(campaign))


@on_one_database
async def test_while_approvals_are_on_only_an_approved_manual_campaign_is_published(api):
    scheduled = await api.scheduled()
    assert (
        await api.code("maya", "publishCampaign", scheduled, contentHash=hash_of(scheduled)) == "WRONG_STATUS"
    )

    for status in ("DRAFT", "PENDING_REVIEW", "REJECTED", "SENT", "ARCHIVED"):
        campaign = await api.in_status(status)
        assert (
            await api.code("maya", "publishCampaign", campaign, contentHash=hash_of(campaign))
            == "WRONG_STATUS"
        )


@on_one_database
async def test_checkers_do_not_publish(api):
    campaign = await api.approved()

    for who in ("chen", "leo", "sofia", "dora"):
        assert await api.code(who, "publishCampaign", campaign, contentHash=hash_of(campaign)) == "FORBIDDEN"


@on_one_database
async def test_a_revoked_approval_sends_nothing(api):
    campaign = await api.approved()
    await api.act("chen", "revokeApproval", campaign, reason="stop")

    assert (
        await api.code("maya", "publishCampaign", campaign, contentHash=hash_of(campaign)) == "WRONG_STATUS"
    )


# ------------------------------------------------------------------------------------ approvals are off
async def test_while_approvals_are_off_a_maker_publishes_alone_and_it_says_so_for_ever(api):
    campaign = await api.create("maya")
    await api.switch_off()

    done = await api.send(
        "max", "publishCampaign", SENT, campaignId=campaign["id"], contentHash=hash_of(campaign)
    )

    assert done["campaign"] == {"status": "SENT", "authorisation": "NOT_REQUIRED"}
    assert (done["publication"]["authorisation"], done["publication"]["request"]) == ("NOT_REQUIRED", None)
    people = (await api.show(campaign, "live { revision { contributors { name } } }"))["live"]["revision"]
    assert people["contributors"] == [{"name": "Maya"}, {"name": "Max"}]  # the publisher answers for it
    await api.switch_on()
    assert (await api.campaign(campaign["id"]))["live"]["authorisation"] == "NOT_REQUIRED"


@on_one_database
async def test_while_approvals_are_off_a_scheduled_campaign_waits_for_its_time(api):
    campaign = await api.create(scheduledAt=TOMORROW)
    await api.switch_off()

    done = await api.mutate(
        "maya", "publishCampaign", SENT, campaignId=campaign["id"], contentHash=hash_of(campaign)
    )

    assert done["campaign"] == {"status": "APPROVED", "authorisation": "NOT_REQUIRED"}
    assert done["publication"] is None
    assert (
        await api.code("maya", "publishCampaign", campaign, contentHash=hash_of(campaign)) == "WRONG_STATUS"
    )


@on_one_database
async def test_while_approvals_are_off_what_is_rejected_or_expired_is_published_as_well(api):
    rejected, expired = await api.rejected(), await api.submitted()
    api.clock.pass_(days=15)
    await api.switch_off()

    for campaign in (rejected, expired):
        assert (await api.decided(campaign, "maya", "publishCampaign"))["live"][
            "authorisation"
        ] == "NOT_REQUIRED"


@on_one_database
async def test_while_approvals_are_off_hash_completeness_and_time_are_still_guarded(api):
    blank = await api.create(content={"email": CONTENT["email"] | {"subject": ""}})
    late = await api.create(scheduledAt=YESTERDAY)
    fine = await api.create()
    await api.switch_off()

    assert paths_of(await api.refused("maya", "publishCampaign", blank, contentHash=hash_of(blank))) == [
        "content.email.subject"
    ]
    assert await api.code("maya", "publishCampaign", late, contentHash=hash_of(late)) == "SCHEDULE_MISSED"
    assert await api.code("maya", "publishCampaign", fine, contentHash=NOBODYS_HASH) == "STALE_REVISION"
    assert await api.code("chen", "publishCampaign", fine, contentHash=hash_of(fine)) == "FORBIDDEN"


async def test_a_hash_that_cannot_be_stored_is_nobodys_hash(api):
    campaign = await api.approved()

    for text in ("\0", "\ud800", "x" * 5000):
        assert await api.code("maya", "publishCampaign", campaign, contentHash=text) == "STALE_REVISION"
