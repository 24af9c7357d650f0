"""submitCampaign."""

import pytest
from tests.schema.client import CAMPAIGN, CONTENT, TOMORROW, YESTERDAY, hash_of, on_one_database, paths_of


async def test_a_maker_asks_for_approval_and_the_checkers_have_it_in_their_inbox(api):
    campaign = await api.create()

    done = await api.send(
        "max",
        "submitCampaign",
        f"campaign {{ {CAMPAIGN} }} request {{ status contentHash note expiresAt submittedBy {{ name }} }}",
        campaignId=campaign["id"],
        expectedVersion=1,
        note=" Please look. ",
    )

    assert done["campaign"]["status"] == "PENDING_REVIEW"
    assert done["request"] == {
        "status": "OPEN",
        "contentHash": hash_of(campaign),
        "note": "Please look.",
        "expiresAt": "2026-12-05T09:00:00Z",  # 14 days
        "submittedBy": {"name": "Max"},
    }
    assert done["campaign"]["head"]["contributors"] == [{"name": "Maya"}, {"name": "Max"}]
    assert done["campaign"]["openRequest"]["requirements"] == [
        {"role": "anyone", "needed": 1, "left": 1, "satisfied": False, "approvedBy": []}
    ]
    assert [await api.inbox(who) for who in ("chen", "ada", "leo")] == 3 * [[campaign["id"]]]
    assert [await api.inbox(who) for who in ("maya", "max", "vera", "sofia")] == 4 * [[]]
    assert await api.kinds(campaign["id"]) == ["campaign:created", "campaign:submitted"]


@on_one_database
async def test_a_scheduled_campaign_can_be_reviewed_until_its_time(api):
    campaign = await api.submitted(scheduledAt=TOMORROW)

    assert campaign["openRequest"]["expiresAt"] == TOMORROW


@on_one_database
async def test_large_audiences_need_a_checker_and_a_legal_reviewer(api):
    small, large = await api.submitted(size=99_999), await api.submitted(size=100_000)

    asked = [[(r["role"], r["needed"]) for r in c["openRequest"]["requirements"]] for c in (small, large)]
    assert asked == [[("anyone", 1)], [("anyone", 1), ("checker", 1), ("legal_reviewer", 1)]]


@on_one_database
async def test_everybody_is_listed_as_an_approver_with_what_is_in_the_way(api):
    campaign = await api.submitted("ada")

    listed = (
        await api.show(
            campaign, "openRequest { eligibleApprovers { user { name } eligible reasons { code source } } }"
        )
    )["openRequest"]["eligibleApprovers"]

    found = {
        item["user"]["name"]: (item["eligible"], [r["code"] for r in item["reasons"]]) for item in listed
    }
    assert len(found) == 10
    assert found["Chen"] == found["Cleo"] == found["Leo"] == (True, [])
    assert found["Ada"] == (False, ["SELF_REVIEW"])
    assert not any(found[name][0] for name in ("Maya", "Max", "Vera", "Sofia", "Dora", "Noor"))
    assert all(found[name][1] for name in ("Maya", "Vera", "Sofia"))
    assert all(reason["source"] is None for item in listed for reason in item["reasons"])


@on_one_database
async def test_what_is_incomplete_is_not_submitted(api):
    blank = {"email": CONTENT["email"] | {"subject": " ", "preheader": ""}}
    campaign = await api.create(content=blank, audience={"segment": "", "estimatedSize": 1})

    refused = await api.refused("maya", "submitCampaign", campaign)

    assert sorted(paths_of(refused)) == [
        "audience.segment",
        "content.email.preheader",
        "content.email.subject",
    ]


@pytest.mark.wide
async def test_a_note_that_cannot_be_stored_is_refused(api):
    assert paths_of(await api.refused("maya", "submitCampaign", await api.create(), note="\0")) == ["note"]


@on_one_database
async def test_what_waits_already_is_not_submitted_twice(api):
    campaign = await api.submitted()

    assert await api.code("maya", "submitCampaign", campaign) == "ALREADY_PENDING"
    assert await api.code("maya", "submitCampaign", campaign, expectedVersion=1) == "ALREADY_PENDING"


