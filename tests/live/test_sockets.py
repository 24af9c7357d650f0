"""`graphql-transport-ws`: what ends an operation, what ends the socket, and what neither."""
# ruff: noqa: E501  # tables and GraphQL documents keep their lines

import asyncio
import json
import logging
import random
import string

import pytest
from tests.live.live_client import CAMPAIGNS, signed_in, socket
from tests.schema.client import on_one_database
from tests.schema.conftest import ORIGIN
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gql_approvals.http import sockets
from gql_approvals.http.request_body import MAX_BODY

pytestmark = on_one_database
VIEWER = "{ viewer { user { name } account { slug } } }"
ACK = {"type": "connection_ack"}


# ------------------------------------------------------------------------------------------ the handshake
@pytest.mark.parametrize(
    "origin", ["https://elsewhere.test", "null", "http://[", "https://frontend.test:444"]
)
async def test_a_page_of_another_origin_gets_no_socket(live, origin):
    with pytest.raises(InvalidStatus) as refused:
        async with socket(live.port, origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", [None, ORIGIN, ORIGIN.upper(), "http://127.0.0.1:{port}"])
async def test_an_allowed_page_and_a_program_get_one(live, origin):
    async with socket(live.port, origin=origin and origin.format(port=live.port)) as opened:
        assert opened.connection.subprotocol == "graphql-transport-ws"
        await opened.init("vera")


@pytest.mark.parametrize("offered", [None, ["graphql-ws"]])
async def test_a_client_of_another_protocol_is_told_so(live, offered):
    async with socket(live.port, subprotocols=offered) as opened:
        assert await opened.closed() == (4406, "speak graphql-transport-ws")


# ----------------------------------------------------------------------------------------- signing in
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
async def test_the_token_comes_with_the_first_message(live, name):
    async with socket(live.port) as opened:
        await opened.send(
            type="connection_init", payload={name: "Bearer demo-insecure-noor", "x-account": "globex"}
        )
        assert await opened.other() == ACK
        viewer = (await (await opened.start(VIEWER)).next())["viewer"]
        assert viewer == {"user": {"name": "Noor"}, "account": {"slug": "globex"}}


async def test_the_token_may_come_with_the_upgrade(live):
    headers = {"Authorization": "Bearer demo-insecure-vera"}
    async with socket(live.port, additional_headers=headers) as opened:
        await opened.send(type="connection_init")
        assert await opened.other() == ACK
        assert (await (await opened.start(VIEWER)).next())["viewer"]["user"] == {"name": "Vera"}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"Authorization": "Bearer nobodys"}, "UNAUTHENTICATED: the token is unknown"),
        ({"Authorization": "Basic demo-insecure-vera"}, "UNAUTHENTICATED: "),
        ({"Authorization": ["Bearer"]}, "UNAUTHENTICATED: "),
        ({"Authorization": "Bearer demo-insecure-noor"}, "ACCOUNT_REQUIRED: you are in several accounts"),
        ({"Authorization": "Bearer demo-insecure-vera", "X-Account": "globex"}, "ACCOUNT_REQUIRED: "),
    ],
)
async def test_a_token_that_is_not_good_closes_with_the_reason(live, payload, reason):
    async with socket(live.port) as opened:
        await opened.send(type="connection_init", payload=payload)
        code, said = await opened.closed()
        assert code == 4403
        assert said.startswith(reason)


async def test_who_has_not_signed_in_gets_what_is_for_everybody(live):
    async with socket(live.port) as opened:
        await opened.init(None)
        assert (await (await opened.start(VIEWER)).next())["viewer"] is None
        [error] = await (await opened.start(CAMPAIGNS)).errors()
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        await opened.ping()


async def test_who_says_nothing_is_not_waited_for(live, monkeypatch):
    monkeypatch.setattr(sockets, "INIT_S", 0.05)
    async with socket(live.port) as opened:
        assert await opened.closed() == (4408, "connection initialisation timeout")
    async with signed_in(live.port, "vera") as vera:
        until = asyncio.get_running_loop().time() + 2 * sockets.INIT_S
        while asyncio.get_running_loop().time() < until:
            await vera.ping()


