"""The README is short, and what it shows can be sent."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from gql_approvals.policy.engine import Policy
from gql_approvals.workflow.vocabulary import Channel

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def graphql_blocks() -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)} {number}", block)
        for page in PAGES
        for number, block in enumerate(
            re.findall(r"^```graphql\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL), 1
        )
    ]


def test_the_readme_has_at_most_150_lines():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize(("where", "block"), graphql_blocks(), ids=[where for where, _ in graphql_blocks()])
def test_every_operation_fits_the_schema(where: str, block: str):
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))

    assert [error.message for error in validate(schema, parse(block))] == [], where


def test_the_policy_accepts_the_lines_that_are_shown(tmp_path: Path):
    shutil.copytree(ROOT / "policies", tmp_path, dirs_exist_ok=True)
    (lines,) = re.findall(r"^```csv\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    with (tmp_path / "policy.csv").open("a", encoding="utf-8") as file:
        file.write(lines)

    policy = Policy.load(tmp_path, now=datetime.now(UTC))

    assert policy.needed("acme", Channel.EMAIL, 50_000) == (("anyone", 2),)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_leads_to_a_file(page: Path):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_file_that_the_architecture_names_exists():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = set(re.findall(r"`([a-z_]+(?:/[a-z_.]*)+|[a-z_]+\.(?:py|csv))`", page)) - {"changelog.d"}
    places = (ROOT, ROOT / "src" / "gql_approvals")

    assert [name for name in sorted(names) if not any((place / name).exists() for place in places)] == []
