"""A server that is process 1, as in a container without an init: nobody stands between it and SIGTERM."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.server.server_process import POLICIES, START_S, free_port


def in_container(*words: str, folder: Path, **settings: str) -> "subprocess.Popen[bytes]":
    """Start a command as the first process of a space of processes; gives `unshare`, whose child it is."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    given = {f"GQL_APPROVALS_{name}": value for name, value in settings.items()}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-m", "gql_approvals", *words],
            env={**own, **given}, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz/ready", trust_env=False, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"not ready; unshare needs the rights of root:\n{log.read_text()}")


@pytest.mark.alone
@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_ends_a_server_that_is_process_1_within_six_seconds(sqlite_url: str, tmp_path: Path, workers):
    port = str(free_port())
    outside = in_container(
        "serve", "--port", port, "--workers", workers,
        folder=tmp_path, DATABASE_URL=sqlite_url, POLICIES=str(POLICIES), LOG="json",
    )  # fmt: skip
    try:
        until_ready(f"http://127.0.0.1:{port}", outside, tmp_path / "log")
        first = int(Path(f"/proc/{outside.pid}/task/{outside.pid}/children").read_text().split()[0])
        spaces = re.search(r"^NSpid:\t(.*)$", Path(f"/proc/{first}/status").read_text(), re.MULTILINE)
        assert spaces is not None
        assert spaces[1].split()[-1] == "1"
        before = time.monotonic()
        os.kill(first, signal.SIGTERM)
        assert outside.wait(timeout=20) == 0
        assert time.monotonic() - before <= 6
    finally:
        with suppress(ProcessLookupError):
            os.killpg(outside.pid, signal.SIGKILL)
        outside.wait(timeout=10)
    assert "Traceback" not in (tmp_path / "log").read_text()
