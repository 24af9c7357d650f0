"""Which status and which media type an answer has, and that the page says so."""

from pathlib import Path

import pytest
from tests.schema.client import on_one_database

from gql_approvals.errors import Unavailable
from gql_approvals.http.answers import NOT_EXECUTED, statuses_markdown
from gql_approvals.http.negotiation import GRAPHQL_JSON, JSON, is_json, media_type_for, prefers_html
from gql_approvals.schema import execution

ROOT = Path(__file__).parents[2]
QUERY = "{ viewer { roles } }"
# What brings about each row of the table.
SENT = {
    "GRAPHQL_PARSE_FAILED": {"query": "{"},
    "GRAPHQL_VALIDATION_FAILED": {"query": "{ nothing }"},
    "BAD_USER_INPUT": {"query": "query($id: ID!) { campaign(id: $id) { id } }"},
    "LIMIT_EXCEEDED": {"query": "{ viewer { " + "roles " * 500 + "} }"},
    "PERSISTED_QUERY_NOT_FOUND": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
    "BAD_REQUEST": {"query": QUERY, "operationName": "Nothing"},
    "RATE_LIMITED": {"query": "{ a: viewer { roles } b: viewer { roles } }"},
}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL_JSON};q=0.5, */*;q=0.1", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0, */*", JSON),
        (f"{GRAPHQL_JSON};q=nan, {JSON};q=0.1", JSON),
        (f"{GRAPHQL_JSON};q=2, {JSON};q=-1", JSON),
        (f"text/html, {GRAPHQL_JSON.upper()};Q=0.3", GRAPHQL_JSON),
        ("text/html", JSON),
        (f"{GRAPHQL_JSON}, {JSON}, text/event-stream, multipart/mixed", GRAPHQL_JSON),  # what urql sends
        (";;;,,,", JSON),
    ],
)
def test_the_media_type_of_the_greatest_weight_is_answered(accept, expected):
    assert media_type_for(accept) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        (f"{JSON}, text/html;q=0.9", False),
        ("text/html;q=0", False),
        ("text/html;q=x", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_browser_prefers_a_page(accept, expected):
    assert prefers_html(accept) is expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (JSON, True),
        ("Application/JSON;charset=UTF-8", True),
        (f'{JSON}; charset="utf8"', True),
        (f"{JSON}; charset", True),
        (f"{JSON}; charset=iso-8859-1", False),
        (f"{JSON}; charset=utf-16", False),
        (f"text/plain, {JSON}", False),
        (f"{JSON}x", False),
        ("", False),
    ],
)
def test_a_body_is_json_in_utf_8(content_type, expected):
    assert is_json(content_type) is expected


@on_one_database
@pytest.mark.parametrize("code", [code for code in NOT_EXECUTED if code in SENT])
async def test_an_outcome_has_the_status_of_the_table(edge, code):
    async with edge(rate_limit=2) as client:
        if code == "RATE_LIMITED":
            await client.post("/graphql", json={"query": QUERY})
        for media_type, status in ((GRAPHQL_JSON, 0), (JSON, 1)):
            response = await client.post("/graphql", json=SENT[code], headers={"Accept": media_type})
            assert response.json()["errors"][0]["extensions"]["code"] == code
            assert "data" not in response.json()
            assert response.status_code == NOT_EXECUTED[code][status]
            assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


@on_one_database
@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (Unavailable("the database does not answer"), "UNAVAILABLE", 503),
        (ZeroDivisionError("password=hunter2"), "INTERNAL_SERVER_ERROR", 500),
    ],
)
async def test_what_fails_before_the_first_field_is_masked_as_well(edge, monkeypatch, error, code, status):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(execution, "run", broken)
    async with edge() as client:
        response = await client.post("/graphql", json={"query": QUERY})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert "hunter2" not in response.text
    assert set(NOT_EXECUTED) - set(SENT) == {"UNAVAILABLE", "INTERNAL_SERVER_ERROR"}


@on_one_database
async def test_a_field_that_fails_leaves_the_status_as_it_is(edge):
    async with edge() as client:
        query = '{ viewer { roles } campaigns(after: "x") { totalCount } }'
        response = await client.post("/graphql", json={"query": query}, headers={"Accept": GRAPHQL_JSON})
        alone = await client.post(
            "/graphql",
            json={"query": '{ campaigns(after: "x") { totalCount } }'},
            headers={"Accept": GRAPHQL_JSON},
        )
    assert (response.status_code, alone.status_code) == (200, 200)
    assert response.json()["data"]["campaigns"] is None
    assert alone.json()["data"] == {"campaigns": None}


@on_one_database
async def test_a_long_text_is_not_sent_back_whole(edge):
    async with edge() as client:
        for query in ("{ " + "a" * 20_000 + " }", "query($a: Int) { campaigns(first: $a) { totalCount } }"):
            ask = {"query": query, "variables": {"a": "x" * 100_000}}
            assert len((await client.post("/graphql", json=ask)).content) < 1_000


def test_the_page_has_the_table():
    assert "\n".join(statuses_markdown()) in (ROOT / "docs" / "api.md").read_text("utf-8"), (
        "the table of http/answers.py has changed: write it into docs/api.md, section HTTP"
    )
