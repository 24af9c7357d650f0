"""What is our fault is masked: the caller gets a request id, the log gets the rest."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import logging

from tests.schema.client import JSON, document
from tests.schema.natural import NEW

from gql_approvals.errors import Unavailable
from gql_approvals.service import perform, reading

SECRET = "password=hunter2"  # what must not be shown


class PlantedError(Exception):
    """Something nobody has thought of."""


def plant(monkeypatch, module, name, error):
    async def broken(*_, **__):
        raise error

    monkeypatch.setattr(module, name, broken)


async def post(api, query, variables=None, **headers):
    headers = {"Authorization": "Bearer demo-insecure-maya", **JSON, **headers}
    return await api.client.post(
        "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
    )


async def test_an_unexpected_error_of_a_query_is_masked_and_logged(api, monkeypatch, caplog):
    plant(monkeypatch, reading, "visible_campaigns", PlantedError(SECRET))

    response = await post(api, '{ viewer { roles } campaign(id: "Q2FtcGFpZ246MQ") { id } }')

    [error] = response.json()["errors"]
    request_id = response.headers["x-request-id"]
    assert response.status_code == 200
    assert response.json()["data"] == {"viewer": {"roles": ["maker"]}, "campaign": None}
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    assert request_id in error["message"]
    assert error["path"] == ["campaign"]
    assert SECRET not in response.text
    assert "PlantedError" not in response.text
    [record] = [item for item in caplog.records if item.levelno >= logging.ERROR]
    assert record.request_id == request_id
    assert SECRET in caplog.text
    assert "Traceback" in caplog.text


async def test_an_unexpected_error_of_a_mutation_writes_nothing_and_leaves_its_neighbours_alone(
    api, monkeypatch, caplog
):
    plant(monkeypatch, perform.idempotency, "remember", PlantedError(SECRET))
    before = await api.footprint()
    text = "mutation($a: CreateCampaignInput!, $b: CreateCampaignInput!) { a: createCampaign(input: $a) { __typename } b: createCampaign(input: $b) { __typename } }"

    response = await post(api, text, {"a": NEW | {"idempotencyKey": "k"}, "b": NEW})

    body = response.json()
    assert body["data"] == {"a": None, "b": {"__typename": "CreateCampaignPayload"}}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["INTERNAL_SERVER_ERROR"]
    assert SECRET not in response.text
    assert SECRET in caplog.text
    after = await api.footprint()
    assert (after["campaign"], after["audit_event"]) == (before["campaign"] + 1, before["audit_event"] + 1)


async def test_every_answer_has_a_request_id_of_its_own(api):
    ids = [(await post(api, "{ viewer { roles } }")).headers["x-request-id"] for _ in range(2)]

    assert ids[0] != ids[1]
    assert (await post(api, "{")).headers["x-request-id"] not in ids


async def test_a_database_that_does_not_answer_is_said_to_be_unavailable(api, monkeypatch, caplog):
    plant(
        monkeypatch,
        perform.people,
        "lock_account",
        Unavailable("the database does not answer", retry_after_s=2),
    )

    response = await post(api, document("createCampaign", ""), {"input": NEW})

    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE", "retryAfterS": 2}
    assert not [item for item in caplog.records if item.levelno >= logging.ERROR]
