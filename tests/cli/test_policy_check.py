"""`policy check`: every mistake with its place, for people, programs and GitHub."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

SHIPPED = Path(__file__).parents[2] / "policies"
TOO_FEW = "a `p` line has 6 columns (role, account, action, channels, when, effect)"
NO_DATABASE = "accounts are not checked: no database"


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped folder in the working directory."""
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return shutil.copytree(SHIPPED, tmp_path / "policies")


def add(folder: Path, *lines: str) -> int:
    """Write lines to the end of policy.csv, and give the number of the first."""
    text = (folder / "policy.csv").read_text("utf-8").rstrip("\n") + "\n"
    (folder / "policy.csv").write_text(text + "".join(f"{line}\n" for line in lines), "utf-8")
    return text.count("\n") + 1


def test_the_shipped_files_are_accepted(run: Callable, policies: Path):
    done = run("policy", "check")

    lines = [line for line in (policies / "policy.csv").read_text("utf-8").splitlines() if line[:1] in "pg"]
    assert done.code == 0
    assert done.err.splitlines() == [NO_DATABASE]
    assert done.out.startswith("policies: accepted, version ")
    assert f", {sum(map(bool, lines))} lines, 0 warnings; " in done.out
    assert done.out.endswith(" decisions\n")


def test_a_mistake_is_one_line_with_its_place_and_help(run: Callable, policies: Path):
    line = add(policies, "p, intern, acme, aprove, email, always, allow")

    done = run("policy", "check")

    assert done.code == 1
    assert done.out.splitlines() == [
        f"policies/policy.csv:{line}:18: error [action] unknown action `aprove`: did you mean `approve`?",
        "policies: refused, 1 error, 0 warnings",
    ]


def test_every_mistake_is_told_those_at_one_place_too(run: Callable, policies: Path):
    text = (policies / "policy.csv").read_text("utf-8")
    (policies / "policy.csv").write_text(text.replace("p, admin,", "# "), "utf-8")

    done = run("policy", "check")

    problems = [
        line for line in done.out.splitlines() if line.startswith("policies/policy.csv:1:1: error [lockout]")
    ]
    assert len(problems) == len(set(problems)) > 1


