"""What all commands have in common. They are enumerated: whoever adds one adds a line to `ANSWERS`."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.cli.conftest import named

from gql_approvals.cli import SECTIONS, main
from gql_approvals.policy.engine import Policy

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "policies"
SERVERS = {"demo", "relay", "serve"}  # they answer nothing, but serve

# How each command is asked for an answer, once there are `acme`, Ada who manages it, and Maya.
ANSWERS: dict[str, tuple[str, ...]] = {
    "account create": ("globex", "--admin", "gil@globex.test"),
    "account list": (),
    "account set": ("acme", "--name", "Acme Inc"),
    "approvals off": ("acme", "--yes"),
    "approvals on": ("acme",),
    "approvals status": (),
    "member add": ("acme", "max@acme.test", "--role", "maker"),
    "member disable": ("acme", "maya@acme.test"),
    "member enable": ("acme", "maya@acme.test"),
    "member list": ("acme",),
    "member roles": ("acme", "maya@acme.test", "--add", "viewer"),
    "audit verify": (),
    "backup": ("approvals.backup",),
    "doctor": (),
    "init": ("new",),
    "migrate": (),
    "outbox list": (),
    "outbox retry": ("--all-dead",),
    "policy check": (),
    "policy diff": ("policies", "policies"),
    "policy explain": ("maya@acme.test", "create"),
    "policy matrix": (),
    "policy show": ("{version}",),
    "policy test": (),
    "policy versions": (),
    "schema diff": ("schema.graphql",),
    "schema print": (),
    "settings": (),
    "token create": ("maya@acme.test",),
    "token list": ("maya@acme.test",),
    "token revoke": ("1",),
    "webhook add": ("acme", "https://receiver.test/events"),
    "webhook enable": ("1",),
    "webhook events": (),
    "webhook list": (),
    "webhook remove": ("1",),
    "webhook rotate": ("1",),
}
# They need another server, or a file: their own tests ask them.
WITH_OTHERS = {"mail send-test", "restore", "webhook test"}
# What they print has a form of its own: lines of JSON, a mail.
FORMS_OF_THEIR_OWN = {"audit export", "audit head", "mail preview"}
# They need no database.
ALONE = {"doctor", "init", "settings", "webhook events"} | {
    name
    for name in ANSWERS
    if name.startswith(("policy", "schema")) and name not in {"policy show", "policy versions"}
}
ESCAPE = "\x1b"


def walk(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group, with the words by which it is called."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from walk(below, *path, name)


EVERYTHING = dict(walk(main))
COMMANDS = {name: one for name, one in EVERYTHING.items() if not isinstance(one, click.Group)}
OPTIONS = [
    pytest.param(option, id=f"{name} {option.opts[0]}")
    for name, one in EVERYTHING.items()
    for option in one.params
    if isinstance(option, click.Option)
]


@pytest.fixture(scope="module")
def settled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to be copied, in which there is something to answer."""
    path = tmp_path_factory.mktemp("settled") / "approvals.db"
    shutil.copyfile(sqlite_template, path)
    given = {"database_url": f"sqlite:///{path}", "policies": str(POLICIES)}
    for line in (
        "account create acme --admin ada@acme.test",
        "member add acme maya@acme.test --role maker",
        "webhook add acme https://receiver.test/",
    ):
        CliRunner().invoke(main, line.split(), env=named(given), catch_exceptions=False)
    return path


@pytest.fixture
def ask(run: Callable, settled: Path, tmp_path: Path) -> Callable:
    """Run a command as `ANSWERS` says."""
    shutil.copytree(POLICIES, tmp_path / "policies")
    shutil.copy(ROOT / "schema.graphql", tmp_path)
    shutil.copyfile(settled, tmp_path / "settled.db")
    in_force = Policy.load(POLICIES, now=datetime.now(UTC)).version

    def command(name: str, *more: str, **settings: str):
        given = [word.format(version=in_force) for word in ANSWERS[name]]
        return run(*name.split(), *given, *more, **{"database_url": "sqlite:///settled.db", **settings})

    return command


def test_every_command_that_answers_is_enumerated_here():
    assert sorted({*ANSWERS, *SERVERS, *WITH_OTHERS, *FORMS_OF_THEIR_OWN}) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(WITH_OTHERS))
def test_a_program_may_ask_for_json_where_others_are_needed(name: str):
    (option,) = [one for one in COMMANDS[name].params if "--format" in one.opts]

    assert isinstance(option.type, click.Choice)
    assert "json" in option.type.choices


def test_every_command_stands_in_a_section_of_the_help(run: Callable):
    text = run("--help").out

    titles = re.findall(r"^(\w+):$", text, re.MULTILINE)
    assert titles == ["Options", *SECTIONS]
    listed = [one.name for commands in SECTIONS.values() for one in commands]
    assert sorted(listed) == sorted(main.commands)
    assert [name for name in listed if not re.search(rf"^  {name} +[A-Z]", text, re.MULTILINE)] == []


@pytest.mark.parametrize("name", EVERYTHING)
def test_help_begins_with_a_short_sentence_in_the_imperative(name: str):
    first = (EVERYTHING[name].help or "").split("\n")[0]

    assert first.endswith(".")
    assert len(first) <= 80
    assert re.match(r"[A-Z][a-z]+,? ", first)
    assert not first.split()[0].endswith("s"), "say what to do, not what it does"


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.sampled
def test_help_fits_a_terminal_of_80_columns_and_is_cut_nowhere(run: Callable, name: str):
    done = run(*name.split(), "--help")

    assert (done.code, done.err) == (0, "")
    lines = [line for line in done.out.splitlines() if not line.startswith("Usage: ")]
    assert [line for line in lines if len(line) > 80 or line.endswith("...")] == []


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_says_what_it_is_for(option: click.Option):
    assert (option.help or "").strip().endswith(".")


@pytest.mark.parametrize("name", EVERYTHING)
@pytest.mark.sampled
def test_what_is_mistyped_is_told_on_standard_error_with_exit_code_2(run: Callable, name: str):
    done = run(*name.split(), "--no-such-option")

    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith("Error: no such option `--no-such-option`")


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.sampled
def test_a_program_gets_one_json_value_and_nothing_else(ask: Callable, name: str):
    done = ask(name, "--format", "json")

    assert (done.code, done.err) == (0, "")
    json.loads(done.out)


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_people_get_text_without_escape_codes_where_there_is_no_terminal(ask: Callable, name: str):
    done = ask(name, "--format", "text")

    assert done.code == 0
    assert done.out + done.err
    assert ESCAPE not in done.out + done.err


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_no_color_keeps_escape_codes_from_a_terminal(
    ask: Callable, name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")  # for Rich, whatever it writes to is a terminal

    done = ask(name)

    assert done.code == 0
    assert ESCAPE not in done.out + done.err


@pytest.mark.parametrize("name", sorted({*ANSWERS} - ALONE))
@pytest.mark.sampled
def test_without_a_database_a_command_cannot_be_started(run: Callable, name: str):
    done = run(*name.split(), *ANSWERS[name], database_url="sqlite:////nowhere/approvals.db")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
