"""The three servers answer the same; a difference is found, and named."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from bench.workloads.contenders import hand_written, product
from bench.workloads.contenders.idiomatic import schema as idiomatic
from bench.workloads.contenders.rights import ACTIONS
from bench.workloads.operations import READS, W2, Workload, reading
from bench.workloads.same import difference
from bench.workloads.serving import CONTENDERS
from starlette.applications import Starlette
from tests.bench.conftest import CAMPAIGNS

from bench import asgi
from gql_approvals.workflow.transitions import VIEWER_ACTIONS

ASKED = 40  # campaigns


def application(name: str, url: str, folder: Path) -> Starlette:
    made = {
        "product": lambda: product.application(url, folder),
        "idiomatic": lambda: idiomatic.application(url),
        "hand-written": lambda: hand_written.application(url),
    }
    return made[name]()


def answers(name: str, url: str, folder: Path) -> Mapping[str, list[Any]]:
    """The data that a contender answers, by workload."""
    [contender] = [one for one in CONTENDERS if one.name == name]
    served = application(name, url, folder)

    async def one(workload: Workload, variables: dict[str, Any]) -> Any:
        body, path = contender.body(workload, variables), contender.path(workload)
        return json.loads(await asgi.post(served, body, token=workload.token, path=path))["data"]

    async def every() -> Mapping[str, list[Any]]:
        async with served.router.lifespan_context(served):
            return {
                workload.code: [await one(workload, given) for given in reading(workload, CAMPAIGNS)[:ASKED]]
                for workload in READS
            }

    return asyncio.run(every())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idiomatic", "hand-written"])
def test_a_contender_answers_what_the_product_answers(name, filled, folder):
    expected = answers("product", filled, folder)
    assert len(expected["W1"]) == ASKED
    assert len(expected["W2"][0]["reviewInbox"]["edges"]) == 50
    assert len(expected["W5"][0]["campaigns"]["edges"]) > 20
    assert difference(expected, answers(name, filled, folder)) is None


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": 0}]}, "data.a[1].b: None and 0"),
        ({"a": True}, {"a": 1}, "data.a: True and 1"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "data.a[0]: 1 and 2"),
        ({"a": [1]}, {"a": [1, 1]}, "data.a: [1] and [1, 1]"),
        ({"a": 1}, {"b": 1}, "data: ['a'] and ['b']"),
    ],
)
def test_a_difference_is_named_with_its_place(one, other, place):
    assert difference(one, other) == place
    assert difference(one, one) is None


def test_every_action_has_a_right_of_its_own_in_the_table():
    assert list(ACTIONS) == [action.value for action in VIEWER_ACTIONS]


def test_a_workload_asks_for_what_its_name_says():
    assert reading(W2, CAMPAIGNS) == [{"first": 50}]