def test_on_a_terminal_a_caret_stands_below_the_place(
    run: Callable, policies: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    line = add(policies, "p,\tintern, acme, aprove, email, always, allow", "p, intern, acme, edit")

    done = run("policy", "check")

    assert done.out.splitlines() == [
        f"policies/policy.csv:{line}:18  error [action]  unknown action `aprove`",
        f"{line:>5} | p,  intern, acme, aprove, email, always, allow",
        "      |                   ^~~~~~",
        "        help: did you mean `approve`?",
        "",
        f"policies/policy.csv:{line + 1}:22  error [columns]  {TOO_FEW}, this one has 3",
        f"{line + 1:>5} | p, intern, acme, edit",
        "      |                      ^",
        "        help: `channels` is missing",
        "",
        "policies: refused, 2 errors, 0 warnings",
    ]


def test_wide_and_unprintable_characters_keep_the_caret_in_place(
    run: Callable, policies: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    add(policies, "p, 役\x1b[1m, acme, aprove, email, always, allow")

    lines = run("policy", "check").out.splitlines()

    at = next(number for number, line in enumerate(lines) if "unknown action" in line)
    assert (
        lines[at + 1].partition(" | ")[2]
        == "p, 役\N{REPLACEMENT CHARACTER}[1m, acme, aprove, email, always, allow"
    )
    assert lines[at + 2].partition(" | ")[2] == " " * 17 + "^~~~~~"
    assert "\x1b" not in "".join(lines)


def test_a_line_wider_than_the_terminal_is_cut_around_the_place(
    run: Callable, policies: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    add(policies, "p, intern, acme, edit, email, own and audience <= lots, allow")

    lines = click.unstyle(run("policy", "check").out).splitlines()

    shown, marks = lines[1].partition(" | ")[2], lines[2].partition(" | ")[2]
    assert shown == "…mail, own and audience <= lots…"
    assert shown[marks.index("^") : len(marks)] == "lots"


def test_what_is_wrong_with_a_file_as_a_whole_quotes_no_line(
    run: Callable, policies: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    (policies / "policy.csv").write_text("p, everyone, *, view, any, always, allow\n", "utf-8")

    done = run("policy", "check")

    assert "nobody may approve" in done.out
    assert " | " not in done.out


def test_a_real_terminal_gets_colours_and_blocks(policies: Path, environment: dict[str, str]):
    add(policies, "p, intern, acme, aprove, email, always, allow")
    del environment["NO_COLOR"]
    ours, theirs = pty.openpty()

    done = subprocess.run(
        [sys.executable, "-m", "gql_approvals", "policy", "check"],
        cwd=policies.parent,
        env={**environment, "TERM": "xterm-256color"},
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )

    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "\x1b[1;31m" in shown
    assert "^~~~~~" in shown


def test_programs_get_one_value(run: Callable, policies: Path):
    line = add(policies, "p, intern, acme, aprove, email, always, allow")

    done = run("policy", "check", "--format", "json")

    found = json.loads(done.out)
    assert done.code == 1
    assert found.pop("version") != ""
    assert found == {
        "accepted": False,
        "problems": [
            {
                "file": "policies/policy.csv",
                "line": line,
                "column": 18,
                "code": "action",
                "severity": "error",
                "message": "unknown action `aprove`",
                "help": "did you mean `approve`?",
            }
        ],
        "tests": None,
    }


def test_programs_learn_the_version_and_how_much_was_tested(run: Callable, policies: Path):
    del policies

    found = json.loads(run("policy", "check", "--format", "json").out)

    assert (found["accepted"], found["problems"], len(found["version"])) == (True, [], 12)
    assert 0 < found["tests"]["lines"] <= found["tests"]["decisions"]


def test_github_gets_annotations(run: Callable, policies: Path):
    shutil.move(policies, policies.with_name("a,b"))
    line = add(policies.with_name("a,b"), "p, intern, acme, 50%, email, always, allow", "p, maker, acme")

    done = run("policy", "check", "a,b", "--format", "github")

    first, second = done.out.splitlines()
    place = "::error file=a%2Cb/policy.csv,line="
    assert done.code == 1
    assert first.startswith(
        f"{place}{line},col=18,title=policy [action]::unknown action `50%25`: it is one of `approve`, "
    )
    assert second == (
        f"{place}{line + 1},col=15,title=policy [columns]::{TOO_FEW}, this one has 2: `action` is missing"
    )
    assert done.err.splitlines() == [NO_DATABASE, "a,b: refused, 2 errors, 0 warnings"]


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 1)])
def test_warnings_refuse_only_the_strict(run: Callable, policies: Path, options: list[str], code: int):
    line = add(policies, "p, maker, *, edit, any, always, allow")

    done = run("policy", "check", *options)

    assert done.code == code
    assert f"policies/policy.csv:{line}:1: warning [duplicate] line " in done.out
    assert ", 1 warning; " in done.out
    assert ("warnings are refused because of --strict" in done.err) == bool(code)


def test_failing_tests_refuse_the_files(run: Callable, policies: Path):
    tests = policies / "tests" / "mine.csv"
    tests.parent.mkdir(exist_ok=True)
    tests.write_text("expect, maker, *, approve, any, any, any, any, allow\n", "utf-8")

    done = run("policy", "check")

    assert done.code == 1
    assert "policies/tests/mine.csv:1:48: error [test] expected allow for maker" in done.out
    assert done.out.endswith("policies: refused, 1 error, 0 warnings\n")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            shutil.rmtree,
            "there is no folder `policies`: name the folder of the policy files",
        ),
        (
            lambda folder: [(folder / name).unlink() for name in ("model.conf", "policy.csv")],
            "the folder `policies` holds neither model.conf nor policy.csv: name the folder",
        ),
    ],
    ids=["no folder", "no files"],
)
@pytest.mark.parametrize(
    "words",
    [["check", "policies"], ["test", "policies"], ["matrix", "policies"], ["explain", "maker", "edit"]],
    ids=lambda words: words[0],
)
def test_a_folder_without_policy_files_is_one_clear_message(
    run: Callable, policies: Path, words: list[str], make: Callable, told: str
):
    make(policies)

    done = run("policy", *words, policies="policies")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: {told}")


