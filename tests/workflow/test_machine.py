"""Whatever people, the clock and the switch do, in any order: the workflow keeps its promises."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gql_approvals.workflow.transitions import TRANSITIONS
from gql_approvals.workflow.vocabulary import Action
from tests.workflow.machine import CampaignMachine

SMALL = settings(
    max_examples=60,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LARGE = settings(SMALL, max_examples=1500, stateful_step_count=80, derandomize=False, print_blob=True)


def test_no_order_of_actions_breaks_a_promise():
    CampaignMachine.seen.clear()

    run_state_machine_as_test(CampaignMachine, settings=SMALL)

    tried = {(action, source) for action, source, _ in CampaignMachine.seen}
    untried = {
        (row.action, source)
        for row in TRANSITIONS
        if row.action not in {Action.VIEW, Action.COMMENT}
        for source in row.source or {None}
    } - tried
    print(CampaignMachine.seen, untried)


@pytest.mark.slow
def test_no_long_order_of_actions_breaks_a_promise():
    run_state_machine_as_test(CampaignMachine, settings=LARGE)
