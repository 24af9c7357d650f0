"""Somebody who does what a page says, from its top to its end, and compares what is answered.

The data are the demo's. The commands are the real ones; what is sent goes through HTTP; a server looks at the
folder whenever it is changed.
"""

import argparse
import asyncio
import json
import logging
import os
import re
import shlex
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from graphql import OperationDefinitionNode, parse
from tests.meta.answers import Answers
from tests.meta.pages import NEXT, STORIES, Block

from gql_approvals import app, logs
from gql_approvals.cli import main
from gql_approvals.persistence.outbox import MAIL
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import mail_delivery
from gql_approvals.relay.outcome import Delivered, Outcome
from gql_approvals.reload import PATIENCE, Reload
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.settings import Settings

EDITED = "policies/policy.csv"  # what `csv find` is about when it names no file
HERE = "http://127.0.0.1:8000"
NOT_TYPED = {"git", "cd", "make", "gql-approvals demo"}  # the reader has done that
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Server:
    """A worker of the demo that looks at its folder when somebody has saved, and keeps its mails."""

    settings: Settings
    caplog: pytest.LogCaptureFixture
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    policy: PolicyInForce | None = None
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])

    def __post_init__(self) -> None:
        self.caplog.handler.setFormatter(_Written())

    def serve(self, act: Callable[[httpx.AsyncClient, Office], Awaitable[Any]]) -> Any:
        """Let something happen while the server runs."""

        async def run() -> Any:
            application = app.create(self.settings, now=lambda: self.now, driven=False)
            transport = httpx.ASGITransport(app=application)
            async with (
                application.router.lifespan_context(application),
                httpx.AsyncClient(transport=transport, base_url=HERE) as client,
            ):
                office: Office = application.state.office
                if self.policy is None:
                    self.policy = office.policy
                application.state.office = office = replace(office, policy=self.policy)
                return await act(client, office)

        return asyncio.run(run())

    def look(self) -> None:
        """Notice what was saved; wait so long that mails are written, and deliver them."""
        self.caplog.clear()
        self.serve(self._look)

    async def _look(self, client: httpx.AsyncClient, office: Office) -> None:
        driver = Reload(office, self.settings.policy_folder)
        await driver.report()
        for at in range(6):
            await driver.round(at / 10)
        if office.policy.refused is not None:
            await self.refused(client)
            self.now += PATIENCE
            await driver.round(1.0)
            lane = Lane(office, MAIL, mail_delivery(office, self.settings, self._keep))
            while await lane.round():
                pass
            self.now += timedelta(seconds=1)

    async def refused(self, client: httpx.AsyncClient) -> None:
        """The files were refused."""

    async def _keep(self, mail: EmailMessage) -> Outcome:
        self.mails.append(mail)
        return Delivered()

    async def ask(
        self, client: httpx.AsyncClient, who: str, document: str, **variables: object
    ) -> dict[str, Any]:
        answer = await client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer demo-insecure-{who}"},
        )
        return answer.json()

    def logged(self, logger: str, form: str) -> str:
        """The last thing that was logged there, as the server wrote it."""
        record: Any = [one for one in self.caplog.records if one.name == logger][-1]
        return str(record.written[form])


class _Written(logging.Formatter):
    """Keeps what the server writes of a record at the moment, in both forms."""

    def format(self, record: logging.LogRecord) -> str:
        written = {form: logs.formatter(form).format(record) for form in ("json", "text")}
        record.written = written
        return written["text"]


