"""Operations over the product's own schema, made at random: both executors give them the same answer."""

import gc
import warnings

import pytest
from strawberry.types.graphql import OperationType
from tests import executors
from tests.compiled.generator import Generator
from tests.schema.client import Api, hash_of, on_one_database

from gql_approvals.schema import TYPES
from gql_approvals.schema.context import Context
from gql_approvals.schema.execution import NotExecutable, execute, prepare
from gql_approvals.schema.gate import gate_of
from gql_approvals.settings import Settings

SOME, MANY = 60, 2000
PEOPLE = ("ada", "maya", "chen", "vera", "noor", None)
OPEN = Settings(max_nodes=10**9)
pytestmark = [
    on_one_database,
    # graphql-core leaves coroutines alone that it gave up
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def _world(api: Api) -> dict[str, list]:
    """A campaign of every kind; what may be sent for which argument."""
    campaigns = [
        await api.in_status(status)
        for status in ("DRAFT", "PENDING_REVIEW", "APPROVED", "REJECTED", "SENT", "ARCHIVED")
    ]
    await api.edited(await api.sent(), subject="Once more")
    comment = await api.comment(campaigns[0])
    ids = [one["id"] for one in campaigns]
    requests = [one["openRequest"]["id"] for one in campaigns if one["openRequest"]]
    others = [
        await api.user_id("maya"),
        await api.member_id("chen"),
        comment["id"],
        campaigns[0]["head"]["id"],
    ]
    everything = [*ids, *requests, *others, "nonsense", ""]
    return {
        "ID": everything,
        "id": everything,
        "campaignId": ids,
        "memberId": [others[1]],
        "userId": [others[0]],
        "contentHash": [hash_of(one) for one in campaigns],
        "expectedVersion": [1, 2, 3],
        "action": ["approve", "view", "aprove"],
        "first": [1, 2, 5, 0],
        "after": [None, "nonsense"],
        "from": [1, 2],
        "to": [1, 9],
        "Int": [1, 2, 50],
        "String": ["a", "ü", ""],
        "DateTime": ["2026-12-01T08:00:00Z", "yesterday"],
        "JSON": [{"a": [1]}, 1],
        "Boolean": [True, False],
    }


async def _agree(api: Api, count: int, first: int) -> tuple[executors.Seen, int]:
    """Compare so many that can be executed; how many of them had errors."""
    values, gate, faulty, number = await _world(api), gate_of(OPEN), 0, first
    with executors.both() as seen, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        while seen.compared + seen.left < count:
            number += 1
            kind = "mutation" if number % 10 == 0 else "query"
            made = Generator(TYPES, number, values)
            text = made.document(kind)
            try:
                asked = prepare(text, made.variables, None, allowed=[*OperationType], gate=gate)
            except NotExecutable:
                continue
            who = PEOPLE[number % len(PEOPLE)]
            token = None if who is None else f"demo-insecure-{who}"
            result = await execute(asked, Context(api.office, token, "acme", "generated"))
            faulty += bool(result.errors)
        gc.collect()  # so that no later test hears of these
    return seen, faulty


async def test_generated_operations_agree(api: Api):
    seen, faulty = await _agree(api, SOME, 0)

    assert seen.compared > SOME * 0.7
    assert SOME * 0.1 < faulty < SOME * 0.9


@pytest.mark.slow
async def test_two_thousand_generated_operations_agree(api: Api):
    seen, faulty = await _agree(api, MANY, 10_000)

    assert seen.compared > MANY * 0.7
    assert MANY * 0.1 < faulty < MANY * 0.9
