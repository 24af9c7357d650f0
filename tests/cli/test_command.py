"""The command itself: fast, helpful, and with exit codes that a script can rely on."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable

import pytest

from gql_approvals import __version__


@pytest.mark.alone
def test_help_is_there_at_once(environment: dict[str, str]):
    command = [sys.executable, "-m", "gql_approvals", "--help"]
    subprocess.run(
        command, env=environment, check=True, capture_output=True
    )  # compiles what is not compiled yet
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "Usage: gql-approvals [OPTIONS] COMMAND" in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 0.3


def test_help_loads_nothing_heavy():
    heavy = "{'strawberry', 'tortoise', 'casbin', 'starlette', 'uvicorn', 'rich', 'asyncpg', 'httpx'}"
    program = f"import sys, gql_approvals.cli; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_the_version_is_the_package_s(run: Callable):
    assert run("--version").out == f"gql-approvals {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serv"], "no such command `serv`; did you mean `serve`?"),
        (["policy", "chek"], "no such command `chek`; did you mean `check`?"),
        (["Token", "list"], "no such command `Token`; did you mean `token`?"),
        (["schema", "xyz"], "no such command `xyz`; there are `print`, `diff`"),
        (["--verson"], "no such option `--verson`; did you mean `--version`?"),
        (["member", "--hlp"], "no such option `--hlp`; did you mean `--help`?"),
        (["serve", "--wrkers", "1"], "no such option `--wrkers`; did you mean `--workers`?"),
        (["serve", "-x"], "no such option `-x`"),
        (["serve", "--port", "65536"], "Invalid value for '--port': 65536 is not in the range 0<=x<=65535."),
        (["account", "create", "acme"], "Missing option '--admin'."),
    ],
)
def test_a_wrong_command_line_is_explained(run: Callable, arguments: list[str], told: str):
    done = run(*arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(f"Error: {told}\n")


def test_settings_are_listed_for_programs(run: Callable):
    listed = json.loads(run("settings", "--format", "json").out)

    assert {"name": "GQL_APPROVALS_REVIEW_DAYS", "default": "14"} in [
        {"name": one["name"], "default": one["default"]} for one in listed
    ]


def test_the_schema_can_be_printed(run: Callable):
    done = run("schema", "print")

    assert done.code == 0
    assert "\ntype Campaign implements Node " in done.out
