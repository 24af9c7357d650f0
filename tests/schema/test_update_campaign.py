"""updateCampaign."""

import pytest
from tests.schema.client import CAMPAIGN, CONTENT, TOMORROW, hash_of, on_one_database, paths_of

pytestmark = pytest.mark.wide

OTHER = {"email": CONTENT["email"] | {"subject": "Sale, the second"}}
LATER = "2026-11-23T09:00:00Z"


async def test_a_maker_changes_a_draft_and_a_second_one_becomes_a_contributor(api):
    campaign = await api.create()

    done = await api.send(
        "max",
        "updateCampaign",
        f"campaign {{ {CAMPAIGN} }}",
        campaignId=campaign["id"],
        expectedVersion=1,
        content=OTHER,
        audience={"segment": "Some", "estimatedSize": 5},
    )

    after = done["campaign"]
    assert (after["status"], after["version"], after["head"]["number"]) == ("DRAFT", 2, 1)
    assert after["head"]["id"] == campaign["head"]["id"]  # never submitted, so it is amended
    assert after["head"]["audience"] == {"segment": "Some", "estimatedSize": 5}
    assert after["head"]["contributors"] == [{"name": "Maya"}, {"name": "Max"}]
    assert hash_of(after) != hash_of(campaign)
    assert await api.kinds(campaign["id"]) == ["campaign:created", "campaign:edited"]


async def test_what_was_submitted_once_is_never_amended(api):
    for status in ("REJECTED", "EXPIRED"):
        campaign = await api.in_status(status)

        after = await api.edited(campaign)

        assert (after["status"], after["head"]["number"]) == ("DRAFT", 2)
        revisions = (await api.show(campaign, "revisions { edges { node { number contentHash } } }"))[
            "revisions"
        ]
        assert [edge["node"]["contentHash"] for edge in revisions["edges"]] == [
            hash_of(after),
            hash_of(campaign),
        ]


@on_one_database
async def test_a_withdrawn_revision_is_kept_as_well(api):
    campaign = await api.submitted()
    withdrawn = (await api.act("maya", "withdrawCampaign", campaign))["campaign"]

    assert (await api.edited(withdrawn))["head"]["number"] == 2


@on_one_database
async def test_the_same_content_makes_no_revision_and_no_contributor(api):
    campaign = await api.create()

    after = await api.edited(campaign, "max", subject="Sale", name=campaign["name"])

    assert after == campaign
    assert await api.kinds(campaign["id"]) == ["campaign:created"]


