"""PostgreSQL's own programs: where they are, how they are told of the database, and how they are run.

The database is named by variables of the environment and not by arguments, which every user of the machine
can read.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from gql_approvals.errors import BadDatabase

_INSTALLED = Path("/usr/lib/postgresql")
_HOMEBREW = (Path("/opt/homebrew/opt"), Path("/usr/local/opt"))
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "database": "PGDATABASE",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "ssl": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
}
_LAST_LINES = 4
Line = Callable[[str], None]


def environment_of(url: str) -> dict[str, str]:
    """The variables that tell PostgreSQL's programs what the URL says; the rest of the environment stays."""
    parts = urlsplit(url)
    who, _, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    places = [_place(one) for one in where.split(",")] if where else []
    said = {
        "user": unquote(user),
        "password": unquote(password),
        "host": ",".join(host for host, _ in places),
        "port": ",".join(port for _, port in places),
        "database": unquote(parts.path[1:]),
    }
    named = {name: value for name, value in parse_qsl(parts.query) if name in _VARIABLES}
    given = {_VARIABLES[name]: text for name, text in (*said.items(), *named.items()) if text.strip(",")}
    return {**os.environ, "LC_ALL": "C", "PGTZ": "UTC", "PGAPPNAME": "gql-approvals", **given}


def find(program: str, *, at_least: int = 0) -> Path:
    """Where a program is, the oldest that is not older than the server's major version.

    Raises:
        BadDatabase: when it is not installed, or older.
    """
    found = sorted(
        ((version, path) for path in _candidates(program) if (version := _major(path)) is not None),
        key=lambda one: one[0],
    )
    for version, path in found:
        if version >= at_least:
            return path
    package = f"postgresql-client-{at_least}" if at_least else "postgresql-client"
    fix = f"install PostgreSQL's client programs (on Debian: `{package}`), and put them on PATH"
    if found:
        newest, path = found[-1]
        why = f"`{path}` is of version {newest}, which is older than the server's, {at_least}"
        raise BadDatabase(f"{why}: {fix}")
    raise BadDatabase(f"there is no `{program}` on this machine: {fix}")


def run(program: Path, arguments: Iterable[str | Path], environment: dict[str, str], heard: Line) -> None:
    """Run a program to its end; `heard` is told each line that it writes on standard error.

    Raises:
        BadDatabase: when it fails, with the last things that it said.
    """
    command = [program, *arguments]
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603  # a program of this machine, and no text of anybody else
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, errors="replace",
    ) as process:  # fmt: skip
        try:
            for line in process.stderr or ():
                said = [*said, line.strip()][-50:]
                heard(line)
        except BaseException:
            process.kill()
            raise
    _require_success(program, process.returncode, said)


@contextmanager
def output(program: Path, arguments: Iterable[str | Path]) -> Generator[Iterable[bytes]]:
    """The lines that a program writes on standard output, while it writes them.

    Raises:
        BadDatabase: at the end, when it has failed.
    """
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603  # as above
            [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            env={**os.environ, "LC_ALL": "C"},
        ) as process,
    ):  # fmt: skip
        try:
            yield process.stdout or ()
        except BaseException:
            process.kill()
            raise
        process.wait()
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").splitlines()
        _require_success(program, process.returncode, said)


def _require_success(program: Path, code: int, said: Sequence[str]) -> None:
    if code:
        first = next((place for place, line in enumerate(said) if "error:" in line), -_LAST_LINES)
        why = " ".join(said[first:][:_LAST_LINES]) or f"it ended with {code}"
        raise BadDatabase(f"{program.name} failed: {why.removeprefix(f'{program.name}: error: ')}")


def _place(text: str) -> tuple[str, str]:
    """Host and port of `host`, `host:5432`, `[::1]:5432`."""
    match = re.fullmatch(r"(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?", text)
    return (unquote(match[1] or match[2] or ""), match[3] or "") if match else (text, "")


def _candidates(program: str) -> list[Path]:
    on_path = shutil.which(program)
    folders = [
        *_INSTALLED.glob("*/bin"),
        *(found for root in _HOMEBREW for found in (*root.glob("postgresql*/bin"), *root.glob("libpq/bin"))),
    ]
    return [
        *([Path(on_path)] if on_path else []),
        *(folder / program for folder in folders if (folder / program).is_file()),
    ]


def _major(path: Path) -> int | None:
    try:
        told = subprocess.run(  # noqa: S603  # as above
            [path, "--version"], check=True, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\)\s+(\d+)", told.stdout)
    return int(match[1]) if match else None
