"""Readiness: what makes a worker useless is told with 503, what somebody should look at with 200."""

import shutil
from datetime import timedelta
from typing import NamedTuple

import pytest
from tests.schema.client import on_one_database

from gql_approvals.http import probes
from gql_approvals.http.probes import LATE, STUCK, _outbox
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.service import standing


class Disk(NamedTuple):
    """What the system says of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def _looked_up_anew(monkeypatch):
    monkeypatch.setattr(standing, "FRESH_S", 0.0)


async def ready(api):
    response = await api.client.get("/healthz/ready")
    return response.status_code, response.json()


async def test_a_server_that_has_all_it_needs_says_so_of_every_part(api):
    status, said = await ready(api)

    parts = {name: part["status"] for name, part in said.items() if name != "status"}
    disk = {"disk"} if api.office.database.dialect == "sqlite" else set()
    assert (status, said["status"]) == (200, "ready")
    assert parts == dict.fromkeys({"database", "migrations", "policy", "outbox"} | disk, "ok")


async def test_a_message_that_nobody_takes_degrades_and_takes_no_node_out(api):
    await OutboxRow.create(
        account_id=1, key="k", kind="mail", payload={}, created_at=api.clock(), next_at=api.clock()
    )
    assert (await ready(api))[1]["status"] == "ready"

    await OutboxRow.filter(key="k").update(
        created_at=api.clock() - LATE - timedelta(seconds=1),
        next_at=api.clock() - LATE - timedelta(seconds=1),
    )
    status, said = await ready(api)

    assert (status, said["status"]) == (200, "degraded")
    assert said["outbox"]["overdueS"] > LATE.total_seconds()
    assert said["outbox"]["detail"].startswith("messages are due, and no relay takes them")


async def test_what_is_tried_in_vain_for_an_hour_degrades(api):
    await OutboxRow.create(
        account_id=1, key="k", kind="mail", payload={}, attempts=3,
        created_at=api.clock() - STUCK - timedelta(seconds=1), next_at=api.clock() + timedelta(minutes=5),
    )  # fmt: skip

    status, said = await ready(api)

    assert (status, said["outbox"]["status"]) == (200, "degraded")
    assert said["outbox"]["detail"].startswith("messages are tried, and nobody takes them")


async def test_hand_overs_wait_for_ever_where_none_are_made_and_count_for_nothing(api):
    await OutboxRow.create(
        account_id=1, key="k", kind="handover", payload={},
        created_at=api.clock() - timedelta(days=9), next_at=api.clock() - timedelta(days=9),
    )  # fmt: skip
    found = await standing.Standings().now(api.office)

    assert _outbox(found, frozenset({"mail", "webhook"}))["status"] == "ok"
    assert _outbox(found, frozenset({"handover"}))["status"] == "degraded"


async def test_a_database_older_than_the_release_cannot_be_served(api, monkeypatch):
    why = "the database lacks this release's migration `0009_webhooks`: run gql-approvals migrate"

    async def why_unfit() -> str:
        return why

    monkeypatch.setattr(api.office.database, "why_unfit", why_unfit)
    status, said = await ready(api)

    assert (status, said["status"]) == (503, "unavailable")
    assert said["migrations"] == {"status": "unavailable", "detail": why}


@on_one_database
async def test_a_disk_that_is_almost_full_degrades(api, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**12, 10**12, probes.LITTLE - 1))
    status, said = await ready(api)

    assert (status, said["status"], said["disk"]["status"]) == (200, "degraded", "degraded")


async def test_the_database_is_not_asked_at_every_question(api, monkeypatch):
    await ready(api)
    monkeypatch.setattr(standing, "FRESH_S", 60.0)
    asked = []
    backlog = standing.undelivered.backlog

    async def counted(now):
        asked.append(now)
        return await backlog(now)

    monkeypatch.setattr(standing.undelivered, "backlog", counted)
    for _ in range(20):
        assert (await ready(api))[0] == 200

    assert asked == []  # it was asked just before
