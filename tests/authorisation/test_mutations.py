"""Every role, mutation, part in a campaign, state of it, account and token: answered as the rows say.

No cell is written down: they are made from the schema's mutations, the states of `world.py` and the roles
of the policy.
"""

import os

import pytest
from tests.authorisation.trying import try_campaigns, words
from tests.authorisation.world import OFF, ON, write_policy

ROLES = [
    "admin",
    "approver",
    "auditor",
    "checker",
    "creator",
    "delivery",
    "intern",
    "legal_reviewer",
    "maker",
    "narrow",
    "outsider",
    "registrar",
    "stopper",
    "text_approver",
    "viewer",
]
BOTH_SIDES = ("maker", "checker")  # whom the law then lets do neither
STRIDE = max(1, 20 // int(os.environ.get("APPROVALS_TEST_ROUNDS", "100")))
EVERYBODY = [(), *((role,) for role in ROLES), BOTH_SIDES][::STRIDE]
NARROWED = [("maker",), ("checker",), ("admin",), ("intern",), ()]
IN_GENERAL = ("DRAFT", "PENDING_REVIEW", "APPROVED", "SENT", "DRAFT_LIVE", "OVERDUE")


def test_everybody_is_there(tmp_path):
    assert write_policy(tmp_path).roles(ON) == ROLES


@pytest.mark.slow
@pytest.mark.parametrize("roles", EVERYBODY, ids=words)
async def test_every_mutation_of_a_campaign_is_answered_as_the_rows_say(world, roles):
    assert await try_campaigns(world, roles, [ON, OFF]) == []


def tried(world, roles):
    labels, relations = ["read", "make", "decide", "both"], ["own", "other"]
    return try_campaigns(world, roles, [ON], labels=labels, relations=relations, states=IN_GENERAL)


@pytest.mark.slow
@pytest.mark.parametrize("roles", NARROWED, ids=words)
async def test_a_narrowed_token_does_a_part_of_that(world, roles):
    assert await tried(world, roles) == []
