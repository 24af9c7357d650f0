"""The command as people run it, in a folder and with an environment of its own.

`run` stays in this process, because starting another takes a second; `start` and `serving` do not.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from gql_approvals.cli import main

Environment = dict[str, str]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """What a command is given: no setting that the machine happens to have."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    return {**kept, "PYTHONWARNINGS": "error", "COLUMNS": "110", "NO_COLOR": "1", "HOME": str(tmp_path)}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run `gql-approvals …` to its end; settings are given by their names in small letters."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GQL_APPROVALS_")]:
        monkeypatch.delenv(name)

    def command(*arguments: str, **settings: str) -> Done:
        done = CliRunner().invoke(main, arguments, prog_name="gql-approvals", env=named(settings))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return command


@pytest.fixture(scope="session")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """`prepared(url, "account create acme …")`: have a fresh database as these commands leave it.

    They are run once; what they left in a SQLite file is copied from then on.
    """
    files: dict[tuple[str, ...], Path] = {}

    def run(url: str, lines: tuple[str, ...]) -> None:
        for line in lines:
            done = CliRunner().invoke(main, line.split(), env=named({"database_url": url}))
            assert done.exit_code == 0, done.output

    def prepare(url: str, *lines: str) -> None:
        if not url.startswith("sqlite"):
            run(url, lines)
            return
        if lines not in files:
            files[lines] = tmp_path_factory.mktemp("prepared") / "approvals.db"
            shutil.copyfile(sqlite_template, files[lines])
            run(f"sqlite:///{files[lines]}", lines)
        shutil.copyfile(files[lines], url.removeprefix("sqlite:///"))

    return prepare


@pytest.fixture
def start(tmp_path: Path, environment: Environment) -> Callable[..., Done]:
    """The same in a process of its own."""

    def command(*arguments: str, **settings: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "gql_approvals", *arguments],
            cwd=tmp_path,
            env={**environment, **named(settings)},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def serving(tmp_path: Path, environment: Environment) -> Callable[..., "contextmanager[str]"]:
    """Run a command that serves, until the block ends; gives what it printed on standard output so far."""

    @contextmanager
    def command(*arguments: str, until: str, **settings: str) -> Iterator[str]:
        with (tmp_path / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "gql_approvals", *arguments],
                cwd=tmp_path,
                env={**environment, **named(settings)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            yield _read_until(process, until, tmp_path / "stderr")
        finally:
            process.terminate()
            process.communicate(timeout=20)

    return command


def _read_until(process: "subprocess.Popen[str]", until: str, errors: Path) -> str:
    assert process.stdout is not None
    text, deadline = "", time.monotonic() + 60
    while not re.search(until, text):
        line = process.stdout.readline()
        text += line
        if not line or time.monotonic() > deadline:
            raise AssertionError(f"never printed {until!r}:\n{text}\n{errors.read_text()}")
    return text


def named(settings: dict[str, str]) -> Environment:
    return {f"GQL_APPROVALS_{name.upper()}": value for name, value in settings.items()}
