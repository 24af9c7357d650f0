"""What every mutation leaves in the audit log: on success what is promised, on refusal nothing, anywhere."""

from itertools import pairwise

import pytest
from tests.authorisation import rows
from tests.authorisation.refusing import IN_PARTICULAR, UNKNOWN, situation_of
from tests.authorisation.world import TABLES
from tests.schema.client import CONTENT, TOMORROW, api_schema, hash_of
from tests.schema.natural import SITUATIONS

from gql_approvals.workflow.identity import global_id

pytestmark = [pytest.mark.slow]

SCHEMA = api_schema()
KINDS = {kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["UserError"])}
REFUSALS = [
    (mutation, "".join(f"_{c}" if c.isupper() else c.upper() for c in kind.name).lstrip("_"))
    for mutation, field in SCHEMA.mutation_type.fields.items()
    for kind in field.type.types
    if kind.name in KINDS
]


async def everything(api):
    """Every row of every table, as it is stored; when a token was used last is no change."""
    found = {}
    for table in TABLES.split():
        read = await api.database._client.execute_query_dict(f"SELECT * FROM {table}")  # noqa: S608
        found[table] = sorted(
            repr({name: value for name, value in dict(row).items() if name != "last_used_at"}) for row in read
        )
    return found


async def entries_after(api, seqs):
    """Kind and actor of what the chains have gained, which go on without a gap."""
    query = (
        "SELECT kind, seq, account_id, previous_hash, hash, name FROM audit_event"
        " LEFT JOIN app_user ON app_user.id = actor_id ORDER BY audit_event.id"
    )
    read = [dict(row) for row in await api.database._client.execute_query_dict(query)]
    for account in {row["account_id"] for row in read}:
        chain = [row for row in read if row["account_id"] == account]
        assert [row["seq"] for row in chain] == list(range(1, len(chain) + 1))
        assert all(b["previous_hash"] == a["hash"] for a, b in pairwise(chain))
    return [(row["kind"], row["name"] and row["name"].lower()) for row in read[seqs:]]


async def count(api):
    [row] = await api.database._client.execute_query_dict("SELECT count(*) AS n FROM audit_event")
    return row["n"]


# ------------------------------------------------------------------------------------------------ refused
def test_every_code_of_every_mutation_has_a_situation():
    assert [pair for pair in REFUSALS if situation_of(*pair) is None] == []
    assert set(IN_PARTICULAR) <= set(REFUSALS)
    assert len(REFUSALS) > 100


@pytest.mark.parametrize(("mutation", "code"), REFUSALS)
async def test_a_refusal_leaves_every_table_as_it_was(api, mutation, code):
    ask = await situation_of(mutation, code)(api)
    before = await everything(api)

    refused = await api.mutate(ask.who, mutation, **ask.given)

    assert refused.get("code") == code, refused
    assert await everything(api) == before


# ----------------------------------------------------------------------------------------------- accepted
async def leaves(api, who, mutation, given, kinds):
    """Perform a mutation, and compare what it left with the kinds that were promised."""
    before, stored = await count(api), await everything(api)

    done = await api.mutate(who, mutation, **given)

    assert done["__typename"].endswith("Payload"), done
    found = await entries_after(api, before)
    assert [kind for kind, _ in found] == kinds
    assert {actor for _, actor in found} <= {who}
    after = await everything(api)
    if not kinds:
        assert {table for table in after if after[table] != stored[table]} <= {"idempotency_key"}
    elif not mutation.startswith(("enable", "add", "assign", "disableMember", "updateAcc", "record")):
        assert after["account"] != stored["account"]  # its head of the chain


@pytest.mark.parametrize("mutation", rows.MUTATIONS)
async def test_a_success_leaves_exactly_the_entries_of_its_row(api, mutation):
    ask = await SITUATIONS[mutation](api)
    key = {"idempotencyKey": "k"}

    await leaves(api, ask.who, mutation, ask.given | key, rows.MUTATIONS[mutation].entries.split())
    await leaves(api, ask.who, mutation, ask.given | key, [])  # its replay


def _id(campaign, **more):
    return {"campaignId": campaign["id"], **more}


def _hash(campaign, **more):
    return _id(campaign, contentHash=hash_of(campaign), **more)


