"""API tokens from the terminal: narrowed, listed, revoked at once, and each change in the audit log."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from tests.databases import look

from gql_approvals.cli import main
from gql_approvals.persistence import lookups, people

pytestmark = pytest.mark.wide

EMAIL = "ada@acme.test"


@pytest.fixture
def database_url(request, sqlite_url):
    """SQLite, unless the test asks for both."""
    return request.getfixturevalue(f"{request.param}_url") if hasattr(request, "param") else sqlite_url


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def acme(run, database_url):
    """The token of ada, who manages the new account acme."""
    done = run("account", "create", "acme", "--admin", EMAIL, "--format", "json", database_url=database_url)
    return json.loads(done.out)["token"]


@pytest.fixture
def tokens(run, database_url, acme):
    """Run `token …`, and return its answer as data."""
    del acme

    def command(*arguments, fails=False):
        done = run("token", *arguments, "--format", "json", database_url=database_url)
        assert (done.code != 0) == fails, done
        return done.err if fails else json.loads(done.out)

    return command


def is_good(url, token):
    return look(url, lambda: people.bearer_of(token, datetime.now(UTC))) is not None


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ([], ["read", "make", "decide"]),
        (["read"], ["read"]),
        (["decide"], ["read", "decide"]),
        (["decide", "make"], ["read", "make", "decide"]),
    ],
)
@pytest.mark.sampled
def test_a_token_has_the_scopes_that_were_asked_for(tokens, asked, held):
    made = tokens("create", EMAIL, *(word for scope in asked for word in ("--scope", scope)))

    assert made["scopes"] == held
    assert tokens("list", EMAIL)["tokens"][-1]["scopes"] == held


def test_every_token_is_listed_with_its_state_and_without_its_text(tokens, database_url, acme):
    made = tokens("create", EMAIL, "--name", "CI", "--scope", "make", "--days", "2")
    is_good(database_url, acme)

    listed = tokens("list", "Ada@acme.test")

    assert listed["email"] == EMAIL
    assert [(one["id"], one["name"], one["state"]) for one in listed["tokens"]] == [
        (1, "first", "valid"),
        (2, "CI", "valid"),
    ]
    assert [one["lastUsedAt"] is None for one in listed["tokens"]] == [False, True]
    assert made["token"] not in json.dumps(listed)
    assert acme not in json.dumps(listed)


@on_both
def test_a_token_is_revoked_by_its_number_or_its_text_and_at_once(tokens, database_url, acme):
    other = tokens("create", EMAIL, "--name", "CI")["token"]

    by_number = tokens("revoke", "1")
    by_text = tokens("revoke", other)

    assert by_number == {"token": 1, "email": EMAIL, "name": "first", "already": False}
    assert by_text == {"token": 2, "email": EMAIL, "name": "CI", "already": False}
    assert not is_good(database_url, acme)
    assert not is_good(database_url, other)
    assert {one["state"] for one in tokens("list", EMAIL)["tokens"]} == {"revoked"}


def test_a_text_may_come_from_standard_input(database_url, acme):
    done = CliRunner().invoke(
        main, ["token", "revoke", "-"], input=f"{acme}\n", env={"GQL_APPROVALS_DATABASE_URL": database_url}
    )

    assert (done.exit_code, done.stdout) == (0, "token 1 of ada@acme.test (first) is revoked\n")
    assert not is_good(database_url, acme)


def test_revoking_again_changes_nothing(tokens):
    tokens("revoke", "1")
    [before] = tokens("list", EMAIL)["tokens"]

    assert tokens("revoke", "1")["already"]
    assert tokens("list", EMAIL)["tokens"] == [before]


@on_both
def test_the_audit_log_names_the_token_and_its_scopes(tokens, database_url):
    tokens("create", EMAIL, "--scope", "decide")
    for which in ("2", "2", "1"):
        tokens("revoke", which)

    events = look(database_url, lambda: lookups.audit_events(1, range(1, 100)))
    found = [event.entry for event in sorted(events.values(), key=lambda event: event.seq)]
    assert [(one.kind, one.detail) for one in found if one.kind.startswith("token:")] == [
        ("token:created", {"user": 1, "token": 1, "scopes": ["read", "make", "decide"]}),
        ("token:created", {"user": 1, "token": 2, "scopes": ["read", "decide"]}),
        ("token:revoked", {"user": 1, "token": 2, "scopes": ["read", "decide"]}),
        ("token:revoked", {"user": 1, "token": 1, "scopes": ["read", "make", "decide"]}),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["revoke", "99"], "Error: token: there is no token 99: `gql-approvals token list EMAIL` has"),
        (["revoke", "9" * 40], "Error: token: there is no such token: "),
        (["revoke", "gqa_nobodys"], "Error: token: there is no such token: "),
        (["list", "eve@acme.test"], "Error: email: nobody has the address `eve@acme.test`"),
        (["create", "eve@acme.test"], "Error: email: nobody has the address `eve@acme.test`"),
    ],
)
@pytest.mark.sampled
def test_what_is_not_there_is_refused_with_a_reason(tokens, arguments, told):
    assert tokens(*arguments, fails=True).startswith(told)


def test_an_unknown_scope_is_refused_before_anything_is_opened(run):
    done = run("token", "create", EMAIL, "--scope", "admin")

    assert (done.code, done.out) == (2, "")
    assert "'admin' is not one of 'read', 'make', 'decide'" in done.err


def test_people_read_a_line_for_each_token(run, sqlite_url):
    run("account", "create", "acme", "--admin", EMAIL, database_url=sqlite_url)
    made = run("token", "create", EMAIL, "--scope", "decide", "--name", "review bot", database_url=sqlite_url)
    run("token", "revoke", "1", database_url=sqlite_url)

    headings, *lines = run("token", "list", EMAIL, database_url=sqlite_url).out.splitlines()

    assert "valid for 90 days, to read and decide only: gqa_" in made.out
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert ("revoked 20" in lines[0], "first" in lines[0]) == (True, True)
    assert lines[1].split()[1:4] == ["read", "decide", "valid"]
    assert lines[1].split(maxsplit=7)[6:] == ["never", "review bot"]
    assert headings.split() == ["number", "may", "state", "last", "used", "name"]
