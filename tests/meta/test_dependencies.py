"""Every dependency has a reason, is declared where it is imported, and is locked by hash."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.meta.source import MODULES, ROOT, nodes

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUN = [Requirement(text) for text in PROJECT["dependencies"]]
OPTIONAL = [Requirement(text) for text in PROJECT["optional-dependencies"]["otel"]]
DEV = [Requirement(text) for texts in PROJECT["optional-dependencies"].values() for text in texts]
DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
# Imported, and brought by the package that it belongs to: (imported, bringer).
BROUGHT = {
    "aiosqlite": "tortoise-orm",
    "graphql-core": "strawberry-graphql",
    "typing-extensions": "tortoise-orm",
    "anyio": "starlette",
    "opentelemetry-api": "opentelemetry-sdk",
}


def locked(name: str) -> dict[str, str]:
    """Package → version of a lock."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    return {
        canonicalize_name(n): v
        for n, v in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", text, re.MULTILINE)
    }


def test_every_dependency_is_justified():
    reasons = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", DOCUMENT, re.MULTILINE))
    declared = {requirement.name for requirement in (*RUN, *DEV)}

    assert declared - set(reasons) == set(), "add a line to docs/dependencies.md"
    assert set(reasons) - declared == set(), "nobody depends on these any more"


def test_what_is_imported_is_declared():
    distributions = packages_distributions()
    ours = {requirement.name for requirement in (*RUN, *OPTIONAL)} | set(BROUGHT)
    stray: set[str] = set()
    for path in MODULES:
        for node in nodes(path):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += (
                [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            )
            for top in (
                {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"gql_approvals"}
            ):
                found = {canonicalize_name(name) for name in distributions.get(top, [top])}
                stray |= set() if found & ours else found

    assert stray == set()


@pytest.mark.parametrize("name", ["run", "dev"])
def test_the_lock_fits_the_ranges(name: str):
    versions = locked(name)
    wanted = RUN if name == "run" else [*RUN, *(item for item in DEV if item.name != PROJECT["name"])]

    unfit = [
        str(item) for item in wanted if versions.get(canonicalize_name(item.name), "0") not in item.specifier
    ]

    assert unfit == [], "write the locks anew: docs/dependencies.md says how"


@pytest.mark.parametrize("name", ["run", "dev"])
def test_the_lock_has_hashes_and_no_address(name: str):
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")

    assert "://" not in text
    assert len(locked(name)) <= text.count("--hash=sha256:")
