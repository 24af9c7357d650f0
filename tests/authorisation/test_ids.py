"""Every argument that takes an id is tried with ids of another account or kind, unknown ones and junk.

All of them are answered in the same words as an id that never was, after as many statements, and nothing in
any table changes. Which places take an id is walked out of the schema by `tests/schema/test_isolation.py`.
"""

import json

import pytest
from tests.authorisation import rows
from tests.authorisation.reading import objects_of
from tests.authorisation.world import FOREIGN, ON
from tests.schema.test_isolation import JUNK, PLACES

from gql_approvals.workflow.identity import global_id

UNKNOWN, HUGE = 987_654_321, 2**63 - 1
# Whoever may do the most at each place; and those who may less, from whom even less can be learnt.
CALLERS = [
    ("admin",),
    ("delivery",),
    ("maker",),
    ("checker",),
    ("auditor",),
    ("registrar",),
    ("outsider",),
    (),
]
ENOUGH = {"recordDeliveryMetrics.input.publicationId": "delivery"}


def told(body):
    """An answer without what it repeats of the request."""
    return json.dumps(body, sort_keys=True)


async def tried(world, who, place, key):
    _, _, text, variables = PLACES[place]
    if place == "nodes.ids":
        text = text.replace("{ id }", "{ __typename id }")
    return told(await world.ask(who, text, ON, **variables(key)))


@pytest.mark.slow
@pytest.mark.parametrize("roles", CALLERS, ids=lambda roles: " and ".join(roles) or "no role")
async def test_an_id_that_is_not_ones_own_is_like_one_that_never_was(world, roles):
    await world.hold(roles)
    foreign, own = objects_of(world, FOREIGN), objects_of(world, ON)
    assert sorted(foreign) == sorted(rows.NODES)
    assert all(foreign.values())
    who, wrong, ids = f"demo-insecure-other-{ON}", [], 0

    for place, (_, kind, *_) in PLACES.items():
        for name in rows.NODES if kind is None else [kind]:
            never = await tried(world, who, place, global_id(name, UNKNOWN))
            other = [] if kind is None else [keys[0][0] for of, keys in own.items() if of != kind]
            strange = [key for key, _ in foreign[name]] + [keys[0][0] for keys in foreign.values()]
            for key in [*strange, *other, global_id(name, HUGE), *JUNK]:
                ids += 1
                answer = await tried(world, who, place, key)
                if answer != never:
                    wrong.append((place, key, answer, "instead of", never))

    assert wrong == []
    assert world.is_untouched(), world.differences()
    assert ids > 700


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
async def test_another_accounts_id_costs_as_many_statements_as_one_that_never_was(world, place):
    _, kind, *_ = PLACES[place]
    await world.hold((ENOUGH.get(place, "admin"),))
    foreign = objects_of(world, FOREIGN)

    for name in rows.NODES if kind is None else [kind]:
        counted = []
        for key in (global_id(name, UNKNOWN), *(key for key, _ in foreign[name][:3])):
            async with world.statements() as texts:
                await tried(world, f"demo-insecure-other-{ON}", place, key)
            counted.append(texts)
        assert counted[0]  # at least who asks is read; whatever needs no more is told by that
        assert all(texts == counted[0] for texts in counted), (name, counted)


@pytest.mark.slow
async def test_an_id_of_ones_own_is_answered_otherwise(world):
    """What could not fail would prove nothing: with its own account's ids every place says something else."""
    own = objects_of(world, ON)
    for roles in (("admin",), ("delivery",)):
        await world.hold(roles)
        who = f"demo-insecure-other-{ON}"
        for place, (_, kind, *_) in PLACES.items():
            if (ENOUGH.get(place, "admin"),) != roles:
                continue
            for name in rows.NODES if kind is None else [kind]:
                never = await tried(world, who, place, global_id(name, UNKNOWN))
                answers = {await tried(world, who, place, key) for key, _ in own[name]}
                world.put_back()
                assert answers - {never}, (place, name)
