"""Whoever does what docs/policies.md says, from its top to its end, sees what it shows.

The commands are the real ones, on the demo's database; a server looks at the folder whenever it is changed.
"""

import asyncio
import csv
import io
import json
import logging
import os
import re
import shlex
import shutil
import socket
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
from tests.meta.guide import BLOCKS, NEXT, ROOT, Block, rows

from gql_approvals import app, logs
from gql_approvals.cli import main
from gql_approvals.cli.demo_start import prepare
from gql_approvals.persistence.outbox import MAIL
from gql_approvals.relay.lane import Lane
from gql_approvals.relay.loop import mail_delivery
from gql_approvals.relay.outcome import Delivered, Outcome
from gql_approvals.reload import PATIENCE, Reload, node_of
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.policy_notice import REFUSED
from gql_approvals.settings import Settings

EDITED = "policies/policy.csv"  # what `csv find` is about when it names no file
NODE = "server-1:/srv/approvals/policies"  # what the page calls this machine and its folder


@dataclass
class Answers:
    """Compares what is printed with what the page shows; each version on the page stands for one that is."""

    versions: dict[str, str] = field(default_factory=dict[str, str])

    def compare(self, block: Block, printed: str) -> None:
        shown, printed = _timeless(block.text), _timeless(printed.replace(node_of(Path("policies")), NODE))
        for on_page, real in zip(_versions(shown), _versions(printed), strict=False):
            self.versions.setdefault(on_page, real)
        where = f"docs/policies.md:{block.line}"
        assert self.real(shown).splitlines() == printed.splitlines(), where

    def compare_json(self, block: Block, value: object) -> None:
        page = json.dumps(json.loads(block.text), indent=2)
        self.compare(replace(block, text=page), json.dumps(value, indent=2))

    def real(self, text: str) -> str:
        """The text with the versions that there really are."""
        return re.sub(_VERSION, lambda match: self.versions.get(match[0], match[0]), text)


_VERSION = re.compile(r"\b(?=[a-f]*[0-9])[0-9a-f]{12}\b")
_TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)|[A-Z]\w\w \d\d [A-Z]\w\w \d{4}, \d\d:\d\d UTC"
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def _versions(text: str) -> list[str]:
    return re.findall(_VERSION, text)


def _timeless(text: str) -> str:
    return re.sub(_TIMES, "TIME", text)


