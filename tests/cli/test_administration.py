"""Accounts, members and tokens from the terminal, on both databases, each change with its audit entry."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.databases import look

from gql_approvals.persistence import lookups, people
from gql_approvals.persistence.audit import entry_hash
from gql_approvals.service.caller import authenticate

pytestmark = pytest.mark.wide


@pytest.fixture
def acme(run: Callable, database_url: str) -> str:
    """The token of ada, who manages the new account acme."""
    done = run(
        *("account", "create", "acme", "--admin", "Ada@acme.test", "--time-zone", "Europe/Berlin"),
        *("--format", "json"),
        database_url=database_url,
    )
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)["token"]


@pytest.mark.slow
def test_migrating_twice_does_nothing_the_second_time(start: Callable, empty_database_url: str):
    first = start("migrate", "--format", "json", database_url=empty_database_url)
    second = start("migrate", database_url=empty_database_url)

    assert json.loads(first.out)["applied"][0] == "0001_initial"
    assert (second.code, second.out.splitlines()[1:]) == (0, ["nothing to do"])


def test_who_creates_an_account_gets_a_token_that_works(database_url: str, acme: str):
    async def sign_in() -> tuple[str, str, str, frozenset[str]]:
        caller = await authenticate(acme, None, datetime.now(UTC))
        user = (await people.users([caller.user_id]))[caller.user_id]
        return user.email, caller.account.slug, caller.account.time_zone, caller.member.roles

    assert look(database_url, sign_in) == ("ada@acme.test", "acme", "Europe/Berlin", frozenset({"admin"}))


def test_a_token_is_shown_once_and_expires(run: Callable, database_url: str, acme: str):
    done = run(
        "token", "create", "ada@acme.test", "--name", "laptop", "--days", "1", database_url=database_url
    )

    assert done.code == 0
    token = done.out.split()[-1]
    assert token.startswith("gqa_")
    assert token != acme
    now = datetime.now(UTC)
    assert look(database_url, lambda: people.bearer_of(token, now)) is not None
    assert look(database_url, lambda: people.bearer_of(token, now.replace(year=now.year + 1))) is None


def test_every_change_is_in_the_audit_chain(run: Callable, database_url: str, acme: str):
    del acme
    run(
        "member",
        "add",
        "acme",
        "maya@acme.test",
        "--name",
        "Maya",
        "--role",
        "maker",
        database_url=database_url,
    )
    run("token", "create", "maya@acme.test", database_url=database_url)

    async def chain() -> list[tuple[str, bool]]:
        events = sorted((await lookups.audit_events(1, range(1, 100))).values(), key=lambda event: event.seq)
        previous, found = "0" * 64, []
        for event in events:
            found.append(
                (event.entry.kind, event.hash == entry_hash(event.entry, seq=event.seq, previous=previous))
            )
            previous = event.hash
        return found

    assert look(database_url, chain) == [
        ("account:created", True),
        ("member:added", True),
        ("token:created", True),
        ("member:added", True),
        ("token:created", True),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["acme", "max@acme.test", "--role", "makr"],
            "roles: the policy knows no role `makr` in `acme`: did you mean `maker`? It knows `admin`, ",
        ),
        (
            ["acme", "max@acme.test", "--role", "maker", "--role", "checker"],
            "nobody may both make and decide",
        ),
        (["acme", "ada@acme.test"], "email: `ada@acme.test` is a member of `acme` already"),
        (["acne", "max@acme.test"], "account: there is no account `acne`: did you mean `acme`?"),
        (["globex", "max@acme.test"], "account: there is no account `globex`: make it with"),
        (["acme", "max"], "email: `max` is no address: write name@example.com"),
        (["acme", "max@acme.test", "--name", " "], "name: must have from 1 to 200 characters"),
    ],
)
@pytest.mark.sampled
def test_a_member_is_refused_with_a_reason(
    run: Callable, database_url: str, acme: str, arguments: list[str], told: str
):
    del acme
    before = look(database_url, lambda: people.members(1))

    done = run("member", "add", *arguments, database_url=database_url)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {told}")
    assert look(database_url, lambda: people.members(1)) == before
    assert look(database_url, lambda: people.user_by_email("max@acme.test")) is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["acme", "--admin", "ada@acme.test"],
            "account: there is an account `acme` already: choose another slug",
        ),
        (["Acme Inc", "--admin", "ada@acme.test"], "slug: `Acme Inc` cannot be a slug"),
        (
            ["b", "--admin", "ada@b.test", "--time-zone", "Berlin"],
            "time-zone: there is no time zone `Berlin`",
        ),
        (
            ["b", "--admin", "ada@b.test", "--role", "viewer"],
            "role: `viewer` may not manage members and approvals in `b`",
        ),
    ],
)
@pytest.mark.sampled
def test_an_account_is_refused_with_a_reason(run: Callable, sqlite_url: str, arguments: list[str], told: str):
    assert run("account", "create", "acme", "--admin", "ada@acme.test", database_url=sqlite_url).code == 0

    done = run("account", "create", *arguments, database_url=sqlite_url)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {told}")
    assert look(sqlite_url, lambda: people.account_by_slug("b")) is None


def test_a_person_can_belong_to_two_accounts(run: Callable, sqlite_url: str):
    run("account", "create", "acme", "--admin", "ada@acme.test", database_url=sqlite_url)
    run("account", "create", "globex", "--admin", "gil@globex.test", database_url=sqlite_url)

    done = run("member", "add", "globex", "ADA@acme.test", "--name", "Other", database_url=sqlite_url)

    assert done.out == "ada@acme.test is a member of globex; roles: none\n"
    user = look(sqlite_url, lambda: people.user_by_email("ada@acme.test"))
    assert user is not None
    assert user.name == "ada"


def test_nobody_unknown_gets_a_token(run: Callable, sqlite_url: str):
    done = run("token", "create", "eve@acme.test", database_url=sqlite_url)

    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "Error: email: nobody has the address `eve@acme.test`: add them with `gql-approvals member add`\n"
    )
