"""What passes with time: reads show it at once, whether or not a clock has written it down."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import TOMORROW, hash_of, nodes_of, on_one_database

from gql_approvals.service.perform import perform_due
from gql_approvals.workflow.identity import parse_global_id

pytestmark = pytest.mark.wide


async def strike(api, campaign):
    """What the clock does to a campaign."""
    office_account = await api.ask("ada", "{ viewer { account { id } } }")
    account_id = parse_global_id(office_account["viewer"]["account"]["id"])[1]
    await perform_due(api.office, account_id, parse_global_id(campaign["id"])[1])


async def listed(api, status):
    query = "query($s: [CampaignStatus!]) { campaigns(filter: {status: $s}) { totalCount edges { node { id status } } } }"
    found = (await api.ask("vera", query, s=[status]))["campaigns"]
    assert found["totalCount"] == len(found["edges"])
    assert all(node["status"] == status for node in nodes_of(found))
    return [node["id"] for node in nodes_of(found)]


async def test_a_stopped_clock_changes_no_answer(api):
    review, schedule = await api.submitted(scheduledAt=TOMORROW), await api.scheduled()
    assert await listed(api, "PENDING_REVIEW") == [review["id"]]
    assert await listed(api, "APPROVED") == [schedule["id"]]

    api.clock.pass_(days=1)
    assert await listed(api, "PENDING_REVIEW") == []
    assert await listed(api, "EXPIRED") == [review["id"]]
    assert await listed(api, "APPROVED") == [schedule["id"]]  # within the grace it is merely due

    api.clock.pass_(seconds=300)
    assert await listed(api, "APPROVED") == [schedule["id"]]
    api.clock.pass_(seconds=1)
    assert await listed(api, "APPROVED") == []
    stopped = [await api.campaign(c["id"]) for c in (review, schedule)]
    assert await listed(api, "EXPIRED") == [schedule["id"], review["id"]]
    assert await api.inbox("chen") == []

    for campaign in (review, schedule):
        await strike(api, campaign)
    assert [await api.campaign(c["id"]) for c in (review, schedule)] == stopped
    assert await listed(api, "EXPIRED") == [schedule["id"], review["id"]]


async def test_an_expired_request_reads_the_same_before_and_after_it_is_written_down(api):
    campaign = await api.submitted()
    api.clock.pass_(days=14)
    query = "status requests { edges { node { status requirements { left } decisions { id } } } } viewerActions { action allowed reasons { code } }"

    stopped = await api.show(campaign, query, "chen")
    await strike(api, campaign)

    assert nodes_of(stopped["requests"])[0]["status"] == "EXPIRED"
    assert await api.show(campaign, query, "chen") == stopped


async def test_the_clock_sends_what_is_due_and_never_what_is_late(api):
    on_time, late = await api.scheduled(), await api.scheduled()
    api.clock.pass_(days=1, seconds=-1)
    await strike(api, on_time)
    assert (await api.campaign(on_time["id"]))["status"] == "APPROVED"

    api.clock.pass_(seconds=301)
    await strike(api, on_time)
    api.clock.pass_(seconds=1)
    await strike(api, late)

    sent = await api.campaign(on_time["id"])
    assert (sent["status"], sent["live"]["authorisation"]) == ("SENT", "QUORUM")
    assert (await api.campaign(late["id"]))["live"] is None
    assert (await api.kinds(late["id"]))[-1] == "campaign:schedule_missed"


async def test_a_missed_schedule_is_edited_and_submitted_again(api):
    campaign = await api.scheduled()
    api.clock.pass_(days=2)
    campaign = await api.campaign(campaign["id"])
    assert (campaign["status"], campaign["authorisation"]) == ("EXPIRED", None)

    moved = await api.edited(campaign, scheduledAt="2026-11-25T09:00:00Z")
    again = (await api.act("maya", "submitCampaign", moved))["campaign"]

    assert (await api.decided(again))["status"] == "APPROVED"


async def test_a_decision_on_what_is_already_expired_stays_refused(api):
    campaign = await api.submitted()
    api.clock.pass_(days=14, seconds=-1)
    assert await api.inbox("chen") == [campaign["id"]]
    api.clock.pass_(seconds=1)

    for _ in range(2):
        given = {"campaignId": campaign["id"], "contentHash": hash_of(campaign)}
        assert (await api.mutate("chen", "approveCampaign", **given))["code"] == "REQUEST_EXPIRED"
    assert await api.kinds(campaign["id"]) == ["campaign:created", "campaign:submitted", "campaign:expired"]


@on_one_database
@pytest.mark.slow
async def test_a_member_without_a_role_sees_everything_and_may_do_nothing(api):
    for status in ("DRAFT", "PENDING_REVIEW", "APPROVED", "REJECTED", "SENT", "ARCHIVED"):
        campaign = await api.in_status(status)

        actions = (await api.show(campaign, "viewerActions { action allowed }", "vera"))["viewerActions"]

        assert [a["action"] for a in actions if a["allowed"]] == ["VIEW"]
