"""enableMember."""

import pytest
from tests.schema.client import on_one_database

from gql_approvals.persistence.models import MemberRow
from gql_approvals.workflow.identity import parse_global_id

pytestmark = pytest.mark.wide

MEMBER = "member { id roles active user { name } }"


async def test_a_disabled_member_acts_again_with_the_roles_they_had(api):
    member = await api.disable("max")

    done = await api.send("ada", "enableMember", MEMBER, memberId=member)

    assert done["member"] == {"id": member, "roles": ["maker"], "active": True, "user": {"name": "Max"}}
    assert (await api.kinds())[-2:] == ["member:disabled", "member:enabled"]
    assert (await api.create("max"))["createdBy"] == {"name": "Max"}


@on_one_database
async def test_roles_that_were_assigned_meanwhile_are_the_ones(api):
    member = await api.disable("max")
    await api.assign("max", "checker")
    assert (await api.fault("max", "{ viewer { roles } }"))["code"] == "ACCOUNT_REQUIRED"

    await api.mutate("ada", "enableMember", memberId=member)

    assert (await api.decided(await api.submitted(), "max"))["status"] == "SENT"


@on_one_database
async def test_who_is_enabled_stays_so_and_nothing_happens(api):
    member = await api.member_id("max")
    before = await api.footprint()

    done = await api.mutate("ada", "enableMember", MEMBER, memberId=member)

    assert (done["member"]["id"], done["member"]["active"]) == (member, True)
    assert await api.footprint() == before


@on_one_database
async def test_nobody_comes_back_who_would_both_make_and_decide(api):
    """A policy may have come into force since, under which the roles exclude each other."""
    member = await api.disable("max")
    row = MemberRow.filter(id=parse_global_id(member)[1])
    await row.update(roles=["checker", "maker"])

    refused = await api.refused("ada", "enableMember", memberId=member)
    assert refused["code"] == "SEGREGATION_OF_DUTIES"
    assert len(refused["reasons"]) == 2

    await row.update(active=True)
    assert "code" not in await api.mutate("ada", "enableMember", memberId=member), "nothing changes"


@on_one_database
async def test_only_who_manages_members_may_enable(api):
    member = await api.disable("max")

    for who in ("maya", "chen", "vera"):
        refused = await api.refused(who, "enableMember", memberId=member)
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "manage_members")
