"""When there is no room for SQLite's file, changes are refused, reads go on, and it heals by itself."""

import asyncio

import pytest
from tests.faults.weather.place import place
from tests.server.server_client import document_of, draft
from tests.server.server_history import figures, until, verified

pytestmark = pytest.mark.alone
READ = "{ campaigns(first: 5) { edges { node { id name } } } }"


async def create(client, name):
    """The body of the answer."""
    return await client.wire().post(
        client.tokens["maya"], document_of("createCampaign"), {"input": draft(name)}
    )


async def test_a_full_disk_refuses_changes_and_nothing_else(tmp_path, settled):
    worlds = []
    with place(tmp_path, "sqlite", needs={"disk"}, prepare=lambda url: worlds.append(settled(url))) as there:
        async with worlds[0].client(there.server, 4) as client:
            made = [await client.create(f"Before {number}") for number in range(8)]
            acknowledged, refused = await fill(there, client)
            assert len(refused) >= 12
            for body in refused:
                [error] = body["errors"]
                assert error["extensions"]["code"] == "UNAVAILABLE", body
                assert error["extensions"]["retryAfterS"] >= 1
                assert error["message"].endswith("send the same request again later"), body
            for _ in range(8):
                assert len((await client.ask("vera", READ))["campaigns"]["edges"]) == 5
            there.disk.free()
            began = asyncio.get_running_loop().time()
            healed = await until(lambda: accepted(client), within_s=10)
            seconds = asyncio.get_running_loop().time() - began
            after = [await client.create(f"After {number}") for number in range(8)]
            history = await verified(client, *made, *acknowledged, healed, *after)
        names = {campaign["name"] for campaign in history.campaigns.values()}
        assert names >= {one["name"] for one in (*made, *acknowledged, healed, *after)}
        assert {await asyncio.to_thread(there.server.is_ready) for _ in range(4)} == {True}
        unexpected = [line for line in there.server.faults() if "unexpected error" in line]
        assert unexpected == []
    figures(f"{len(refused)} changes refused, {len(acknowledged)} fitted in; healed in {seconds:.1f} s")


async def fill(there, client):
    """Fill the disk up, and go on changing things: what was acknowledged, and what was refused."""
    acknowledged, refused = [], []
    for number in range(200):
        there.disk.fill()  # again and again: what was left inside the file's own room is used up first
        body = await create(client, f"Full {number}")
        if "errors" in body:
            refused.append(body)
        else:
            acknowledged.append(body["data"]["createCampaign"]["campaign"])
        if len(refused) >= 12:
            break
    return acknowledged, refused


async def accepted(client):
    body = await create(client, "Healed")
    return None if "errors" in body else body["data"]["createCampaign"]["campaign"]
