"""Due times, kept by the clocks of two worker processes: each is kept once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from tests.server.server_history import check_outbox, nodes, until, verified

pytestmark = pytest.mark.alone
NUMBER = 10
_STORED = "{ auditLog(first: 100) { edges { node { kind } } } }"


async def kinds(client):
    data = await client.ask("ada", _STORED)
    return Counter(node["kind"] for node in nodes(data["auditLog"]))


async def test_two_clocks_send_each_scheduled_campaign_once_and_on_time(world, racers, handovers):
    due = datetime.now(UTC) + timedelta(seconds=6)
    times = {"scheduledAt": due.isoformat()}
    campaigns = await asyncio.gather(*(racers.approved(f"Due {index}", **times) for index in range(NUMBER)))
    assert {campaign["status"] for campaign in campaigns} == {"APPROVED"}
    assert handovers.bodies == []
    await until(lambda: len(set(handovers.ids)) >= NUMBER, within_s=30)
    history = await verified(racers, *campaigns)
    assert history.count("campaign:sent") == NUMBER
    for entry in history.log:
        if entry["kind"] == "campaign:sent":
            assert entry["actor"] is None
            late = datetime.fromisoformat(entry["at"]) - due
            assert timedelta(0) <= late <= timedelta(seconds=10), late
    assert sorted(handovers.ids) == sorted(f"publication-{number}" for number in range(1, NUMBER + 1))
    assert await check_outbox(world.database_url)


async def test_two_clocks_expire_each_overdue_request_once(world, racers, handovers):
    times = {"scheduledAt": (datetime.now(UTC) + timedelta(seconds=6)).isoformat()}
    campaigns = await asyncio.gather(*(racers.submitted(f"Late {index}", **times) for index in range(NUMBER)))
    # Readers are told in time whatever the clock does; the log says when it was written down.
    await until(lambda: _expired(racers), within_s=30)
    history = await verified(racers, *campaigns)
    assert {campaign["status"] for campaign in history.campaigns.values()} == {"EXPIRED"}
    assert history.count("campaign:expired") == NUMBER
    assert handovers.bodies == []
    mails = (await check_outbox(world.database_url))["mail"]
    assert mails == NUMBER * (
        5 + 5 + 1
    )  # of the submission: who may decide; of the expiry: they and the maker


async def _expired(client):
    return (await kinds(client))["campaign:expired"] >= NUMBER
