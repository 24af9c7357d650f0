"""Sessions of the package `gql` with the demo."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from gql import Client
from gql.client import AsyncClientSession
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from tests.server.server_process import ServerProcess

Session = Callable[..., AbstractAsyncContextManager[AsyncClientSession]]


@pytest.fixture
def over_http(demo: ServerProcess) -> Session:
    """`async with over_http("maya") as session`: POST. `options`: gql's own."""

    @asynccontextmanager
    async def session(who: str | None, **options: Any) -> AsyncGenerator[AsyncClientSession, None]:
        url = f"{demo.url}/graphql"
        transport = HTTPXAsyncTransport(url, headers=signed_in_as(who), trust_env=False)
        async with Client(transport=transport, **options) as opened:
            yield opened

    return session


@pytest.fixture
def over_socket(demo: ServerProcess) -> Session:
    """The same over `graphql-transport-ws`."""

    @asynccontextmanager
    async def session(who: str | None, **options: Any) -> AsyncGenerator[AsyncClientSession, None]:
        transport = WebsocketsTransport(
            f"ws://127.0.0.1:{demo.port}/graphql",
            init_payload=signed_in_as(who),
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
            connect_args={"proxy": None},
        )
        async with Client(transport=transport, **options) as opened:
            yield opened

    return session


@pytest.fixture(params=["http", "socket"])
def session(request: pytest.FixtureRequest) -> Session:
    """Over either."""
    return request.getfixturevalue(f"over_{request.param}")


def signed_in_as(who: str | None) -> dict[str, str]:
    """The headers, or the payload of `connection_init`, of one of the demo's people."""
    return {} if who is None else {"Authorization": f"Bearer demo-insecure-{who}"}
