"""What is wrong stops the start: one clear message, exit code 2, nothing on standard output."""

import asyncio
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gql_approvals.cli.demo_start import prepare
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"


def refused(done: object) -> str:
    """The message, of a command that could not start; no traceback, no second message."""
    assert (done.code, done.out) == (2, ""), done
    assert "Traceback" not in done.err
    assert done.err.count("Error: ") == 1
    return done.err.removeprefix("Error: ").rstrip("\n")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.slow
def test_every_wrong_setting_is_told_in_one_message(start: Callable):
    assert refused(start("serve", mial="outbox", production="maybe")) == (
        "the settings are wrong (`gql-approvals settings` lists what there is):\n"
        "  GQL_APPROVALS_MIAL: there is no such setting; did you mean GQL_APPROVALS_MAIL?\n"
        "  GQL_APPROVALS_PRODUCTION: `maybe` say `true` or `false`"
    )


def test_a_database_that_is_not_migrated_is_refused(run: Callable, empty_database_url: str):
    assert refused(run("serve", database_url=empty_database_url)) == (
        "the database is not migrated: run gql-approvals migrate"
    )


@pytest.mark.slow
def test_a_server_without_a_database_ends_with_one_message(start: Callable, unused_port: int):
    assert "no server listens there" in refused(
        start("serve", database_url=f"postgresql://127.0.0.1:{unused_port}/approvals")
    )


@pytest.mark.parametrize("command", [["serve"], ["migrate"], ["token", "create", "ada@acme.test"]])
def test_a_database_that_cannot_be_reached_is_refused(run: Callable, command: list[str], unused_port: int):
    message = refused(
        run(*command, database_url=f"postgresql://ada:secret@127.0.0.1:{unused_port}/approvals")
    )

    assert message == (
        f"the database `postgresql://ada:***@127.0.0.1:{unused_port}/approvals` cannot be opened: "
        "no server listens there: start it, or check the host and the port"
    )


def test_a_url_that_is_none_is_refused(run: Callable):
    assert refused(run("serve", database_url="mysql://localhost/x")) == (
        "the database URL `mysql://localhost/x` names `mysql`, which is not supported: "
        "write sqlite:///approvals.db or postgresql://user:password@host:5432/name"
    )


@pytest.mark.slow
def test_a_policy_with_mistakes_is_refused_with_file_and_line(
    start: Callable, sqlite_url: str, tmp_path: Path
):
    shutil.copytree(POLICIES, tmp_path / "policies")
    with (tmp_path / "policies" / "policy.csv").open("a", encoding="utf-8") as file:
        file.write("p, intern, acme, aprove, email, always, allow\np, intern\n")
    line = len((POLICIES / "policy.csv").read_text("utf-8").splitlines()) + 1

    heading, *lines = refused(start("serve", policies="policies", database_url=sqlite_url)).splitlines()

    assert heading == "the policy files have mistakes:"
    places = [text.split()[0] for text in lines if text.startswith("  policies/")]
    assert [place.rpartition(":")[0].rpartition(":")[0] for place in places] == [
        f"policies/policy.csv:{line}",
        f"policies/policy.csv:{line + 1}",
    ]


def test_a_policy_folder_that_is_not_there_is_refused(run: Callable, sqlite_url: str):
    message = refused(run("serve", policies="nowhere", database_url=sqlite_url))

    assert "nowhere/policy.csv" in message


TOKENS = "the database holds the demo's tokens"


def test_demo_tokens_are_refused_outside_the_demo(run: Callable, demo_template: Path):
    assert refused(run("serve", database_url=f"sqlite:///{demo_template}")).startswith(TOKENS)


@pytest.mark.slow
def test_demo_tokens_in_postgresql_are_refused_outside_the_demo(run: Callable, postgresql_url: str):
    asyncio.run(prepare(Settings(database_url=postgresql_url, policies=str(POLICIES)), reset=False))

    assert refused(run("serve", database_url=postgresql_url)).startswith(TOKENS)


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_refused_with_a_way_out(
    run: Callable, sqlite_url: str, taken: int, command: str
):
    settings = {"database_url": sqlite_url} if command == "serve" else {}

    assert refused(run(command, "--port", str(taken), **settings)) == (
        f"port {taken} of 127.0.0.1 is taken: stop what listens there, or choose another with --port"
    )


def test_the_demo_is_not_for_production(run: Callable):
    assert refused(run("demo", "--port", "0", production="true")) == (
        "the settings are wrong (`gql-approvals settings` lists what there is):\n"
        "  GQL_APPROVALS_DEMO: the demo's tokens are public; it cannot be combined with PRODUCTION"
    )


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