class Reader:
    """What every page may ask of its reader; `ACTS` says which words of a block mean what."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers = Answers()
        self.found = ("", "")  # file and text
        self.document = ""
        self.variables: dict[str, Any] = {}
        self.seen: dict[str, Any] = {}  # the latest value of each field

    def do(self, block: Block) -> None:
        if block.words[:1] == ("sh",) and block.page not in STORIES:
            return
        act = self.ACTS.get(block.words[:2]) or self.ACTS.get(block.words[:1])
        if act is not None:
            act(self, block)

    def find(self, block: Block) -> None:
        file = (*block.words, EDITED)[2]
        assert block.text in Path(file).read_text("utf-8"), block.where
        self.found = (file, block.text)

    def write(self, block: Block) -> None:
        file, text = self.found
        path = Path(file)
        path.write_text(path.read_text("utf-8").replace(text, block.text), "utf-8")
        self._saved(file)

    def save(self, block: Block) -> None:
        file = block.words[2]
        Path(file).write_text(block.text, "utf-8")
        self._saved(file)

    def _saved(self, file: str) -> None:
        if file.startswith("policies"):
            self.server.look()

    def type_in(self, block: Block) -> None:
        lines = block.text.replace("\\\n", " ").splitlines()
        printed = "".join(self._run(line.removeprefix("$ ")) for line in lines)
        following = NEXT.get(block)
        if following is not None and following.words == ("text",):
            self.answers.compare(following, printed)
        elif following is not None and following.words == ("json",):
            self.answers.compare_json(following, json.loads(printed))
        else:
            assert printed == "", block.where

    def _run(self, line: str) -> str:
        words = shlex.split(self.answers.real(line), comments=True)
        match words:
            case ["export", setting]:
                name, _, value = setting.partition("=")
                os.environ[name] = value
            case ["cp", *_]:
                subprocess.run(words, check=True)
                self._saved(words[-1])
            case ["gql-approvals", "demo"]:
                self.server.look()
            case ["gql-approvals", *rest, ">" | ">>" as how, file]:
                with Path(file).open("a" if how == ">>" else "w", encoding="utf-8") as written:
                    written.write(command(*rest, code=0))
            case [program, *rest] if program.rpartition("/")[2] == "gql-approvals":
                return command(*rest)
            case ["curl", *rest]:
                return self._curl(rest)
            case _:
                assert words[0] in NOT_TYPED, line
        return ""

    def _curl(self, words: list[str]) -> str:
        """What curl would print."""
        parser = argparse.ArgumentParser(exit_on_error=False)
        parser.add_argument("url")
        parser.add_argument("-s", action="store_true")
        parser.add_argument("-H", action="append", default=[])
        parser.add_argument("--json")
        given = parser.parse_args(words)
        headers = dict(one.split(": ", 1) for one in given.H)
        headers |= {"Content-Type": "application/json"} if given.json else {}

        async def send(client: httpx.AsyncClient, _: Office) -> str:
            method = "POST" if given.json else "GET"
            assert given.url.startswith(HERE), given.url
            return (await client.request(method, given.url, headers=headers, content=given.json)).text

        return self.server.serve(send)

    def query(self, block: Block) -> None:
        self.document = block.text

    def give(self, block: Block) -> None:
        self.variables = json.loads(self.answers.real(block.text))

    def answer(self, block: Block) -> None:
        got = self.asked(block.words[2])
        self._remember(got)
        self.answers.compare_json(block, got)

    def asked(self, who: str) -> dict[str, Any]:
        document = self.answers.real(self.document)
        given, self.variables = self._needed(document) | self.variables, {}
        return self.server.serve(lambda client, _: self.server.ask(client, who, document, **given))

    def _needed(self, document: str) -> dict[str, Any]:
        """The operation's variables that an answer has had as a field."""
        operations = [one for one in parse(document).definitions if isinstance(one, OperationDefinitionNode)]
        asked = [one for operation in operations for one in operation.variable_definitions or ()]
        names = [one.variable.name.value for one in asked]
        return {name: self.seen[name] for name in names if name in self.seen}

    def _remember(self, value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                self._remember(one)
        elif isinstance(value, dict):
            self.seen |= {name: one for name, one in value.items() if isinstance(one, str | int)}
            for one in value.values():
                self._remember(one)

    ACTS: dict[tuple[str, ...], Callable[[Any, Block], None]] = {  # noqa: RUF012  # a table
        ("csv", "find"): find,
        ("csv", "write"): write,
        ("csv", "save"): save,
        ("sh",): type_in,
        ("graphql",): query,
        ("json", "variables"): give,
        ("json", "as"): answer,
    }


def command(*words: str, code: int | None = None) -> str:
    """What the command prints on a terminal, without its colours; `code`: how it must end."""
    done = CliRunner().invoke(main, words, prog_name="gql-approvals")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert code in (None, done.exit_code), done.output
    return re.sub(_COLOURS, "", done.output)
