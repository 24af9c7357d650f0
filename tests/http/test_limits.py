"""Each limit at its edge, and every known attack."""

import pytest
from tests.http.attacks import ATTACKS, BATCH, PLAIN
from tests.schema.client import on_one_database

pytestmark = on_one_database


def levels(count):
    """A document of so many levels."""
    return (
        "{ campaigns { edges { node "
        + "{ openRequest { campaign " * ((count - 4) // 2)
        + ("{ openRequest { id } }" if count % 2 else "{ id }")
        + " } }" * ((count - 4) // 2)
        + " } } }"
    )


def within(name, number):
    """A request that asks for exactly this number of what a limit counts, and for little else."""
    campaign = "createCampaign(input: $i) { __typename }"
    ask = {
        "depth": lambda: {"query": levels(number)},
        "fields": lambda: {"query": "{ viewer { " + "roles " * (number - 1) + "} }"},
        "aliases": lambda: {
            "query": "{ viewer { " + " ".join(f"a{n}: roles" for n in range(number)) + " } }"
        },
        "nodes": lambda: {"query": f"{{ campaigns(first: {number}) {{ totalCount }} }}"},
        "mutations": lambda: {
            "query": f"mutation($i: CreateCampaignInput!) {{ {campaign * number} }}",
            "variables": {"i": {}},
        },
        "tokens": lambda: {"query": "{ viewer { " + "roles " * (number - 5) + "} }"},
        "characters": lambda: {"query": "{ viewer { roles } }".ljust(number)},
        "values": lambda: {
            "query": "query($a: [Int!]) { viewer { roles } }",
            "variables": {"a": [1] * (number - 1)},
        },
    }
    return ask[name]()


async def refusal(client, ask):
    body = (await client.post("/graphql", json=ask)).json()
    found = [error["extensions"] for error in body.get("errors", ())]
    return next((item for item in found if item["code"] == "LIMIT_EXCEEDED"), None)


@pytest.mark.parametrize(
    ("name", "number"),
    [("depth", 7), ("fields", 20), ("aliases", 5), ("nodes", 20), ("mutations", 3), ("tokens", 40),
     ("characters", 100), ("values", 10)],
)  # fmt: skip
async def test_a_limit_is_met_and_not_exceeded(edge, name, number):
    async with edge(**{f"max_{name}": number}) as client:
        assert await refusal(client, within(name, number)) is None
        refused = await refusal(client, within(name, number + (2 if name == "depth" else 1)))
    assert refused["limit"] == name
    assert refused["allowed"] == number
    assert refused["asked"] in {None, number + 1, number + 2}
    async with edge(**{f"max_{name}": 0}) as client:
        assert await refusal(client, within(name, number + 2)) is None


async def test_fields_that_must_be_compared_too_often_are_refused(edge):
    same = " ".join(f"fragment s{n} on Query {{ viewer {{ roles user {{ name }} }} }}" for n in range(12))
    ask = {"query": "{ " + " ".join(f"...s{n}" for n in range(12)) + " } " + same}
    async with edge(max_comparisons=200) as client:
        assert (await refusal(client, ask))["limit"] == "comparisons"
    async with edge(max_comparisons=0) as client:
        assert await refusal(client, ask) is None


async def test_pages_within_pages_are_multiplied_and_variables_and_defaults_count(edge):
    nested = """query($n: Int = 3, $ids: [ID!] = []) {
      campaigns(first: $n) { edges { node { requests(first: 4) { edges { node { id } } } } } }
      nodes(ids: $ids) { id }
    }"""
    for variables, asked in (({}, 15), ({"n": 2}, 10), ({"n": None}, 100), ({"ids": ["x"] * 6}, 21)):
        async with edge(max_nodes=asked - 1) as client:
            found = await refusal(client, {"query": nested, "variables": variables})
        assert found == {"code": "LIMIT_EXCEEDED", "limit": "nodes", "allowed": asked - 1, "asked": asked}


async def test_a_page_that_is_too_large_is_still_told_by_its_field(edge):
    async with edge() as client:
        for first in (101, 2**31 - 1):
            query = f"{{ campaigns(first: {first}) {{ totalCount }} }}"
            [error] = (await client.post("/graphql", json={"query": query})).json()["errors"]
            assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_no_known_attack_is_executed_and_none_is_a_fault(edge):
    executed = {"fragment chain", "huge text in a variable"}  # these are honest, and only large
    async with edge() as client:
        for name, ask in ATTACKS.items():
            response = await client.post("/graphql", json=ask)
            assert response.status_code in {200, 400}, name
            codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
            assert ("data" in response.json()) == (name in executed), name
            assert codes <= {
                "LIMIT_EXCEEDED",
                "GRAPHQL_VALIDATION_FAILED",
                "BAD_USER_INPUT",
                "BAD_REQUEST",
            }, name
            assert len(response.content) < 20_000, name
        assert (await client.post("/graphql", json=BATCH)).status_code == 400
        assert "errors" not in (await client.post("/graphql", json={"query": PLAIN})).json()
    assert len(ATTACKS) >= 22
