"""Whoever does what docs/policies.md says, from its top to its end, sees what it shows.

The commands are the real ones, on the demo's database; a server looks at the folder whenever it is changed.
"""

import csv
import io
import json
import logging
import re
import socket
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.meta.answers import Answers
from tests.meta.pages import BLOCKS, NEXT, POLICIES, Block, rows
from tests.meta.reader import Reader, Server, command

from gql_approvals.service.perform import Office
from gql_approvals.service.policy_notice import REFUSED
from gql_approvals.settings import Settings

PAGE = BLOCKS[POLICIES]


@dataclass
class RefusingServer(Server):
    """It remembers what `policyStatus` said when files were refused first."""

    status: dict[str, Any] | None = None

    async def refused(self, client: httpx.AsyncClient) -> None:
        self.status = self.status or await self.ask(client, "ada", _block("graphql", "policyStatus"))


def _block(language: str, word: str) -> str:
    (found,) = [one.text for one in PAGE if one.words[0] == language and word in one.text]
    return found


class PolicyReader(Reader):
    """Somebody who looks after the policy, and sees what only they see."""

    server: RefusingServer

    def log(self, block: Block) -> None:
        self.answers.compare(block, self.server.logged("gql_approvals.service.policy_reload", "text"))

    def ready(self, block: Block) -> None:
        async def get(client: httpx.AsyncClient, _: Office) -> object:
            found = (await client.get("/healthz/ready")).json()
            return {"policy": found["policy"]}

        self.answers.compare_json(block, self.server.serve(get))

    def mail(self, block: Block) -> None:
        (mail,) = [one for one in self.server.mails if "ada@acme.test" in one["To"] and _is_notice(one)]
        body = mail.get_body(("plain",))
        assert body is not None
        text = f"Subject: {mail['Subject']}\n\n{body.get_content()}".replace(socket.gethostname(), "server-1")
        self.answers.compare(block, "".join(f"{line.rstrip()}\n" for line in text.splitlines()))

    def status(self, block: Block) -> None:
        self.answers.compare_json(block, self.server.status)

    def decision(self, block: Block) -> None:
        hash_of_nothing = "0" * 64
        attempt = (
            'mutation { approveCampaign(input: { campaignId: "Q2FtcGFpZ246MTQ", contentHash: "%s" }) '
            "{ ... on Forbidden { code } } }"
        )
        self.document = attempt % hash_of_nothing
        self.asked("vera")
        record = json.loads(self.server.logged("gql_approvals.decisions", "json"))
        assert len(bytes.fromhex(record["request_id"])) == 16
        record["request_id"] = json.loads(block.text)["request_id"]
        self.answers.compare_json(block, record)
        assert re.findall(r"`(\w+)`", "".join(row[0] for row in rows("field"))) == list(record)

    ACTS = {  # noqa: RUF012  # a table
        **Reader.ACTS,
        ("text", "log"): log,
        ("text", "mail"): mail,
        ("json", "ready"): ready,
        ("json", "status"): status,
        ("json", "decision"): decision,
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


@pytest.mark.slow
def test_whoever_does_what_the_guide_says_sees_what_it_shows(
    demo: Settings, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="gql_approvals")
    reader = PolicyReader(RefusingServer(demo, caplog))

    for block in PAGE:
        reader.do(block)

    told = [mail["To"] for mail in reader.server.mails if _is_notice(mail)]
    assert sorted(told) == ["Ada <ada@acme.test>", "Gil <gil@globex.test>"]


def test_every_block_of_the_guide_is_compared_with_something():
    answers = {NEXT[block] for block in PAGE if block.words == ("sh",)}
    known = {*PolicyReader.ACTS, *ELSEWHERE}

    left = [one for one in PAGE if not {one.words, one.words[:2]} & known and one not in answers]

    assert [f"{one.where} {' '.join(one.words)}" for one in left] == []


@pytest.mark.usefixtures("terminal")
def test_what_a_spreadsheet_saves_is_accepted_with_the_warnings_that_are_shown():
    (shown,) = [one for one in PAGE if one.words == ("text", "excel")]
    table = [line.split(",") for line in Path("policies/policy.csv").read_text("utf-8").splitlines()]
    width = max(len(cells) for cells in table)
    written = io.StringIO()
    csv.writer(written).writerows(
        [cell.strip() for cell in (*cells, *[""] * width)][:width] for cells in table
    )
    Path("policies/policy.csv").write_bytes(b"\xef\xbb\xbf" + written.getvalue().encode())

    Answers().compare(shown, command("policy", "check"))
