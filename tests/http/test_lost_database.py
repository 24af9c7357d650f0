"""A server whose database is gone. SQLite is not tried: its file stays open when it is deleted."""

import asyncpg
import pytest
from tests.schema.client import JSON
from tests.schema.conftest import serving


@pytest.fixture
def name(postgres):
    name = postgres.create()
    yield name
    postgres.drop(name)


async def test_without_its_database_a_server_is_live_and_not_ready(postgres, name):
    async with serving(postgres.url(name)) as api:
        admin = await asyncpg.connect(postgres.url("postgres"))
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()

        live, ready = [await api.client.get(f"/healthz/{path}") for path in ("live", "ready")]
        headers = {"Authorization": "Bearer x"} | JSON
        asked = await api.client.post("/graphql", json={"query": "{ viewer { roles } }"}, headers=headers)

    assert live.status_code == 200
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert ready.json()["database"]["status"] == "unavailable"
    assert ready.json()["policy"]["version"]
    [error] = asked.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryAfterS"]) == ("UNAVAILABLE", 1)
