"""Clients of live updates, as bare as the protocols are: every message is looked at."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SOON_S = 10  # what must come comes within this; a test that waits longer has failed
CAMPAIGNS = "subscription { campaignChanged { id name status version } }"
INBOX = "subscription { reviewInboxChanged { change request { id campaign { id } } } }"


class Operation:
    """One operation over a socket."""

    def __init__(self, socket: "Socket", id_: str) -> None:
        self.socket = socket
        self.id = id_
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def message(self) -> dict[str, Any]:
        """The next message about it."""
        async with asyncio.timeout(SOON_S):
            return await self.inbox.get()

    async def next(self) -> dict[str, Any]:
        """The data of its next event."""
        message = await self.message()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def campaign(self) -> dict[str, Any]:
        """The next campaign that has changed."""
        return (await self.next())["campaignChanged"]

    async def change(self) -> tuple[str, str]:
        """The next change of the inbox: which, and the campaign's id."""
        told = (await self.next())["reviewInboxChanged"]
        return told["change"], told["request"]["campaign"]["id"]

    async def errors(self) -> list[dict[str, Any]]:
        """What ended it."""
        message = await self.message()
        assert message["type"] == "error", message
        return message["payload"]

    async def complete(self) -> None:
        await self.socket.send(type="complete", id=self.id)

    def so_far(self) -> list[dict[str, Any]]:
        """What has come and was not looked at."""
        return [self.inbox.get_nowait() for _ in range(self.inbox.qsize())]


class Socket:
    """One connection that speaks `graphql-transport-ws`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.operations: dict[str, Operation] = {}
        self.others: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._ids = count(1)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                message = json.loads(text)
                operation = self.operations.get(message.get("id"))
                (self.others if operation is None else operation.inbox).put_nowait(message)
        except ConnectionClosed:
            pass
        closed = {
            "type": "closed",
            "code": self.connection.close_code,
            "reason": self.connection.close_reason,
        }
        for queue in (self.others, *(operation.inbox for operation in self.operations.values())):
            queue.put_nowait(closed)

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def other(self) -> dict[str, Any]:
        """The next message that is about no operation."""
        async with asyncio.timeout(SOON_S):
            return await self.others.get()

    async def init(self, who: str | None, account: str | None = None, token: str | None = None) -> None:
        """Sign in, and be acknowledged. `token`: somebody's, where it is not the demo's."""
        payload = {} if who is None else {"Authorization": f"Bearer {token or f'demo-insecure-{who}'}"}
        if account is not None:
            payload["X-Account"] = account
        await self.send(type="connection_init", payload=payload)
        assert await self.other() == {"type": "connection_ack"}

    async def ping(self) -> None:
        """Make sure that everything sent before has been taken."""
        await self.send(type="ping")
        assert (await self.other())["type"] == "pong"

    async def start(self, query: str, **variables: Any) -> Operation:
        """Send an operation."""
        operation = Operation(self, str(next(self._ids)))
        self.operations[operation.id] = operation
        await self.send(type="subscribe", id=operation.id, payload={"query": query, "variables": variables})
        return operation

    async def follow(self, query: str, **variables: Any) -> Operation:
        """Send a subscription, and wait until it has begun."""
        operation = await self.start(query, **variables)
        await self.ping()
        return operation

    async def closed(self) -> tuple[int | None, str | None]:
        """Wait until the server closes: its code and reason."""
        async with asyncio.timeout(SOON_S):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason

    async def close(self) -> None:
        await self.connection.close()
        await self._reading


@asynccontextmanager
async def socket(
    port: int, *, subprotocols: Any = ("graphql-transport-ws",), **options: Any
) -> AsyncGenerator[Socket, None]:
    """A connection that nobody has signed in on."""
    connection = await connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=subprotocols, compression=None, proxy=None, **options
    )
    opened = Socket(connection)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def signed_in(port: int, who: str, account: str | None = None) -> AsyncGenerator[Socket, None]:
    """A connection on which somebody has signed in."""
    async with socket(port) as opened:
        await opened.init(who, account)
        yield opened


class Events:
    """The events of one response."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._bytes = response.aiter_raw()
        self._buffer = b""

    async def event(self) -> tuple[str, Any]:
        """The next event: its name and its data; a comment is ("", None), the response's end EOFError."""
        async with asyncio.timeout(SOON_S):
            while b"\n\n" not in self._buffer:
                try:
                    self._buffer += await anext(self._bytes)
                except StopAsyncIteration:
                    raise EOFError(self._buffer) from None
        text, _, self._buffer = self._buffer.partition(b"\n\n")
        assert b"\r" not in text
        fields = dict(line.split(":", 1) for line in text.decode().split("\n"))
        data = fields.get("data", "").strip()
        return fields.get("event", "").strip(), json.loads(data) if data else None

    async def next(self) -> dict[str, Any]:
        """The data of the next event."""
        name, body = await self.event()
        assert name == "next", (name, body)
        assert "errors" not in body, body
        return body["data"]


@asynccontextmanager
async def events(
    client: httpx.AsyncClient, who: str | None, query: str, *, begun: bool = True, **variables: Any
) -> AsyncGenerator[Events, None]:
    """A stream; with `begun`, after its first comment, which says that a subscription has begun."""
    headers = {"Accept": "text/event-stream"}
    if who is not None:
        headers["Authorization"] = f"Bearer demo-insecure-{who}"
    body = {"query": query, "variables": variables}
    async with client.stream("POST", "/graphql", json=body, headers=headers, timeout=SOON_S) as response:
        assert response.status_code == 200, await response.aread()
        opened = Events(response)
        if begun:
            assert await opened.event() == ("", None)
        yield opened
