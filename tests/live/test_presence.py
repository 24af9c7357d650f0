"""Who is connected is looked at all the time: tokens and memberships that end, end connections."""

import asyncio
from dataclasses import replace

import pytest
from tests.live.live_client import CAMPAIGNS, INBOX, events, signed_in, socket
from tests.schema.client import on_one_database

from gql_approvals.persistence import people, tail
from gql_approvals.persistence.people import token_hash
from gql_approvals.persistence.tail import standing_tokens
from gql_approvals.service.following import check_presences

WITHIN_S = 1.0
GONE = (4403, "the token or the membership does not stand any more: sign in anew")


async def revoke(live, who):
    assert await people.revoke_token(f"demo-insecure-{who}", live.clock.now)


async def disable(_live, who):
    user = await people.user_by_email(f"{who}@acme.test")
    account = await people.account_by_slug("acme")
    [member] = [one for one in await people.members(account.id) if one.user_id == user.id]
    await people.save_member(replace(member, active=False))


@pytest.mark.parametrize("end", [revoke, disable], ids=["revoked", "disabled"])
@pytest.mark.wide
async def test_connections_of_whom_may_not_stay_end_within_a_second(live, end):
    async with (
        signed_in(live.port, "vera") as vera,
        signed_in(live.port, "vera") as idle,
        signed_in(live.port, "chen") as chen,
        events(live.client, "vera", CAMPAIGNS) as stream,
    ):
        await vera.follow(CAMPAIGNS)
        told = await chen.follow(CAMPAIGNS)
        await end(live, "vera")
        async with asyncio.timeout(WITHIN_S):
            assert await vera.closed() == await idle.closed() == GONE
            name, body = await stream.event()
            assert name == "next"
            assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert await stream.event() == ("complete", None)
            with pytest.raises(EOFError):
                await stream.event()
        await live.create()
        assert (await told.campaign())["name"] == "Winter sale"


@on_one_database
async def test_a_token_that_expires_ends_its_connections(live):
    user = await people.user_by_email("vera@acme.test")
    expires = live.clock.now.replace(hour=10)
    token = await people.create_token(user.id, name="short", now=live.clock.now, expires_at=expires)
    async with socket(live.port) as opened:
        await opened.send(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await opened.other() == {"type": "connection_ack"}
        live.clock.now = expires
        assert await opened.closed() == GONE


@on_one_database
async def test_who_signs_in_while_everybody_is_looked_at_stays(live, monkeypatch):
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(hashes, now):
        found = await standing_tokens(hashes, now)
        if not looked.is_set():
            looked.set()
            await go_on.wait()
        return found

    monkeypatch.setattr("gql_approvals.feed.CHECK_S", 3600)
    async with socket(live.port) as chen:
        await chen.connection.ping()
        monkeypatch.setattr(tail, "standing_tokens", slowly)
        checking = asyncio.create_task(check_presences(live.office))
        await looked.wait()
        await chen.init("chen")
        go_on.set()
        await checking
        told = await chen.follow(CAMPAIGNS)
        await live.create()
        assert (await told.campaign())["name"] == "Winter sale"


@on_one_database
async def test_no_event_is_told_to_whom_may_not_stay_however_soon_it_comes(live, monkeypatch):
    monkeypatch.setattr("gql_approvals.feed.CHECK_S", 3600)
    async with signed_in(live.port, "vera") as vera, signed_in(live.port, "chen") as chen:
        told = [await vera.follow(CAMPAIGNS), await vera.follow(INBOX)]
        seen = await chen.follow(CAMPAIGNS)
        await live.create()
        await told[0].campaign()
        await revoke(live, "vera")
        await live.create()
        assert await vera.closed() == GONE
        assert [message for one in told for message in one.so_far() if message["type"] == "next"] == []
        assert (await seen.campaign())["version"] == (await seen.campaign())["version"]


@on_one_database
async def test_a_server_that_stops_asks_everybody_to_connect_again(live):
    async with signed_in(live.port, "vera") as vera, events(live.client, "chen", CAMPAIGNS) as stream:
        await vera.follow(CAMPAIGNS)
        try:
            live.feed.close()
            assert await vera.closed() == (1001, "the server stops: connect again")
            with pytest.raises(EOFError) as end:
                await stream.event()
            assert end.value.args == (b"",)  # ended as a response, and not as an operation
            async with socket(live.port) as late:
                assert (await late.closed())[0] == 1001
        finally:
            live.feed.closing = False


@on_one_database
async def test_the_hash_of_a_token_is_all_that_is_kept(live):
    async with signed_in(live.port, "vera"):
        [presence] = live.feed.presences
        assert presence.token_hash == token_hash("demo-insecure-vera")
        assert "demo-insecure" not in repr(presence)
