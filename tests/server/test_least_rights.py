"""A server works as a role that can only add to the audit trail, as docs/security.md makes it."""

import asyncio
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from tests.meta.pages import blocks
from tests.persistence.test_append_only import APPEND_ONLY, POSTGRESQL, sql
from tests.server.server_history import rows, verified
from tests.server.server_process import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
(SCRIPT,) = (block.text for block in blocks(PAGE) if block.words == ("sql",))
OWNERS = (
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_event_no_change ON audit_event",
    "DROP TABLE audit_event CASCADE",
    "DROP FUNCTION audit_event_refuse() CASCADE",
    "CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    "ALTER TABLE audit_event RENAME TO another",
    "TRUNCATE account CASCADE",
    "DELETE FROM tortoise_migrations",
    "SET session_replication_role = replica",
)
pytestmark = [pytest.mark.alone, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]


@pytest.fixture
def role_url(database_url):
    name = f"approvals_server_{urlsplit(database_url).path[1:]}"
    asyncio.run(execute(database_url, SCRIPT.replace("approvals_server", name)))
    yield urlunsplit(urlsplit(database_url)._replace(netloc=f"{name}@"))
    asyncio.run(execute(database_url, f"DROP OWNED BY {name}; DROP ROLE {name}"))


async def execute(url, script):
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()


async def test_a_server_tells_its_whole_story_as_a_role_that_owns_nothing(world, serve, handovers, role_url):
    with serve(workers=2, POLL_S="0.2", DATABASE_URL=role_url, AUDIT_HEADS_S="1", LOG="json") as server:
        async with world.client(server, 4) as client:
            made = [await client.approved(f"Campaign {number}") for number in range(3)]
            history = await verified(client, *made)
            assert history.count("campaign:sent") == 3
        assert server.faults() == []
        assert server.records("audit:head")
    assert len(handovers.ids) >= 1


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_that_role_can_neither_change_the_trail_nor_what_guards_it(database_url, role_url, table):
    before = await rows(database_url, f"SELECT * FROM {table}")  # noqa: S608  # our own
    for statement in (*(sql(one, table) for one in POSTGRESQL), *OWNERS):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(role_url, statement)
    assert await rows(database_url, f"SELECT * FROM {table}") == before  # noqa: S608  # our own
