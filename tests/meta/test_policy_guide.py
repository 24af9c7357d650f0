"""docs/policies.md is complete and right: its recipes, its words, and the message of every code.

What a reader types and sees is in `test_policy_story`.
"""

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.meta.pages import BLOCKS, GUIDE, NEXT, POLICIES, ROOT, Block, rows

from gql_approvals.policy import conditions
from gql_approvals.policy.engine import examine
from gql_approvals.policy.examination import LIMIT_S
from gql_approvals.policy.expectations import check_expectations, read_expectations
from gql_approvals.policy.files import PolicyFiles, SourceFile, read_files
from gql_approvals.policy.members import conflicting_members
from gql_approvals.policy.problem import Code, PolicyProblem, Severity
from gql_approvals.policy.subject import Member
from gql_approvals.policy.watch import STILL_S
from gql_approvals.reload import LOOK_S, PATIENCE
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SHIPPED = read_files(ROOT / "policies")
PAGE = BLOCKS[POLICIES]
RECIPES = [block for block in PAGE if block.words == ("csv", "recipe")]


def behind(lines: str, *, files: PolicyFiles = SHIPPED) -> PolicyFiles:
    """The shipped files with some lines added."""
    return replace(files, policy=replace(files.policy, text=f"{files.policy.text}{lines}"))


def failures(files: PolicyFiles, tests: str) -> tuple[int, list[str]]:
    """How many lines there are, and what is told of those that do not hold."""
    policy, _ = examine(files, now=NOW)
    assert policy is not None
    expectations, mistakes = read_expectations(tests, "test")
    assert mistakes == []
    return len(expectations), [one.text for one in check_expectations(policy.answers, expectations)[1]]


def test_there_are_recipes_enough():
    assert len(RECIPES) >= 10


@pytest.mark.parametrize("recipe", RECIPES, ids=[one.heading for one in RECIPES])
@pytest.mark.sampled
def test_a_recipe_does_what_it_claims_and_nothing_is_wrong_with_it(recipe: Block):
    proof = NEXT[recipe]
    assert (proof.words, proof.heading) == (("csv", "test"), recipe.heading)

    _, problems = examine(behind(recipe.text), now=NOW)
    assert [one.text for one in problems] == []

    lines, failed = failures(behind(recipe.text), proof.text)
    assert lines > 0
    assert failed == []
    assert failures(SHIPPED, proof.text)[1] != []  # it is the recipe that makes them true


@pytest.mark.parametrize(
    "block", [one for one in PAGE if one.words == ("csv",)], ids=lambda block: f"line {block.line}"
)
def test_an_example_of_a_line_can_be_read(block: Block):
    _, problems = examine(behind(block.text), now=NOW)
    assert [one.text for one in problems if one.severity is Severity.ERROR] == []


def test_every_action_is_explained_and_no_other():
    assert [cells[0] for cells in rows("action")] == [f"`{permission}`" for permission in Permission]


@pytest.mark.parametrize("words", [Channel, CampaignStatus])
def test_every_channel_and_status_is_named(words: Iterable[str]):
    assert " ".join(f"`{word.lower()}`" for word in words) in " ".join(GUIDE.split())


def test_every_condition_that_is_shown_is_one():
    shown = [cells[0].strip("`") for cells in rows("condition")]
    assert len(shown) >= 7
    for text in (*shown, "own and audience >= 10k and audience < 1m"):
        assert text in GUIDE
        conditions.parse(text)


@pytest.mark.parametrize(
    ("words", "seconds", "said"),
    [
        ("ten times a second", LOOK_S, 0.1),
        ("a quarter of a second", STILL_S, 0.25),
        ("after ten seconds a mail", PATIENCE.total_seconds(), 10),
        ("takes longer than 30 seconds", LIMIT_S, 30),
    ],
)
def test_the_times_are_those_of_the_server(words: str, seconds: float, said: float):
    assert words in " ".join(GUIDE.split())
    assert seconds == said


CODES = rows("code")
WARNINGS = [cells[0] for cells in rows("code", GUIDE.partition("### Accepted, with a warning")[2])]


