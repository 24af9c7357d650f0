"""Live updates from real servers: two workers, two nodes, a thousand followers, and servers that stop."""

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.live.live_client import CAMPAIGNS, INBOX, Events, socket
from tests.server.server_client import draft
from tests.server.server_history import figures

from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database

FOLLOWERS = int(os.environ.get("APPROVALS_TEST_FOLLOWERS", "1000"))
AT_ONCE = 50  # connections that are opened together
AGAIN = (1001, "the server stops: connect again")
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
pytestmark = pytest.mark.alone


@asynccontextmanager
async def sockets_on(server, world, count, who="vera"):
    """Sockets, as many to each worker; only a worker that runs can take one."""
    pids = server.worker_pids if server.workers > 1 else [0]
    async with AsyncExitStack() as stack:
        opened = []
        for pid in pids:
            others = [other for other in pids if other != pid]
            for other in others:
                os.kill(other, signal.SIGSTOP)
            try:
                mine = [socket(server.port) for _ in range(count // len(pids))]
                opened += [await stack.enter_async_context(one) for one in mine]
            finally:
                for other in others:
                    os.kill(other, signal.SIGCONT)
        for one in opened:  # not before: who stands still may hold the database's lock
            await one.init(who, token=world.tokens[who])
        yield opened


async def stories(client, count):
    """Campaigns that are created, submitted and approved, several at once; gives their ids."""

    async def story(number):
        campaign = await client.submitted(f"Story {number}", publishMode="MANUAL")
        return (await client.approve(campaign))["id"]

    return await asyncio.gather(*(story(number) for number in range(count)))


async def told_once(operation, ids):
    """Three changes of each campaign were told, in their order, and nothing else."""
    told = [await operation.campaign() for _ in range(3 * len(ids))]
    assert operation.so_far() == []
    assert Counter(one["id"] for one in told) == Counter(dict.fromkeys(ids, 3))
    for campaign_id in ids:
        mine = [one for one in told if one["id"] == campaign_id]
        assert [one["version"] for one in mine] == sorted(one["version"] for one in mine)
        assert mine[-1]["status"] == "APPROVED"


async def test_two_workers_tell_every_change_once_to_each_of_their_followers(world, pair, racers):
    async with sockets_on(pair, world, 8) as sockets, sockets_on(pair, world, 4, "cleo") as checkers:
        told = [await one.follow(CAMPAIGNS) for one in sockets]
        inboxes = [await one.follow(INBOX) for one in checkers]
        ids = await stories(racers, 40)
        for operation in told:
            await told_once(operation, ids)
        last = await racers.submitted("The last one")
        for operation in inboxes:
            held = set()
            while last["id"] not in held:
                change, campaign = await operation.change()
                (held.add if change == "ADDED" else held.remove)(campaign)
            assert held == {last["id"]}
            assert operation.so_far() == []
    figures(f"{len(told)} followers on two workers, {3 * len(ids)} changes: each told once")


@only_postgresql
async def test_two_nodes_tell_every_change_once_also_when_the_database_hangs_up(world, serve, database_url):
    with serve() as one, serve() as other:
        async with (
            sockets_on(one, world, 3) as here,
            sockets_on(other, world, 3) as there,
            world.client(one, 2) as client,
            world.client(other, 2) as second,
        ):
            told = [await each.follow(CAMPAIGNS) for each in (*here, *there)]
            ids = [*await stories(client, 10), *await stories(second, 10)]
            for operation in told:
                await told_once(operation, ids)
            delays = [await _delay(client, told[-1], number) for number in range(20)]
            await _cut_all_connections(database_url)
            for number in range(3):
                await _create(client, f"After {number}")
            assert [(await told[-1].campaign())["name"] for _ in range(3)] == [
                "After 0",
                "After 1",
                "After 2",
            ]
            assert told[-1].so_far() == []
        assert one.faults() == other.faults() == []
    figures(f"told on the other node within {1000 * max(delays):.0f} ms of the answer")


async def _delay(client, operation, number):
    await client.create(f"Delay {number}")
    before = time.perf_counter()
    assert (await operation.campaign())["name"] == f"Delay {number}"
    return time.perf_counter() - before


async def _cut_all_connections(url):
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'gql-approvals' AND datname = current_database()"
    )
    await connection.close()


async def _create(client, name):
    """Create a campaign, also where the server has yet to notice that its connections are gone."""
    query = "mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { __typename } }"
    for _ in range(20):
        body = await client.wire().post(client.tokens["maya"], query, {"input": draft(name)})
        if "errors" not in body:
            return
        assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    raise AssertionError(body)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_server_that_is_asked_to_stop_says_goodbye_and_stops(world, serve, workers):
    with serve(workers=workers) as server:
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {world.tokens['vera']}"}
        async with (
            sockets_on(server, world, 4) as sockets,
            httpx.AsyncClient(base_url=server.url, trust_env=False) as client,
            client.stream("POST", "/graphql", json={"query": CAMPAIGNS}, headers=headers) as response,
        ):
            for one in sockets:
                await one.follow(CAMPAIGNS)
            stream = Events(response)
            assert await stream.event() == ("", None)
            took = asyncio.create_task(asyncio.to_thread(server.terminate))
            assert [await one.closed() for one in sockets] == [AGAIN] * 4
            with pytest.raises(EOFError) as end:
                await stream.event()
            assert end.value.args == (b"",)
            assert await took < 4
        assert server.faults() == []
    figures(f"stopped in {took.result():.1f} s with 5 open connections on {workers} workers")


async def test_a_revoked_token_closes_its_sockets_on_every_worker_within_a_second(world, pair):
    async with sockets_on(pair, world, 4) as sockets:
        for one in sockets:
            await one.follow(CAMPAIGNS)
        async with Database.open(world.database_url, pool_size=1):
            assert await people.revoke_token(world.tokens["vera"], datetime.now(UTC))
        async with asyncio.timeout(1):
            assert [(await one.closed())[0] for one in sockets] == [4403] * 4


async def test_a_thousand_followers_of_one_worker_are_told_every_change_once(world, serve):
    whos = ["vera", "chen", "maya", "ada"]
    with serve() as server:
        before = _memory(server.process.pid)
        async with AsyncExitStack() as stack, world.client(server, 2) as client:
            gate = asyncio.Semaphore(AT_ONCE)

            async def open_one(number):
                async with gate:
                    one = await stack.enter_async_context(socket(server.port))
                    who = whos[number % len(whos)]
                    await one.init(who, token=world.tokens[who])
                    return await one.follow(INBOX if number % 10 == 1 else CAMPAIGNS)

            began = time.perf_counter()
            told = await asyncio.gather(*(open_one(number) for number in range(FOLLOWERS)))
            opened_s, memory = time.perf_counter() - began, _memory(server.process.pid) - before
            busy = _cpu_s(server.process.pid)
            await asyncio.sleep(3)
            idle = (_cpu_s(server.process.pid) - busy) / 3
            followers = [one for number, one in enumerate(told) if number % 10 != 1]
            delays = [await _round(client, followers, number) for number in range(5)]
            assert {len(one.so_far()) for one in told} == {0}
            campaign = await client.submitted("To be reviewed")
            for one in told[1::20]:  # every other one of those who follow their inbox: chen, not ada
                assert await one.change() == ("ADDED", campaign["id"])
        assert server.faults() == []
    figures(
        f"{FOLLOWERS} followers: opened in {opened_s:.1f} s, {memory / FOLLOWERS:.0f} KiB each, "
        f"idle {100 * idle:.1f} % of a core, all told within {max(delays):.2f} s of the answer"
    )


async def _round(client, followers, number):
    campaign = await client.create(f"Change {number}")
    before = time.perf_counter()
    for one in followers:
        assert (await one.campaign())["id"] == campaign["id"]
    return time.perf_counter() - before


def _memory(pid):
    """Resident memory in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def _cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