# ------------------------------------------------------------------------------------------ the protocol
SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { roles } }"}}
INIT = {"type": "connection_init"}
PONG = {"type": "pong", "payload": {"the": "last"}}


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        ([INIT, INIT], 4429, "too many initialisation requests"),
        ([SUBSCRIBE], 4401, "unauthorized: send `connection_init` first"),
        ([INIT, SUBSCRIBE | {"payload": {"query": CAMPAIGNS}}], None, None),
        (["null"], 4400, "invalid message: it is not an object"),
        (["[]"], 4400, "invalid message: it is not an object"),
        (["5"], 4400, "invalid message: it is not an object"),
        (["{"], 4400, "invalid message: it is not JSON in a text frame"),
        (["[" * 100_000], 4400, "invalid message: it is not JSON in a text frame"),
        (
            [json.dumps({"type": "ping", "payload": {"a": float("nan")}})],
            4400,
            "invalid message: it is not JSON",
        ),
        ([b"\x00\x01"], 4400, "invalid message: it is not JSON in a text frame"),
        ([{}], 4400, "invalid message: its `type` is none that a client sends"),
        ([{"type": "next", "id": "1"}], 4400, "invalid message: its `type`"),
        ([{"type": ["ping"]}], 4400, "invalid message: its `type`"),
        ([{"type": {}}], 4400, "invalid message: its `type`"),
        ([{"type": "ping", "payload": []}], 4400, "invalid message: `payload` must be an object"),
        ([INIT, SUBSCRIBE | {"id": ""}], 4400, "invalid message: `id` must be a text"),
        ([INIT, SUBSCRIBE | {"id": {}}], 4400, "invalid message: `id` must be a text"),
        ([INIT, SUBSCRIBE | {"payload": None}], 4400, "invalid message: the request must be a JSON object"),
        ([INIT, SUBSCRIBE | {"payload": {"query": 5}}], 4400, "invalid message: `query` must be a text"),
        (
            [INIT, SUBSCRIBE | {"payload": {"query": "{a}", "variables": []}}],
            4400,
            "invalid message: `variables`",
        ),
        ([json.dumps({"type": "ping", "payload": {"a": "x" * MAX_BODY}})], 1009, ""),
    ],
)
async def test_what_is_no_message_of_the_protocol_closes_the_socket(live, caplog, messages, code, reason):
    async with socket(live.port) as opened:
        for message in messages:
            await opened.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))
        if code is not None:
            closed = await opened.closed()
            assert closed[0] == code
            assert closed[1].startswith(reason)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_an_id_can_be_used_once_at_a_time(live):
    async with signed_in(live.port, "vera") as vera:
        told = await vera.follow(CAMPAIGNS)
        await told.complete()
        again = {"id": told.id, "type": "subscribe", "payload": {"query": CAMPAIGNS}}
        await vera.send(**again)
        await vera.ping()
        await live.create()
        assert (await told.campaign())["name"] == "Winter sale"
        await vera.send(**again)
        assert await vera.closed() == (4409, f"subscriber for {told.id} already exists")


async def test_a_ping_is_answered_with_what_it_said(live):
    async with socket(live.port) as opened:
        await opened.send(type="ping", payload={"at": 5})
        assert await opened.other() == {"type": "pong", "payload": {"at": 5}}
        await opened.send(type="pong")
        await opened.send(type="ping")
        assert await opened.other() == {"type": "pong"}


# ------------------------------------------------------------------------------------------- operations
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothingChanged }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { campaignChanged }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { campaignChanged { id } reviewInboxChanged { change } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query($n: Int!) { campaigns(first: $n) { edges { cursor } } }", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "BAD_REQUEST"),
        ("{" + "a:__typename " * 20_000 + "}", "LIMIT_EXCEEDED"),
    ],
)
async def test_an_operation_that_cannot_be_executed_ends_itself_only(live, query, code):
    async with signed_in(live.port, "vera") as vera:
        told = await vera.follow(CAMPAIGNS)
        errors = await (await vera.start(query)).errors()
        assert {error["extensions"]["code"] for error in errors} == {code}
        await live.create()
        assert (await told.campaign())["name"] == "Winter sale"


