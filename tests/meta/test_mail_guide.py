"""docs/mail.md says what the code does: the table of events, the headers, the commands and their answers."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from tests.cli.test_mail import serving
from tests.relay.test_who_is_told import STORIES
from tests.relay.world import Sink

from gql_approvals.cli import main
from gql_approvals.relay.samples import EVENTS, sample
from gql_approvals.service.recipients import BROADCAST
from gql_approvals.settings import Settings, name_of
from gql_approvals.workflow.transitions import TRANSITIONS
from gql_approvals.workflow.vocabulary import Channel, Recipients

PAGE = (Path(__file__).parents[2] / "docs" / "mail.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|text)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
WORDS = {
    Recipients.INVOLVED: "those involved",
    Recipients.ELIGIBLE: "who may decide",
    Recipients.VOTERS: "who had voted",
    Recipients.ADMINS: "who may manage approvals",
}
TOLD = {
    **{
        kind.removeprefix("campaign:"): {
            group for row in TRANSITIONS if row.number in rows for group in row.tells
        }
        for _, rows, kind, _ in STORIES
    },
    "held": {Recipients.ADMINS},
}


def rows(heading: str) -> list[list[str]]:
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_table_tells_whom_the_transitions_tell():
    said = {event.strip("`"): set(told.split(", ")) for event, _, told in rows("Who is told of what")}

    assert said.pop("policy:refused") == {"who may see the policy"}
    assert said == {event: {WORDS[group] for group in groups} for event, groups in TOLD.items()}
    for event in BROADCAST:
        assert (
            f"`{event.removeprefix('campaign:')}`" in PAGE.partition("`ROLE_HOLDERS`")[2].partition("\n\n")[0]
        )


def test_every_event_is_in_the_table_in_the_order_of_the_preview():
    named = [event.strip("`") for event, *_ in rows("Who is told of what")]

    assert named == [event.removeprefix("campaign:") for event in EVENTS]


@pytest.mark.parametrize("event", EVENTS)
def test_the_headers_are_those_of_the_mails(event: str):
    named = {name.strip(" `") for cells in rows("Threads and filters") for name in cells[0].split(",")}
    mail = sample(event, Channel.SMS, datetime.now(UTC))
    ours = set(mail.keys()) - {"To", "Date", "MIME-Version", "Content-Type"}

    assert ours | {"X-Gql-Approvals-Campaign"} == named


def test_the_settings_exist():
    known = {name_of(field) for field in Settings.__dataclass_fields__}

    assert {name.strip("`") for name, _ in rows("Settings")} <= known
    assert set(re.findall(r"GQL_APPROVALS_[A-Z_]+", PAGE)) <= known


@pytest.fixture
def server():
    yield from serving(Sink())


def test_the_commands_answer_what_is_shown(server: Controller, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown, ours = "smtp://mail.acme.example:587", f"smtp://127.0.0.1:{server.port}"
    answer = None
    for kind, block in BLOCKS:
        if kind == "text":
            assert answer == block
            continue
        for line in block.splitlines():
            program, *arguments = line.split()
            done = CliRunner().invoke(main, arguments, env={"GQL_APPROVALS_MAIL": ours})
            assert (program, done.exit_code) == ("gql-approvals", 0), line
            answer = done.stdout.replace(ours, shown)
    assert len(list((tmp_path / "previews").iterdir())) == 3 * len(EVENTS)
    assert len(server.handler.letters) == 1
