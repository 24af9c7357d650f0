"""docs/workflow.md says what the tables say."""

from pathlib import Path

import pytest

from gql_approvals.workflow import diagram
from gql_approvals.workflow.transitions import TRANSITIONS
from gql_approvals.workflow.vocabulary import AccountAction

DOCUMENT = Path(__file__).parents[2] / "docs" / "workflow.md"


def test_the_generated_parts_are_fresh():
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text == diagram.regenerated(text), "run `make regen`"


def test_every_part_that_can_be_drawn_is_in_the_document():
    text = DOCUMENT.read_text(encoding="utf-8")

    assert [name for name in diagram.PARTS if f"<!-- generated: {name} -->" not in text] == []


def test_a_marker_that_nobody_draws_is_an_error():
    with pytest.raises(KeyError):
        diagram.regenerated("<!-- generated: nonsense -->\n<!-- end -->")


def test_every_row_is_in_the_table():
    assert len(diagram.table().splitlines()) == len(TRANSITIONS) + 2
    assert len(diagram.account_table().splitlines()) == len(AccountAction) + 2


def test_every_way_that_changes_the_status_is_an_arrow():
    ways = {
        (str(source), str(row.target))
        for row in TRANSITIONS
        if row.target
        for source in row.source or {"[*]"}
    }

    assert ways <= set(diagram.arrows())