async def test_queries_and_mutations_are_answered_once(live):
    async with signed_in(live.port, "maya") as maya:
        query = await maya.start("{ campaigns { totalCount } }")
        assert (await query.next())["campaigns"] == {"totalCount": 0}
        assert await query.message() == {"id": query.id, "type": "complete"}
        draft = {
            "name": "Sale",
            "content": {"sms": {"senderId": "A", "body": "B"}},
            "audience": {"segment": "All", "estimatedSize": 1},
        }
        mutation = await maya.start("mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { __typename } }", input=draft)  # fmt: skip
        assert (await mutation.next())["createCampaign"] == {"__typename": "CreateCampaignPayload"}
        assert (await mutation.message())["type"] == "complete"
        refused = await maya.start("{ members { totalCount } viewer { roles } }")
        payload = (await refused.message())["payload"]
        assert payload["data"] == {"members": None, "viewer": {"roles": ["maker"]}}
        assert [error["extensions"]["code"] for error in payload["errors"]] == ["FORBIDDEN"]


async def test_a_socket_has_room_for_so_many_operations(live, monkeypatch):
    monkeypatch.setattr(sockets, "MAX_OPERATIONS", 2)
    async with signed_in(live.port, "vera") as vera:
        told = [await vera.follow(CAMPAIGNS) for _ in range(2)]
        [error] = await (await vera.start(CAMPAIGNS)).errors()
        assert error["extensions"] == {
            "code": "LIMIT_EXCEEDED",
            "limit": "operations",
            "allowed": 2,
            "asked": 3,
        }
        await told[0].complete()
        third = await vera.follow(CAMPAIGNS)
        await live.create()
        assert (await told[1].campaign())["id"] == (await third.campaign())["id"]
        assert told[0].so_far() == []


async def test_nothing_is_left_behind_by_who_goes(live):
    async with signed_in(live.port, "vera") as vera:
        await vera.follow(CAMPAIGNS)
        await vera.start(CAMPAIGNS)
        assert (len(live.feed.presences), len(live.feed.rooms)) == (1, 1)
    async with asyncio.timeout(5):
        while live.feed.presences or live.feed.rooms:  # noqa: ASYNC110  # sets have no events
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("rounds", [10, pytest.param(1000, marks=pytest.mark.slow)])
async def test_junk_never_is_the_servers_fault(live, caplog, rounds):
    chance = random.Random(rounds)  # noqa: S311  # the same every time
    for _ in range(rounds):
        async with socket(live.port) as opened:
            try:
                for _ in range(chance.randint(1, 4)):
                    await opened.connection.send(_junk(chance))
                await opened.send(type="ping", payload={"the": "last"})
                while (last := await opened.other())["type"] != "closed" and last != PONG:
                    pass
            except ConnectionClosed:
                last = None
            if last != PONG:
                assert (await opened.closed())[0] in {4400, 4401, 4403, 4409, 4429}
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def _junk(chance):
    whole = json.dumps(_value(chance, 0))
    kinds = [
        lambda: json.dumps(chance.choice([INIT, SUBSCRIBE, {"type": "complete", "id": "1"}])),
        lambda: json.dumps(SUBSCRIBE | {"id": "x", chance.choice(["payload", "id", "type"]): _value(chance, 0)}),
        lambda: json.dumps(SUBSCRIBE | {"payload": {chance.choice(["query", "variables", "operationName", "extensions"]): _value(chance, 0)}}),
        lambda: whole[: chance.randint(0, len(whole))],
        lambda: chance.randbytes(chance.randint(0, 40)),
        lambda: "".join(chance.choice(string.printable) for _ in range(chance.randint(0, 60))),
    ]  # fmt: skip
    return chance.choice(kinds)()


def _value(chance, depth):
    leaves = [None, True, 0, -1, 1e308, 10**30, "", "\x00", "\ud800", "subscribe", "{ viewer { roles } }"]
    if depth > 3 or chance.random() < 0.5:
        return chance.choice(leaves)
    if chance.random() < 0.5:
        return [_value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    names = ["type", "id", "payload", "query", "Authorization", "X-Account"]
    return {chance.choice(names): _value(chance, depth + 1) for _ in range(chance.randint(0, 3))}
