"""A flag and the mutation it speaks of agree: for every person, status and action, code included."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import pytest
from tests.schema.client import CONTENT, api_schema, hash_of, on_one_database

from gql_approvals.workflow.vocabulary import CampaignStatus

# Both sides of the comparison are the workflow's own; a second database would say nothing new.
pytestmark = on_one_database

# Everybody whose roles or part in the campaign differ; maya creates what they look at.
PEOPLE = ("maya", "max", "chen", "ada", "vera", "sofia", "leo", "dora")
# action → (mutation, what is sent beside the campaign's id). VIEW is reading.
NATURAL = {
    "COMMENT": ("addComment", lambda _: {"body": "Hm."}),
    "EDIT": (
        "updateCampaign",
        lambda c: {
            "expectedVersion": c["version"],
            "content": {"email": CONTENT["email"] | {"subject": "Other"}},
        },
    ),
    "DUPLICATE": ("duplicateCampaign", lambda _: {}),
    "SUBMIT": ("submitCampaign", lambda _: {}),
    "WITHDRAW": ("withdrawCampaign", lambda _: {}),
    "APPROVE": ("approveCampaign", lambda c: {"contentHash": hash_of(c)}),
    "REJECT": ("rejectCampaign", lambda c: {"contentHash": hash_of(c), "reason": "no"}),
    "REVOKE": ("revokeApproval", lambda _: {"reason": "stop"}),
    "PUBLISH": ("publishCampaign", lambda c: {"contentHash": hash_of(c)}),
    "DISCARD": ("discardDraft", lambda _: {}),
    "ARCHIVE": ("archiveCampaign", lambda _: {}),
}
OFTEN = {CampaignStatus.DRAFT, CampaignStatus.PENDING_REVIEW, CampaignStatus.APPROVED}
WITHOUT_A_MUTATION = {"VIEW"}
FLAGS = "query($id: ID!) { campaign(id: $id) { status viewerActions { action allowed reasons { code message } } } }"


async def flags(api, who, campaign):
    """Action → the first reason's code, None when it is allowed."""
    found = (await api.ask(who, FLAGS, id=campaign["id"]))["campaign"]["viewerActions"]
    for verdict in found:
        assert verdict["allowed"] == (not verdict["reasons"])
        assert all(reason["message"] for reason in verdict["reasons"])
    return {v["action"]: None if v["allowed"] else v["reasons"][0]["code"] for v in found}


async def answer(api, who, campaign, action):
    mutation, given = NATURAL[action]
    return (await api.mutate(who, mutation, campaignId=campaign["id"], **given(campaign))).get("code")


async def agree(api, make):
    """Compare everybody's flags on a campaign with what the mutations then answer."""
    shared, successes = await make(), {}
    for who in PEOPLE:
        before = await flags(api, who, shared)
        assert before.keys() == NATURAL.keys() | WITHOUT_A_MUTATION
        for action, code in before.items():
            if action in NATURAL and code is not None:
                assert (await answer(api, who, shared, action), who, action) == (code, who, action)
            elif action in NATURAL:
                successes.setdefault(action, who)
        assert await flags(api, who, shared) == before
    for action, who in successes.items():
        fresh = await make()
        assert (await answer(api, who, fresh, action), who, action) == (None, who, action)
    return successes


@pytest.mark.slow
@pytest.mark.parametrize(
    "status",
    [
        status if status in OFTEN else pytest.param(status, marks=pytest.mark.slow)
        for status in CampaignStatus
    ],
)
async def test_flag_and_mutation_agree_for_everybody(api, status):
    await agree(api, lambda: api.in_status(status))


@pytest.mark.slow
async def test_they_agree_where_a_large_audience_has_one_vote_already(api):
    async def make():
        campaign = await api.submitted(size=100_000)
        await api.decided(campaign, "chen")
        return await api.campaign(campaign["id"])

    assert await agree(api, make) == {
        "COMMENT": "maya",
        "WITHDRAW": "maya",
        "ARCHIVE": "maya",
        "DUPLICATE": "maya",
        "APPROVE": "leo",
        "REJECT": "ada",
    }


@pytest.mark.slow
async def test_they_agree_on_the_draft_of_a_sent_campaign(api):
    async def make():
        return await api.edited(await api.sent(), "ada")

    assert "DISCARD" in await agree(api, make)


@pytest.mark.slow
async def test_they_agree_while_approvals_are_off(api):
    draft, other = await api.create(), await api.create()
    await api.switch_off()
    drafts = iter((draft, other))

    async def make():
        return next(drafts, None) or await api.create()

    assert "PUBLISH" in await agree(api, make)


async def test_they_agree_on_small_text_messages(api):
    async def make():
        return await api.submitted("ada", channel="sms", size=50_000)

    found = {who: await flags(api, who, await make()) for who in ("sofia", "ada")}

    assert found["sofia"]["APPROVE"] is found["sofia"]["REJECT"] is None
    assert found["ada"]["APPROVE"] == found["ada"]["REJECT"] == "SELF_REVIEW"


async def test_what_a_flag_says_comes_from_the_policy_only_for_those_who_may_see_it(api):
    campaign = await api.submitted("maya", channel="sms", size=50_001)
    text = "query($id: ID!) { campaign(id: $id) { viewerActions { action reasons { code source } } } }"
    await api.assign("noor", "auditor", "text_approver")

    for who, shown in (("sofia", False), ("noor", True)):
        actions = (await api.ask(who, text, "acme", id=campaign["id"]))["campaign"]["viewerActions"]
        sources = [reason["source"] for action in actions for reason in action["reasons"]]
        assert any(sources) == shown


def test_every_action_is_compared(place):
    del place
    words = set(api_schema().type_map["CampaignAction"].values)

    assert words == NATURAL.keys() | WITHOUT_A_MUTATION
    assert not {f"{word.lower()}Campaign" for word in WITHOUT_A_MUTATION} & set(
        api_schema().mutation_type.fields
    )
