"""The API as its clients meet it: over HTTP, on both databases, with a clock that the test sets."""

from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
import pytest
import strawberry.schema.schema as engine
from tests.schema.client import Api, Clock, settle

from gql_approvals import app
from gql_approvals.policy.engine import Policy
from gql_approvals.settings import Settings

POLICIES = Path(__file__).parents[2] / "policies"
ORIGIN = "https://frontend.test"


@pytest.fixture(scope="session", autouse=True)
def _documents_read_once() -> Iterator[None]:
    """Parse and validate every document once: it means the same the next time, and takes half of a request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "parse", cache(engine.parse))
        patch.setattr(engine, "validate_document", cache(engine.validate_document))
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The shipped policy, read and checked once: it is immutable, and reading takes a tenth of a second."""
    return Policy.load(POLICIES, now=datetime.now(UTC))


@pytest.fixture
async def api(
    database_url: str, clock: Clock, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Api, None]:
    """The server, with everybody of the two accounts."""
    monkeypatch.setattr(Policy, "load", lambda *_, **__: policy)
    settings = Settings(database_url=database_url, policies=str(POLICIES), allowed_origins=(ORIGIN,))
    application = app.create(settings, now=clock, driven=False)
    transport = httpx.ASGITransport(app=application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://approvals.test") as client,
    ):
        api = Api(client=client, clock=clock, office=application.state.office)
        await api.database.transaction(lambda: settle(clock.now))
        yield api
