"""Accounts and the people in them, as an administrator changes them from a terminal, on both databases."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.databases import look

from gql_approvals.persistence import lookups, people

pytestmark = pytest.mark.wide

ADA, MAYA = "ada@acme.test", "maya@acme.test"


@pytest.fixture
def acme(run: Callable, prepared: Callable, database_url: str) -> Callable:
    """Run commands where there are the account acme, Ada who manages it, and Maya, a maker."""

    prepared(
        database_url,
        f"account create acme --admin {ADA} --name Acme",
        f"member add acme {MAYA} --name Maya --role maker",
    )

    def command(*arguments: str):
        return run(*arguments, database_url=database_url)

    return command


@pytest.fixture
def audited(database_url: str) -> Callable:
    """The newest entries of the account's audit log: kind, actor and detail."""

    def newest(count: int):
        events = look(database_url, lambda: lookups.audit_events(1, range(1, 100)))
        found = [event.entry for event in sorted(events.values(), key=lambda event: event.seq)]
        return [(one.kind, one.actor, one.detail) for one in found[-count:]]

    return newest


def answered(done):
    assert (done.code, done.err) == (0, ""), done
    return json.loads(done.out)


def test_an_account_s_settings_are_changed_and_the_change_is_told(acme, audited):
    done = acme("account", "set", "acme", "--name", " Acme Inc ", "--time-zone", "Europe/Berlin")
    again = acme("account", "set", "acme", "--name", "Acme Inc")
    told = acme("account", "set", "acme", "--notify-scope", "role_holders", "--format", "json")

    assert done.out.splitlines() == [
        "acme: name was `Acme` and is `Acme Inc`",
        "acme: time zone was `UTC` and is `Europe/Berlin`",
    ]
    assert (again.code, again.out) == (0, "acme: nothing changes\n")
    assert answered(told)["changed"] == {"notifyScope": {"from": "INVOLVED", "to": "ROLE_HOLDERS"}}
    assert audited(2) == [
        ("account:updated", None, {"changed": ["name", "timeZone"]}),
        ("account:updated", None, {"changed": ["notifyScope"]}),
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["acme"], 2, "nothing to change: give --name, --time-zone or --notify-scope"),
        (["acne", "--name", "A"], 1, "account: there is no account `acne`: did you mean `acme`?"),
        (["acme", "--name", " "], 1, "name: must have from 1 to 200 characters"),
        (
            ["acme", "--time-zone", "Berlin"],
            1,
            "time-zone: there is no time zone `Berlin`: try Europe/Berlin",
        ),
        (
            ["acme", "--name", " ", "--time-zone", "B"],
            1,
            "name: must have from 1 to 200 characters; time-zone: ",
        ),
    ],
)
@pytest.mark.sampled
def test_settings_are_refused_with_a_reason(acme, audited, arguments, code, told):
    before = audited(1)

    done = acme("account", "set", *arguments)

    assert (done.code, done.out) == (code, "")
    assert f"Error: {told}" in done.err
    assert audited(1) == before


def test_accounts_are_listed(acme):
    acme("account", "create", "zeta", "--admin", ADA, "--time-zone", "Asia/Kolkata")
    acme("member", "disable", "acme", MAYA)

    text = acme("account", "list").out.splitlines()
    listed = answered(acme("account", "list", "--format", "json"))["accounts"]

    assert [line.split() for line in text] == [
        ["account", "name", "time", "zone", "active", "members", "approvals"],
        ["acme", "Acme", "UTC", "1", "on"],
        ["zeta", "zeta", "Asia/Kolkata", "1", "on"],
    ]
    assert listed[0] == {
        "account": "acme",
        "name": "Acme",
        "timeZone": "UTC",
        "notifyScope": "INVOLVED",
        "approvalsEnabled": True,
        "activeMembers": 1,
    }


def test_a_database_without_accounts_says_how_to_make_one(run, database_url):
    assert run("account", "list", database_url=database_url).out == (
        "there is no account: make one with `gql-approvals account create SLUG --admin EMAIL`\n"
    )


def test_members_are_listed_with_their_roles(acme):
    acme("member", "add", "acme", "vera@acme.test")
    acme("member", "disable", "acme", MAYA)
    today = str(datetime.now(UTC).date())

    text = acme("member", "list", "acme").out.splitlines()
    listed = answered(acme("member", "list", "acme", "--format", "json"))["members"]

    assert [line.split() for line in text] == [
        ["name", "email", "roles", "active", "since"],
        ["ada", ADA, "admin", "yes", today],
        ["Maya", MAYA, "maker", "no", today],
        ["vera", "vera@acme.test", "none", "yes", today],
    ]
    assert [(one["email"], one["roles"], one["active"]) for one in listed] == [
        (ADA, ["admin"], True),
        (MAYA, ["maker"], False),
        ("vera@acme.test", [], True),
    ]
    assert listed[0]["since"].startswith(today)


