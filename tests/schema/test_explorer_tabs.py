"""What the explorer's tabs ask is run as they are, with what the page fills in."""

import json
from typing import Any

import pytest
from tests.schema.client import on_one_database

from gql_approvals.http.graphiql_review import REJECT_CAMPAIGN, REVIEW_CAMPAIGN, REVIEW_TABS, REVIEWED
from gql_approvals.http.graphiql_tabs import (
    APPROVE_CAMPAIGN,
    CREATE_CAMPAIGN,
    REVIEW_QUEUE,
    SUBMIT_CAMPAIGN,
    SUGGESTIONS,
    TABS,
    WATCH_CAMPAIGNS,
    WHO_AM_I,
    Tab,
)

RUN = {WHO_AM_I, REVIEW_QUEUE, CREATE_CAMPAIGN, SUBMIT_CAMPAIGN, APPROVE_CAMPAIGN}
RUN_IN_A_REVIEW = {REVIEW_CAMPAIGN, APPROVE_CAMPAIGN, REJECT_CAMPAIGN}


def given(tab: Tab, **values: Any) -> dict[str, Any]:
    """The tab's variables, where these values stand in for the placeholders."""
    variables = json.loads(tab.variables)
    placeholders = {name for name, value in variables["input"].items() if str(value).startswith("<")}
    assert placeholders <= set(values)
    return {"input": variables["input"] | values}


@on_one_database
async def test_the_story_runs_from_the_first_tab_to_the_last(api):
    assert {*TABS} == {*RUN, WATCH_CAMPAIGNS}  # the browser's tests watch
    assert (await api.ask("maya", WHO_AM_I.query))["viewer"]["roles"] == ["maker"]
    made = (await api.ask("maya", CREATE_CAMPAIGN.query, **json.loads(CREATE_CAMPAIGN.variables)))[
        "createCampaign"
    ]
    campaign = made["campaign"]["id"]
    suggested = await api.ask("maya", SUGGESTIONS)
    assert [edge["node"]["id"] for edge in suggested["drafts"]["edges"]] == [campaign]

    submitted = await api.ask("maya", SUBMIT_CAMPAIGN.query, **given(SUBMIT_CAMPAIGN, campaignId=campaign))
    content_hash = submitted["submitCampaign"]["request"]["contentHash"]
    [edge] = (await api.ask("chen", REVIEW_QUEUE.query))["reviewInbox"]["edges"]
    assert (edge["node"]["campaign"]["id"], edge["node"]["contentHash"]) == (campaign, content_hash)
    suggested = await api.ask("chen", SUGGESTIONS)
    assert suggested["waiting"]["edges"][0]["node"]["openRequest"]["contentHash"] == content_hash
    assert suggested["reviewInbox"]["edges"][0]["node"]["contentHash"] == content_hash

    approval = given(APPROVE_CAMPAIGN, campaignId=campaign, contentHash=content_hash)
    refused = (await api.ask("maya", APPROVE_CAMPAIGN.query, **approval))["approveCampaign"]
    assert refused["code"] == "FORBIDDEN"
    assert refused["reasons"][0]["message"]
    approved = (await api.ask("chen", APPROVE_CAMPAIGN.query, **approval))["approveCampaign"]
    assert approved["campaign"]["status"] == "SENT"


@on_one_database
async def test_a_review_is_read_and_rejected(api):
    assert {*REVIEW_TABS} == RUN_IN_A_REVIEW
    campaign = await api.edited(await api.sent())
    await api.act("maya", "submitCampaign", campaign, note="Shorter.")

    found = (await api.ask("chen", REVIEWED, id=campaign["id"]))["campaign"]
    compared = {"from": found["live"]["revision"]["number"], "to": found["openRequest"]["revision"]["number"]}
    read = await api.ask("chen", REVIEW_CAMPAIGN.query, id=campaign["id"], compare=True, **compared)
    assert [change["path"] for change in read["campaign"]["changes"]] == ["content.subject"]
    request = read["campaign"]["openRequest"]
    assert request["note"] == "Shorter."
    able = {one["user"]["name"] for one in request["eligibleApprovers"] if one["eligible"]}
    assert able == {
        one["user"]["name"] for one in found["openRequest"]["eligibleApprovers"] if one["eligible"]
    }
    assert "Chen" in able

    values = {"campaignId": campaign["id"], "contentHash": request["contentHash"]}
    refused = await api.ask("chen", REJECT_CAMPAIGN.query, **given(REJECT_CAMPAIGN, **values))
    assert refused["rejectCampaign"]["problems"][0]["path"] == ["reason"]
    done = await api.ask(
        "chen", REJECT_CAMPAIGN.query, **given(REJECT_CAMPAIGN, **values, reason="Too loud.")
    )
    assert done["rejectCampaign"]["decision"]["reason"] == "Too loud."


@on_one_database
@pytest.mark.slow
async def test_every_channel_s_content_is_in_the_review(api):
    for channel in ("email", "sms", "appPush", "whatsapp", "webPush", "onsite"):
        campaign = await api.submitted(channel=channel)

        read = (await api.ask("chen", REVIEW_CAMPAIGN.query, id=campaign["id"]))["campaign"]

        assert "changes" not in read
        content = read["openRequest"]["revision"]["content"]
        assert len(content) > 1, channel
