"""What may be called what, and what may not be written anywhere."""

import ast
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.meta.source import MODULES, ROOT, SOURCE, nodes, tree

from gql_approvals.policy.engine import Policy

VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}
# A word that is a role's name and something else as well: (module, word).
HOMONYMS = {("policy/rules.py", "approver")}  # a column of `p2`
DEMO_DATA = SOURCE / "cli" / "demo_data.py"
BY_TORTOISE = SOURCE / "persistence" / "migrations"

MACHINE_PATH = re.compile(r"(?<![A-Za-z0-9_.])/(work|farm|root|home|Users)/[a-z]")
DOWNLOAD = re.compile(r"https?://[^ \"']+\.(whl|tgz|tar\.gz)")
_HOSTS = "registry|pypi|pythonhosted|npmjs|nexus|artifactory|mirror"
REGISTRY = re.compile(rf"https?://[^ \"'/]*({_HOSTS})[^ \"'/]*", re.IGNORECASE)


def tracked() -> list[Path]:
    """The repository's files, those that are not added yet included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:  # an unpacked archive
        found = [
            p
            for folder in ("src", "tests", "docs", "policies", "requirements")
            for p in (ROOT / folder).rglob("*")
        ]
        return [p for p in (*found, *ROOT.glob("*")) if p.is_file() and "vendor" not in p.parts]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def strings(path: Path) -> set[str]:
    """The string literals of a module, docstrings left out."""
    said = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    literals = [node for node in nodes(path) if isinstance(node, ast.Constant) and id(node) not in said]
    return {node.value for node in literals if isinstance(node.value, str)}


def test_no_module_has_a_name_that_says_nothing():
    named = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}

    assert named & VAGUE == set()


def test_every_module_says_what_is_in_it():
    silent = [p for p in MODULES if p.parent != BY_TORTOISE and not ast.get_docstring(tree(p))]

    assert silent == []


def test_no_role_has_a_name_in_the_code():
    policy = Policy.load(ROOT / "policies", now=datetime.now(UTC))
    roles = {role for account in ("acme", "globex") for role in policy.roles(account)}

    coded = [path for path in MODULES if path != DEMO_DATA]
    named = {(path.relative_to(SOURCE).as_posix(), word) for path in coded for word in strings(path) & roles}

    assert {"maker", "checker", "admin", "creator", "approver", "viewer"} <= roles
    assert named == HOMONYMS


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, DOWNLOAD, REGISTRY], ids=["machine path", "download", "registry"]
)
def test_no_file_tells_where_it_was_made(pattern: re.Pattern[str]):
    told: list[str] = []
    for path in tracked():
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if pattern.search(line) and path != Path(__file__):
                told.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")

    assert told == []
