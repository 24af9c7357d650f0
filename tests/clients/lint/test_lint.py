"""Two linters find nothing in our schema and in documents that fit it; what is planted they find."""

import json
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SCHEMA = Path(__file__).parents[3] / "schema.graphql"
DOCUMENTS = Path(__file__).parents[1] / "matrix" / "documents.graphql"
PLANTED = {
    "require-description": ("schema.graphql", '"""Everything that can be read."""', ""),
    "naming-convention": ("schema.graphql", "scopes: [TokenScope!]!", "get_scopes: [TokenScope!]!"),
    "relay-page-info": ("schema.graphql", "hasNextPage: Boolean!", "hasNextPage: Boolean"),
    "no-duplicate-fields": ("documents.graphql", "endCursor", "endCursor endCursor"),
    "require-selections": ("documents.graphql", "on Campaign {\n  id", "on Campaign {"),
}
SCHEMA_LINTER = "node_modules/graphql-schema-linter/lib/cli.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copies, since ESLint looks at nothing outside its folder."""
    for path in (SCHEMA, DOCUMENTS):
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def eslint(node, folder: Path) -> list[dict[str, object]]:
    return json.loads(node("lint/lint.mjs", str(folder)))


def test_graphql_eslint_finds_nothing_in_the_schema_and_the_documents(node, folder: Path):
    assert eslint(node, folder) == []


@pytest.mark.parametrize("rule", PLANTED)
def test_graphql_eslint_finds_what_is_planted(node, folder: Path, rule: str):
    file, old, new = PLANTED[rule]
    replace(folder / file, old, new)

    assert f"@graphql-eslint/{rule}" in {finding["ruleId"] for finding in eslint(node, folder)}


def test_graphql_eslint_asks_for_an_id_in_a_type_that_is_not_known_to_be_a_value(node, folder: Path):
    planted = '\n"""A thing."""\ntype Thing {\n  """Its name."""\n  name: String!\n}\n'
    replace(folder / "schema.graphql", '"""Who is asking."""', f'{planted}\n"""Who is asking."""')
    replace(folder / "schema.graphql", "  scopes: [TokenScope!]!", "  scopes: [TokenScope!]!\n  thing: Thing")

    assert [finding["ruleId"] for finding in eslint(node, folder)] == ["@graphql-eslint/strict-id-in-types"]


def test_graphql_schema_linter_finds_nothing_in_the_schema(node):
    assert json.loads(node(SCHEMA_LINTER, "--format", "json", str(SCHEMA))) == {"errors": []}


def test_graphql_schema_linter_finds_a_list_that_cannot_be_paged(node, folder: Path):
    replace(folder / "schema.graphql", "    first: Int = 20", "    size: Int = 20")

    with pytest.raises(AssertionError, match="relay-connection-arguments-spec"):
        node(SCHEMA_LINTER, str(folder / "schema.graphql"))
