"""Whoever does what docs/start.md says has a server in production, and sees what the page shows."""

import configparser
import json
import os
import re
import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import httpx
import pytest
from tests.cli.sound_server import smtp_server
from tests.meta.pages import BLOCKS, NEXT, Block
from tests.meta.reader import command
from tests.server.server_process import ServerProcess

from gql_approvals.cli import main
from gql_approvals.persistence.address import hide_password

PAGE = BLOCKS["docs/start.md"]
# What depends on the machine and the day: versions, tokens, file systems.
_ELSEWHERE_OTHERWISE = re.compile(r"(?<=PostgreSQL )[\d.]+.*|gqa_\S+|(?<=version )[0-9a-f]{12}")


@dataclass
class Admin:
    """Somebody who types what the page says. `real`: the page's values of settings, and those used here."""

    real: dict[str, str]
    on_page: bool  # whether the page's database is the one in use
    server: ServerProcess
    token: str = ""
    answer: object = None

    def type_in(self, block: Block) -> None:
        printed = ""
        for line in block.text.splitlines():
            match shlex.split(line):
                case ["cd", folder]:
                    os.chdir(folder)
                case ["gql-approvals", *words]:
                    printed += command(*words)
                case _:
                    raise AssertionError(line)
        self.token = re.findall(r"gqa_\S+", printed)[0] if "gqa_" in printed else self.token
        if NEXT[block].words == ("text",):
            assert self._alike(NEXT[block].text) == self._alike(printed), block.where

    def set(self, block: Block) -> None:
        file = Path("gql-approvals.env")
        text = file.read_text("utf-8")
        for line in block.text.splitlines():
            name, _, value = line.partition("=")
            text, count = re.subn(
                rf"^#{name}=.*$", f"{name}={self.real.get(value, value)}", text, flags=re.MULTILINE
            )
            assert count == 1, name
        file.write_text(text, "utf-8")

    def serve(self, block: Block) -> None:
        assert block.text == f"gql-approvals serve --workers {self.server.workers}\n"
        self.server.folder = Path.cwd()
        self.server.start()

    def ask(self, block: Block) -> None:
        words = shlex.split(block.text)
        header, body = words[words.index("--header") + 1], words[words.index("--json") + 1]
        name, _, value = header.partition(": ")
        self.answer = httpx.post(
            f"{self.server.url}/graphql",
            headers={name: value.replace("$TOKEN", self.token)},
            json=json.loads(body),
            trust_env=False,
        ).json()

    def compare_answer(self, block: Block) -> None:
        assert self.answer == json.loads(block.text)

    def _alike(self, text: str) -> list[str]:
        """Lines without what is otherwise elsewhere; about the database only where it is the page's."""
        for shown, real in self.real.items():
            text = text.replace(hide_password(real), hide_password(shown))
        lines = re.sub(_ELSEWHERE_OTHERWISE, "…", text).splitlines()
        if self.on_page or not lines[-1].endswith(" fine"):
            return lines
        about = [line for line in lines[:-1] if not re.match(r"\S+ +database ", line)]
        return [line for line in about if "gql-approvals migrate" not in line]


ACTS = {
    ("sh",): Admin.type_in,
    ("sh", "serve"): Admin.serve,
    ("sh", "ask"): Admin.ask,
    ("json", "answer"): Admin.compare_answer,
    ("ini", "set"): Admin.set,
}


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database_url: str) -> Iterator[Admin]:
    """In an empty folder, with a database without tables; the servers of the page listen on loopback."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GQL_APPROVALS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    process = ServerProcess(settings={}, folder=tmp_path, workers=2)
    with smtp_server("secret") as smtp, socket.create_server(("127.0.0.1", 0)) as sender:
        real = {
            "postgresql://approvals:secret@db.example:5432/approvals": empty_database_url,
            "smtp://approvals:secret@mail.example:587": f"smtp://approvals:secret@127.0.0.1:{smtp}",
            "https://sender.example/hand-over": f"http://127.0.0.1:{sender.getsockname()[1]}/hand-over",
        }
        yield Admin(real, on_page=empty_database_url.startswith("postgresql"), server=process)
        process.end()


@pytest.mark.slow
def test_whoever_does_what_the_page_says_has_a_server_that_answers(admin: Admin):
    for block in PAGE:
        act = ACTS.get(block.words)
        if act is not None:
            act(admin, block)

    assert admin.server.is_ready()
    assert admin.server.faults() == []


def test_every_block_of_the_page_is_done_or_compared():
    answers = {NEXT[block] for block in PAGE if block.words == ("sh",)}
    known = {*ACTS, ("ini", "unit")}

    assert [block.where for block in PAGE if block.words not in known and block not in answers] == []


def test_the_unit_starts_commands_that_there_are():
    [text] = [block.text for block in PAGE if block.words == ("ini", "unit")]
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(text)

    service = unit["Service"]
    started = [shlex.split(service[name])[1:] for name in ("ExecStartPre", "ExecStart")]
    assert [words[0] for words in started] == ["migrate", "serve"]
    for name, *arguments in started:
        found = main.get_command(click.Context(main), name)
        assert found is not None
        found.make_context(name, arguments)
    assert service["RestartPreventExitStatus"] == "2"