@on_one_database
@pytest.mark.slow
async def test_only_drafts_and_rejected_campaigns_are_submitted(api):
    for status in ("APPROVED", "SENT", "ARCHIVED", "EXPIRED"):
        campaign = await api.in_status(status)

        if status == "EXPIRED":  # the answer writes the expiry down
            assert (await api.mutate("maya", "submitCampaign", campaignId=campaign["id"]))[
                "code"
            ] == "WRONG_STATUS"
        assert await api.code("maya", "submitCampaign", campaign) == "WRONG_STATUS"


@on_one_database
async def test_a_version_that_was_not_read_is_refused(api):
    refused = await api.refused("maya", "submitCampaign", await api.create(), expectedVersion=7)

    assert (refused["code"], refused["currentVersion"]) == ("STALE_VERSION", 1)


@on_one_database
async def test_a_time_that_has_passed_is_refused(api):
    past, soon = await api.create(scheduledAt=YESTERDAY), await api.create(scheduledAt=TOMORROW)

    assert await api.code("maya", "submitCampaign", past) == "SCHEDULE_MISSED"
    api.clock.pass_(days=1)
    assert await api.code("maya", "submitCampaign", soon) == "SCHEDULE_MISSED"


@on_one_database
async def test_while_approvals_are_off_there_is_nothing_to_submit(api):
    campaign = await api.create()
    await api.switch_off()

    assert await api.code("maya", "submitCampaign", campaign) == "APPROVALS_OFF"


@pytest.mark.wide
async def test_what_was_rejected_comes_again_changed_or_with_a_note(api):
    campaign = await api.rejected()

    assert await api.code("maya", "submitCampaign", campaign) == "UNCHANGED_SINCE_REJECTION"
    assert await api.code("maya", "submitCampaign", campaign, note=" ") == "UNCHANGED_SINCE_REJECTION"
    again = (await api.act("maya", "submitCampaign", campaign, note="The price is right."))["campaign"]
    assert (again["status"], again["head"]["number"]) == ("PENDING_REVIEW", 1)
    await api.decided(again, mutation="rejectCampaign", reason="no")
    changed = await api.edited(await api.campaign(campaign["id"]))
    assert (await api.act("maya", "submitCampaign", changed))["campaign"]["status"] == "PENDING_REVIEW"


@on_one_database
async def test_a_withdrawal_does_not_make_a_rejection_forgotten(api):
    campaign = await api.rejected()
    await api.act("maya", "submitCampaign", campaign, note="again")
    await api.act("maya", "withdrawCampaign", campaign)

    assert await api.code("maya", "submitCampaign", campaign) == "UNCHANGED_SINCE_REJECTION"


async def test_a_quorum_that_cannot_be_met_is_refused_with_everybody_who_is_excluded_and_why(api):
    campaign = await api.create(size=100_000)
    await api.assign("leo")

    refused = await api.refused("maya", "submitCampaign", campaign)

    assert refused["code"] == "QUORUM_IMPOSSIBLE"
    assert {"role": "legal_reviewer", "needed": 1, "left": 1} in refused["requirements"]
    found = {item["user"]["name"]: item["eligible"] for item in refused["eligibleApprovers"]}
    assert {name for name, eligible in found.items() if eligible} == {"Chen", "Cleo", "Ada"}
    assert all(item["reasons"] for item in refused["eligibleApprovers"] if not item["eligible"])


@on_one_database
async def test_the_submitter_is_not_counted_among_those_who_could_approve(api):
    for name in ("chen", "cleo", "leo"):
        await api.assign(name)
    campaign = await api.create("maya")

    assert await api.code("ada", "submitCampaign", campaign) == "QUORUM_IMPOSSIBLE"
    assert (await api.act("maya", "submitCampaign", campaign))["campaign"]["status"] == "PENDING_REVIEW"


@on_one_database
async def test_a_checker_may_not_submit(api):
    campaign = await api.create()

    for who in ("chen", "sofia", "leo", "noor"):
        assert await api.code(who, "submitCampaign", campaign, account="acme") == "FORBIDDEN"
