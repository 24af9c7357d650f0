"""Pages of other origins: what they may send, and what they may read of the answer."""

import httpx
import pytest
from starlette.applications import Starlette
from tests.schema.client import on_one_database

from gql_approvals.http.calls import calls
from gql_approvals.http.cors import READ, SENT, cors
from gql_approvals.http.routes import routes
from gql_approvals.schema.gate import gate_of
from gql_approvals.settings import Settings

pytestmark = on_one_database
ORIGIN = "https://frontend.test"


@pytest.fixture
def client(api):
    gate = gate_of(Settings(rate_limit=2))
    layers = [calls(), cors([ORIGIN])]
    application = Starlette(routes=routes(lambda: api.office, None, gate), middleware=layers)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://approvals.test")


def preflight(*headers, origin=ORIGIN, method="POST"):
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": ",".join(headers),
    }


async def test_every_header_that_clients_send_is_let_through_and_others_are_not(client):
    async with client:
        for header in (*SENT, "X-Apollo-Operation-Name", "accept"):
            assert (await client.options("/graphql", headers=preflight(header))).status_code == 200, header
        for wrong in (
            preflight("cookie"),
            preflight("authorization", origin="https://evil.test"),
            preflight("authorization", method="DELETE"),
        ):
            assert (await client.options("/graphql", headers=wrong)).status_code == 400


async def test_an_answer_of_any_outcome_can_be_read_with_its_headers(client):
    headers = {"Origin": ORIGIN, "Authorization": "Bearer demo-insecure-ada"}
    async with client:
        for _ in range(3):
            response = await client.post("/graphql", json={"query": "{ viewer { roles } }"}, headers=headers)
            exposed = response.headers["access-control-expose-headers"].lower().replace(" ", "").split(",")
            assert response.headers["access-control-allow-origin"] == ORIGIN
            assert set(READ) == set(exposed)
            assert "access-control-allow-credentials" not in response.headers
    assert response.status_code == 429
    assert set(READ) <= {name.lower() for name in response.headers}
