"""SIGTERM ends a server within six seconds whatever its database does, and everybody is told goodbye."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
from tests.faults.weather.place import place
from tests.live.live_client import CAMPAIGNS, Events, socket
from tests.server.server_client import NoAnswer, Wire, document_of, draft
from tests.server.server_history import figures, until, verified
from tests.server.server_trace import with_children

LIMIT_S = 6
IN_FLIGHT = 8
CLEAN = {1001, 1012}
pytestmark = pytest.mark.alone


@contextmanager
def locked(there):
    """SQLite's file is held by somebody who never lets go."""
    connection = sqlite3.connect(there.database_url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@contextmanager
def silent(there):
    """The network keeps every byte."""
    there.proxy.is_silent = True
    try:
        yield
    finally:
        there.proxy.heal()


@contextmanager
def stopped(there):
    """PostgreSQL is gone."""
    there.cluster.stop(signal.SIGQUIT)
    try:
        yield
    finally:
        there.cluster.start()


@contextmanager
def frozen(there):
    """PostgreSQL's processes stand still."""
    pids = with_children(there.cluster.pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def audience(there, token):
    """Two sockets and a stream that follow."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    async with (
        socket(there.server.port) as one,
        socket(there.server.port) as two,
        httpx.AsyncClient(base_url=there.server.url, trust_env=False) as client,
        client.stream("POST", "/graphql", json={"query": CAMPAIGNS}, headers=headers) as response,
    ):
        for each in (one, two):
            await each.init("vera", token=token)
            await each.follow(CAMPAIGNS)
        stream = Events(response)
        assert await stream.event() == ("", None)
        yield (one, two), stream


async def ended(stream):
    """Read a stream to its end."""
    with contextlib.suppress(EOFError):
        while True:
            await stream.event()


async def answer_or_none(wire):
    """Status and body of the answer to a mutation; None when the server hung up without one."""
    try:
        status, body = await wire._read()
    except (OSError, EOFError):
        return None
    finally:
        wire.drop()
    return status, json.loads(body)


DEAD = [
    ("sqlite", locked, 1), ("sqlite", locked, 2), ("postgresql", silent, 2), ("postgresql", stopped, 1),
    ("postgresql", frozen, 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "dead", "workers"), DEAD, ids=[f"{kind}-{how.__name__}-{many}" for kind, how, many in DEAD]
)
async def test_a_server_without_a_working_database_stops_in_time(tmp_path, settled, kind, dead, workers):
    worlds = []
    needs = {"proxy"} if dead is silent else set()
    with place(
        tmp_path, kind, workers, needs=needs, prepare=lambda url: worlds.append(settled(url))
    ) as there:
        [world] = worlds
        async with world.client(there.server, 2) as client:
            kept = [await client.create(f"Kept {number}") for number in range(4)]
        async with audience(there, world.tokens["vera"]) as (sockets, stream):
            with dead(there):
                wires = [Wire(there.server.port) for _ in range(IN_FLIGHT)]
                for number, wire in enumerate(wires):
                    given = {"input": draft(f"In flight {number}")}
                    await wire.send(world.tokens["maya"], document_of("createCampaign"), given)
                calls = [asyncio.create_task(answer_or_none(wire)) for wire in wires]
                await asyncio.sleep(0.5)
                seconds = await asyncio.to_thread(there.server.terminate)
                answers = await asyncio.gather(*calls)
                assert {(await one.closed())[0] for one in sockets} <= CLEAN
                await ended(stream)
        assert seconds <= LIMIT_S
        assert there.server.process.returncode == 0
        for status, body in filter(None, answers):
            codes = [error["extensions"]["code"] for error in body["errors"]]
            assert (status in {200, 503}, codes) == (True, ["UNAVAILABLE"]), (status, body)
        there.server.start()
        async with world.client(there.server, 2) as client:
            history = await verified(client, *kept)
        assert {one["name"] for one in history.campaigns.values()} >= {one["name"] for one in kept}
        told = sum(body is not None for body in answers)
        figures(
            f"{kind}, {dead.__name__}, {workers} workers: stopped in {seconds:.1f} s, {told} of 8 answered"
        )


async def test_changes_in_flight_are_answered_and_followers_told_goodbye(world, serve):
    with serve(workers=2, POLL_S="0.2") as server:
        async with world.client(server, IN_FLIGHT) as client:
            warm = await asyncio.gather(*(client.create(f"Warm {n}") for n in range(IN_FLIGHT)))
            headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {world.tokens['vera']}"}
            async with (
                socket(server.port) as one,
                httpx.AsyncClient(base_url=server.url, trust_env=False) as browser,
                browser.stream("POST", "/graphql", json={"query": CAMPAIGNS}, headers=headers) as response,
            ):
                await one.init("vera", token=world.tokens["vera"])
                await one.follow(CAMPAIGNS)
                stream = Events(response)
                assert await stream.event() == ("", None)
                calls = [asyncio.create_task(client.create(f"In flight {n}")) for n in range(3 * IN_FLIGHT)]
                await until(lambda: any(call.done() for call in calls), within_s=20, every_s=0.005)
                ending = asyncio.create_task(asyncio.to_thread(server.terminate))
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
                assert (await one.closed())[0] in CLEAN
                await ended(stream)
            seconds = await ending
        assert seconds <= LIMIT_S
        assert server.process.returncode == 0
        # Whoever had sent a request was answered; a request that was not sent yet meets a closed door.
        answered = [one for one in outcomes if isinstance(one, dict)]
        assert all(isinstance(one, NoAnswer) for one in outcomes if not isinstance(one, dict)), outcomes
        server.start()
        async with world.client(server) as client:
            history = await verified(client, *warm, *answered)
        names = {one["name"] for one in history.campaigns.values()}
        assert len(names) == len(history.campaigns)
        figures(f"stopped in {seconds:.1f} s, {len(answered)} of {3 * IN_FLIGHT} answered")
        assert server.faults() == []
