"""relay-compiler takes our schema, and documents with all that Relay asks of one."""

import re
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
SCHEMA = Path(__file__).parents[3] / "schema.graphql"
COMPILER = ("node_modules/relay-compiler/cli.js", "--noWatchman", "relay.config.json")
DEFINED = re.compile(r"^\s+(?:query|mutation|subscription|fragment) (\w+)|queryName: \"(\w+)\"", re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A frontend's folder: documents, the schema, and room for what is generated."""
    shutil.copytree(HERE / "documents", tmp_path / "documents")
    shutil.copyfile(HERE / "relay.config.json", tmp_path / "relay.config.json")
    shutil.copyfile(SCHEMA, tmp_path / "schema.graphql")
    (tmp_path / "artifacts").mkdir()
    return tmp_path


def test_relay_compiles_connections_refetching_a_union_and_subscriptions(node, project: Path):
    node(*COMPILER, cwd=project)

    texts = "".join(path.read_text("utf-8") for path in (project / "documents").iterdir())
    defined = {"".join(names) for names in DEFINED.findall(texts)}
    assert defined >= {"CampaignListPaginationQuery", "CreateCampaignMutation", "ReviewInboxSubscription"}
    assert {path.name.split(".")[0] for path in (project / "artifacts").iterdir()} == defined


def test_relay_refuses_a_document_that_does_not_fit_the_schema(node, project: Path):
    card = project / "documents" / "CampaignCard.ts"
    card.write_text(card.read_text("utf-8").replace("version", "revisionNumber"), encoding="utf-8")

    with pytest.raises(AssertionError, match="revisionNumber"):
        node(*COMPILER, cwd=project)
