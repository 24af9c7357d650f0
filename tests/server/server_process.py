"""The real server as an operator starts it: `gql-approvals serve`, on loopback, in its own process group."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "policies"
START_S = 90
_STARTED = re.compile(r"Started server process \[(\d+)\]")
_COMPLETE = "Application startup complete"


class NotReady(AssertionError):
    """The server did not come up; the message holds what it wrote."""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ServerProcess:
    """One server. Make it with `running`; what it writes is in `log`.

    `environment`: what its processes find there besides the settings. `stops`: how long each SIGTERM took, in
    seconds.
    """

    settings: Mapping[str, str]
    folder: Path
    workers: int = 1
    command: tuple[str, ...] = ("serve",)
    port: int = field(default_factory=free_port)
    starts: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    stops: list[float] = field(default_factory=list)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"server-{self.port}-{self.starts}.log"

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    @property
    def worker_pids(self) -> list[int]:
        """The processes that serve, oldest first; with one worker, the server itself."""
        return [pid for pid in map(int, _STARTED.findall(self.log.read_text())) if _is_alive(pid)]

    def start(self, **more: str) -> None:
        """Start, and wait until every worker serves and the database answers. `more`: other settings."""
        self.starts += 1
        own = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
        given = {f"GQL_APPROVALS_{name}": value for name, value in {**self.settings, **more}.items()}
        options = ("--port", str(self.port), "--workers", str(self.workers))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gql_approvals", *self.command, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env={**own, **self.environment, **given},
                start_new_session=True,
            )  # fmt: skip
        self.wait_ready(self.workers)

    def start_somewhere(self) -> None:
        """Start, on another port when somebody was quicker to take this one."""
        try:
            self.start()
        except NotReady as error:
            if "is taken" not in str(error):
                raise
            self.port = free_port()
            self.start()

    def wait_ready(self, started: int) -> None:
        """Wait until that many workers have begun to serve since `start`, and the database answers."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise NotReady(f"the server ended with {self.process.returncode}:\n{self.log.read_text()}")
            if self.log.read_text().count(_COMPLETE) >= started and self.is_ready():
                return
            time.sleep(0.05)
        raise NotReady(f"not ready after {START_S} s:\n{self.log.read_text()}")

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def last_words(self) -> str:
        """What it says of itself now, its workers, and how its log ends."""
        try:
            answer = httpx.get(f"{self.url}/healthz/ready", timeout=5, trust_env=False)
            said = f"{answer.status_code} {answer.text}"
        except httpx.TransportError as error:
            said = repr(error)
        return f"{said}, workers {self.worker_pids}\n{self.log.read_text()[-6000:]}"

    def readiness(self) -> dict[str, Any]:
        """What /healthz/ready says of the policy."""
        answer = httpx.get(f"{self.url}/healthz/ready", timeout=30, trust_env=False)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["policy"])

    def records(self, event: str = "", **fields: object) -> list[dict[str, Any]]:
        """What it wrote since it was started: of this event, with these fields. Needs LOG=json.

        Every line of standard error is one JSON object with the same four fields at its head.
        """
        found = [json.loads(line) for line in self.log.read_text().splitlines()]
        for record in found:
            assert list(record)[:4] == ["time", "level", "logger", "event"], record
        return [
            record for record in found if event in {"", record["event"]} and fields.items() <= record.items()
        ]

    def examinations(self) -> set[int]:
        """The processes that examine this server's policy files, orphans among them."""
        return set(_examinations(self.settings["POLICIES"]))

    def terminate(self) -> float:
        """Ask the server to end with SIGTERM; gives how long that took, in seconds."""
        before = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.stops.append(time.monotonic() - before)
        return self.stops[-1]

    def kill(self) -> None:
        """kill -9 of all of its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def end(self) -> None:
        """End whatever of it still runs, gently at first."""
        if self._process is None:
            return
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.terminate()
        self.kill()

    def faults(self) -> list[str]:
        """The lines of its log that tell of something unexpected."""
        words = ("Traceback", "unexpected error", "ERROR", "CRITICAL", "database is locked")
        text = "\n".join(path.read_text() for path in sorted(self.folder.glob(f"server-{self.port}-*.log")))
        return [line for line in text.splitlines() if any(word in line for word in words)]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _examinations(policies: str) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_one = b"gql_approvals.policy.examination" in (process / "cmdline").read_bytes()
            if (
                is_one
                and f"GQL_APPROVALS_POLICIES={policies}\0".encode() in (process / "environ").read_bytes()
            ):
                yield int(process.name)
        except OSError:
            continue  # it has just ended


@contextlib.contextmanager
def running(
    folder: Path, workers: int = 1, command: tuple[str, ...] = ("serve",), **settings: str
) -> Iterator[ServerProcess]:
    """A ready server, ended with everything it started. Settings are named without their prefix."""
    server = ServerProcess(
        settings={"POLICIES": str(POLICIES), **settings}, folder=folder, workers=workers, command=command
    )
    try:
        server.start_somewhere()
        yield server
    finally:
        server.end()


def policies_that_ask_for_two(folder: Path) -> Path:
    """The shipped policy, asking for two approvals instead of one."""
    copy = folder / "two-approvals"
    shutil.copytree(POLICIES, copy)
    file = copy / "policy.csv"
    text, changed = re.subn(
        r"^(p2, \*,\s+any,\s+always,\s+)1(,\s+anyone)$", r"\g<1>2\2", file.read_text(), flags=re.MULTILINE
    )
    assert changed == 1, "the shipped policy's line for everybody has changed its form"
    file.write_text(text)
    return copy
