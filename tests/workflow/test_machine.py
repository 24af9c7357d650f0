"""Whatever people, the clock and the switch do, in any order: the workflow keeps its promises."""

import pytest
from tests.workflow.machine import CampaignMachine, search

from gql_approvals.workflow.transitions import TRANSITIONS

SMALL, LARGE = range(4), range(1000, 1200)
WAYS = {(row.action, row.target) for row in TRANSITIONS if row.number and row.target}


def unseen(seeds: range) -> list[tuple[str, str]]:
    """The ways of the table that a search never went: it proves nothing of these."""
    CampaignMachine.seen.clear()
    search(seeds)
    return sorted(WAYS - {(action, target) for action, _, target in CampaignMachine.seen})


def test_no_order_of_actions_breaks_a_promise():
    assert len(unseen(SMALL)) <= len(WAYS) // 4


@pytest.mark.slow
def test_no_order_of_actions_breaks_a_promise_in_a_long_search():
    assert unseen(LARGE) == []
