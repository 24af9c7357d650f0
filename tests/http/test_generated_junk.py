"""Generated bodies and headers: always JSON, never our fault, nothing written, nothing in the log."""

import logging
import re

import httpx
import pytest
from tests.http.junk import junk
from tests.schema.client import on_one_database
from tests.server.server_process import running

FEW, MANY = 150, 1_200
CODES = {
    "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "LIMIT_EXCEEDED",
    "UNAUTHENTICATED", "ACCOUNT_REQUIRED", "PERSISTED_QUERY_NOT_FOUND",
}  # fmt: skip


def judge(number: int, response: httpx.Response) -> bool:
    """Whether it was refused; what is answered at all is sound."""
    assert response.status_code < 500, (number, response.text[:300])
    assert response.headers["content-type"].partition(";")[0].endswith("json"), number
    body = response.json()
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    assert codes <= CODES, (number, body)
    assert codes or "data" in body, number
    return bool(codes)


@on_one_database
async def test_generated_junk_is_refused_as_json_and_nothing_is_written(api, caplog):
    before = await api.footprint()
    refused = 0
    for number in range(FEW):
        sent = junk(number)
        method = "POST" if sent.params is None else "GET"
        response = await api.client.request(
            method, "/graphql", content=sent.content, headers=sent.headers, params=sent.params
        )
        refused += judge(number, response)
    assert refused > FEW * 0.9
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert await api.footprint() == before


@pytest.mark.slow
def test_a_real_server_survives_a_thousand_and_more(sqlite_url, tmp_path):
    """Headers that HTTP itself does not allow are refused by the server's own parser, as text."""
    refused = 0
    with (
        running(tmp_path, DATABASE_URL=sqlite_url, LOG="json") as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=20) as client,
    ):
        for number in range(MANY):
            sent = junk(number)
            method = "POST" if sent.params is None else "GET"
            response = client.request(
                method, "/graphql", content=sent.content, headers=sent.headers, params=sent.params
            )
            if response.text == "Invalid HTTP request received.":
                assert response.status_code == 400
                refused += 1
            else:
                refused += judge(number, response)
        assert client.get("/healthz/ready").status_code == 200
        assert server.faults() == []
        assert re.findall(r'"level": ?"(?:error|critical)"', server.log.read_text()) == []
    assert refused > MANY * 0.9
