"""Processes that only deliver: `gql-approvals relay`, as an operator starts it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server.server_process import POLICIES, START_S


@dataclass
class RelayProcess:
    """One of them; what it writes is in `log`, a JSON object a line."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def records(self, event: str) -> list[dict[str, Any]]:
        """What it said of this event."""
        found = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [record for record in found if record["event"] == event]

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send it a signal; gives the exit code, and how long it took to end, in seconds."""
        before = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout=30), time.monotonic() - before


@contextlib.contextmanager
def relaying(folder: Path, *options: str, **settings: str) -> Generator[RelayProcess]:
    """A relay that has begun, killed at the end if it still runs. Settings are named without their prefix."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    chosen = {"POLICIES": str(POLICIES), "LOG": "json", "POLL_S": "0.1", **settings}
    given = {f"GQL_APPROVALS_{name}": value for name, value in chosen.items()}
    log = folder / f"relay-{time.monotonic_ns()}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "gql_approvals", "relay", *options],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=folder, env={**own, **given},
            start_new_session=True,
        )  # fmt: skip
    relay = RelayProcess(process, log)
    try:
        deadline = time.monotonic() + START_S
        while not relay.records("relay:begins") and process.poll() is None:
            assert time.monotonic() < deadline, f"not begun after {START_S} s:\n{log.read_text()}"
            time.sleep(0.05)
        yield relay
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
