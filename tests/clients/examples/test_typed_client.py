"""examples/typed-client: it is built as its README says, and decides against a real server what was read."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests import npm
from tests.clients.examples.terminal import Terminal, opened
from tests.server.server_process import ROOT

EXAMPLE = ROOT / "examples" / "typed-client"
GENERATED = ("node_modules", "dist", "graphql-env.d.ts")
BUILD_S = 120
Program = Callable[..., AbstractContextManager[Terminal]]
PAYLOAD_CASE = '    case "RejectCampaignPayload":\n'


def copied(folder: Path) -> Path:
    """The example beside a schema, as in the repository, and with its packages."""
    npm.install(EXAMPLE)
    project = folder / "examples" / "typed-client"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(*GENERATED))
    shutil.copyfile(ROOT / "schema.graphql", folder / "schema.graphql")
    (project / "node_modules").symlink_to(EXAMPLE / "node_modules")
    return project


def run(project: Path, *command: str) -> tuple[int, str]:
    """The status of a command of the example's packages, and what it printed."""
    done = subprocess.run(
        ["npm", *command], cwd=project, check=False, capture_output=True, text=True, timeout=BUILD_S
    )
    return done.returncode, done.stdout + done.stderr


def planted(built: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the example with a mistake in it."""
    project = copied(folder)
    shutil.copyfile(built / "graphql-env.d.ts", project / "graphql-env.d.ts")
    text = (project / file).read_text("utf-8")
    assert text.count(old) == 1, f"{file} has `{old}` {text.count(old)} times"
    (project / file).write_text(text.replace(old, new), encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built."""
    project = copied(tmp_path_factory.mktemp("typed-client"))
    status, told = run(project, "run", "--silent", "build")
    assert status == 0, told
    return project


@pytest.fixture
def program(built, demo, tmp_path) -> Program:
    """`with program("chen", "list") as terminal`: the example as somebody runs it."""

    def started(who: str, *arguments: str, token: str = "") -> AbstractContextManager[Terminal]:
        own = {"GQL_URL": f"{demo.url}/graphql", "GQL_TOKEN": token or f"demo-insecure-{who}"}
        output = tmp_path / f"{len(list(tmp_path.iterdir()))}.txt"
        command = ["node", "dist/cli.js", *arguments]
        return opened(command, cwd=built, env={**os.environ, **own}, output=output)

    return started


# ---------------------------------------------------------------------------------------------- packages
def test_the_example_is_one_small_file_and_its_terminal():
    assert len((EXAMPLE / "inbox.ts").read_text("utf-8").splitlines()) <= 130
    assert len((EXAMPLE / "cli.ts").read_text("utf-8").splitlines()) <= 90


def test_every_package_has_an_exact_version_and_no_address():
    package = json.loads((EXAMPLE / "package.json").read_text("utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}

    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert "resolved" not in (EXAMPLE / "package-lock.json").read_text("utf-8")


# ------------------------------------------------------------------------------------------------- types
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (("inbox.ts", "result.changedSections", "result.changedSection"), "Did you mean 'changedSections'?"),
        (("inbox.ts", 'case "StaleRevision"', 'case "StaleRevison"'), "StaleRevison"),
        (("inbox.ts", PAYLOAD_CASE, ""), "Property 'code' does not exist"),
        (("cli.ts", "campaign.channel", "campaign.chanel"), "Did you mean 'channel'?"),
        (("cli.ts", "contentHash, idempotencyKey", "idempotencyKey"), "contentHash"),
    ],
    ids=["field", "union member", "payload left out", "field elsewhere", "variable left out"],
)
def test_code_that_does_not_fit_a_document_is_not_built(built, tmp_path, mistake, told):
    project = planted(built, tmp_path, *mistake)

    status, printed = run(project, "exec", "--", "tsc", "--noEmit")

    assert status != 0
    assert told in printed


@pytest.mark.slow
def test_a_document_that_does_not_fit_the_schema_is_not_built(built, tmp_path):
    project = planted(built, tmp_path, "inbox.ts", "submittedBy { name }", "submittedBy { nam }")

    status, printed = run(project, "run", "--silent", "build")

    assert status != 0
    assert 'Cannot query field "nam" on type "User". Did you mean "name"?' in printed
    assert not (project / "dist").exists()


# ----------------------------------------------------------------------------------------------- running
@pytest.mark.slow
def test_the_inbox_is_listed(program, submitted):
    campaign_id, _ = submitted("Listed")

    with program("chen", "list") as terminal:
        assert terminal.end() == 0

    assert f"{campaign_id}  Listed: SMS to 1000 newsletter, by Maya" in terminal.printed
    assert re.search(r"^\d+ to review$", terminal.printed, re.MULTILINE)


@pytest.mark.slow
def test_who_watches_sees_what_another_person_submits_and_what_is_decided(program, submitted):
    with program("chen", "watch") as watching:
        watching.until("to review")
        campaign_id, _ = submitted("Watched")
        watching.until(f"+ {campaign_id}  Watched: SMS")
        with program("cleo", "approve", campaign_id) as terminal:
            terminal.types("y")
            assert terminal.end() == 0
        watching.until(f"- {campaign_id}  Watched: SMS")


@pytest.mark.slow
def test_what_was_read_is_approved(program, submitted, decisions):
    campaign_id, content_hash = submitted("Approved")

    with program("chen", "approve", campaign_id) as terminal:
        terminal.until("approve exactly this?")
        assert "body: 'Approved!'" in terminal.printed
        assert decisions(campaign_id) == ("PENDING_REVIEW", [])
        terminal.types("y")
        assert terminal.end() == 0

    assert terminal.printed.rstrip().endswith("Approved is SENT")
    decided = {"verdict": "APPROVED", "contentHash": content_hash, "reason": None, "by": {"name": "Chen"}}
    assert decisions(campaign_id) == ("SENT", [decided])


@pytest.mark.slow
def test_what_was_edited_after_it_was_read_is_not_decided(program, submitted, edited, decisions):
    campaign_id, content_hash = submitted("Stale")

    with program("chen", "approve", campaign_id) as terminal:
        terminal.until("approve exactly this?")
        assert edited(campaign_id, "Something else") != content_hash
        terminal.types("y")
        assert terminal.end() == 1

    assert "changed since you read it (COPY): read it again" in terminal.printed
    assert decisions(campaign_id) == ("PENDING_REVIEW", [])


@pytest.mark.slow
def test_a_rejection_has_its_reason(program, submitted, decisions):
    campaign_id, content_hash = submitted("Rejected")

    with program("chen", "reject", campaign_id, "Say until when.") as terminal:
        terminal.types("y")
        assert terminal.end() == 0

    assert terminal.printed.rstrip().endswith("Rejected is REJECTED")
    why = {"reason": "Say until when.", "by": {"name": "Chen"}}
    assert decisions(campaign_id) == (
        "REJECTED",
        [{"verdict": "REJECTED", "contentHash": content_hash, **why}],
    )


@pytest.mark.slow
def test_a_maker_is_told_who_may(program, submitted, decisions):
    campaign_id, _ = submitted("Forbidden")

    with program("max", "approve", campaign_id) as terminal:
        terminal.types("y")
        assert terminal.end() == 1

    assert "you may not approve here" in terminal.printed
    assert "no rule allows `maker` to approve; that takes the role `admin` or `checker`" in terminal.printed
    assert decisions(campaign_id) == ("PENDING_REVIEW", [])


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["n", "", "yes?"])
def test_only_a_clear_yes_decides(program, submitted, decisions, typed):
    campaign_id, _ = submitted("Undecided")

    with program("chen", "approve", campaign_id) as terminal:
        terminal.types(typed)
        assert terminal.end() == 0

    assert "nothing was decided" in terminal.printed
    assert decisions(campaign_id) == ("PENDING_REVIEW", [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("list",), "the token is unknown, expired or revoked"),
        (("watch",), "the token is unknown, expired or revoked"),
        ((), "usage: node dist/cli.js list | watch"),
        (("reject", "x"), "usage: node dist/cli.js list | watch"),
        (("toString",), "usage: node dist/cli.js list | watch"),
    ],
)
def test_what_cannot_be_done_is_told_at_once(program, arguments, told):
    with program("nobody", *arguments, token="stolen") as terminal:
        assert terminal.end() == 1

    assert told in terminal.printed


@pytest.mark.slow
def test_a_campaign_that_one_may_not_see_does_not_exist(program):
    with program("chen", "approve", "Q2FtcGFpZ246OTk5") as terminal:
        assert terminal.end() == 1

    assert "there is no campaign `Q2FtcGFpZ246OTk5` that you may see" in terminal.printed