def _policy(change: Callable[[str], str]) -> PolicyFiles:
    return replace(SHIPPED, policy=replace(SHIPPED.policy, text=change(SHIPPED.policy.text)))


def _model(old: str, new: str) -> PolicyFiles:
    assert old in SHIPPED.model.text
    return replace(SHIPPED, model=replace(SHIPPED.model, text=SHIPPED.model.text.replace(old, new)))


def _written(data: bytes | None) -> Callable[[Path], PolicyFiles]:
    """The shipped files with these bytes as policy.csv."""

    def write(folder: Path) -> PolicyFiles:
        shutil.copytree(ROOT / "policies", folder, dirs_exist_ok=True)
        (folder / "policy.csv").unlink()
        if data is not None:
            (folder / "policy.csv").write_bytes(data)
        return read_files(folder)

    return write


# What the page says in italics: what is done to the files before the lines are added.
SITUATIONS: dict[str, Callable[[Path], PolicyFiles]] = {
    "there is no `policy.csv`": _written(None),
    "saved as UTF-16": _written(SHIPPED.policy.text.encode("utf-16")),
    "saved with a byte order mark": _written(SHIPPED.policy.text.encode("utf-8-sig")),
    "more than 4 MB": _written(b"#" * 4_000_001),
    "only comments are left": lambda _: _policy(lambda text: re.sub(r"(?m)^[^#\n].*$", "", text)),
    "in `model.conf`, `e =` without its last part": lambda _: _model(" && !some(where (p.eft == deny))", ""),
    "in `model.conf`, `m = isWeekend() && …`": lambda _: _model("m = ", "m = isWeekend() && "),
    "without the line `p, everyone, *, view, …`": lambda _: _policy(
        lambda text: re.sub(r"(?m)^p, everyone, .*$", "", text)
    ),
    "Chen holds `checker` and `auditor`": lambda _: SHIPPED,
}
CHEN = Member("acme", "chen@acme.test", frozenset({"checker", "auditor"}))


def _problems(folder: Path, example: list[str]) -> list[PolicyProblem]:
    """What is said when the example of a row is carried out."""
    files = SHIPPED
    lines: list[str] = []
    for part in example:
        if part.startswith("*"):
            files = SITUATIONS[part[1:-1]](folder)
        else:
            lines.append(part[1:-1])
    tests = [line for line in lines if line.split(",")[0] in ("expect", "approvals")]
    if tests:
        files = replace(files, tests=(*files.tests, SourceFile("ours.csv", "\n".join(tests))))
    added = behind("".join(f"{line}\n" for line in lines if line not in tests), files=files)
    policy, problems = examine(added, now=NOW, accounts={"acme", "globex"})
    in_conflict = () if policy is None else conflicting_members(policy, [CHEN], Severity.ERROR)
    return [*problems, *in_conflict]


def test_every_code_is_explained_once():
    assert sorted(cells[0].strip("`") for cells in CODES) == sorted(Code)


@pytest.mark.parametrize("cells", CODES, ids=[cells[0].strip("`") for cells in CODES])
def test_the_example_of_a_code_is_told_with_that_code_and_message(cells: list[str], tmp_path: Path):
    code, example, cure = cells
    *parts, said = example.split("<br>")

    found = [one for one in _problems(tmp_path, parts) if f"`{one.code}`" == code]

    whole = [f"{one.message}: {one.help}" if one.help else one.message for one in found]
    assert any(text == said or text.startswith(said.partition("…")[0] or " ") for text in whole), whole
    assert {one.severity for one in found} == {Severity.WARNING if code in WARNINGS else Severity.ERROR}
    assert cure


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("account", behind("p, maker, acne, revoke, any, own, allow\n")),
        ("matcher", _model("m2 = ", 'm2 = r2.account != "" && ')),
    ],
)
def test_what_the_page_calls_a_warning_in_some_cases_is_one_there(code: str, files: PolicyFiles):
    (cure,) = [cells[2] for cells in CODES if cells[0] == f"`{code}`"]
    assert "this is a warning" in cure

    policy, problems = examine(files, now=NOW, accounts={"acme", "globex"})

    assert policy is not None
    assert [(one.code, one.severity) for one in problems] == [(code, Severity.WARNING)]
