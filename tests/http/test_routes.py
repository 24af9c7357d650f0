"""Health, the schema as a file, and who may call from another origin."""

from datetime import UTC, datetime

import pytest
from graphql import build_client_schema, build_schema, find_schema_changes
from tests.schema.conftest import ORIGIN, POLICIES

from gql_approvals.policy.engine import Policy
from gql_approvals.policy.problem import Code, PolicyProblem, Severity
from gql_approvals.schema import sdl

PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-account",
}


async def test_a_live_server_says_so_and_a_ready_one_names_its_policy(api):
    live, ready = [await api.client.get(f"/healthz/{name}") for name in ("live", "ready")]

    assert (live.status_code, live.json()) == (200, {"status": "live"})
    policy = ready.json()["policy"]
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert policy.pop("loadedAt").startswith(str(api.clock().date()))
    assert policy == {
        "status": "ok",
        "detail": None,
        "version": Policy.load(POLICIES, now=datetime.now(UTC)).version,
        "refused": None,
        "problems": [],
        "everywhere": [],  # nothing runs beside the requests here that would report it
    }


async def test_a_ready_server_says_where_refused_files_are_wrong_but_not_what_they_say(api):
    problem = PolicyProblem("policies/policy.csv", 15, 22, Code.ROLE, "unknown role `secret`")
    warning = PolicyProblem("policies/policy.csv", 1, 1, Code.BOM, "", severity=Severity.WARNING)
    api.office.policy.refuse("0123456789ab", (warning, problem), api.clock())
    try:
        ready = await api.client.get("/healthz/ready")
    finally:
        api.office.policy.exchange(api.office.policy())
    policy = ready.json()["policy"]
    assert (ready.status_code, ready.json()["status"], policy["status"]) == (200, "degraded", "degraded")
    assert (policy["refused"], policy["problems"]) == ("0123456789ab", ["policy.csv:15:22 [role]"])


async def test_the_schema_is_handed_out_as_a_file(api):
    response = await api.client.get("/schema.graphql")

    assert (response.status_code, response.text) == (200, sdl())
    assert response.headers["content-type"].startswith("application/graphql")


async def test_the_schema_is_handed_out_as_introspection_gives_it(api):
    response = await api.client.get("/schema.json")

    found = build_client_schema(response.json())
    assert response.headers["content-type"].startswith("application/json")
    changes = [change.description for change in find_schema_changes(build_schema(sdl()), found)]
    # Introspection describes the built-in directive, the file does not.
    assert [change for change in changes if not change.startswith("Description of @oneOf")] == []
    assert found.type_map["ContentInput"].is_one_of
    assert found.type_map["DateTime"].specified_by_url.endswith("rfc3339")


@pytest.mark.parametrize("name", ["schema.graphql", "schema.json"])
async def test_who_has_the_schema_is_not_sent_it_again(api, name):
    first = await api.client.get(f"/{name}", headers={"Origin": ORIGIN})
    tag = first.headers["etag"]

    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["access-control-allow-origin"] == ORIGIN
    for known in (tag, f"W/{tag}", f'"another", {tag}'):
        again = await api.client.get(f"/{name}", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for other in ('"another"', tag.strip('"'), ""):
        again = await api.client.get(f"/{name}", headers={"If-None-Match": other})
        assert (again.status_code, again.content) == (200, first.content)
    head = await api.client.head(f"/{name}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


async def test_only_allowed_origins_may_call_from_a_browser(api):
    for origin, allowed in (
        (ORIGIN, True),
        ("https://evil.test", False),
        ("null", False),
        (f"{ORIGIN}.evil.test", False),
        ("http://frontend.test", False),
    ):
        preflight = await api.client.options("/graphql", headers={"Origin": origin, **PREFLIGHT})
        asked = await api.client.post(
            "/graphql", json={"query": "{ viewer { roles } }"}, headers={"Origin": origin}
        )

        assert preflight.status_code == (200 if allowed else 400)
        for response in (preflight, asked):
            assert response.headers.get("access-control-allow-origin") == (ORIGIN if allowed else None)
            assert "access-control-allow-credentials" not in response.headers
        if allowed:
            assert "x-request-id" in asked.headers["access-control-expose-headers"].lower()
            assert {"authorization", "x-account"} <= {
                h.strip() for h in preflight.headers["access-control-allow-headers"].lower().split(",")
            }
