"""What others wrote, and what is typed, on a terminal: no command prints what would steer it."""
# ruff: noqa: E501  # tables and sentences keep their lines

import asyncio
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from tests.cli.conftest import run
from tests.cli.test_every_command import ANSWERS, COMMANDS, POLICIES, ROOT, settled
from tests.hostile.texts import STORABLE, TEXTS
from tests.relay.world import World

from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.models import OutboxRow, TokenRow, UserRow
from gql_approvals.persistence.webhook_row import WebhookRow
from gql_approvals.workflow.content import Audience

__all__ = ["run", "settled"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # what Rich writes itself, and nothing of what it is given
# Rich draws a bar on a terminal; that is what this control is for.
BAR = re.compile(r"\x1b\[(\?25[lh]|1A|2K)|\r")


def sound(text: str, *, of_rich: bool = False) -> None:
    """No letter of it moves the cursor, begins a sequence, hides or turns around what follows."""
    shown = COLOUR.sub("", text) if of_rich else text
    odd = {letter for letter in shown if not letter.isprintable() and letter != "\n"}
    assert odd == set(), (odd, text[:2000])


async def _written(path: Path, texts: list[str]) -> None:
    """All that others can have written: names, addresses, errors of servers, and what waits."""
    now = datetime.now(UTC)
    async with Database.open(f"sqlite:///{path}") as database:
        world = await World.open(database, account_name=texts[0][:200])
        maya = (await UserRow.get(email="maya@acme.test")).id
        for number, text in enumerate(texts):
            name = text[:200]
            await world.submitted(name=name, audience=Audience(segment=text, estimated_size=1), note=text)
            user = await people.create_user(name=name, email=f"p{number}@acme.test", now=now)
            await people.create_member(world.account.id, user.id, [], now)
            await TokenRow.create(user_id=maya, hash=f"{number:064}", name=name, created_at=now)
            await WebhookRow.create(
                account_id=world.account.id, url="https://receiver.test/", description=name, secrets=["x"],
                created_at=now, disabled_at=now, disabled_why=text,
            )  # fmt: skip
        for number, row in enumerate(await OutboxRow.all()):
            await OutboxRow.filter(id=row.id).update(last_error=texts[number % len(texts)], attempts=3)


@pytest.fixture
def written(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    """A database in which others wrote every one of the texts, as settings."""
    asyncio.run(_written(tmp_path / "approvals.db", [text for text in STORABLE.values() if text.strip()]))
    return {"database_url": sqlite_url, "policies": str(POLICIES)}


SHOWING = [
    ("account", "list"), ("account", "set", "acme", "--name", "Acme"), ("member", "list", "acme"),
    ("approvals", "status"), ("approvals", "status", "acme"), ("outbox", "list", "--limit", "9999"),
    ("webhook", "list"), ("token", "list", "maya@acme.test"), *(("token", "revoke", str(n)) for n in range(1, 9)),
    ("audit", "verify"), ("policy", "explain", "maya@acme.test", "create"), ("policy", "check"),
    ("outbox", "retry", "1"), ("approvals", "off", "acme", "--yes"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [False, True])
def test_what_others_wrote_steers_no_terminal(run, written, monkeypatch, terminal):
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")  # for Rich, whatever it writes to is one
    for words in SHOWING:
        for form in ([], ["--format", "json"]):
            done = run(*words, *form, **written)
            assert done.code == 0, done
            sound(done.out, of_rich=terminal and not form)
            sound(BAR.sub("", done.err), of_rich=terminal)
            if form:
                json.loads(done.out)
    if not terminal:  # where rows are folded
        _heading, *listed = run("outbox", "list", "--limit", "9999", **written).out.splitlines()
        assert [line for line in listed if not re.match(r"\d+ +(mail|handover|webhook) ", line)] == []


# What is typed: every argument and option that takes a text, of every command that needs no other server.
TYPED = [
    (name, option)
    for name in ANSWERS
    for option in COMMANDS[name].params
    if isinstance(option.type, (click.types.StringParamType, click.Path))
]
ARGUABLE = {name: text for name, text in TEXTS.items() if "\0" not in text}  # no system hands a NUL over
EACH = 7  # of the texts, each parameter gets every seventh, beginning with another one


def with_text(words: tuple[str, ...], option: click.Parameter, text: str) -> list[str]:
    """What is typed for a command, with this text for one of its parameters."""
    if isinstance(option, click.Option):
        return [*words, option.opts[0], text]
    place = [one.name for one in COMMANDS_OF[option] if isinstance(one, click.Argument)].index(option.name)
    return [*words[:place], text, *words[place + 1 :]]


COMMANDS_OF = {option: COMMANDS[name].params for name, option in TYPED}


def test_enough_is_typed():
    assert len(TYPED) > 50
    assert len(TYPED) * len(ARGUABLE) // EACH > 600


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(TYPED)))
def test_what_is_typed_is_understood_or_refused_and_steers_no_terminal(run, settled, tmp_path, number):
    shutil.copytree(POLICIES, tmp_path / "policies")
    shutil.copy(ROOT / "schema.graphql", tmp_path)
    shutil.copyfile(settled, tmp_path / "settled.db")
    name, option = TYPED[number]
    for text in list(ARGUABLE.values())[number % EACH :: EACH]:
        is_path = isinstance(option.type, click.Path)
        given = text.replace("/", "|")[:100] if is_path else text
        words = with_text(ANSWERS[name], option, f"x{given}" if given.startswith("-") or is_path else given)
        done = run(*name.split(), *words, database_url="sqlite:///settled.db")
        assert done.code in {0, 1, 2}, done
        assert "Traceback" not in done.err
        sound(done.out)
        sound(done.err)
