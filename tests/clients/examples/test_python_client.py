"""examples/python_client.py against a real server."""

import os
import subprocess
import sys

import pytest
from tests.clients.examples.terminal import opened
from tests.server.server_process import ROOT

SCRIPT = [sys.executable, str(ROOT / "examples" / "python_client.py")]


@pytest.mark.slow
def test_its_help_names_every_command():
    done = subprocess.run([*SCRIPT, "--help"], check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0
    assert all(command in done.stdout for command in ("list", "watch", "approve", "$GQL_URL"))


@pytest.fixture
def program(demo, tmp_path):
    """`with program("chen", "list") as terminal`: the script as somebody runs it."""

    def started(who, *arguments):
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env |= {"GQL_URL": f"{demo.url}/graphql", "GQL_TOKEN": f"demo-insecure-{who}"}
        output = tmp_path / f"{len(list(tmp_path.iterdir()))}.txt"
        return opened([*SCRIPT, *arguments], cwd=tmp_path, env=env, output=output)

    return started


@pytest.mark.slow
def test_it_lists_follows_and_approves_what_was_read(program, submitted, decisions):
    with program("chen", "watch") as watching:
        watching.until("to review")
        campaign_id, content_hash = submitted("From Python")
        watching.until(f"+ {campaign_id} {content_hash}  From Python: SMS to 1000 newsletter, by Maya")
        with program("chen", "list") as terminal:
            assert terminal.end() == 0
        assert f"{campaign_id} {content_hash}  From Python: SMS to 1000 newsletter" in terminal.printed

        with program("chen", "approve", campaign_id, content_hash) as terminal:
            assert terminal.end() == 0

        assert terminal.printed == "From Python is SENT\n"
        watching.until(f"- {campaign_id} {content_hash}")
    status, (decided,) = decisions(campaign_id)
    assert (status, decided["verdict"], decided["contentHash"]) == ("SENT", "APPROVED", content_hash)


@pytest.mark.slow
def test_what_is_refused_is_told_and_fails(program, submitted, edited, decisions):
    campaign_id, content_hash = submitted("Refused")
    current = edited(campaign_id, "Something else")
    for who, content, told in (
        ("chen", content_hash, "changed since you read it (COPY): read it again, then decide"),
        ("max", current, "no rule allows `maker` to approve; that takes the role"),
        ("maya", current, "no rule allows `maker` to approve; that takes the role"),
        ("nobody", current, "the token is unknown, expired or revoked"),
    ):
        with program(who, "approve", campaign_id, content) as terminal:
            assert terminal.end() == 1
        assert told in terminal.printed
        assert "Traceback" not in terminal.printed
    assert decisions(campaign_id) == ("PENDING_REVIEW", [])
