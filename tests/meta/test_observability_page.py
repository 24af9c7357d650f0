"""What docs/observability.md says of records is what they have; its figures are a generated table."""

import re
from pathlib import Path

from tests.meta.figures_reference import COUNTED, FOUND
from tests.meta.pages import BLOCKS

from gql_approvals.observability import call

PAGE = Path("docs/observability.md")


def test_every_field_of_an_access_record_is_documented():
    text = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
    cells = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
    documented = {name.strip(" `") for cell in cells for name in cell.split(",")}

    own = {"ms", "address", "method", "path", "status", "accepted", "code"}
    assert {*call._TOLD, *own} - documented == set()


def test_alerts_ask_for_figures_that_there_are():
    shown = {one.shown for one in (*COUNTED.values(), *FOUND.values())}
    shown |= {f"{one.shown}_bucket" for one in COUNTED.values() if one.kind == "histogram"}
    [rules] = [one.text for one in BLOCKS[str(PAGE)] if "alert:" in one.text]
    asked = set(re.findall(r"gql_approvals_\w+", rules))

    assert asked
    assert asked - shown == set()
