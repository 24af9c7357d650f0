"""Whatever people, the clock and the switch do, in any order: the workflow keeps its promises."""

import pytest
from tests.workflow.machine import CampaignMachine, search

from gql_approvals.workflow.transitions import TRANSITIONS

SMALL, LARGE = range(16), range(1000, 1200)


def test_no_order_of_actions_breaks_a_promise():
    CampaignMachine.seen.clear()

    search(SMALL)

    done = {(action, target) for action, _, target in CampaignMachine.seen}
    ways = {(row.action, row.target) for row in TRANSITIONS if row.number and row.target}
    assert sorted(ways - done) == [], "the search never got there: it proves nothing of these"


@pytest.mark.slow
def test_no_order_of_actions_breaks_a_promise_in_a_long_search():
    search(LARGE)