@on_one_database
async def test_a_new_name_keeps_the_review_and_its_votes(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")
    campaign = await api.campaign(campaign["id"])

    after = (
        await api.act(
            "max", "updateCampaign", campaign, expectedVersion=campaign["version"], name="Summer sale"
        )
    )["campaign"]

    assert (after["name"], after["status"]) == ("Summer sale", "PENDING_REVIEW")
    assert after["version"] == campaign["version"] + 1
    assert (after["head"], after["openRequest"]) == (campaign["head"], campaign["openRequest"])
    assert (await api.decided(after, "leo"))["status"] == "SENT"
    assert (await api.show(after, "head { contributors { name } }"))["head"]["contributors"] == [
        {"name": "Maya"}
    ]


@on_one_database
async def test_a_content_and_a_name_change_together(api):
    campaign = await api.create()

    after = await api.edited(campaign, name="Summer sale")

    assert after["name"] == "Summer sale"
    assert hash_of(after) != hash_of(campaign)


@on_one_database
@pytest.mark.parametrize("status", ["PENDING_REVIEW", "APPROVED"])
async def test_an_edit_voids_a_review_or_an_approval_only_when_asked_to(api, status):
    campaign = await api.in_status(status)
    given = {"expectedVersion": campaign["version"], "content": OTHER}

    assert await api.code("max", "updateCampaign", campaign, **given) == "UNDER_REVIEW"
    assert await api.code("max", "updateCampaign", campaign, ifPending="REFUSE", **given) == "UNDER_REVIEW"
    assert await api.code("max", "updateCampaign", campaign, ifPending=None, **given) == "UNDER_REVIEW"
    done = await api.act("max", "updateCampaign", campaign, ifPending="WITHDRAW", **given)

    after = done["campaign"]
    assert (after["status"], after["authorisation"], after["openRequest"]) == ("DRAFT", None, None)
    assert after["head"]["number"] == 2
    requests = (await api.show(after, "requests { edges { node { status decisions { voided } } } }"))[
        "requests"
    ]
    ended = {"PENDING_REVIEW": ("SUPERSEDED", []), "APPROVED": ("APPROVED", [{"voided": True}])}
    assert requests["edges"] == [{"node": dict(zip(("status", "decisions"), ended[status], strict=True))}]


async def test_a_vote_on_a_superseded_request_is_kept_but_void(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    after = await api.edited(await api.campaign(campaign["id"]))
    again = (await api.act("maya", "submitCampaign", after))["campaign"]

    requests = (
        await api.show(after, "requests { edges { node { status decisions { by { name } voided } } } }")
    )["requests"]
    assert requests["edges"][1]["node"] == {
        "status": "SUPERSEDED",
        "decisions": [{"by": {"name": "Chen"}, "voided": True}],
    }
    assert [item["left"] for item in again["openRequest"]["requirements"]] == [1, 1, 1]
    assert (await api.decided(again, "chen"))["status"] == "PENDING_REVIEW"  # who voted before may vote again


@on_one_database
async def test_an_edit_with_the_same_content_leaves_a_review_alone(api):
    campaign = await api.submitted()

    assert await api.edited(campaign, subject="Sale") == campaign


async def test_a_sent_campaign_stays_live_until_its_next_revision_is_sent(api):
    campaign = await api.sent()
    figures = {"sent": 9, "delivered": 8, "opened": 2, "clicked": 1, "failed": 1}
    await api.mutate("dora", "recordDeliveryMetrics", publicationId=campaign["live"]["id"], **figures)
    campaign = await api.campaign(campaign["id"])

    draft = await api.edited(campaign, "max")
    pending = (await api.act("max", "submitCampaign", draft))["campaign"]

    for after in (draft, pending):
        assert (after["live"], after["metrics"]) == (campaign["live"], campaign["metrics"])
    assert (draft["status"], draft["head"]["number"], draft["authorisation"]) == ("DRAFT", 2, None)
    sent = await api.decided(pending)
    assert (sent["status"], sent["live"]["revision"]["number"]) == ("SENT", 2)
    assert (sent["metrics"]["sent"], sent["metrics"]["updatedAt"]) == (0, None)
    publications = (await api.show(sent, "publications { edges { node { metrics { sent } } } }"))[
        "publications"
    ]
    assert [edge["node"]["metrics"]["sent"] for edge in publications["edges"]] == [0, 9]


@on_one_database
async def test_an_absent_time_stays_and_null_clears_it(api):
    campaign = await api.create(scheduledAt=TOMORROW)

    kept = await api.edited(campaign)
    moved = (await api.act("maya", "updateCampaign", kept, expectedVersion=2, scheduledAt=LATER))["campaign"]
    refused = await api.refused("maya", "updateCampaign", moved, expectedVersion=3, scheduledAt=None)
    cleared = await api.act(
        "maya", "updateCampaign", moved, expectedVersion=3, scheduledAt=None, publishMode="MANUAL"
    )

    assert kept["head"]["scheduledAt"] == TOMORROW
    assert moved["head"]["scheduledAt"] == LATER
    assert paths_of(refused) == ["scheduledAt"]  # SCHEDULED needs one
    assert cleared["campaign"]["head"]["scheduledAt"] is None
    assert cleared["campaign"]["publishMode"] == "MANUAL"


@on_one_database
async def test_null_keeps_everything_that_has_no_null(api):
    campaign = await api.create(publishMode="MANUAL")

    done = await api.act(
        "maya",
        "updateCampaign",
        campaign,
        expectedVersion=1,
        name=None,
        content=None,
        audience=None,
        publishMode=None,
    )

    assert done["campaign"] == campaign


@on_one_database
async def test_the_version_that_was_read_is_compared(api):
    campaign = await api.create()
    changed = await api.edited(campaign, "max")

    refused = await api.refused("maya", "updateCampaign", campaign, expectedVersion=1, content=OTHER)
    renamed = await api.refused("maya", "updateCampaign", campaign, expectedVersion=1, name="Other")

    assert (refused["code"], refused["currentVersion"]) == ("STALE_VERSION", changed["version"])
    assert renamed["code"] == "STALE_VERSION"


@on_one_database
async def test_a_stale_version_is_said_even_where_nothing_would_change(api):
    campaign = await api.submitted()

    assert await api.code("maya", "updateCampaign", campaign, expectedVersion=1) == "STALE_VERSION"
    assert (
        await api.code("maya", "updateCampaign", campaign, expectedVersion=1, content=OTHER) == "UNDER_REVIEW"
    )


@on_one_database
async def test_a_vote_counts_as_a_change_of_the_version(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    refused = await api.refused(
        "maya", "updateCampaign", campaign, expectedVersion=campaign["version"], name="Other"
    )

    assert (refused["code"], refused["currentVersion"]) == ("STALE_VERSION", campaign["version"] + 1)


@on_one_database
async def test_what_cannot_be_stored_is_invalid_before_anything_else(api):
    campaign = await api.submitted()
    for given, paths in (
        ({"content": {"sms": CONTENT["sms"]}}, ["content.sms"]),  # the channel is for ever
        ({"name": " "}, ["name"]),
        ({"audience": {"segment": "All", "estimatedSize": -5}}, ["audience.estimatedSize"]),
        ({"scheduledAt": TOMORROW}, ["publishMode"]),
        ({"publishMode": "SCHEDULED"}, ["scheduledAt"]),
    ):
        assert (
            paths_of(await api.refused("maya", "updateCampaign", campaign, expectedVersion=99, **given))
            == paths
        )


@on_one_database
async def test_an_archived_campaign_is_not_edited(api):
    campaign = await api.in_status("ARCHIVED")

    for given in ({"content": OTHER}, {"name": "Other"}):
        assert (
            await api.code("maya", "updateCampaign", campaign, expectedVersion=2, **given) == "WRONG_STATUS"
        )


@on_one_database
async def test_an_intern_edits_only_their_own(api):
    await api.assign("vera", "intern")
    own, others = await api.create("vera"), await api.create("maya")

    assert (await api.edited(own, "vera"))["version"] == 2
    assert await api.code("vera", "updateCampaign", others, expectedVersion=1, content=OTHER) == "FORBIDDEN"


@on_one_database
async def test_an_overdue_campaign_is_edited_as_the_expired_one_that_it_is(api):
    campaign = await api.submitted()
    api.clock.pass_(days=15)

    after = (await api.act("maya", "updateCampaign", campaign, expectedVersion=2, content=OTHER))["campaign"]

    assert (after["status"], after["head"]["number"]) == ("DRAFT", 2)
    assert (await api.kinds(campaign["id"]))[-2:] == ["campaign:expired", "campaign:edited"]
