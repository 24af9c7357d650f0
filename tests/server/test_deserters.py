"""Four hundred clients that hang up in the middle of a mutation, over HTTP and over sockets, do no harm."""

import asyncio
from collections import Counter

import pytest
from tests.live.live_client import CAMPAIGNS, socket
from tests.server.server_client import Wire, document_of, draft
from tests.server.server_history import figures, until, verified

DESERTERS = 400
AT_ONCE = 20
pytestmark = pytest.mark.alone


async def desert_http(server, token, index):
    wire = Wire(server.port)
    part = 1 if index % 4 else 0.9  # a quarter does not even finish its request
    given = {"input": draft(f"Dropped {index}")}
    await wire.send(token, document_of("createCampaign"), given, part=part)
    await asyncio.sleep((index % 10) * 0.01)  # at another moment of the mutation each
    wire.drop()


async def desert_socket(server, token, index):
    async with socket(server.port) as one:
        await one.init("maya", token=token)
        await one.start(document_of("createCampaign"), input=draft(f"Dropped {index}"))
        await asyncio.sleep((index % 10) * 0.01)
        one.connection.transport.abort()


async def test_four_hundred_clients_that_hang_up_do_no_harm(world, serve):
    async def desert(server, index):
        leave = desert_socket if index % 2 else desert_http
        await leave(server, world.tokens["maya"], index)

    with serve(workers=2, POLL_S="0.2") as server:
        async with world.client(server) as client:
            kept = await client.submitted("Kept")
            stayed = []
            for first in range(0, DESERTERS, AT_ONCE):
                some = range(first, first + AT_ONCE)
                await asyncio.gather(*(desert(server, index) for index in some))
                stayed.append(await client.create(f"Stayed {first}"))  # it waits for those that have left
            made = await asyncio.gather(*(client.create(f"After {index}") for index in range(16)))
            approved = await client.approve(kept)
            assert {await wire.get("/healthz/ready") for wire in client.wires} == {200}
            async with socket(server.port) as one:
                await one.init("vera", token=world.tokens["vera"])
                told = await one.follow(CAMPAIGNS)
                last = await client.create("Followed")
                await until(lambda: not told.inbox.empty(), within_s=10)
                assert {change["payload"]["data"]["campaignChanged"]["id"] for change in told.so_far()} >= {
                    last["id"]
                }
            history = await verified(client, kept, *stayed, *made, approved, last)
        found = Counter(campaign["name"] for campaign in history.campaigns.values())
        dropped = {name for name in found if name.startswith("Dropped")}
        assert set(found.values()) == {1}
        assert dropped <= {f"Dropped {index}" for index in range(DESERTERS)}
        # What hung up with half a request did nothing; of the others, many were carried out nevertheless.
        assert not dropped & {f"Dropped {index}" for index in range(0, DESERTERS, 4)}
        assert dropped
        assert server.faults() == []
    figures(f"{DESERTERS} hung up, {len(dropped)} of their changes were made, 18 more afterwards")
