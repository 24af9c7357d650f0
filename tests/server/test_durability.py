"""Commit means on disk: what was acknowledged was synced before, as the kernel saw it.

A killed process cannot show this: what it wrote is in the kernel's memory, and survives it.
"""

import os

import pytest
from tests.faults.weather.place import place
from tests.server.server_client import document_of, draft
from tests.server.server_history import figures
from tests.server.server_trace import tracing, with_children

MUTATIONS = 50
# What is synced when a change is committed.
LOGS = {"sqlite": r"approvals\.db-wal>", "postgresql": r"/pg_wal/[0-9A-F]{24}>"}
# A server that answers when the change is in the kernel's memory only, although it would refuse to.
CARELESS = """
from gql_approvals.persistence import asyncpg_backend, sqlite_backend
sqlite_backend._PRAGMAS["synchronous"] = "NORMAL"
sqlite_backend._FULL = 1
asyncpg_backend._ON_DISK = "SELECT 1"
"""
# PostgreSQL's own writer would sync now and then, and might do so between a request and its answer.
RARELY = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
pytestmark = pytest.mark.alone


async def traced(there, world, file):
    """Whether each of fifty acknowledged changes was on disk when its answer was written."""
    server_pids = with_children(there.server.process.pid)
    pids = server_pids + (with_children(there.cluster.pid) if there.cluster else [])
    async with world.client(there.server, 1) as client:
        await client.create("Warm")
        wire = client.wire()
        with tracing(pids, file) as trace:
            for number in range(MUTATIONS):
                body = await wire.post(
                    client.tokens["maya"], document_of("createCampaign"), {"input": draft(f"Traced {number}")}
                )
                assert "errors" not in body, body
    return trace.answers_after_a_sync(LOGS[there.kind])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_every_acknowledged_change_was_on_disk_before(tmp_path, settled, kind):
    worlds = []
    with place(tmp_path, kind, 1, prepare=lambda url: worlds.append(settled(url))) as there:
        synced = await traced(there, worlds[0], tmp_path / "trace")
    assert synced == [True] * MUTATIONS
    figures(f"{kind}: {sum(synced)} of {len(synced)} acknowledged changes were synced before the answer")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_change_that_is_acknowledged_too_early_is_seen(tmp_path, settled, kind):
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "sitecustomize.py").write_text(CARELESS)
    path = os.pathsep.join(filter(None, [str(tmp_path / "planted"), os.environ.get("PYTHONPATH")]))
    worlds = []
    with place(
        tmp_path, kind, 1, prepare=lambda url: worlds.append(settled(url)), environment={"PYTHONPATH": path},
        postgres=RARELY,
    ) as there:  # fmt: skip
        synced = await traced(there, worlds[0], tmp_path / "trace")
    assert len(synced) == MUTATIONS
    assert sum(synced) <= MUTATIONS / 5, "nobody waited for the disk, and the trace says otherwise"
    figures(f"{kind}, planted: {sum(synced)} of {len(synced)} were synced before the answer")
