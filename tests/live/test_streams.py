"""`graphql-sse`, distinct connections mode: which requests are answered with events, and how."""
# ruff: noqa: E501  # tables keep their lines

import pytest
from tests.live.live_client import CAMPAIGNS, events
from tests.schema.client import on_one_database

from gql_approvals.http import sse

pytestmark = on_one_database
EVENTS = "text/event-stream"
VERA = {"Authorization": "Bearer demo-insecure-vera"}


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        (EVENTS, CAMPAIGNS, EVENTS),
        (f"application/graphql-response+json, application/json, {EVENTS}, multipart/mixed", CAMPAIGNS, EVENTS),
        (f"application/graphql-response+json, application/json, {EVENTS}", "{ viewer { roles } }", "application/graphql-response+json"),
        (EVENTS, "{ viewer { roles } }", EVENTS),
    ],
)  # fmt: skip
async def test_subscriptions_are_events_and_the_rest_is_where_nothing_else_will_do(
    live, accept, query, media_type
):
    headers = {"Accept": accept, **VERA}
    async with live.client.stream("POST", "/graphql", json={"query": query}, headers=headers) as response:
        assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, media_type)


async def test_a_browser_may_follow_by_get(live):
    headers = {"Accept": EVENTS, **VERA}
    async with live.client.stream(
        "GET", "/graphql", params={"query": CAMPAIGNS}, headers=headers
    ) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        assert await anext(response.aiter_raw()) == b":\n\n"


async def test_a_mutation_by_get_is_refused_all_the_same(live):
    query = 'mutation { archiveCampaign(input: {campaignId: "x"}) { __typename } }'
    response = await live.client.get("/graphql", params={"query": query}, headers={"Accept": EVENTS, **VERA})
    assert response.status_code == 405


@pytest.mark.parametrize(
    ("who", "query", "code"),
    [
        ("vera", "{", "GRAPHQL_PARSE_FAILED"),
        ("vera", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (None, CAMPAIGNS, "UNAUTHENTICATED"),
        ("nobody", CAMPAIGNS, "UNAUTHENTICATED"),
        ("noor", CAMPAIGNS, "ACCOUNT_REQUIRED"),
    ],
)
async def test_what_cannot_be_executed_is_told_as_an_event_and_over(live, who, query, code):
    async with events(live.client, who, query, begun=False) as told:
        name, body = await told.event()
        assert (name, [error["extensions"]["code"] for error in body["errors"]]) == ("next", [code])
        assert "data" not in body
        assert await told.event() == ("complete", None)
        with pytest.raises(EOFError):
            await told.event()


async def test_a_query_is_one_event_and_over(live):
    async with events(live.client, "vera", "{ viewer { roles } }", begun=False) as told:
        assert await told.next() == {"viewer": {"roles": []}}
        assert await told.event() == ("complete", None)


async def test_a_quiet_stream_is_kept_alive(live, monkeypatch):
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.01)
    async with events(live.client, "vera", CAMPAIGNS) as told:
        assert [await told.event() for _ in range(3)] == [("", None)] * 3


async def test_a_subscription_without_events_is_refused(live):
    response = await live.client.post("/graphql", json={"query": CAMPAIGNS}, headers=VERA)
    assert response.status_code == 400
    assert "text/event-stream" in response.json()["errors"][0]["message"]