def test_a_name_that_would_move_the_cursor_cannot(acme):
    acme("member", "add", "acme", "eve@acme.test", "--name", "Eve\x1b[2J")

    assert "\x1b" not in acme("member", "list", "acme").out


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--add", "viewer"], ["maker", "viewer"]),
        (["--add", "viewer", "--add", "auditor", "--remove", "maker"], ["auditor", "viewer"]),
        (["--remove", "maker"], []),
        (["--set", "checker"], ["checker"]),
        (["--set", "checker", "--set", "viewer"], ["checker", "viewer"]),
    ],
)
@pytest.mark.sampled
def test_roles_are_given_and_taken(acme, audited, arguments, left):
    done = answered(acme("member", "roles", "acme", "Maya@acme.test", *arguments, "--format", "json"))

    assert (done["email"], done["roles"]) == (MAYA, left)
    assert (done["added"], done["removed"]) == (sorted({*left} - {"maker"}), sorted({"maker"} - {*left}))
    assert audited(1) == [
        ("member:roles_assigned", None, {"user": 2, "added": done["added"], "removed": done["removed"]})
    ]


def test_roles_that_somebody_has_already_change_nothing(acme, audited):
    before = audited(1)

    done = acme("member", "roles", "acme", MAYA, "--add", "maker")

    assert (done.code, done.out) == (0, f"{MAYA} already has in acme the roles: maker\n")
    assert audited(1) == before


NOBODY = "Error: email: nobody in `acme` has the address "
UNKNOWN = "Error: roles: the policy knows no role "
CHANGE = ("roles", "acme", MAYA)
REFUSED = [
    (CHANGE, 2, "nothing to change: give --add, --remove or --set"),
    ((*CHANGE, "--set", "viewer", "--add", "maker"), 2, "--set says all roles that are left"),
    ((*CHANGE, "--add", "maker", "--remove", "maker"), 2, "`maker` cannot be added and removed"),
    (
        (*CHANGE, "--add", "chekcer"),
        1,
        UNKNOWN + "`chekcer` in `acme`: did you mean `checker`? It knows `admin`, ",
    ),
    ((*CHANGE, "--add", "xyz"), 1, UNKNOWN + "`xyz` in `acme`: it knows `admin`, "),
    ((*CHANGE, "--add", "checker"), 1, "Error: nobody may both make and decide: "),
    ((*CHANGE, "--remove", "viewer"), 1, f"`{MAYA}` does not have `viewer`: they have `maker`"),
    (("roles", "acme", ADA, "--set", "viewer"), 1, "Error: nobody else may manage members: "),
    (("roles", "acme", "may@acme.test", "--add", "a"), 1, f"{NOBODY}`may@acme.test`: did you mean `{MAYA}`?"),
    (("roles", "acme", "x", "--add", "a"), 1, f"{NOBODY}`x`: `gql-approvals member list acme` has them all"),
    (("disable", "acme", ADA), 1, "Error: nobody else may manage members: "),
    (("disable", "acme", "x"), 1, f"{NOBODY}`x`"),
    (("disable", "globex", MAYA), 1, "Error: account: there is no account `globex`: make it with"),
    (("enable", "acme", "x\udcff"), 2, "is no text in UTF-8"),
    (("list", "acm"), 1, "Error: account: there is no account `acm`: did you mean `acme`?"),
    (
        ("add", "acme", MAYA),
        1,
        "is a member of `acme` already: change their roles with `gql-approvals member roles`",
    ),
]


def test_what_the_api_refuses_is_refused_here_with_a_fix(acme, database_url, audited):
    before = (look(database_url, lambda: people.members(1)), audited(1))

    for arguments, code, told in REFUSED:
        done = acme("member", *arguments)
        assert (done.code, done.out, told in done.err) == (code, "", True), (arguments, done)

    assert (look(database_url, lambda: people.members(1)), audited(1)) == before


def test_who_is_disabled_has_no_rights_until_they_are_enabled(acme, database_url, audited):
    token = answered(acme("token", "create", MAYA, "--format", "json"))["token"]

    async def memberships():
        bearer = await people.bearer_of(token, datetime.now(UTC))
        return None if bearer is None else len(bearer.memberships)

    disabled = acme("member", "disable", "acme", "MAYA@acme.test")
    again = acme("member", "disable", "acme", MAYA)
    assert look(database_url, memberships) == 0
    enabled = acme("member", "enable", "acme", MAYA)

    assert look(database_url, memberships) == 1
    assert [disabled.out, again.out, enabled.out] == [
        f"{MAYA} is disabled in acme; roles: maker\n",
        f"{MAYA} was disabled in acme before; roles: maker\n",
        f"{MAYA} is enabled in acme; roles: maker\n",
    ]
    assert audited(2) == [("member:disabled", None, {"user": 2}), ("member:enabled", None, {"user": 2})]


def test_the_last_who_may_manage_members_can_go_when_there_is_another(acme):
    acme("member", "add", "acme", "bea@acme.test", "--role", "admin")

    assert acme("member", "disable", "acme", ADA).code == 0
    assert acme("member", "disable", "acme", "bea@acme.test").code == 1
