"""What a production server does not tell or do. The scenarios are those of graphql-cop, written anew."""
# GraphQL documents and tables keep their lines

import json

import pytest
from graphql import get_introspection_query
from tests.schema.client import on_one_database

pytestmark = on_one_database
QUERY = "{ viewer { roles } }"
CIRCULAR = (
    "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
)
MISSPELT = (
    "{ viewre { roles } }",
    "{ viewer { role } }",
    "{ campaigns(frist: 1) { totalCount } }",
    "{ campaigns(filter: {statsu: DRAFT}) { totalCount } }",
    "{ campaigns(filter: {status: DRATF}) { totalCount } }",
    "query($a: CampaignFiltre) { viewer { roles } }",
    "{ viewer { ... on Viewr { roles } } }",
    "{ viewer @inclde(if: true) { roles } }",
    "mutation { createCampain(input: {}) { __typename } }",
    "{ viewer { ...Roels } } fragment Roles on Viewer { roles }",
)


async def post(client, query, **more):
    response = await client.post("/graphql", json={"query": query, **more})
    return response.json()


async def test_the_schema_cannot_be_asked_for(edge):
    async with edge(production=True) as client:
        for query in (get_introspection_query(), '{ __type(name: "Query") { name } }', CIRCULAR,
                      "{ ...F } fragment F on Query { __schema { queryType { name } } }"):  # fmt: skip
            body = await post(client, query)
            assert "data" not in body
            assert body["errors"][0]["extensions"]["code"] in {"GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED"}
        assert await post(client, "{ __typename viewer { __typename } }") == {
            "data": {"__typename": "Query", "viewer": {"__typename": "Viewer"}}
        }
        assert (await client.get("/schema.graphql")).status_code == 404


async def test_nothing_is_suggested_to_who_guesses(edge):
    variables = (
        ("query($f: CampaignFilter) { campaigns(filter: $f) { totalCount } }", {"f": {"statsu": ["DRAFT"]}}),
        ("query($f: CampaignFilter) { campaigns(filter: $f) { totalCount } }", {"f": {"status": ["DRATF"]}}),
    )
    async with edge(production=True) as production, edge() as development:
        suggested = 0
        for query, given in (*((query, {}) for query in MISSPELT), *variables):
            assert "errors" in await post(production, query, variables=given)
            assert "did you mean" not in str(await post(production, query, variables=given)).lower(), query
            suggested += "did you mean" in str(await post(development, query, variables=given)).lower()
    assert suggested >= 8


async def test_a_browser_finds_no_explorer(edge):
    async with edge(production=True) as client:
        for path in ("/graphql", "/", "/graphiql", "/playground", "/console", "/altair", "/v1/graphiql"):
            response = await client.get(path, headers={"Accept": "text/html"})
            assert response.status_code in {400, 404}, path
            assert response.headers["content-type"].startswith("application/json"), path


async def test_a_mutation_is_not_run_by_get_nor_by_a_form(edge, api):
    mutation = "mutation { enableApprovals(input: {}) { __typename } }"
    before = await api.footprint()
    async with edge(production=True) as client:
        response = await client.get("/graphql", params={"query": mutation})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        for content_type in (
            "application/x-www-form-urlencoded",
            "text/plain",
            "multipart/form-data; boundary=x",
            "",
        ):
            for body in (f"query={mutation}", json.dumps({"query": mutation})):
                response = await client.post("/graphql", content=body, headers={"Content-Type": content_type})
                assert response.status_code == 415
    assert await api.footprint() == before


async def test_overloading_by_aliases_directives_fields_and_batches_is_refused(edge):
    overloads = {
        "aliases": "{ " + " ".join(f"alias{n}: __typename" for n in range(101)) + " }",
        "fields": "{ " + "__typename " * 500 + "}",
    }
    async with edge(production=True) as client:
        for name, query in overloads.items():
            [error] = (await post(client, query))["errors"]
            assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", name)
        body = await post(client, "{ __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }")
        assert 0 < len(body["errors"]) < 10
        batch = await client.post("/graphql", json=[{"query": QUERY}] * 10)
        assert batch.status_code == 400


async def test_nothing_is_traced_and_no_engine_is_named(edge):
    headers = {"Apollo-Query-Plan-Experimental": "1", "X-Apollo-Tracing": "1", "Accept": "application/json"}
    async with edge(production=True) as client:
        for query in (QUERY, "{ nothing }", "{"):
            response = await client.post("/graphql", json={"query": query}, headers=headers)
            body = response.json()
            assert set(body) <= {"data", "errors"}
            assert all(
                set(e) <= {"message", "locations", "path", "extensions"} for e in body.get("errors", ())
            )
            told = (response.text + str(response.headers)).lower()
            assert not [
                word
                for word in ("strawberry", "graphql-core", "traceback", ".py", "starlette")
                if word in told
            ]


@pytest.mark.parametrize(
    ("settings", "introspection", "suggestions"),
    [
        ({}, True, True),
        ({"production": True}, False, False),
        ({"production": True, "introspection": True}, True, False),
        ({"production": True, "suggestions": True}, False, True),
        ({"introspection": False}, False, True),
        ({"suggestions": False}, True, False),
    ],
)
async def test_each_can_be_switched_by_itself(edge, settings, introspection, suggestions):
    async with edge(**settings) as client:
        assert ("data" in await post(client, "{ __schema { queryType { name } } }")) is introspection
        for name in ("schema.graphql", "schema.json"):
            assert ((await client.get(f"/{name}")).status_code == 200) is introspection
        assert ("Did you mean" in str(await post(client, "{ viewre { roles } }"))) is suggestions