def test_a_file_in_place_of_its_folder_is_explained(run: Callable, policies: Path):
    del policies

    done = run("policy", "check", "policies/policy.csv")

    assert (done.code, done.err) == (
        2,
        "Error: `policies/policy.csv` is a file: name its folder, `policies`\n",
    )


def test_a_missing_file_is_a_mistake_of_the_folder(run: Callable, policies: Path):
    (policies / "model.conf").unlink()

    done = run("policy", "check", policies="policies")

    assert done.code == 1
    assert "policies/model.conf:1:1: error [missing] there is no such file\n" in done.out


def test_wrong_settings_stop_the_check(run: Callable, policies: Path):
    del policies

    done = run("policy", "check", mial="outbox")

    assert (done.code, done.out) == (2, "")


def test_a_slip_in_the_command_is_explained(run: Callable):
    done = run("policy", "chek")

    assert done.code == 2
    assert done.err.endswith("Error: no such command `chek`; did you mean `check`?\n")


def test_a_check_without_a_database_loads_no_database_library(policies: Path, environment: dict[str, str]):
    program = (
        "import sys; from click.testing import CliRunner; from gql_approvals.cli import main;"
        "code = CliRunner().invoke(main, ['policy', 'check']).exit_code;"
        "print(code, sorted({'tortoise', 'strawberry', 'starlette', 'asyncpg'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=policies.parent,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout == "0 []\n"
    assert not (policies.parent / "gql-approvals.db").exists()


def test_accounts_of_the_database_are_known(run: Callable, policies: Path, database_url: str):
    run("account", "create", "acme", "--admin", "ada@acme.test", database_url=database_url)
    line = add(policies, "p, intern, acne, view, any, always, allow")

    done = run("policy", "check", database_url=database_url)

    assert (done.code, done.err) == (0, "")
    assert (
        f"policies/policy.csv:{line}:12: warning [account] there is no account `acne`: did you mean `acme`?"
    ) in done.out


def test_a_member_who_would_make_and_decide_refuses_the_files(run: Callable, policies: Path, sqlite_url: str):
    run("account", "create", "acme", "--admin", "ada@acme.test", database_url=sqlite_url)
    run(
        *("member", "add", "acme", "tom@acme.test", "--role", "maker", "--role", "auditor"),
        database_url=sqlite_url,
    )
    add(policies, "p, auditor, acme, approve, any, always, allow")

    done = run("policy", "check", database_url=sqlite_url)

    assert done.code == 1
    assert " error [members] tom@acme.test holds `auditor` and `maker` in `acme`" in done.out
    assert run("policy", "check").code == 0


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///not-migrated.db", "the database is not migrated: run gql-approvals migrate"),
        ("postgresql://127.0.0.1:1/approvals", "no server listens there"),
        ("mysql://localhost/x", "names `mysql`, which is not supported"),
    ],
)
def test_a_database_that_cannot_be_asked_is_no_failure(run: Callable, policies: Path, url: str, why: str):
    (policies.parent / "not-migrated.db").touch()

    done = run("policy", "check", database_url=url)

    assert done.code == 0
    assert done.err.startswith(f"{NO_DATABASE} (")
    assert why in done.err
