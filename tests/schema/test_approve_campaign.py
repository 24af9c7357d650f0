"""approveCampaign."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import NOBODYS_HASH, TOMORROW, hash_of, on_one_database, paths_of

LARGE = 100_000


async def test_a_checker_approves_and_the_campaign_is_sent(api):
    campaign = await api.submitted()

    done = await api.send(
        "chen",
        "approveCampaign",
        "decision { verdict by { name } reason voided contentHash } campaign { status live { authorisation } }",
        campaignId=campaign["id"],
        contentHash=hash_of(campaign),
        comment=" Looks good. ",
    )

    assert done["decision"] == {
        "verdict": "APPROVED",
        "by": {"name": "Chen"},
        "reason": "Looks good.",
        "voided": False,
        "contentHash": hash_of(campaign),
    }
    assert done["campaign"] == {"status": "SENT", "live": {"authorisation": "QUORUM"}}
    assert await api.kinds(campaign["id"]) == [
        "campaign:created",
        "campaign:submitted",
        "campaign:approved",
        "campaign:sent",
    ]


@on_one_database
@pytest.mark.parametrize(
    ("given", "status"),
    [({}, "SENT"), ({"publishMode": "MANUAL"}, "APPROVED"), ({"scheduledAt": TOMORROW}, "APPROVED")],
)
async def test_what_happens_after_the_approval_is_the_publish_modes_business(api, given, status):
    campaign = await api.decided(await api.submitted(**given))

    assert (campaign["status"], campaign["authorisation"]) == (status, "QUORUM")
    assert (campaign["live"] is not None) == (status == "SENT")


async def test_a_large_audience_waits_for_the_legal_reviewer_too(api):
    campaign = await api.submitted(size=LARGE)

    first = await api.decided(campaign, "chen")
    assert (first["status"], first["version"]) == ("PENDING_REVIEW", campaign["version"] + 1)
    assert {r["role"]: (r["left"], r["approvedBy"]) for r in first["openRequest"]["requirements"]} == {
        "anyone": (0, [{"name": "Chen"}]),
        "checker": (0, [{"name": "Chen"}]),
        "legal_reviewer": (1, []),
    }

    second = await api.decided(campaign, "leo")
    assert (second["status"], second["live"]["authorisation"]) == ("SENT", "QUORUM")
    assert (await api.kinds(campaign["id"]))[2:] == ["campaign:voted", "campaign:approved", "campaign:sent"]


@on_one_database
async def test_the_legal_reviewers_vote_alone_is_never_enough(api):
    campaign = await api.submitted(size=LARGE)

    assert (await api.decided(campaign, "leo"))["status"] == "PENDING_REVIEW"
    assert (await api.decided(campaign, "cleo"))["status"] == "SENT"


@on_one_database
async def test_a_vote_that_helps_no_open_requirement_is_forbidden(api):
    campaign = await api.submitted(size=LARGE)
    await api.decided(campaign, "chen")

    refused = await api.refused("cleo", "approveCampaign", campaign, contentHash=hash_of(campaign))

    assert (refused["code"], refused["action"]) == ("FORBIDDEN", "approve")
    assert [reason["code"] for reason in refused["reasons"]] == ["NO_REQUIREMENT"]


@on_one_database
async def test_one_decision_a_person_a_request(api):
    campaign = await api.submitted(size=LARGE)
    await api.decided(campaign, "leo")
    given = {"contentHash": hash_of(campaign)}

    assert await api.code("leo", "approveCampaign", campaign, **given) == "ALREADY_VOTED"
    assert await api.code("leo", "rejectCampaign", campaign, **given, reason="no") == "ALREADY_VOTED"
    await api.assign("leo", "legal_reviewer", "checker")  # a new role is no new vote
    assert await api.code("leo", "approveCampaign", campaign, **given) == "ALREADY_VOTED"


@pytest.mark.wide
async def test_sofia_approves_small_text_messages_and_nothing_else(api):
    small, large = (
        await api.submitted(channel="sms", size=50_000),
        await api.submitted(channel="sms", size=50_001),
    )
    mail = await api.submitted(channel="email")
    chat = await api.submitted(channel="whatsapp", size=50_000)

    assert await api.inbox("sofia") == [small["id"], chat["id"]]
    for campaign in (large, mail):
        refused = await api.refused("sofia", "approveCampaign", campaign, contentHash=hash_of(campaign))
        assert refused["code"] == "FORBIDDEN"
        assert refused["reasons"]
        assert all(reason["source"] is None for reason in refused["reasons"])  # she may not see the policy
    assert (await api.decided(small, "sofia"))["status"] == "SENT"


@on_one_database
async def test_makers_members_without_a_role_and_the_sending_system_may_not_approve(api):
    campaign = await api.submitted("maya")

    for who in ("maya", "max", "vera", "dora", "noor"):
        refused = await api.refused(
            who, "approveCampaign", campaign, account="acme", contentHash=hash_of(campaign)
        )
        assert refused["code"] == "FORBIDDEN"


@on_one_database
async def test_an_administrator_who_edited_may_not_approve(api):
    campaign = await api.create("maya")
    await api.edited(campaign, "ada")
    campaign = (await api.act("maya", "submitCampaign", campaign))["campaign"]

    assert await api.code("ada", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "SELF_REVIEW"
    assert await api.inbox("ada") == []


@on_one_database
async def test_an_administrator_may_not_approve_what_they_created_submitted_or_duplicated(api):
    created = await api.submitted("ada")
    submitted = (await api.act("ada", "submitCampaign", await api.create("maya")))["campaign"]
    copy = (await api.act("ada", "duplicateCampaign", created))["campaign"]
    duplicated = (await api.act("maya", "submitCampaign", copy))["campaign"]

    for campaign in (created, submitted, duplicated):
        assert (
            await api.code("ada", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "SELF_REVIEW"
        )


@on_one_database
async def test_an_administrator_approves_the_work_of_others(api):
    assert (await api.decided(await api.submitted("maya"), "ada"))["status"] == "SENT"


@on_one_database
async def test_a_later_change_of_role_does_not_help_a_contributor(api):
    campaign = await api.submitted("maya")
    await api.assign("maya", "checker")

    assert await api.code("maya", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "SELF_REVIEW"
    assert await api.inbox("maya") == []


@pytest.mark.wide
async def test_contributors_start_anew_once_a_revision_was_sent(api):
    campaign = await api.create("maya")
    await api.edited(campaign, "ada")
    campaign = await api.decided((await api.act("maya", "submitCampaign", campaign))["campaign"])

    draft = await api.edited(campaign, "maya", subject="Sale 3")
    again = (await api.act("maya", "submitCampaign", draft))["campaign"]

    assert (await api.decided(again, "ada"))["status"] == "SENT"


@on_one_database
async def test_a_new_role_lets_somebody_vote_on_what_is_open_already(api):
    campaign = await api.submitted()
    assert await api.code("vera", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "FORBIDDEN"

    await api.assign("vera", "approver")  # seed A's name for a checker

    assert await api.inbox("vera") == [campaign["id"]]
    assert (await api.decided(campaign, "vera"))["status"] == "SENT"


@on_one_database
async def test_a_voter_who_lost_the_right_no_longer_counts(api):
    campaign = await api.submitted(size=LARGE)
    await api.decided(campaign, "chen")

    await api.assign("chen")

    now = await api.campaign(campaign["id"])
    assert [r["left"] for r in now["openRequest"]["requirements"]] == [1, 1, 1]
    assert (await api.decided(campaign, "leo"))["status"] == "PENDING_REVIEW"
    assert (await api.decided(campaign, "cleo"))["status"] == "SENT"


@on_one_database
async def test_who_approved_stays_written_down_whatever_their_roles_become(api):
    campaign = await api.sent()

    await api.assign("chen")

    request = (await api.show(campaign, "live { request { requirements { left approvedBy { name } } } }"))[
        "live"
    ]["request"]
    assert request["requirements"] == [{"left": 0, "approvedBy": [{"name": "Chen"}]}]


async def test_another_hash_is_stale_and_says_what_changed(api):
    campaign = await api.create()
    first = hash_of(campaign)
    campaign = await api.edited(campaign, audience={"segment": "Some", "estimatedSize": 7})
    # the first content was never submitted: nothing is kept of it
    campaign = (await api.act("maya", "submitCampaign", campaign))["campaign"]
    second = hash_of(campaign)
    edited = await api.edited(campaign, subject="Sale 3")
    pending = (await api.act("maya", "submitCampaign", edited))["campaign"]

    for asked, changed in (
        (second, ["COPY"]),
        (first, ["COPY", "AUDIENCE", "SCHEDULE"]),
        (NOBODYS_HASH, ["COPY", "AUDIENCE", "SCHEDULE"]),
        ("", ["COPY", "AUDIENCE", "SCHEDULE"]),
    ):
        refused = await api.refused("chen", "approveCampaign", pending, contentHash=asked)
        assert refused["code"] == "STALE_REVISION"
        assert refused["currentContentHash"] == hash_of(pending)
        assert refused["changedSections"] == changed


async def test_the_first_terminal_decision_wins_and_says_whose_it_was(api):
    for mutation, more, verdict in (
        ("approveCampaign", {}, "APPROVED"),
        ("rejectCampaign", {"reason": "no"}, "REJECTED"),
    ):
        campaign = await api.submitted()
        await api.decided(campaign, "chen", mutation, **more)
        api.clock.pass_(minutes=1)

        refused = await api.refused("cleo", "approveCampaign", campaign, contentHash=hash_of(campaign))

        assert refused["code"] == "ALREADY_DECIDED"
        assert (refused["verdict"], refused["by"]) == (verdict, {"name": "Chen"})
        assert refused["at"] == f"2026-11-21T09:0{'01'[verdict == 'REJECTED']}:00Z"


@on_one_database
async def test_what_was_decided_is_told_before_what_one_may_have_done(api):
    campaign = await api.submitted("ada")
    await api.decided(campaign, "chen")

    assert (
        await api.code("ada", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "ALREADY_DECIDED"
    )
    assert (
        await api.code("chen", "approveCampaign", campaign, contentHash=hash_of(campaign))
        == "ALREADY_DECIDED"
    )
    assert await api.code("max", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "FORBIDDEN"


@on_one_database
async def test_only_what_waits_is_approved(api):
    withdrawn = (await api.act("maya", "withdrawCampaign", await api.submitted()))["campaign"]
    revoked = (await api.act("chen", "revokeApproval", await api.approved(), reason="stop"))["campaign"]
    archived = (await api.act("maya", "archiveCampaign", await api.submitted()))["campaign"]

    for campaign in (await api.create(), withdrawn, revoked, archived):
        assert (
            await api.code("chen", "approveCampaign", campaign, contentHash=hash_of(campaign))
            == "WRONG_STATUS"
        )


@pytest.mark.parametrize(
    ("given", "code"), [({}, "REQUEST_EXPIRED"), ({"scheduledAt": "2026-12-05T09:00:00Z"}, "SCHEDULE_MISSED")]
)
@pytest.mark.wide
async def test_nothing_is_approved_after_its_deadline_though_no_clock_has_struck(api, given, code):
    campaign = await api.submitted(**given)
    api.clock.pass_(days=14)

    now = await api.campaign(campaign["id"])
    assert (now["status"], now["openRequest"], await api.inbox("chen")) == ("EXPIRED", None, [])
    for mutation, more in (("approveCampaign", {}), ("rejectCampaign", {"reason": "no"})):
        answer = await api.mutate(
            "chen", mutation, campaignId=campaign["id"], contentHash=hash_of(campaign), **more
        )
        assert answer["code"] == code
    assert await api.kinds(campaign["id"]) == ["campaign:created", "campaign:submitted", "campaign:expired"]
    assert await api.campaign(campaign["id"]) == now


@pytest.mark.wide
async def test_a_comment_that_cannot_be_stored_is_refused(api):
    campaign = await api.submitted()

    refused = await api.refused(
        "chen", "approveCampaign", campaign, contentHash=hash_of(campaign), comment="\0"
    )
    assert paths_of(refused) == ["comment"]
    assert paths_of(await api.refused("chen", "approveCampaign", campaign, contentHash="\0")) == [
        "contentHash"
    ]
