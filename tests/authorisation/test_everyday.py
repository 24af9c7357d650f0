"""A part of the matrices in a small world, for every day: the other files go through everything."""

import pytest
from tests.authorisation.test_reading import read
from tests.authorisation.trying import try_campaigns
from tests.authorisation.world import ON


@pytest.mark.parametrize(
    ("roles", "label"), [(("checker",), ""), (("outsider",), ""), (("maker",), "decide")]
)
async def test_the_usual_mutations_of_campaigns_are_answered_as_the_rows_say(small_world, roles, label):
    assert await try_campaigns(small_world, roles, [ON], labels=[label], relations=["other"]) == []


async def test_what_somebody_may_only_see_in_part_is_read_as_the_rows_say(small_world):
    assert await read(small_world, ("narrow",), [ON], relations=["other"]) == []
