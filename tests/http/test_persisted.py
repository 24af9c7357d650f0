"""Automatic persisted queries and the list of allowed operations."""

import hashlib
import json
from pathlib import Path

import pytest
from tests.schema.client import on_one_database

from gql_approvals.errors import BadSettings
from gql_approvals.schema import TYPES
from gql_approvals.schema.allow_list import read_allow_list
from gql_approvals.schema.persisted import Persisted

QUERY = "{ viewer { roles } }"
GRAPHQL_JSON = {"Accept": "application/graphql-response+json"}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(digest, query=None):
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    return {"extensions": extensions, **({} if query is None else {"query": query})}


async def answer(client, ask, **headers):
    response = await client.post("/graphql", json=ask, headers=headers)
    body = response.json()
    return response.status_code, body.get("data") or body["errors"][0]["extensions"]["code"]


@on_one_database
async def test_a_document_is_sent_once_and_then_only_its_hash(edge):
    async with edge() as client:
        unknown = await client.post("/graphql", json=hashed(sha(QUERY)))
        assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert await answer(client, hashed(sha(QUERY))) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert await answer(client, hashed(sha(QUERY)), **GRAPHQL_JSON) == (400, "PERSISTED_QUERY_NOT_FOUND")
        for ask in (hashed(sha(QUERY), QUERY), hashed(sha(QUERY)), hashed(sha(QUERY)) | {"query": None}):
            assert await answer(client, ask) == (200, {"viewer": {"roles": ["admin"]}})
        params = {"extensions": json.dumps(hashed(sha(QUERY))["extensions"])}
        assert (await client.get("/graphql", params=params)).json() == {
            "data": {"viewer": {"roles": ["admin"]}}
        }


@on_one_database
async def test_a_mutation_is_not_run_by_get_and_a_hash_of_another_text_not_at_all(edge):
    text = "mutation { enableApprovals(input: {}) { __typename } }"
    async with edge() as client:
        assert await answer(client, hashed(sha("x"), text)) == (400, "BAD_REQUEST")
        assert await answer(client, hashed(sha("x"))) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert (await answer(client, hashed(sha(text), text)))[0] == 200
        params = {"extensions": json.dumps(hashed(sha(text))["extensions"])}
        assert (await client.get("/graphql", params=params)).status_code == 405


@on_one_database
@pytest.mark.parametrize(
    "asked",
    [
        1,
        [],
        "x",
        {},
        {"version": 2, "sha256Hash": "0" * 64},
        {"version": 1},
        *({"version": 1, "sha256Hash": digest} for digest in (1, None, "0" * 63, "A" * 64, "0" * 64 + "\n")),
    ],
)
async def test_what_is_no_hash_is_refused_with_and_without_a_document(edge, asked):
    async with edge() as client:
        for more in ({}, {"query": QUERY}):
            assert await answer(client, {"extensions": {"persistedQuery": asked}, **more}) == (
                400,
                "BAD_REQUEST",
            )


@on_one_database
async def test_a_document_that_is_refused_is_not_remembered(edge):
    async with edge() as client:
        for text in ("{ nothing }", "{", "{ viewer { " + "roles " * 500 + "} }"):
            await answer(client, hashed(sha(text), text))
            assert (await answer(client, hashed(sha(text))))[1] == "PERSISTED_QUERY_NOT_FOUND"


def test_what_was_not_asked_for_longest_is_forgotten_first():
    store = Persisted(most=30)
    texts = ["a" * 10, "b" * 10, "c" * 10]
    for text in texts:
        store.keep(text, hashed(sha(text))["extensions"])
    store.text_of(None, hashed(sha(texts[0]))["extensions"])
    store.keep("d" * 10, hashed(sha("d" * 10))["extensions"])

    held = [text for text in (*texts, "d" * 10) if text in store._sent.values()]
    assert held == ["a" * 10, "c" * 10, "d" * 10]


# ------------------------------------------------------------------------------------ allowed operations
ALLOWED = """
query Roles { viewer { ...Names roles } }
query Page($first: Int) { campaigns(first: $first) { totalCount } }
fragment Names on Viewer { user { name } }
"""


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "page.graphql").write_text(ALLOWED)
    (tmp_path / "login.graphql").write_text(QUERY)
    return tmp_path


@on_one_database
async def test_only_listed_operations_run_whatever_their_white_space(edge, listed):
    allowed = (
        ALLOWED.strip() + "# comment",
        "query Page($first:Int){campaigns(first:$first){totalCount}}",
        "fragment Names on Viewer {user{name}} query Roles{viewer{...Names roles}}",
        "{viewer{roles}}",
    )
    refused = (
        "{ viewer { roles permissions } }",
        "query Page($first: Int) { campaigns(first: 1) { totalCount } }",
        "query Roles { viewer { ...Names roles } } fragment Names on Viewer { permissions }",
        "query X { viewer { roles } }",
        "{ __typename }",
    )
    async with edge(operations=str(listed)) as client:
        for text in allowed:
            name = "Roles" if "Roles" in text else None
            assert (
                "viewer" in str(await answer(client, {"query": text, "operationName": name}))
                or "Page" in text
            )
        for text in refused:
            response = await client.post("/graphql", json={"query": text})
            assert response.status_code == 400, text
            assert "not on the server's list" in response.json()["errors"][0]["message"]
        assert await answer(client, hashed(sha(QUERY))) == (200, {"viewer": {"roles": ["admin"]}})


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "there is no `*.graphql` file in"),
        ({"a.graphql": "{ nothing }"}, "a.graphql: Cannot query field 'nothing' on type 'Query'."),
        ({"a.graphql": "{"}, "a.graphql: Syntax Error"),
        ({"a.graphql": b"\xff"}, "a.graphql: 'utf-8' codec"),
        (
            {"a.graphql": "query A { viewer { roles } }", "b.graphql": "query A { viewer { permissions } }"},
            "b.graphql: there is another operation `A`",
        ),
    ],
)
def test_a_list_that_cannot_be_read_stops_the_start(tmp_path, files, told):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadSettings) as caught:
        read_allow_list(tmp_path, TYPES)
    assert caught.value.message.startswith("GQL_APPROVALS_OPERATIONS: ")
    assert told in caught.value.message


def test_a_list_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadSettings, match=r"missing\.graphql"):
        read_allow_list(tmp_path / "missing.graphql", TYPES)
