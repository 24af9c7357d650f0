"""assignRoles."""

import pytest
from tests.schema.client import hash_of, on_one_database, paths_of

pytestmark = pytest.mark.wide


async def test_an_administrator_gives_a_member_exactly_these_roles_at_once(api):
    vera = await api.member_id("vera")

    done = await api.send(
        "ada",
        "assignRoles",
        "member { id roles active user { name } }",
        memberId=vera,
        roles=["viewer", "maker"],
    )

    assert done["member"] == {
        "id": vera,
        "roles": ["maker", "viewer"],
        "active": True,
        "user": {"name": "Vera"},
    }
    assert (await api.create("vera"))["createdBy"] == {"name": "Vera"}
    viewer = (await api.ask("vera", "{ viewer { roles permissions } }"))["viewer"]
    assert viewer["roles"] == ["maker", "viewer"]
    assert "create" in viewer["permissions"]
    assert "approve" not in viewer["permissions"]
    assert "member:roles_assigned" in await api.kinds()


@on_one_database
async def test_a_role_that_is_taken_away_ends_at_once(api):
    campaign = await api.submitted()
    await api.assign("chen")

    assert await api.code("chen", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "FORBIDDEN"


async def test_roles_that_the_policy_does_not_know_are_refused(api):
    vera = await api.member_id("vera")

    for role in ("chief", "Maker", "", "anyone", "everyone", "maker ", "a\0", "\ud800", "x" * 5000):
        refused = await api.refused("ada", "assignRoles", memberId=vera, roles=["maker", role])
        assert paths_of(refused) == ["roles"]


@on_one_database
async def test_a_role_of_another_account_is_unknown(api):
    gwen = await api.member_id("gwen", "globex")

    assert await api.code("gil", "assignRoles", memberId=gwen, roles=["text_approver"]) == "INVALID_INPUT"


@on_one_database
@pytest.mark.parametrize(
    "roles",
    [["maker", "checker"], ["creator", "approver"], ["maker", "text_approver"], ["intern", "legal_reviewer"]],
)
async def test_nobody_both_makes_and_decides_and_the_refusal_names_both_sources(api, roles):
    refused = await api.refused("ada", "assignRoles", memberId=await api.member_id("vera"), roles=roles)

    assert refused["code"] == "SEGREGATION_OF_DUTIES"
    assert len(refused["reasons"]) == 2
    for role, reason in zip(roles, refused["reasons"], strict=True):
        assert role in reason["message"]
        assert reason["source"].startswith("policy.csv:")


@on_one_database
async def test_whoever_manages_approvals_is_exempt_but_not_from_self_review(api):
    await api.assign("vera", "maker", "checker", "admin")
    own = await api.submitted("vera")

    assert await api.code("vera", "approveCampaign", own, contentHash=hash_of(own)) == "SELF_REVIEW"
    assert (await api.decided(await api.submitted("maya"), "vera"))["status"] == "SENT"


@on_one_database
async def test_somebody_must_be_left_who_may_manage_members(api):
    ada = await api.member_id("ada")

    assert await api.code("ada", "assignRoles", memberId=ada, roles=["maker"]) == "LAST_ADMIN"
    assert await api.code("ada", "assignRoles", memberId=ada, roles=[]) == "LAST_ADMIN"
    assert (
        await api.code("ada", "assignRoles", memberId=ada, roles=["maker", "checker"])
        == "SEGREGATION_OF_DUTIES"
    )
    await api.assign("ada", "admin", "checker")
    await api.assign("vera", "admin")
    done = await api.mutate("ada", "assignRoles", "member { roles }", memberId=ada, roles=["maker"])
    assert done["member"] == {"roles": ["maker"]}


@on_one_database
async def test_only_who_manages_members_assigns_roles_not_even_to_themselves(api):
    for who in ("maya", "chen"):
        refused = await api.refused(who, "assignRoles", memberId=await api.member_id(who), roles=["admin"])
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "manage_members")


@on_one_database
async def test_a_change_of_roles_while_a_request_is_open_changes_its_tally_both_ways(api):
    campaign = await api.submitted(size=100_000)
    await api.decided(campaign, "chen")

    await api.assign("chen", "maker")
    lost = await api.campaign(campaign["id"])
    await api.assign("chen", "checker")
    regained = await api.campaign(campaign["id"])

    assert [r["left"] for r in lost["openRequest"]["requirements"]] == [1, 1, 1]
    assert [r["left"] for r in regained["openRequest"]["requirements"]] == [0, 0, 1]
    assert (await api.decided(campaign, "leo"))["status"] == "SENT"


@on_one_database
async def test_a_repeated_role_is_one_role(api):
    done = await api.mutate(
        "ada",
        "assignRoles",
        "member { roles }",
        memberId=await api.member_id("vera"),
        roles=["maker", "maker"],
    )

    assert done["member"] == {"roles": ["maker"]}
