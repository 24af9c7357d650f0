"""disableMember."""

import asyncio

import pytest
from tests.schema.client import document, hash_of, nodes_of, on_one_database
from tests.schema.natural import NEW

from gql_approvals.errors import Unauthenticated
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.service.caller import authenticate
from gql_approvals.service.perform import perform
from gql_approvals.service.tasks import AccountTask
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.identity import parse_global_id
from gql_approvals.workflow.vocabulary import AccountAction

MEMBER = "member { id roles active user { name } }"


async def test_a_disabled_member_keeps_their_roles_and_is_let_in_no_more(api):
    campaign = await api.create("max")
    member = await api.member_id("max")

    done = await api.send("ada", "disableMember", MEMBER, memberId=member)

    assert done["member"] == {"id": member, "roles": ["maker"], "active": False, "user": {"name": "Max"}}
    assert (await api.kinds())[-1] == "member:disabled"
    for query in ("{ viewer { roles } }", "{ campaigns { totalCount } }"):
        assert (await api.fault("max", query))["code"] == "ACCOUNT_REQUIRED"
    given = {"input": {"campaignId": campaign["id"]}}
    body = await api.post("max", document("submitCampaign", ""), given)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["ACCOUNT_REQUIRED"]
    assert (await api.campaign(campaign["id"]))["createdBy"] == {"name": "Max"}


@on_one_database
async def test_another_account_of_the_same_person_stays_open(api):
    await api.disable("noor")

    assert (await api.fault("noor", "{ viewer { roles } }", "acme"))["code"] == "ACCOUNT_REQUIRED"
    viewer = (await api.ask("noor", "{ viewer { account { slug } accounts { slug } } }"))["viewer"]
    assert viewer == {"account": {"slug": "globex"}, "accounts": [{"slug": "globex"}]}


async def test_what_is_under_way_already_ends_with_the_right(api):
    caller = await authenticate("demo-insecure-ada", "acme", api.clock())
    await api.assign("vera", "admin")
    await api.mutate("vera", "disableMember", memberId=await api.member_id("ada"))
    before = await api.footprint()

    with pytest.raises(Unauthenticated):
        await perform(
            api.office, caller, AccountTask(intent=AccountIntent(action=AccountAction.ENABLE_APPROVALS))
        )

    assert await api.footprint() == before


@on_one_database
async def test_of_a_document_what_comes_behind_the_own_disabling_is_not_done(api):
    await api.assign("vera", "admin")
    text = """mutation($member: ID!, $new: CreateCampaignInput!) {
      gone: disableMember(input: {memberId: $member}) { ... on DisableMemberPayload { member { active } } }
      late: createCampaign(input: $new) { __typename } }"""

    body = await api.post("ada", text, {"member": await api.member_id("ada"), "new": NEW})

    assert body["data"]["gone"]["member"] == {"active": False}
    assert body["data"]["late"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]
    assert (await api.ask("vera", "{ campaigns { totalCount } }"))["campaigns"]["totalCount"] == 0


@on_one_database
async def test_a_vote_counts_no_more_and_again_when_the_voter_is_back(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    member = await api.disable("chen")
    lost = await api.campaign(campaign["id"])
    await api.mutate("ada", "enableMember", memberId=member)
    back = await api.campaign(campaign["id"])
    await api.disable("chen")
    assert (await api.decided(campaign, "leo"))["status"] == "PENDING_REVIEW"

    assert [item["left"] for item in lost["openRequest"]["requirements"]] == [1, 1, 1]
    assert [item["left"] for item in back["openRequest"]["requirements"]] == [0, 0, 1]
    assert (await api.decided(campaign, "cleo"))["status"] == "SENT"


@on_one_database
async def test_who_is_disabled_is_no_approver_and_told_nothing(api):
    await api.disable("chen")
    campaign = await api.submitted()

    who = "openRequest { eligibleApprovers { user { name } } }"
    electors = (await api.show(campaign, who))["openRequest"]["eligibleApprovers"]
    assert "Chen" not in {elector["user"]["name"] for elector in electors}
    chen = parse_global_id(await api.user_id("chen"))[1]
    assert chen not in {row.payload["recipient"] for row in await OutboxRow.all()}
    query = "{ members(first: 100) { edges { node { user { name } active } } } }"
    members = nodes_of((await api.ask("ada", query))["members"])
    assert {"user": {"name": "Chen"}, "active": False} in members


@on_one_database
async def test_a_quorum_that_needs_the_disabled_is_impossible(api):
    await api.disable("leo")
    campaign = await api.create(size=100_000)

    assert await api.code("maya", "submitCampaign", campaign) == "QUORUM_IMPOSSIBLE"


@on_one_database
async def test_somebody_must_be_left_who_may_manage_members(api):
    ada = await api.member_id("ada")
    refused = await api.refused("ada", "disableMember", memberId=ada)
    assert (refused["code"], "nobody else" in refused["message"]) == ("LAST_ADMIN", True)

    await api.assign("vera", "admin")
    vera = await api.disable("vera")
    assert await api.code("ada", "disableMember", memberId=ada) == "LAST_ADMIN", "who is disabled is nobody"
    await api.mutate("ada", "enableMember", memberId=vera)
    await api.mutate("ada", "disableMember", memberId=ada)
    assert await api.code("vera", "disableMember", memberId=vera) == "LAST_ADMIN"


async def test_of_two_who_disable_each_other_at_once_one_stays(api):
    await api.assign("vera", "admin")
    pairs = (("ada", await api.member_id("vera")), ("vera", await api.member_id("ada")))

    bodies = await asyncio.gather(
        *(api.post(who, document("disableMember", ""), {"input": {"memberId": of}}) for who, of in pairs)
    )

    done = [body["data"]["disableMember"] for body in bodies]
    assert [result["__typename"] for result in done if result] == ["DisableMemberPayload"]
    [codes] = [body["errors"] for body in bodies if "errors" in body]
    assert codes[0]["extensions"]["code"] in {"UNAUTHENTICATED", "ACCOUNT_REQUIRED"}


@on_one_database
async def test_who_is_disabled_stays_so_and_nothing_happens(api):
    member = await api.disable("max")
    before = await api.footprint()

    done = await api.mutate("ada", "disableMember", MEMBER, memberId=member)

    assert (done["member"]["id"], done["member"]["active"]) == (member, False)
    assert await api.footprint() == before


@on_one_database
async def test_only_who_manages_members_disables_not_even_themselves(api):
    campaign = await api.submitted()
    for who in ("maya", "chen"):
        refused = await api.refused(who, "disableMember", memberId=await api.member_id(who))
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "manage_members")
    await api.refused("chen", "approveCampaign", campaign, contentHash=hash_of(campaign)[::-1])
