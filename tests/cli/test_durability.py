"""Commit means on disk, whatever SQLite or PostgreSQL's operator would rather have."""

import asyncio
import json
from collections.abc import Callable, Iterator

import asyncpg
import pytest
from tests.databases import migrate
from tests.faults.weather.cluster import Cluster, cluster
from tortoise.connection import get_connection

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence import sqlite_backend
from gql_approvals.persistence.database import Database

WITHOUT = "PostgreSQL runs with fsync=off: a power cut takes back what was acknowledged"
FIX = "set `fsync = on` in postgresql.conf and reload it"


@pytest.fixture(scope="module")
def careless() -> Iterator[Cluster]:
    """A PostgreSQL server that answers before anything is written, and never syncs."""
    with cluster(fsync="off", synchronous_commit="off") as one:
        asyncio.run(migrate(one.url))
        yield one


def test_sqlite_is_not_opened_where_a_commit_would_not_be_on_disk(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    async def work() -> None:
        async with Database.open(sqlite_url):
            raise AssertionError("it was opened")

    monkeypatch.setitem(sqlite_backend._PRAGMAS, "synchronous", "NORMAL")

    with pytest.raises(BadDatabase, match="synchronous=1, where a power cut takes back"):
        asyncio.run(work())


@pytest.mark.slow
def test_a_production_server_is_refused_where_postgresql_does_not_sync(start: Callable, careless: Cluster):
    done = start(
        "serve", database_url=careless.url, production="true", review_url="https://r.test/{campaign}"
    )

    assert (done.code, done.out, done.err) == (2, "", f"Error: {WITHOUT}: {FIX}\n")


@pytest.mark.slow
@pytest.mark.parametrize(("production", "state"), [("true", "wrong"), ("false", "warning")])
def test_the_doctor_tells_that_postgresql_does_not_sync(
    run: Callable, careless: Cluster, production: str, state: str
):
    done = run("doctor", "--format", "json", database_url=careless.url, production=production)

    found = [one for one in json.loads(done.out)["findings"] if "fsync" in one["what"]]
    assert found == [{"check": "database", "state": state, "what": WITHOUT, "fix": FIX}]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("set_to", "obeyed"),
    [("off", "on"), ("on", "on"), ("local", "local"), ("remote_write", "remote_write"),
     ("remote_apply", "remote_apply")],
)  # fmt: skip
def test_only_a_commit_before_the_disk_is_overruled(careless: Cluster, set_to: str, obeyed: str):
    """What waits for standbys as well is its operator's choice."""

    async def work() -> set[str]:
        connection = await asyncpg.connect(careless.url)
        await connection.execute(f"ALTER DATABASE approvals SET synchronous_commit = '{set_to}'")
        await connection.close()
        async with Database.open(careless.url) as database:
            asked = [database.transaction(_synchronous_commit) for _ in range(4)]
            return set(await asyncio.gather(*asked))

    assert asyncio.run(work()) == {obeyed}


async def _synchronous_commit() -> str:
    query = "SELECT current_setting('synchronous_commit') AS value, pg_sleep(0.1)"
    [row] = await get_connection("postgresql").execute_query_dict(query)
    return str(row["value"])
