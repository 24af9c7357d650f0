"""The server and its clients are those of the API's tests; `edge` is the same server with other settings."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from tests.schema.client import Api
from tests.schema.conftest import (
    api,
    place,
    server,
    settled_postgresql,
    settled_sqlite,
)

from gql_approvals.http.answers import not_served
from gql_approvals.http.calls import calls
from gql_approvals.http.routes import routes
from gql_approvals.schema.gate import gate_of
from gql_approvals.settings import Settings

__all__ = ["api", "edge", "place", "server", "settled_postgresql", "settled_sqlite"]
Edge = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def edge(api: Api) -> Edge:
    """`edge(production=True)`: a client of the same server with these settings; budgets do not refill."""

    def client(**settings: Any) -> httpx.AsyncClient:
        gate = gate_of(Settings(**settings), now_s=lambda: 0)
        application = Starlette(
            routes=routes(lambda: api.office, None, gate),
            exception_handlers={HTTPException: not_served},
            middleware=[calls()],
        )
        headers = {"Authorization": "Bearer demo-insecure-ada", "Content-Type": "application/json"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application), base_url="http://approvals.test", headers=headers
        )

    return client