@dataclass
class Server:
    """A worker of the demo that looks at its folder when somebody has saved, and keeps its mails."""

    settings: Settings
    caplog: pytest.LogCaptureFixture
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    policy: PolicyInForce | None = None
    status: dict[str, Any] | None = None  # the first time that files were refused
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])

    def serve(self, act: Callable[[httpx.AsyncClient, Office], Awaitable[Any]]) -> Any:
        """Let something happen while the server runs."""

        async def run() -> Any:
            application = app.create(self.settings, now=lambda: self.now, driven=False)
            transport = httpx.ASGITransport(app=application)
            async with (
                application.router.lifespan_context(application),
                httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
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
            self.status = self.status or await self.ask(client, "ada", _block("graphql", "policyStatus"))
            self.now += PATIENCE
            await driver.round(1.0)
            lane = Lane(office, MAIL, mail_delivery(office, self.settings, self._keep))
            while await lane.round():
                pass
            self.now += timedelta(seconds=1)

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
        """The last thing that was logged there, as the server writes it."""
        record = [one for one in self.caplog.records if one.name == logger][-1]
        kept = {name: value for name, value in vars(record).items() if name not in ("message", "asctime")}
        return logs.formatter(form).format(logging.makeLogRecord(kept))


def _block(language: str, word: str) -> str:
    (found,) = [one.text for one in BLOCKS if one.words[0] == language and word in one.text]
    return found


class Reader:
    """Somebody who does what the page says, from its top to its end."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers = Answers()
        self.found = ("", "")  # file and text
        self.document = ""

    def do(self, block: Block) -> None:
        act = ACTS.get(block.words[:2]) or ACTS.get(block.words[:1])
        if act is not None:
            act(self, block)

    def find(self, block: Block) -> None:
        file = (*block.words, EDITED)[2]
        assert block.text in Path(file).read_text("utf-8"), f"docs/policies.md:{block.line}"
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
        printed = "".join(self._run(line) for line in block.text.splitlines())
        following = NEXT[block]
        if following.words == ("text",):
            self.answers.compare(following, printed)
        else:
            assert printed == "", f"docs/policies.md:{block.line}"

    def _run(self, line: str) -> str:
        words = shlex.split(self.answers.real(line))
        match words:
            case ["export", setting]:
                name, _, value = setting.partition("=")
                os.environ[name] = value
            case ["cp", *_]:
                subprocess.run(words, check=True)
                self._saved(words[-1])
            case ["gql-approvals", "demo"]:
                self.server.look()
            case ["gql-approvals", *rest, ">", file]:
                Path(file).write_text(_command(*rest, code=0), "utf-8")
            case ["gql-approvals", *rest]:
                return _command(*rest)
            case _:
                raise AssertionError(line)
        return ""

    def log(self, block: Block) -> None:
        self.answers.compare(block, self.server.logged("gql_approvals.service.policy_reload", "text"))

    def ready(self, block: Block) -> None:
        async def get(client: httpx.AsyncClient, _: Office) -> object:
            return (await client.get("/healthz/ready")).json()

        self.answers.compare_json(block, self.server.serve(get))

    def mail(self, block: Block) -> None:
        (mail,) = [one for one in self.server.mails if "ada@acme.test" in one["To"] and _is_notice(one)]
        body = mail.get_body(("plain",))
        assert body is not None
        text = f"Subject: {mail['Subject']}\n\n{body.get_content()}".replace(socket.gethostname(), "server-1")
        self.answers.compare(block, "".join(f"{line.rstrip()}\n" for line in text.splitlines()))

    def query(self, block: Block) -> None:
        self.document = block.text
        answer = self._asked("ada")
        assert "errors" not in answer, f"docs/policies.md:{block.line}: {answer}"

    def answer(self, block: Block) -> None:
        self.answers.compare_json(block, self._asked(block.words[2]))

    def _asked(self, who: str) -> dict[str, Any]:
        return self.server.serve(lambda client, _: self.server.ask(client, who, self.document))

    def status(self, block: Block) -> None:
        self.answers.compare_json(block, self.server.status)

    def decision(self, block: Block) -> None:
        hash_of_nothing = "0" * 64
        attempt = (
            'mutation { approveCampaign(input: { campaignId: "Q2FtcGFpZ246MTQ", contentHash: "%s" }) '
            "{ ... on Forbidden { code } } }"
        )
        self.document = attempt % hash_of_nothing
        self._asked("vera")
        record = json.loads(self.server.logged("gql_approvals.decisions", "json"))
        self.answers.compare_json(block, record)
        assert re.findall(r"`(\w+)`", "".join(row[0] for row in rows("field"))) == list(record)


ACTS: dict[tuple[str, ...], Callable[[Reader, Block], None]] = {
    ("csv", "find"): Reader.find,
    ("csv", "write"): Reader.write,
    ("csv", "save"): Reader.save,
    ("sh",): Reader.type_in,
    ("text", "log"): Reader.log,
    ("text", "mail"): Reader.mail,
    ("json", "ready"): Reader.ready,
    ("json", "as"): Reader.answer,
    ("json", "status"): Reader.status,
    ("json", "decision"): Reader.decision,
    ("graphql",): Reader.query,
}


# Blocks that other tests are about, and those that are no more than a form.
ELSEWHERE = {
    ("csv",),
    ("csv", "recipe"),
    ("csv", "test"),
    ("text", "excel"),
    ("text", "form"),
    ("yaml",),
}


def _is_notice(mail: EmailMessage) -> bool:
    return mail["X-Gql-Approvals-Event"] == REFUSED


def _command(*words: str, code: int | None = None) -> str:
    """What the command prints on a terminal, without its colours; `code`: how it must end."""
    done = CliRunner().invoke(main, words, prog_name="gql-approvals")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert code in (None, done.exit_code), done.output
    return re.sub(_COLOURS, "", done.output)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wide terminal in a folder with the policy files of the product and nothing else; nothing is set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GQL_APPROVALS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GQL_APPROVALS_DATABASE_URL", "")  # whatever the page sets is put back
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "110"}.items():
        monkeypatch.setenv(name, value)
    shutil.copytree(ROOT / "policies", "policies")
    return tmp_path


@pytest.fixture
def demo(terminal: Path) -> Settings:
    """The demo's database there."""
    (terminal / ".demo").mkdir()
    settings = Settings(database_url="sqlite:///.demo/gql-approvals.db", demo=True)
    asyncio.run(prepare(settings, reset=False))
    return settings


@pytest.mark.alone
def test_whoever_does_what_the_guide_says_sees_what_it_shows(
    demo: Settings, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="gql_approvals")
    reader = Reader(Server(demo, caplog))

    for block in BLOCKS:
        reader.do(block)

    told = [mail["To"] for mail in reader.server.mails if _is_notice(mail)]
    assert sorted(told) == ["Ada <ada@acme.test>", "Gil <gil@globex.test>"]


def test_every_block_of_the_guide_is_compared_with_something():
    answers = {NEXT[block] for block in BLOCKS if block.words == ("sh",)}
    known = {*ACTS, *ELSEWHERE}

    left = [one for one in BLOCKS if not {one.words, one.words[:2]} & known and one not in answers]

    assert [f"docs/policies.md:{one.line} {' '.join(one.words)}" for one in left] == []


@pytest.mark.usefixtures("terminal")
def test_what_a_spreadsheet_saves_is_accepted_with_the_warnings_that_are_shown():
    (shown,) = [one for one in BLOCKS if one.words == ("text", "excel")]
    table = [line.split(",") for line in Path("policies/policy.csv").read_text("utf-8").splitlines()]
    width = max(len(cells) for cells in table)
    written = io.StringIO()
    csv.writer(written).writerows(
        [cell.strip() for cell in (*cells, *[""] * width)][:width] for cells in table
    )
    Path("policies/policy.csv").write_bytes(b"\xef\xbb\xbf" + written.getvalue().encode())

    Answers().compare(shown, _command("policy", "check"))
