"""How many statements an operation costs, besides the one that authenticates; and that no row is remembered."""
# ruff: noqa: E501  # GraphQL documents keep their lines

import pytest
from tests.schema.client import hash_of
from tests.schema.counting import statements

SUBMITS, APPROVES = 23, 19  # statements, BEGIN, COMMIT and what the answer reads included

CAMPAIGN = """query($id: ID!) { campaign(id: $id) {
  id name channel status publishMode version authorisation createdAt updatedAt head { contentHash } live { sentAt } createdBy { name email } } }"""
INBOX = """{ reviewInbox(first: 50) { edges { cursor node {
  id submittedAt submittedBy { name } decisions { verdict at by { name } }
  campaign { id name status createdBy { name } head { number contentHash } viewerActions { action allowed reasons { code } } } } } } }"""
LIST = """{ campaigns(first: 100, filter: { channel: [SMS], status: [DRAFT, PENDING_REVIEW] }, orderBy: { field: NAME, direction: ASC }) {
  edges { node { id name status updatedAt createdBy { name } } } pageInfo { hasNextPage } } }"""


READS = {  # at most so many
    "a campaign": ("vera", CAMPAIGN, 1),
    "the inbox": ("cleo", INBOX, 3),
    "a list": ("vera", LIST, 2),
}


async def counted(api, work):
    """What reaches the database meanwhile; `work` is done once before."""
    await work()
    async with statements(api.database.dialect) as heard:
        await work()
    return heard


@pytest.mark.parametrize("name", READS)
async def test_a_read_costs_few_statements_besides_the_one_that_authenticates(api, name):
    who, text, most = READS[name]
    people = ("maya", "max", "maya")
    made = [await api.submitted(who=one, channel="sms", size=200_000) for one in people]
    await api.decided(made[0], who="chen")
    key = {"id": made[0]["id"]} if "$id" in text else {}
    heard = await counted(api, lambda: api.ask(who, text, **key))
    assert [one for one in heard if "api_token" in one] == heard[:1]
    assert 1 <= len(heard) - 1 <= most, heard


async def test_what_a_list_costs_does_not_grow_with_what_is_in_it(api):
    await api.submitted(channel="sms")
    few = len(await counted(api, lambda: api.ask("cleo", INBOX)))
    for who in ("maya", "max", "maya"):
        await api.submitted(who=who, channel="sms")
    assert len(await counted(api, lambda: api.ask("cleo", INBOX))) == few


async def test_every_request_reads_what_it_answers(api):
    campaign = await api.submitted(channel="sms")
    once = await counted(api, lambda: api.ask("vera", CAMPAIGN, id=campaign["id"]))
    again = await counted(api, lambda: api.ask("vera", CAMPAIGN, id=campaign["id"]))
    assert len(once) == len(again) > 1


@pytest.mark.parametrize(
    ("who", "mutation", "most"), [("maya", "submitCampaign", SUBMITS), ("chen", "approveCampaign", APPROVES)]
)
async def test_a_mutation_costs_few_statements(api, who, mutation, most):
    start = api.submitted if mutation == "approveCampaign" else api.create
    for _ in range(2):  # the first one opens connections
        campaign = await start(channel="sms", publishMode="MANUAL")
        given = {"contentHash": hash_of(campaign)} if mutation == "approveCampaign" else {}
        async with statements(api.database.dialect) as heard:
            await api.act(who, mutation, campaign, **given)
    assert len(heard) <= most, (len(heard), [one[:90] for one in heard])
