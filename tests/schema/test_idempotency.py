"""The idempotency key of every mutation: what was done once is answered again and not done again."""

import asyncio

import pytest
from tests.schema.client import api_schema, paths_of
from tests.schema.natural import NEW, SITUATIONS

pytestmark = pytest.mark.wide

MUTATIONS = sorted(api_schema().mutation_type.fields)
# What a success shows, and how the same is read with another selection.
SELECTIONS = {
    "enableApprovals": ("account { id }", "account { slug }"),
    "disableApprovals": ("approved account { id }", "expired account { slug }"),
    "updateAccount": ("account { id }", "account { name }"),
    "addMember": ("member { id }", "member { user { email } }"),
    "disableMember": ("member { id }", "member { active }"),
    "enableMember": ("member { id }", "member { active }"),
    "assignRoles": ("member { id }", "member { roles }"),
    "addComment": ("comment { id }", "comment { body by { name } }"),
    "recordDeliveryMetrics": ("publication { id }", "publication { metrics { sent } }"),
}
ON_CAMPAIGN = ("campaign { id }", "campaign { status name }")


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_key_is_good_for_one_effect_and_belongs_to_one_person_and_one_input(api, mutation):
    ask = await SITUATIONS[mutation](api)
    given = ask.given | {"idempotencyKey": "k-1"}
    first_selection, second_selection = SELECTIONS.get(mutation, ON_CAMPAIGN)

    first = await api.mutate(ask.who, mutation, first_selection, **given)
    assert first["__typename"].endswith("Payload"), first
    done = await api.footprint()

    # again: the same success, with the new selection
    assert await api.mutate(ask.who, mutation, first_selection, **given) == first
    again = await api.mutate(ask.who, mutation, second_selection, **given)
    assert (again["__typename"], again.keys() >= {"code"}) == (first["__typename"], False)

    # other arguments, or another mutation
    if ask.other:
        assert await api.code(ask.who, mutation, **given | ask.other) == "IDEMPOTENCY_MISMATCH"
    other = "enableApprovals" if mutation != "enableApprovals" else "createCampaign"
    refused = await api.refused(
        ask.who, other, **({} if other == "enableApprovals" else NEW), idempotencyKey="k-1"
    )
    assert refused["code"] == "IDEMPOTENCY_MISMATCH"

    # another person's key is another key, for the right as for the effect
    assert await api.code("vera", mutation, **given) == "FORBIDDEN"
    assert await api.footprint() == done


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_two_at_once_have_one_effect_and_one_answer(api, mutation):
    ask = await SITUATIONS[mutation](api)
    before = (await api.footprint())["idempotency_key"]
    selection, _ = SELECTIONS.get(mutation, ON_CAMPAIGN)

    answers = await asyncio.gather(
        *(api.mutate(ask.who, mutation, selection, **ask.given, idempotencyKey="twin") for _ in range(2))
    )

    assert answers[0] == answers[1]
    assert answers[0]["__typename"].endswith("Payload"), answers
    assert (await api.footprint())["idempotency_key"] == before + 1


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_key_that_cannot_be_kept_is_refused(api, mutation):
    ask = await SITUATIONS[mutation](api)

    keys = ("   ", "a\0b") if mutation != "createCampaign" else ("", " ", "\t\n", "x" * 256, "a\0b", "\ud800")
    for key in keys:
        assert paths_of(await api.refused(ask.who, mutation, **ask.given, idempotencyKey=key)) == [
            "idempotencyKey"
        ]
    longest = await api.mutate(ask.who, mutation, **ask.given, idempotencyKey="ß" * 255)
    assert longest["__typename"].endswith("Payload"), longest


async def test_the_same_key_of_another_person_is_independent(api):
    ids = [
        (await api.mutate(who, "createCampaign", "campaign { id }", **NEW, idempotencyKey="k"))["campaign"][
            "id"
        ]
        for who in ("maya", "max", "maya", "max")
    ]

    assert ids[0] == ids[2] != ids[1] == ids[3]


async def test_the_same_key_in_another_account_is_independent(api):
    for account in ("acme", "globex"):
        who = {"acme": "ada", "globex": "gil"}[account]
        await api.mutate(who, "assignRoles", memberId=await api.member_id("noor", account), roles=["maker"])

    answers = [
        await api.mutate("noor", "createCampaign", "campaign { id }", account=slug, **NEW, idempotencyKey="k")
        for slug in ("acme", "globex")
    ]

    assert answers[0]["campaign"]["id"] != answers[1]["campaign"]["id"]


async def test_a_refusal_is_not_kept(api):
    campaign = await api.create()
    given = {"campaignId": campaign["id"], "expectedVersion": 1, "name": "Other", "idempotencyKey": "k"}
    assert await api.code("chen", "updateCampaign", **given) == "FORBIDDEN"
    assert await api.code("max", "updateCampaign", **given | {"expectedVersion": 9}) == "STALE_VERSION"

    done = await api.mutate("max", "updateCampaign", "campaign { name }", **given)

    assert done["campaign"] == {"name": "Other"}


async def test_a_success_is_kept_for_a_day_and_then_forgotten(api):
    given = NEW | {"idempotencyKey": "k"}
    first = await api.mutate("maya", "createCampaign", "campaign { id }", **given)

    api.clock.pass_(hours=24)
    assert await api.mutate("maya", "createCampaign", "campaign { id }", **given) == first
    api.clock.pass_(seconds=1)
    second = await api.mutate("maya", "createCampaign", "campaign { id }", **given | {"name": "Other"})

    assert second["__typename"] == "CreateCampaignPayload"
    assert second != first
    assert (await api.footprint())["idempotency_key"] == 1


async def test_a_replay_shows_what_has_become_of_it(api):
    campaign = await api.submitted()
    given = {
        "campaignId": campaign["id"],
        "contentHash": campaign["head"]["contentHash"],
        "idempotencyKey": "k",
    }
    selection = "decision { id verdict } campaign { status }"
    first = await api.mutate("chen", "approveCampaign", selection, **given)
    await api.edited(await api.campaign(campaign["id"]))

    again = await api.mutate("chen", "approveCampaign", selection, **given)

    assert first["campaign"] == {"status": "SENT"}
    assert again["campaign"] == {"status": "DRAFT"}
    assert again["decision"] == first["decision"]


async def test_a_replayed_publication_is_the_one_that_went_out_then(api):
    campaign = await api.approved()
    given = {
        "campaignId": campaign["id"],
        "contentHash": campaign["head"]["contentHash"],
        "idempotencyKey": "k",
    }
    first = await api.mutate("maya", "publishCampaign", "publication { id }", **given)
    draft = await api.edited(await api.campaign(campaign["id"]))
    await api.decided(
        await api.decided((await api.act("maya", "submitCampaign", draft))["campaign"]),
        "maya",
        "publishCampaign",
    )

    assert await api.mutate("maya", "publishCampaign", "publication { id }", **given) == first


async def test_a_replay_needs_no_right_any_more(api):
    given = NEW | {"idempotencyKey": "k"}
    first = await api.mutate("maya", "createCampaign", "campaign { id }", **given)
    await api.assign("maya")

    assert await api.mutate("maya", "createCampaign", "campaign { id }", **given) == first
