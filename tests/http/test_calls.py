"""Every request has an id, which its records and its answer say; no record has what callers wrote."""

import json
import logging

import pytest
from tests.schema.client import on_one_database

from gql_approvals import logs
from gql_approvals.service import reading

pytestmark = on_one_database
MAYA = {"Authorization": "Bearer demo-insecure-maya"}
SECRET = "hunter22"
ASKED = (
    "query Look($secret: String) { viewer { roles } campaigns(filter: { search: $secret }) { totalCount } }"
)


@pytest.fixture
def told(caplog):
    """What was written, as JSON has it."""
    caplog.set_level(logging.INFO, logger="gql_approvals")
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(logs.formatter("json"))
    handler.emit = lambda record: lines.append(handler.format(record))
    logger = logging.getLogger("gql_approvals")
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in lines]
    logger.removeHandler(handler)


async def ask(api, query, **headers):
    variables = {"secret": SECRET}
    return await api.client.post(
        "/graphql", json={"query": query, "variables": variables}, headers={**MAYA, **headers}
    )


@pytest.mark.parametrize("given", ["abcdefgh", "2f1c-7.A_z" * 12, "a" * 128])
async def test_an_id_that_is_well_formed_is_taken_and_given_back(api, told, given):
    response = await ask(api, ASKED, **{"X-Request-Id": given})

    assert response.headers.get_list("x-request-id") == [given]
    assert {record["request_id"] for record in told()} == {given}


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 129, "with a space in it", 'quote"quote', "caf\xe9caf\xe9", "a;b;c;d;e;f"]
)
async def test_another_id_is_replaced(api, given):
    response = await api.client.get("/healthz/live", headers=[("X-Request-Id", given.encode("latin-1"))])

    [made] = response.headers.get_list("x-request-id")
    assert len(made) == 32
    assert int(made, 16)


@pytest.mark.parametrize(
    "path", ["/graphql", "/healthz/live", "/healthz/ready", "/nowhere", "/schema.graphql"]
)
async def test_every_answer_says_its_id(api, path):
    first, second = [(await api.client.get(path)).headers["x-request-id"] for _ in range(2)]

    assert first != second


async def test_an_access_record_says_who_asked_what_and_never_with_which_words(api, told):
    await ask(api, ASKED)

    [record] = [one for one in told() if one["event"] == "http:answered"]
    assert record.pop("ms") > 0
    for name in ("time", "level", "request_id"):
        assert record.pop(name)
    assert record == {
        "logger": "gql_approvals.access",
        "event": "http:answered",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "address": "127.0.0.1",
        "operation": "Look",
        "type": "query",
        "field": "viewer",
        "outcome": "OK",
        "user": "VXNlcjox",
        "account": "acme",
    }
    assert SECRET not in json.dumps(told())


async def test_what_stands_behind_the_address_is_not_written(api, told):
    await api.client.get("/graphql", params={"query": ASKED, "variables": json.dumps({"secret": SECRET})})
    await api.client.get(f"/nowhere?token={SECRET}")

    assert [one["path"] for one in told()] == ["/graphql", "/nowhere"]
    assert SECRET not in json.dumps(told())


@pytest.mark.parametrize(
    ("query", "field", "outcome"),
    [
        ("{ auditLog { totalCount } }", "auditLog", "FORBIDDEN"),
        ("{ nope }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ('{ node(id: "?") { id } }', "node", "OK"),
        ("{ ...A } fragment A on Query { a: viewer { roles } }", "viewer", "OK"),
    ],
)
async def test_a_record_says_what_became_of_the_operation(api, told, query, field, outcome):
    await ask(api, query)

    [record] = [one for one in told() if one["event"] == "http:answered"]
    assert (record.get("field"), record["outcome"]) == (field, outcome)


async def test_a_refused_mutation_is_found_by_its_request_in_the_decision_log(api, told):
    await ask(api, "mutation { enableApprovals(input: {}) { __typename } }")

    decision, answered = told()
    assert (decision["event"], decision["code"]) == ("policy:decision", "FORBIDDEN")
    assert (answered["outcome"], answered["refusal"]) == ("OK", "FORBIDDEN")
    assert decision["request_id"] == answered["request_id"]


async def test_a_traceback_is_one_line_with_the_id_that_the_client_was_told(api, told, monkeypatch):
    async def broken(*_):
        raise ValueError(f"{SECRET}\nsecond line")

    monkeypatch.setattr(reading, "visible_campaigns", broken)
    response = await ask(api, '{ campaign(id: "Q2FtcGFpZ246MQ") { id } }')

    [error] = response.json()["errors"]
    [record] = [one for one in told() if one["level"] == "error"]
    assert record["request_id"] == error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert "second line" in record["exception"]


async def test_what_nobody_met_is_masked_logged_and_answered(api, told, monkeypatch):
    def broken(*_):
        raise ValueError(SECRET)

    monkeypatch.setattr("gql_approvals.http.graphql_view.media_type_for", broken)
    response = await ask(api, ASKED)

    assert (response.status_code, SECRET in response.text) == (500, False)
    [error] = response.json()["errors"]
    failed, answered = [one for one in told() if one["logger"] != "gql_approvals.decisions"]
    assert (failed["event"], answered["event"], answered["status"]) == ("http:failed", "http:answered", 500)
    ids = {failed["request_id"], answered["request_id"], error["extensions"]["requestId"]}
    assert ids == {response.headers["x-request-id"]}


async def test_hostile_paths_and_names_stay_on_their_line(api, told):
    await api.client.get("/%0a%1b[31m%22,%22level%22:%22x" + "y" * 500)

    [record] = told()
    assert (record["status"], len(record["path"])) == (404, 200)


async def test_probes_are_not_written_unless_they_fail(api, told):
    for path in ("/healthz/live", "/healthz/ready"):
        assert (await api.client.get(path)).status_code == 200

    assert told() == []
