"""Hostile documents cost no more than honest ones, in CPU time of the server, compared in one run."""

import pytest
from tests.http.attacks import ATTACKS, BATCH, random_graph, ratios
from tests.schema.client import JSON, on_one_database

ADA = {"Authorization": "Bearer demo-insecure-ada", **JSON}
MOST = 5  # times a plain query
pytestmark = [pytest.mark.alone, on_one_database]


async def filled(api):
    for number in range(20):
        await (api.submitted() if number % 2 else api.create())


async def test_a_known_attack_costs_at_most_five_plain_queries(api):
    await filled(api)
    costs, _ = await ratios(api.client, ADA, {**ATTACKS, "batch of 1,000": BATCH}, rounds=5)

    assert {name: cost for name, cost in costs.items() if cost > MOST} == {}


async def test_a_random_graph_of_fragments_costs_at_most_five_plain_queries(api):
    await filled(api)
    graphs = {f"graph {number}": random_graph(number) for number in range(200)}
    costs, _ = await ratios(api.client, ADA, graphs, rounds=3)

    assert {name: cost for name, cost in costs.items() if cost > MOST} == {}
