"""Who is let in, and with which roles: found by subject, first by verified address, ruled by groups."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from provider import key, signed
from tests.signin.conftest import World, world_on

from gql_approvals.cli.administration import Person, add_member
from gql_approvals.persistence import people
from gql_approvals.service.sign_in import SOURCE

pytestmark = pytest.mark.wide

PEOPLE = "SELECT email, name FROM app_user WHERE email <> 'ada@acme.test' ORDER BY id"
MEMBERS = """
SELECT a.slug, u.email, m.roles, m.active FROM member m JOIN account a ON a.id = m.account_id
JOIN app_user u ON u.id = m.user_id WHERE u.email <> 'ada@acme.test' ORDER BY m.id
"""


async def members(world: World) -> list[tuple[str, str, str, bool]]:
    """(account, person, roles, active) of everybody but Ada."""
    found = await world.rows(MEMBERS)
    return [
        (slug, email.partition("@")[0], ",".join(json.loads(roles)), bool(active))
        for slug, email, roles, active in found
    ]


async def disable(world: World, email: str, *, active: bool = False) -> None:
    """What `disableMember` writes."""
    word = "TRUE" if active else "FALSE"
    query = (
        f"UPDATE member SET active = {word} WHERE user_id = (SELECT id FROM app_user WHERE email = '{email}')"  # noqa: S608
    )
    await world.office.database._client.execute_script(query)


# ------------------------------------------------------------------------------------------ first sign-in
async def test_the_first_sign_in_lets_a_person_in_with_the_roles_of_their_groups(everywhere: World):
    viewer = await everywhere.viewer(everywhere.provider.token())

    assert viewer["user"] == {"name": "Maya", "email": "maya@acme.test"}
    assert viewer["account"] == {"slug": "acme"}
    assert viewer["roles"] == ["maker"]
    assert {"CREATE", "SUBMIT"} <= {permission.upper() for permission in viewer["permissions"]}
    assert await everywhere.rows(PEOPLE) == [("maya@acme.test", "Maya")]
    assert await everywhere.audit() == [("identity:linked", None), ("member:added", None)]
    [(detail,)] = await everywhere.rows(
        "SELECT detail FROM audit_event WHERE kind = 'member:added' ORDER BY id DESC LIMIT 1"
    )
    assert SOURCE in str(detail)


async def test_the_same_token_writes_nothing_more(world: World):
    token = world.provider.token()
    await world.viewer(token)
    entries, before = await world.audit(), await world.rows("SELECT * FROM identity")

    for _ in range(3):
        await world.viewer(token)

    assert await world.audit() == entries
    assert await world.rows("SELECT * FROM identity") == before


async def test_twenty_first_requests_at_once_make_one_person(everywhere: World):
    token = everywhere.provider.token(groups=["makers", "abroad"])

    found = await asyncio.gather(*(everywhere.post(token, **{"X-Account": "acme"}) for _ in range(20)))

    assert {str(body.get("errors")) for body in found} == {"None"}
    assert await members(everywhere) == [("acme", "maya", "maker", True), ("globex", "maya", "maker", True)]
    assert len(await everywhere.rows("SELECT id FROM identity")) == 1


async def test_somebody_in_groups_of_two_accounts_chooses(world: World):
    token = world.provider.token(groups=["makers", "abroad"])

    assert await world.code(token) == "ACCOUNT_REQUIRED"
    assert (await world.viewer(token, **{"X-Account": "globex"}))["account"] == {"slug": "globex"}


async def test_nobody_is_made_of_somebody_in_no_group(world: World):
    assert await world.code(world.provider.token(groups=["strangers"])) == "ACCOUNT_REQUIRED"
    assert await world.code(world.provider.token("groups")) == "ACCOUNT_REQUIRED"

    assert await world.rows(PEOPLE) == []
    assert await world.rows("SELECT id FROM identity") == []


async def test_a_known_person_joins_by_their_verified_address_and_keeps_their_name(everywhere: World):
    before = await everywhere.viewer(everywhere.tokens["ada"])

    token = everywhere.provider.token("groups", sub="ada-9", email="ADA@acme.test", name="Somebody else")
    viewer = await everywhere.viewer(token)

    assert viewer == before
    assert await everywhere.audit() == [("identity:linked", None)]


async def test_an_address_that_is_not_verified_opens_nobody_s_account(world: World):
    token = world.provider.token(sub="evil", email="ada@acme.test", email_verified=False, groups=["admins"])

    assert await world.code(token) == "UNAUTHENTICATED"
    assert await world.rows("SELECT id FROM identity") == []


async def test_once_linked_the_address_no_longer_matters(world: World):
    first = await world.viewer(world.provider.token())

    again = await world.viewer(await world.later("email", "email_verified"))
    moved = await world.viewer(await world.later(email="ada@acme.test"))

    assert first["user"] == again["user"] == moved["user"]


async def test_an_address_that_was_given_to_somebody_else_does_not_open_the_first_one_s_history(
    everywhere: World, caplog: pytest.LogCaptureFixture
):
    await everywhere.viewer(everywhere.provider.token())

    assert await everywhere.code(everywhere.provider.token(sub="maya-2")) == "UNAUTHENTICATED"

    assert [record.__dict__.get("reason") for record in caplog.records] == ["person"]
    assert len(await everywhere.rows("SELECT id FROM identity")) == 1


# ------------------------------------------------------------------------------------------------ groups
async def test_a_newer_token_changes_roles_and_an_older_one_does_not_undo_it(world: World):
    old = world.provider.token()
    await world.viewer(old)

    new = await world.later(groups=["checkers"])
    assert (await world.viewer(new))["roles"] == ["checker"]
    assert (await world.viewer(old))["roles"] == ["checker"]

    assert [kind for kind, _ in await world.audit()] == [
        "identity:linked",
        "member:added",
        "member:roles_assigned",
    ]


async def test_who_leaves_the_last_group_leaves_the_account_and_may_come_back(everywhere: World):
    await everywhere.viewer(everywhere.provider.token())

    assert await everywhere.code(await everywhere.later(groups=[])) == "ACCOUNT_REQUIRED"
    assert await members(everywhere) == [("acme", "maya", "", False)]
    assert (await everywhere.viewer(await everywhere.later()))["roles"] == ["maker"]

    kinds = [kind for kind, _ in await everywhere.audit()]
    assert kinds == ["identity:linked", "member:added", "member:disabled", "member:enabled"]


async def test_who_was_disabled_by_hand_stays_out_whatever_groups_say(world: World):
    await world.viewer(world.provider.token())
    await disable(world, "maya@acme.test")

    for groups in (["makers"], [], ["checkers"], ["makers", "checkers"]):
        assert await world.code(await world.later(groups=groups)) == "ACCOUNT_REQUIRED"

    assert await members(world) == [("acme", "maya", "maker", False)]
    await disable(world, "maya@acme.test", active=True)
    assert (await world.viewer(await world.later(groups=["checkers"])))["roles"] == ["checker"]


async def test_a_membership_given_by_hand_stays_where_no_group_counts(world: World):
    await add_member(world.office, "acme", Person(email="maya@acme.test", name="M"), frozenset({"checker"}))

    viewer = await world.viewer(world.provider.token(groups=["abroad"]), **{"X-Account": "acme"})

    assert viewer["roles"] == ["checker"]
    assert await members(world) == [
        ("acme", "maya", "checker", True),
        ("globex", "maya", "maker", True),
    ]


async def test_groups_take_over_a_membership_given_by_hand_in_their_account(world: World):
    await add_member(world.office, "acme", Person(email="maya@acme.test", name="M"), frozenset({"checker"}))

    assert (await world.viewer(world.provider.token()))["roles"] == ["maker"]

    assert await members(world) == [("acme", "maya", "maker", True)]


async def test_the_newest_token_wins_of_many_at_once(everywhere: World):
    tokens = [await everywhere.later(groups=["makers"] if n % 2 else ["checkers"]) for n in range(12)]

    await asyncio.gather(*(everywhere.post(token) for token in reversed(tokens)))

    assert await members(everywhere) == [("acme", "maya", "maker", True)]


async def test_groups_that_give_both_sides_let_nobody_make_or_decide(world: World):
    viewer = await world.viewer(world.provider.token(groups=["makers", "checkers"]))
    told = await world.post(world.tokens["ada"], "{ policyStatus { problems { code message } } }")

    assert viewer["roles"] == ["checker", "maker"]
    held = {permission.lower() for permission in viewer["permissions"]}
    assert held.isdisjoint({"create", "edit", "duplicate", "submit", "approve", "reject"})
    assert "view" in held
    [problem] = [p for p in told["data"]["policyStatus"]["problems"] if p["code"] == "members"]
    assert "Maya <maya@acme.test>" in problem["message"]


async def test_a_role_that_the_policy_has_lost_is_given_to_nobody(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    groups = "makers, acme, maker\nmakers, acme, seamstress\n"
    async with world_on(sqlite_url, tmp_path, groups) as world:
        assert (await world.viewer(world.provider.token()))["roles"] == ["maker"]

    [told] = [record for record in caplog.records if "sign_in:groups" in record.getMessage()]
    assert "groups.csv:2:15: [role]" in told.getMessage()
    assert told.levelno == logging.ERROR


async def test_a_disabled_person_is_out_at_once_with_a_token_that_is_still_good(world: World):
    token = world.provider.token()
    await world.viewer(token)

    await disable(world, "maya@acme.test")

    assert await world.code(token) == "ACCOUNT_REQUIRED"


async def test_a_token_ends_with_its_time(world: World):
    token = world.provider.token()
    await world.viewer(token)

    await world.later(minutes=6.1)

    assert await world.code(token) == "UNAUTHENTICATED"


async def test_another_key_of_the_provider_speaks_for_the_same_person(world: World):
    first = await world.viewer(world.provider.token())
    curve = key("curve", "EC")

    second = await world.viewer(
        signed({"alg": "ES256", "kid": "curve"}, world.provider.claims(), curve, "ES256")
    )

    assert second == first


async def test_nothing_of_it_touches_people_who_never_sign_in_there(world: World):
    ada = await people.user_by_email("ada@acme.test")
    await world.viewer(world.provider.token())
    await world.viewer(await world.later(groups=["checkers"]))

    assert (await world.viewer(world.tokens["ada"]))["roles"] == ["admin"]
    assert await people.user_by_email("ada@acme.test") == ada
