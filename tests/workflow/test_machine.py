"""Whatever people, the clock and the switch do, in any order: the workflow keeps its promises."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.workflow.machine import CampaignMachine, SteadyMachine

from gql_approvals.workflow.transitions import TRANSITIONS

SMALL = settings(
    max_examples=300,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LARGE = settings(SMALL, max_examples=3000, stateful_step_count=80, derandomize=False, print_blob=True)


def test_no_order_of_actions_breaks_a_promise():
    SteadyMachine.seen.clear()

    run_state_machine_as_test(SteadyMachine, settings=SMALL)

    done = {(action, target) for action, _, target in SteadyMachine.seen}
    ways = {(row.action, row.target) for row in TRANSITIONS if row.number and row.target}
    assert sorted(ways - done) == [], "the search never got there: it proves nothing of these"


@pytest.mark.slow
def test_no_longer_order_of_actions_breaks_a_promise():
    run_state_machine_as_test(CampaignMachine, settings=LARGE)
