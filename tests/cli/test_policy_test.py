"""`policy test`: the policy tests by file, with the case that fails."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[2] / "policies"
HOLDS = "expect, maker, *, approve, any, any, any, any, deny"
FAILS = "expect, checker, *, approve, any, any, any, any, deny"


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for tests, beside the shipped files."""
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "policies"
    (folder / "tests").mkdir(parents=True)
    for name in ("model.conf", "policy.csv"):
        shutil.copyfile(SHIPPED / name, folder / name)
    return folder / "tests"


def test_the_shipped_tests_hold(run: Callable):
    done = run("policy", "test", str(SHIPPED))

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"ok {SHIPPED}/tests/laws.csv: ")


def test_each_file_is_told_with_what_it_covers(run: Callable, tests: Path):
    (tests / "a.csv").write_text(f"{HOLDS}\nexpect, maker, *, view_audit, any, any, any, any, deny\n")
    (tests / "b.csv").write_text(f"{HOLDS}\n")

    done = run("policy", "test")

    assert done.code == 0
    a, b, both = (int(line.split()[-2]) for line in done.out.splitlines())
    assert a > b > 0
    assert both == a + b
    assert done.out.splitlines() == [
        f"ok policies/tests/a.csv: 2 lines, {a} decisions",
        f"ok policies/tests/b.csv: 1 line, {b} decisions",
        f"2 files, 0 failed: 3 lines, {both} decisions",
    ]


def test_a_failing_line_is_told_with_its_case_and_reason(run: Callable, tests: Path):
    (tests / "a.csv").write_text(f"{HOLDS}\n{FAILS}\n")

    done = run("policy", "test")

    first, second = done.out.splitlines()
    assert done.code == 1
    assert first.startswith("failed policies/tests/a.csv: 2 lines, ")
    assert first.endswith(" decisions, 1 failed")
    assert second.startswith("policies/tests/a.csv:2:50: error [test] expected deny for checker")
    assert "role `checker` may approve" in second


def test_on_a_terminal_the_line_is_quoted(run: Callable, tests: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    (tests / "a.csv").write_text(f"{FAILS}\n")

    lines = run("policy", "test").out.splitlines()

    assert lines[2:4] == [f"    1 | {FAILS}", "      |" + " " * 50 + "^~~~"]


def test_a_line_that_cannot_be_understood_fails(run: Callable, tests: Path):
    (tests / "a.csv").write_text("expect, maker, *, aprove, any, any, any, any, deny\n")

    done = run("policy", "test")

    assert done.code == 1
    assert (
        "policies/tests/a.csv:1:19: error [action] unknown action `aprove`: did you mean `approve`?"
        in done.out
    )


def test_programs_get_one_value(run: Callable, tests: Path):
    (tests / "a.csv").write_text(f"{FAILS}\n")
    (tests / "b.csv").write_text(f"{HOLDS}\n")

    done = run("policy", "test", "--format", "json")

    found = json.loads(done.out)
    assert (done.code, done.err, found["passed"], len(found["version"])) == (1, "", False, 12)
    failed, passed = found["files"]
    assert passed.pop("decisions") > 0
    assert passed == {"file": "policies/tests/b.csv", "lines": 1, "problems": []}
    assert [(one["line"], one["code"]) for one in failed["problems"]] == [(1, "test")]


def test_a_folder_without_tests_is_no_failure(run: Callable, tests: Path):
    del tests

    done = run("policy", "test")

    assert (done.code, done.out) == (0, "there are no tests in policies/tests/*.csv\n")


def test_rules_that_are_refused_are_not_tested(run: Callable, tests: Path):
    (tests / "a.csv").write_text(f"{HOLDS}\n")
    (tests.parent / "policy.csv").write_text("p, maker\n")

    done = run("policy", "test")

    assert (done.code, done.out) == (1, "")
    assert "policies/policy.csv:1:9: error [columns] " in done.err
