"""A budget of operations for each caller: whichever token they use, and however they pack their request."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

from collections import Counter

import httpx
import pytest
from tests.schema.client import on_one_database
from tests.server.server_process import running

from gql_approvals.schema.budget import Budget

QUERY = "{ viewer { roles } }"


async def ask(client, query=QUERY, **headers):
    return await client.post("/graphql", json={"query": query}, headers=headers)


def left(response):
    return tuple(int(response.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))


@on_one_database
async def test_headers_and_field_say_what_is_left(edge):
    async with edge(rate_limit=60) as client:
        assert left(await ask(client)) == (60, 59, 1)
        query = "{ a: viewer { roles } b: viewer { roles } rateLimit { limit remaining cost resetAt } }"
        response = await ask(client, query)

    assert response.json()["data"]["rateLimit"] == {
        "limit": 60, "remaining": 56, "cost": 3, "resetAt": "2026-11-21T09:00:04Z",
    }  # fmt: skip
    assert left(response) == (60, 56, 4)


@on_one_database
async def test_who_has_used_up_the_budget_is_told_when_to_come_again(edge):
    async with edge(rate_limit=3) as client:
        for _ in range(3):
            assert (await ask(client)).status_code == 200
        response = await ask(client)
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert response.headers["retry-after"] == str(error["extensions"]["retryAfterS"]) == "20"
        assert "data" not in response.json()
        assert left(response) == (3, 0, 60)
        other = await ask(client, Authorization="Bearer demo-insecure-maya")
        assert left(other)[1] == 2


@on_one_database
async def test_a_worker_gives_out_its_share(edge):
    async with edge(rate_limit=61, workers=2) as client:
        assert left(await ask(client))[0] == 31


@pytest.mark.alone
def test_nobody_gets_more_by_spreading_their_requests_over_the_workers(sqlite_url, tmp_path):
    with running(tmp_path, 2, DATABASE_URL=sqlite_url, RATE_LIMIT="40") as server:
        answers = Counter()
        for _ in range(120):  # a connection each: the workers take them as they come
            response = httpx.post(f"{server.url}/graphql", json={"query": QUERY}, trust_env=False)
            answers[response.status_code, response.headers["ratelimit-limit"]] += 1
    assert {limit for _, limit in answers} == {"20"}
    assert 20 <= answers[200, "20"] <= 40 + 10  # and what has refilled meanwhile
    assert answers[429, "20"] >= 70


@on_one_database
async def test_aliases_count_and_what_is_not_executed_does_not(edge):
    async with edge(rate_limit=5) as client:
        for query in ("{ nothing }", "{", "{ viewer { " + "roles " * 500 + "} }"):
            assert "ratelimit-limit" not in (await ask(client, query)).headers
        assert (
            left(
                await ask(
                    client,
                    "{ a: viewer { roles } b: viewer { roles } ...F } fragment F on Query { c: viewer { roles } }",
                )
            )[1]
            == 2
        )
        assert (
            await ask(client, "{ a: viewer { roles } b: viewer { roles } c: viewer { roles } }")
        ).status_code == 429
        assert left(await ask(client))[1] == 1


@on_one_database
async def test_strangers_share_the_budget_of_their_address(edge):
    async with edge(rate_limit=3) as client:
        for number in range(3):
            assert (await ask(client, Authorization=f"Bearer unknown-{number}")).status_code == 200
        for headers in ({"Authorization": "Bearer unknown-9"}, {"Authorization": "Bearer "}):
            assert (await ask(client, **headers)).status_code == 429
        assert (await ask(client)).status_code == 200


@on_one_database
async def test_without_a_limit_nothing_is_said(edge):
    async with edge(rate_limit=0) as client:
        response = await ask(client, "{ rateLimit { limit } }")
    assert response.json() == {"data": {"rateLimit": None}}
    assert "ratelimit-limit" not in response.headers


@on_one_database
async def test_a_refused_mutation_writes_nothing(edge, api):
    before = await api.footprint()
    async with edge(rate_limit=1) as client:
        await ask(client)
        response = await ask(client, "mutation { enableApprovals(input: {}) { __typename } }")
    assert response.status_code == 429
    assert await api.footprint() == before


# ------------------------------------------------------------------------------------------- the bucket
class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def test_a_bucket_refills_steadily_and_not_beyond_its_size():
    clock = Clock()
    budget = Budget(60, clock)
    assert [budget.take("a", 30).remaining for _ in range(2)] == [30, 0]
    assert (budget.take("a", 10).granted, budget.take("a", 10).retry_after_s) == (False, 10)
    clock.now_s = 10
    assert budget.take("a", 10).granted
    clock.now_s = 1_000
    assert budget.take("a", 1).remaining == 59


def test_what_costs_more_than_a_bucket_takes_a_full_one():
    clock = Clock()
    budget = Budget(5, clock)
    assert (budget.take("a", 9).granted, budget.take("a", 1).granted) == (True, False)
    clock.now_s = 60
    assert budget.take("a", 9).granted


def test_callers_that_were_not_seen_for_long_are_forgotten(monkeypatch):
    monkeypatch.setattr("gql_approvals.schema.budget.MAX_CALLERS", 3)
    budget = Budget(2, Clock())
    for caller in "abac" + "d":
        budget.take(caller, 1)
    assert list(budget._buckets) == ["a", "c", "d"]
    assert budget.take("a", 1).granted is False
