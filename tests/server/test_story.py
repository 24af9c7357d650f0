"""The script of the examples, against `gql-approvals demo` as a newcomer starts it."""

import subprocess
import sys

import pytest
from tests.server.server_process import ROOT, running

pytestmark = pytest.mark.slow
STORY = ROOT / "examples" / "story.py"


def tell(url):
    command = [sys.executable, str(STORY), "--url", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_story_can_be_told_twice_against_the_demo(empty_database_url, tmp_path, workers):
    with running(tmp_path, workers, ("demo",), DATABASE_URL=empty_database_url, POLL_S="0.2") as server:
        for _ in range(2):
            told = tell(f"{server.url}/graphql")
            assert told.returncode == 0, told.stdout + told.stderr
            assert told.stdout.rstrip().endswith("the end: every step was answered as it should be")
        assert server.faults() == []


def test_the_story_ends_with_a_failure_when_a_step_is_answered_differently(serve):
    with serve() as server:  # not the demo: nobody has its tokens
        told = tell(f"{server.url}/graphql")
    assert told.returncode == 1
    assert "DIFFERENT" in told.stderr


def test_the_story_says_how_to_start_a_server_when_there_is_none(serve):
    with serve() as server:
        url = server.url
    told = tell(f"{url}/graphql")
    assert told.returncode == 1
    assert "gql-approvals demo" in told.stderr
