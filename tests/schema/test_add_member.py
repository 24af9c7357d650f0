"""addMember."""

import asyncio

import pytest
from tests.schema.client import on_one_database, paths_of

from gql_approvals.persistence import people
from gql_approvals.persistence.models import MemberRow, UserRow

MEMBER = "member { id roles active user { id name email } }"
NINA = {"email": "Nina@Acme.test", "name": " Nina ", "roles": ["maker"]}

NO_ADDRESSES = (
    "",
    " ",
    "nina",
    "@acme.test",
    "nina@",
    "a@b@c",
    "ni na@acme.test",
    "nina@acme.test\nBcc: x@y",
    "nina@acme.test\0",
    "nina\ud800@acme.test",
    "nina\u200b@acme.test",
    "İ" * 200 + "@acme.test",  # 400 letters when it is written small
)


async def token_of(api, email):
    """A token of somebody who has been let in."""

    async def make():
        user = await people.user_by_email(email)
        assert user is not None
        return await people.create_token(user.id, name="CI", now=api.clock.now, expires_at=None)

    return await api.database.transaction(make)


@pytest.mark.wide
async def test_an_administrator_lets_somebody_in_who_may_act_at_once(api):
    done = await api.send("ada", "addMember", MEMBER, **NINA)

    member = done["member"]
    assert (member["roles"], member["active"]) == (["maker"], True)
    assert (member["user"]["name"], member["user"]["email"]) == ("Nina", "nina@acme.test")
    assert (await api.kinds())[-1] == "member:added"
    token = await token_of(api, "nina@acme.test")
    query = {"query": "{ viewer { user { id } account { slug } permissions } }"}
    answer = await api.client.post("/graphql", json=query, headers={"Authorization": f"Bearer {token}"})
    viewer = answer.json()["data"]["viewer"]
    assert (viewer["user"]["id"], viewer["account"]["slug"]) == (member["user"]["id"], "acme")
    assert "create" in viewer["permissions"]


@on_one_database
async def test_who_is_an_active_member_already_is_not_added_again(api):
    for email in ("max@acme.test", "MAX@ACME.TEST"):
        refused = await api.refused("ada", "addMember", email=email, name="Max", roles=["checker"])
        assert paths_of(refused) == ["email"]
        assert "`max@acme.test` is a member of `acme` already" in refused["message"]


@pytest.mark.wide
async def test_a_disabled_member_comes_back_with_these_roles_and_the_name_they_had(api):
    member = await api.disable("max")

    done = await api.send(
        "ada", "addMember", MEMBER, email="Max@acme.test", name="Maximilian", roles=["checker"]
    )

    assert (done["member"]["id"], done["member"]["user"]["name"]) == (member, "Max")
    assert (done["member"]["roles"], done["member"]["active"]) == (["checker"], True)
    assert (await api.kinds())[-2:] == ["member:disabled", "member:enabled"]
    assert (await api.decided(await api.submitted(), "max"))["status"] == "SENT"


async def test_a_person_of_another_account_joins_under_the_name_they_have(api):
    before = await UserRow.all().count()

    done = await api.send("ada", "addMember", MEMBER, email="GUS@globex.test", name="Other", roles=[])

    assert done["member"]["user"] == {
        "id": await api.user_id("gus"),
        "name": "Gus",
        "email": "gus@globex.test",
    }
    assert await UserRow.all().count() == before
    slugs = (await api.ask("gus", "{ viewer { accounts { slug } roles } }", "globex"))["viewer"]
    assert slugs == {"accounts": [{"slug": "globex"}, {"slug": "acme"}], "roles": ["checker"]}
    assert (await api.ask("gus", "{ viewer { roles } }", "acme"))["viewer"]["roles"] == []


@pytest.mark.wide
async def test_what_is_no_address_is_refused(api):
    for email in NO_ADDRESSES:
        assert paths_of(await api.refused("ada", "addMember", **NINA | {"email": email})) == ["email"], email
    longest = "n" * 310 + "@acme.test"
    assert paths_of(await api.refused("ada", "addMember", **NINA | {"email": "n" + longest})) == ["email"]
    done = await api.mutate("ada", "addMember", MEMBER, **NINA | {"email": longest})
    assert done["member"]["user"]["email"] == longest


@on_one_database
async def test_everything_that_is_wrong_is_told_at_once(api):
    refused = await api.refused("ada", "addMember", email="nina", name="x" * 201, roles=["makr", "viewer"])
    assert paths_of(refused) == ["email", "name", "roles"]
    for name in ("", "  ", "a\0", "\ud800"):
        assert paths_of(await api.refused("ada", "addMember", **NINA | {"name": name})) == ["name"]
    # what cannot be understood comes first
    refused = await api.refused("ada", "addMember", **NINA | {"roles": ["maker", "checker", "makr"]})
    assert paths_of(refused) == ["roles"]


@on_one_database
async def test_nobody_is_let_in_who_would_both_make_and_decide(api):
    member = await api.disable("max")

    for given in (NINA, {"email": "max@acme.test", "name": "Max"}, {"email": "gus@globex.test", "name": "G"}):
        refused = await api.refused("ada", "addMember", **given | {"roles": ["maker", "checker"]})
        assert refused["code"] == "SEGREGATION_OF_DUTIES"
        assert [reason["source"].partition(":")[0] for reason in refused["reasons"]] == ["policy.csv"] * 2
    assert (await api.member_id("max")) == member
    done = await api.mutate("ada", "addMember", MEMBER, **NINA | {"roles": ["maker", "checker", "admin"]})
    assert done["member"]["roles"] == ["admin", "checker", "maker"]


@on_one_database
async def test_only_who_manages_members_may_and_the_others_learn_nothing_of_anybody(api):
    addresses = ("max@acme.test", "gus@globex.test", "nobody@acme.test", "junk")
    for who in ("maya", "chen", "vera"):
        answers = [await api.refused(who, "addMember", email=email, name="", roles=[]) for email in addresses]
        assert {(answer["code"], answer["action"]) for answer in answers} == {("FORBIDDEN", "manage_members")}
        assert all(answer == answers[0] for answer in answers)


async def test_two_accounts_that_add_the_same_stranger_at_once_add_one_person(api):
    given = NINA | {"roles": []}

    answers = await asyncio.gather(
        *(api.mutate(who, "addMember", MEMBER, **given) for who in ("ada", "gil", "ada"))
    )

    added = [answer for answer in answers if answer["__typename"] == "AddMemberPayload"]
    assert len(added) == 2
    assert {answer.get("code") for answer in answers} == {None, "INVALID_INPUT"}
    assert len({answer["member"]["user"]["id"] for answer in added}) == 1
    assert await UserRow.filter(email="nina@acme.test").count() == 1
    assert await MemberRow.filter(user__email="nina@acme.test").count() == 2
