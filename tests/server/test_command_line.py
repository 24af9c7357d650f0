"""What an administrator does from a terminal binds the workers that run."""

import asyncio
import os
import subprocess
import sys
import time

import pytest
from tests.live.live_client import CAMPAIGNS, socket

pytestmark = pytest.mark.alone


async def command(world, *arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gql_approvals", *arguments),
        env={**os.environ, "GQL_APPROVALS_DATABASE_URL": world.database_url},
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def is_signed_in(client, wire, who):
    body = await wire.post(client.tokens[who], "{ viewer { user { name } } }", {})
    return (body.get("data") or {}).get("viewer") is not None


async def test_a_member_who_is_disabled_loses_every_open_token_within_a_second(world, serve):
    with serve(workers=2) as server:
        async with world.client(server, 2) as client, socket(server.port) as opened:
            await opened.init("maya", token=world.tokens["maya"])
            operation = await opened.follow(CAMPAIGNS)
            assert [await is_signed_in(client, wire, "maya") for wire in client.wires] == [True, True]

            await command(world, "member", "disable", "acme", "maya@acme.test")
            done = time.monotonic()

            assert [await is_signed_in(client, wire, "maya") for wire in client.wires] == [False, False]
            assert (await operation.message())["code"] == 4403
            assert time.monotonic() - done <= 1

            await command(world, "member", "enable", "acme", "maya@acme.test")
            assert [await is_signed_in(client, wire, "maya") for wire in client.wires] == [True, True]


async def test_roles_and_the_switch_bind_the_next_request(world, serve):
    with serve(workers=2) as server:
        async with world.client(server, 2) as client:
            waiting = await client.submitted("Waiting")

            await command(world, "member", "roles", "acme", "chen@acme.test", "--remove", "checker")
            refused = await client.mutate(
                "chen",
                "approveCampaign",
                campaignId=waiting["id"],
                contentHash=waiting["head"]["contentHash"],
            )
            await command(world, "approvals", "off", "acme", "--yes")
            found = await client.ask(
                "vera", "query($id: ID!) { campaign(id: $id) { status } }", id=waiting["id"]
            )
            late = await client.mutate(
                "maya", "submitCampaign", campaignId=(await client.create("Late"))["id"]
            )

    assert refused["code"] == "FORBIDDEN"
    assert found["campaign"]["status"] == "SENT"
    assert late["code"] == "APPROVALS_OFF"
