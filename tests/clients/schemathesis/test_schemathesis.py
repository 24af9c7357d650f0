"""Requests that Schemathesis makes up from the schema, against a real server: no fault, no odd answer.

It believes `extensions.code`: what is our fault must say so, or be found in the log.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests.server.server_process import ServerProcess, running

pytestmark = pytest.mark.alone
HERE = Path(__file__).parent
AT_MOST_S = 120
GOOD, BAD = 500, 150  # at least as many requests
SIGNED_IN = {"Authorization": "Bearer demo-insecure-ada"}  # the administrator
HELD = """{
  campaigns(first: 100) { edges { node { id head { contentHash } } } }
  members(first: 100) { edges { node { id user { email } } } }
}"""


@pytest.fixture
def demo(tmp_path):
    """The demo. Nobody may send this many operations a minute; the other limits are in force."""
    with running(tmp_path, command=("demo",), RATE_LIMIT="0") as server:
        yield server


@pytest.fixture
def folder(demo, tmp_path):
    """What is told to Schemathesis about this server."""
    folder = tmp_path / "schemathesis"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    write_dictionaries(demo, folder)
    return folder


def generate(server: ServerProcess, folder: Path, *options: str):
    """Run Schemathesis: its exit code, its report, and what it printed."""
    report = folder / "report.json"
    command = (
        sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/graphql", "--report", "json",
        "--report-json-path", str(report), *(f"--header={name}: {said}" for name, said in SIGNED_IN.items()),
        *options,
    )  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(folder / "hooks.py"), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=AT_MOST_S
    )
    assert report.is_file(), done.stdout + done.stderr
    return done.returncode, json.loads(report.read_text()), done.stdout + done.stderr


def write_dictionaries(server: ServerProcess, folder: Path):
    """What the demo holds, for arguments that name something; not Ada, who may lock herself out."""
    answer = httpx.post(f"{server.url}/graphql", json={"query": HELD}, headers=SIGNED_IN, trust_env=False)
    campaigns, members = (
        [edge["node"] for edge in answer.json()["data"][name]["edges"]] for name in ("campaigns", "members")
    )
    entries = {
        "campaign": [campaign["id"] for campaign in campaigns],
        "hash": [campaign["head"]["contentHash"] for campaign in campaigns],
        "member": [member["id"] for member in members if not member["user"]["email"].startswith("ada@")],
    }
    for name, values in entries.items():
        (folder / f"{name}.dict").write_text("".join(f"{json.dumps(value)}\n" for value in values))


def accepted(report) -> int:
    """How many cases were answered without any error."""
    return sum(phase["accepted"] for rates in report["valid_rates"].values() for phase in rates.values())


def test_hundreds_of_good_requests_find_no_fault(demo, folder):
    code, report, printed = generate(demo, folder, "--mode", "positive", "--max-examples", "20")

    assert (code, report["failures"], report["errors"]) == (0, [], []), printed
    assert report["complete"]
    assert report["operations"]["tested"] == report["operations"]["total"]
    assert report["test_cases"]["generated"] >= GOOD
    assert accepted(report) >= 0.9 * GOOD
    assert demo.faults() == []


def test_bad_requests_are_all_refused(demo, folder):
    code, report, printed = generate(demo, folder, "--mode", "negative", "--max-examples", "10")

    assert (code, report["failures"], report["errors"]) == (0, [], []), printed
    assert report["complete"]
    assert report["test_cases"]["generated"] >= BAD
    assert demo.faults() == []


def test_a_fault_would_be_found(demo, folder):
    """A campaign of a channel that there is none of; no resolver can answer it."""
    with closing(sqlite3.connect(demo.folder / ".demo" / "gql-approvals.db")) as database, database:
        database.execute("UPDATE campaign SET channel = 'PIGEON'")
    code, report, printed = generate(demo, folder, "--max-examples", "5", "--include-name", "Query.campaign")

    assert code == 1
    assert [failure["title"] for failure in report["failures"]] == ["GraphQL server error"], printed
    assert demo.faults() != []
