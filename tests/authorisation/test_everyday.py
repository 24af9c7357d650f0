"""A part of the matrices in a small world, for every day: the other files go through everything."""

import pytest
from tests.authorisation.test_reading import read
from tests.authorisation.trying import try_campaigns
from tests.authorisation.world import ON, token
from tests.schema.client import document


@pytest.mark.parametrize(
    ("roles", "label"),
    [(("checker",), ""), pytest.param(("outsider",), "", marks=pytest.mark.slow), (("maker",), "decide")],
)
async def test_the_usual_mutations_of_campaigns_are_answered_as_the_rows_say(small_world, roles, label):
    assert await try_campaigns(small_world, roles, [ON], labels=[label], relations=["other"]) == []


@pytest.mark.slow
async def test_what_somebody_may_only_see_in_part_is_read_as_the_rows_say(small_world):
    assert await read(small_world, ("narrow",), [ON], relations=["other"]) == []


@pytest.mark.parametrize(("who", "told"), [("ada", True), ("other", False)])
async def test_which_lines_exclude_each_other_is_told_to_those_who_may_see_the_policy(small_world, who, told):
    """`registrar` may manage members, and nothing else."""
    await small_world.hold(("registrar",))
    given = {"memberId": small_world.known.members[ON][f"vera-{ON}"], "roles": ["maker", "checker"]}

    body = await small_world.ask(token(f"{who}-{ON}"), document("assignRoles", ""), ON, input=given)

    refused = body["data"]["assignRoles"]
    assert refused["code"] == "SEGREGATION_OF_DUTIES"
    assert [reason["source"] is not None for reason in refused["reasons"]] == [told, told]
