"""updateAccount."""

import pytest
from tests.schema.client import on_one_database, paths_of

from gql_approvals.persistence.models import OutboxRow

pytestmark = pytest.mark.wide

ACCOUNT = "account { slug name timeZone notifyScope approvalsEnabled }"
BEFORE = {
    "slug": "acme",
    "name": "Acme",
    "timeZone": "Europe/Berlin",
    "notifyScope": "INVOLVED",
    "approvalsEnabled": True,
}


async def account(api):
    return (await api.ask("vera", f"{{ viewer {{ {ACCOUNT} }} }}"))["viewer"]["account"]


async def detail(api):
    """What the newest audit entry says."""
    query = "{ auditLog(first: 1) { edges { node { kind detail } } } }"
    return (await api.ask("ada", query))["auditLog"]["edges"][0]["node"]


async def test_an_administrator_changes_everything_at_once(api):
    given = {"name": " Äcme Ltd ", "timeZone": "America/New_York", "notifyScope": "ROLE_HOLDERS"}

    done = await api.send("ada", "updateAccount", ACCOUNT, **given)

    assert done["account"] == BEFORE | given | {"name": "Äcme Ltd"}
    assert await account(api) == done["account"]
    assert await detail(api) == {
        "kind": "account:updated",
        "detail": {"changed": ["name", "timeZone", "notifyScope"]},
    }


@on_one_database
async def test_what_is_absent_or_null_keeps_its_value(api):
    empty = dict.fromkeys(("name", "timeZone", "notifyScope"))
    expected = BEFORE
    for given in ({"name": "Other"}, {"timeZone": "UTC"}, {"notifyScope": "ROLE_HOLDERS"}):
        expected = expected | given
        done = await api.mutate("ada", "updateAccount", ACCOUNT, **empty | given)

        assert done["account"] == expected
        assert (await detail(api))["detail"] == {"changed": list(given)}


@on_one_database
async def test_what_is_so_already_stays_so_and_nothing_happens(api):
    before = await api.footprint()

    for given in ({}, {"name": None}, {"name": "Acme", "timeZone": "Europe/Berlin"}):
        done = await api.mutate("ada", "updateAccount", ACCOUNT, **given)
        assert done["account"] == BEFORE

    assert await api.footprint() == before


@on_one_database
async def test_a_name_or_a_time_zone_that_cannot_be_is_refused(api):
    for given, paths in (
        ({"name": ""}, ["name"]),
        ({"name": " \t"}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "a\0"}, ["name"]),
        ({"name": "\ud800"}, ["name"]),
        ({"timeZone": ""}, ["timeZone"]),
        ({"timeZone": "Mars/Base"}, ["timeZone"]),
        ({"timeZone": "europe/berlin"}, ["timeZone"]),
        ({"timeZone": "../../etc/passwd"}, ["timeZone"]),
        ({"timeZone": "a\0" * 500}, ["timeZone"]),
        ({"name": " ", "timeZone": "CEST", "notifyScope": "ROLE_HOLDERS"}, ["name", "timeZone"]),
    ):
        assert paths_of(await api.refused("ada", "updateAccount", **given)) == paths, given
    assert await account(api) == BEFORE


@on_one_database
async def test_only_who_manages_approvals_may_change_the_account(api):
    for who in ("maya", "chen", "vera", "dora"):
        refused = await api.refused(who, "updateAccount", name="Mine", timeZone="Mars/Base")
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "manage_approvals")


@on_one_database
async def test_another_account_is_left_as_it_was(api):
    await api.mutate("ada", "updateAccount", name="Other", notifyScope="ROLE_HOLDERS")

    query = "{ viewer { account { name notifyScope } accounts { name } } }"
    assert (await api.ask("gil", query))["viewer"] == {
        "account": {"name": "Globex", "notifyScope": "INVOLVED"},
        "accounts": [{"name": "Globex"}],
    }


@on_one_database
async def test_the_scope_decides_at_once_who_is_told(api):
    async def told():
        await OutboxRow.all().delete()
        await api.submitted()
        return {row.payload["recipient"] for row in await OutboxRow.all()}

    narrow = await told()
    await api.mutate("ada", "updateAccount", notifyScope="ROLE_HOLDERS")
    wide = await told()
    await api.mutate("ada", "updateAccount", notifyScope="INVOLVED")

    assert len(wide) > len(narrow)
    assert wide > narrow
    assert await told() == narrow
