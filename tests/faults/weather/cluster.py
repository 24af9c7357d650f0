"""A throw-away PostgreSQL server that a test may stop, crash, and rob of its backends."""

import asyncio
import contextlib
import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg
from tests.databases import binary_folders
from tests.server.server_process import free_port

P = TypeVar("P")
T = TypeVar("T")

START_S = 60
STOP_S = 20
_MEMORY = Path("/dev/shm")  # noqa: S108  # the folder made in it has a name of its own
_ROOM_BYTES = 1024**3
_SERVED = "FROM pg_stat_activity WHERE application_name = 'gql-approvals' AND datname = 'approvals'"


class NoCluster(Exception):
    """PostgreSQL could not be started; the message holds what was tried and what it wrote."""


@dataclass
class Cluster:
    """One server on a loopback port and a socket of its own, with an empty database `approvals`."""

    programs: Path
    home: Path
    port: int
    options: dict[str, str]
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The way past any proxy."""
        return f"postgresql://postgres@/approvals?host={self.home}&port={self.port}"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def create(self) -> None:
        """Make its files, start it, and create the database."""
        account = _account()
        self.home.chmod(0o755)
        if account is not None:
            os.chown(self.home, account.pw_uid, account.pw_gid)
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        self.start()
        apart(asyncio.run, self._execute('CREATE DATABASE "approvals"', database="postgres"))

    def start(self) -> None:
        """Start it, and wait until it takes connections: after a crash, until it has recovered.

        Raises:
            NoCluster: when it ends or does not answer within 60 s.
        """
        words = [word for name, value in self.options.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.home / "data", *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home, env=self._environment(),
                **_identity(),
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if not self.is_running:
                raise NoCluster(f"PostgreSQL ended:\n{self.log.read_text()}")
            if self._answers():
                return
            time.sleep(0.05)
        raise NoCluster(f"PostgreSQL is not ready after {START_S} s:\n{self.log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends every session first ("fast"), SIGQUIT is a crash ("immediate")."""
        assert self._process is not None
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=STOP_S)

    def end(self) -> None:
        """Stop what still runs of it; nothing in it is kept."""
        if self.is_running:
            self.stop(signal.SIGQUIT)

    async def terminate_backends(self) -> int:
        """End every session of gql-approvals as an administrator would; gives how many there were."""
        return len(await self._execute(f"SELECT pg_terminate_backend(pid) {_SERVED}"))

    async def backends(self) -> list[int]:
        """The processes that serve gql-approvals."""
        return [int(row["pid"]) for row in await self._execute(f"SELECT pid {_SERVED}")]

    async def kill_backend(self, rng: random.Random) -> bool:
        """kill -9 of one of them: PostgreSQL ends all the others, and recovers. False: there is none."""
        found = await self.backends()
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(found), signal.SIGKILL)
        return True

    async def until_ready(self, within_s: float = START_S) -> None:
        """Wait until it takes connections again after it has recovered by itself."""
        async with asyncio.timeout(within_s):
            while not await asyncio.to_thread(self._answers):  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.05)

    def _answers(self) -> bool:
        try:
            apart(asyncio.run, self._execute("SELECT 1", database="postgres"))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def _execute(self, statement: str, database: str = "approvals") -> list[asyncpg.Record]:
        connection = await asyncpg.connect(
            host=str(self.home), port=self.port, user="postgres", database=database, timeout=10
        )
        try:
            return await connection.fetch(statement, timeout=10)
        finally:
            connection.terminate()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments], check=False, capture_output=True, text=True,
            timeout=START_S, cwd=self.home, env=self._environment(), **_identity(),
        )  # fmt: skip
        if done.returncode:
            raise NoCluster(f"{self.programs / program}: {done.stderr}")

    def _environment(self) -> dict[str, str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LD_", "FAKE"))
        }
        return {**own, "HOME": str(self.home)}


def apart(work: Callable[[P], T], given: P) -> T:
    """Call `work` in a thread of its own, where a loop may be run also when the caller's own runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, given).result()


@contextmanager
def cluster(**options: str) -> Iterator[Cluster]:
    """A running server with PostgreSQL's own idea of durability. `options`: its settings.

    Raises:
        NoCluster: when no PostgreSQL is found, or none starts.
    """
    folders = binary_folders()
    if not folders:
        raise NoCluster("PostgreSQL is not installed: pip install 'gql-approvals[test]'")
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    # Short, because a socket's path ends at 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="gql-approvals-weather-", dir=_MEMORY if roomy else None))
    port = free_port()
    made = Cluster(
        folders[0],
        home,
        port,
        {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(home),
            "max_connections": "60",
            "shared_buffers": "32MB",
            **options,
        },
    )
    try:
        made.create()
        yield made
    finally:
        made.end()
        shutil.rmtree(home, ignore_errors=True)


def _account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoCluster("running as root, and there is neither a user postgres nor nobody")


def _identity() -> dict[str, object]:
    account = _account()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
