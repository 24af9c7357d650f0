"""rejectCampaign."""

import pytest
from tests.schema.client import NOBODYS_HASH, hash_of, on_one_database, paths_of

pytestmark = pytest.mark.wide


async def test_a_checker_rejects_with_a_reason_that_stays_readable(api):
    campaign = await api.submitted()

    done = await api.send(
        "chen",
        "rejectCampaign",
        "decision { verdict reason by { name } } campaign { status openRequest { id } }",
        campaignId=campaign["id"],
        contentHash=hash_of(campaign),
        reason=" Too loud. ",
    )

    assert done["decision"] == {"verdict": "REJECTED", "reason": "Too loud.", "by": {"name": "Chen"}}
    assert done["campaign"] == {"status": "REJECTED", "openRequest": None}
    read = await api.show(campaign, "requests { edges { node { status decisions { reason } } } }", "maya")
    assert read["requests"]["edges"] == [
        {"node": {"status": "REJECTED", "decisions": [{"reason": "Too loud."}]}}
    ]
    assert (await api.kinds(campaign["id"]))[-1] == "campaign:rejected"


@on_one_database
async def test_one_rejection_ends_a_review_that_others_approved(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    assert (await api.decided(campaign, "leo", "rejectCampaign", reason="no"))["status"] == "REJECTED"


@on_one_database
async def test_a_rejection_needs_the_permission_only_and_may_count_for_no_requirement(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")  # nothing is left for another checker to approve

    assert (await api.decided(campaign, "cleo", "rejectCampaign", reason="no"))["status"] == "REJECTED"


@on_one_database
async def test_a_reason_is_needed_that_can_be_stored(api):
    campaign = await api.submitted()

    for reason in ("", " \n", "a\0"):
        refused = await api.refused(
            "chen", "rejectCampaign", campaign, contentHash=hash_of(campaign), reason=reason
        )
        assert paths_of(refused) == ["reason"]


@on_one_database
async def test_invalid_input_comes_before_the_state(api):
    draft = await api.create()

    assert (
        await api.code("chen", "rejectCampaign", draft, contentHash=hash_of(draft), reason=" ")
        == "INVALID_INPUT"
    )


@on_one_database
async def test_another_hash_is_stale(api):
    campaign = await api.submitted()

    refused = await api.refused("chen", "rejectCampaign", campaign, contentHash=NOBODYS_HASH, reason="no")

    assert (refused["code"], refused["currentContentHash"]) == ("STALE_REVISION", hash_of(campaign))


@on_one_database
async def test_nobody_rejects_their_own_work_and_sofia_no_large_messages(api):
    own, large = await api.submitted("ada"), await api.submitted(channel="sms", size=50_001)

    for who, campaign, code in (
        ("ada", own, "SELF_REVIEW"),
        ("sofia", large, "FORBIDDEN"),
        ("max", own, "FORBIDDEN"),
    ):
        given = {"contentHash": hash_of(campaign), "reason": "no"}
        assert await api.code(who, "rejectCampaign", campaign, **given) == code


@on_one_database
async def test_who_approved_already_may_not_reject(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    assert (
        await api.code("chen", "rejectCampaign", campaign, contentHash=hash_of(campaign), reason="no")
        == "ALREADY_VOTED"
    )


@on_one_database
@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("DRAFT", "WRONG_STATUS"),
        ("ARCHIVED", "WRONG_STATUS"),
        ("APPROVED", "ALREADY_DECIDED"),
        ("REJECTED", "ALREADY_DECIDED"),
        ("SENT", "ALREADY_DECIDED"),
    ],
)
@pytest.mark.sampled
async def test_only_what_waits_is_rejected(api, status, code):
    campaign = await api.in_status(status)

    assert (
        await api.code("cleo", "rejectCampaign", campaign, contentHash=hash_of(campaign), reason="no") == code
    )


@on_one_database
async def test_a_late_rejection_says_what_has_passed(api):
    open_ended, scheduled = await api.submitted(), await api.submitted(scheduledAt="2026-12-01T09:00:00Z")
    api.clock.pass_(days=20)

    for campaign, code in ((open_ended, "REQUEST_EXPIRED"), (scheduled, "SCHEDULE_MISSED")):
        given = {"campaignId": campaign["id"], "contentHash": hash_of(campaign), "reason": "no"}
        assert (await api.mutate("chen", "rejectCampaign", **given))["code"] == code
        assert await api.code("chen", "rejectCampaign", **given) == code  # the same, once it is written down