async def _unusual(api):
    """(who, mutation, what is sent, kinds): the successes that leave more or less than the usual ones."""
    other = {"content": {"email": CONTENT["email"] | {"subject": "Other"}}, "ifPending": "WITHDRAW"}
    draft = await api.create()
    yield "maya", "updateCampaign", _id(draft, expectedVersion=1), []
    yield "maya", "updateCampaign", _id(draft, expectedVersion=1, name="Winter sale"), []
    yield "maya", "updateCampaign", _id(draft, expectedVersion=1, name="Other"), ["campaign:renamed"]
    for pending in (await api.submitted(), await api.approved(), await api.sent()):
        given = _id(pending, expectedVersion=pending["version"], **other)
        yield "maya", "updateCampaign", given, ["campaign:edited"]
    yield "maya", "archiveCampaign", _id(await api.submitted()), ["campaign:archived"]
    large = await api.submitted(size=100_000)
    yield "chen", "approveCampaign", _hash(large), ["campaign:voted"]
    yield "leo", "approveCampaign", _hash(large), ["campaign:approved", "campaign:sent"]
    for more in ({"publishMode": "MANUAL"}, {"scheduledAt": TOMORROW}):
        yield "chen", "approveCampaign", _hash(await api.submitted(**more)), ["campaign:approved"]
    max_ = await api.member_id("max")
    yield "ada", "enableMember", {"memberId": max_}, []
    yield "ada", "disableMember", {"memberId": max_}, ["member:disabled"]
    yield "ada", "disableMember", {"memberId": max_}, []
    back = {"email": "max@acme.test", "name": "Ignored", "roles": ["maker"]}
    yield "ada", "addMember", back, ["member:enabled"]
    yield "ada", "updateAccount", {}, []
    yield "ada", "updateAccount", {"name": "Acme"}, []
    yield "ada", "enableApprovals", {}, []
    waiting = [await api.submitted(), await api.submitted(publishMode="MANUAL")]
    scheduled, plain = await api.create(scheduledAt=TOMORROW), await api.create()
    token = (await api.ask("ada", "{ disableApprovalsPreview { confirmToken } }"))["disableApprovalsPreview"]
    released = ["campaign:auto_approved", "campaign:sent", "campaign:auto_approved"]
    assert len(waiting) == released.count("campaign:auto_approved")
    yield "ada", "disableApprovals", token, ["account:approvals_disabled", *released]
    yield "maya", "publishCampaign", _hash(plain), ["campaign:released", "campaign:sent"]
    yield "maya", "publishCampaign", _hash(scheduled), ["campaign:released"]


async def test_unusual_successes_leave_what_happened_and_nothing_else(api):
    tried = 0
    async for who, mutation, given, kinds in _unusual(api):
        await leaves(api, who, mutation, given, kinds)
        tried += 1
    assert tried == 21


async def test_what_time_has_done_is_written_by_the_system_whoever_is_refused(api):
    campaign = await api.submitted()
    api.clock.pass_(days=15)
    before = await count(api)

    for who, code in (("vera", "FORBIDDEN"), ("maya", "WRONG_STATUS")):
        refused = await api.mutate(who, "withdrawCampaign", campaignId=campaign["id"])
        assert refused["code"] == code
        assert await entries_after(api, before) == [("campaign:expired", None)]
    foreign = await api.mutate("gil", "withdrawCampaign", campaignId=campaign["id"])
    never = await api.mutate("gil", "withdrawCampaign", campaignId=global_id("Campaign", UNKNOWN))
    assert foreign == never
    assert await entries_after(api, before) == [("campaign:expired", None)]


async def test_another_account_does_not_write_down_what_time_has_done(api):
    campaign = await api.submitted()
    api.clock.pass_(days=15)
    before = await everything(api)

    for mutation in (name for name, row in rows.MUTATIONS.items() if row.about == "campaign"):
        more = {
            "updateCampaign": {"expectedVersion": 1},
            "approveCampaign": {"contentHash": hash_of(campaign)},
            "rejectCampaign": {"contentHash": hash_of(campaign), "reason": "no"},
            "revokeApproval": {"reason": "no"},
            "publishCampaign": {"contentHash": hash_of(campaign)},
            "addComment": {"body": "no"},
        }.get(mutation, {})
        assert (await api.mutate("gil", mutation, **_id(campaign, **more)))["code"] == "NOT_FOUND"

    assert await everything(api) == before
