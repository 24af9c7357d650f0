"""Receivers of webhooks on loopback: each misbehaves in its own way, and nothing ever leaves 127.0.0.0/8."""

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
from standardwebhooks.webhooks import Webhook as Verifier

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # no certificates: nothing on loopback is encrypted
HEAD = b"HTTP/1.1 %s X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n"


async def hang(_):
    await asyncio.Event().wait()


async def drop(writer):
    writer.transport.abort()


async def say_nothing(_):
    """Close without an answer."""


async def garbage(writer):
    writer.write(b"\x16\x03\x01 this is no HTTP \x00\xff\r\n\r\n")


async def slow_head(writer):
    for letter in HEAD % b"200":
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.2)


async def slow_body(writer):
    writer.write(ENDLESS)
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def huge_body(writer):
    writer.write(ENDLESS)
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def huge_head(writer):
    writer.write(b"HTTP/1.1 200 X\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


def status(code, more=""):
    """A plain answer; `more`: further header lines."""

    async def answer(writer):
        first, _, rest = (HEAD % str(code).encode()).partition(b"\r\n")
        writer.write(first + b"\r\n" + more.encode() + rest)

    return answer


@dataclass
class Misbehaving:
    """Answers by `answers`, in order; afterwards 204. `requests`: (headers, body)."""

    answers: list = field(default_factory=list)
    always: object = None
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set = field(default_factory=set)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/take"

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.requests]

    @property
    def kinds(self):
        return [json.loads(body)["type"] for _, body in self.requests]

    def verified(self, secret):
        """Every body, its signature checked."""
        return [Verifier(secret).verify(body, headers) for headers, body in self.requests]

    async def __call__(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((headers, body))
            self.arrived.set()
            answer = self.answers.pop(0) if self.answers else self.always or status(204)
            await answer(writer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(*answers, always=None, tls=None) -> AsyncGenerator[Misbehaving, None]:
    receiver = Misbehaving(answers=list(answers), always=always)
    server = await asyncio.start_server(receiver, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in receiver.tasks:
            task.cancel()
        await asyncio.gather(*receiver.tasks, return_exceptions=True)


class Names:
    """A resolver of the test's own: what each name means, one answer after the other, the last for ever."""

    def __init__(self, **names):
        self.names = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked = []

    async def __call__(self, host, _port):
        self.asked.append(host)
        if host in self.names:
            answers = self.names[host]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        with suppress(OSError):  # what the C library makes of 2130706433, 0x7f.1 and 0177.0.0.1
            return [socket.inet_ntoa(socket.inet_aton(host))]
        raise OSError(-2, "Name or service not known")


class Leash(httpx.AsyncBaseTransport):
    """A connector of the test's own: notes where a request would go, and takes it to `port` on loopback."""

    def __init__(self, port, *, names=None, verify=PLAIN, refusing=()):
        self.port = port
        self.names = names or Names()
        self.went = []
        self.refusing = frozenset(refusing)
        self._inner = httpx.AsyncHTTPTransport(verify=verify, trust_env=False)

    async def handle_async_request(self, request):
        [address, *_] = await self.names(request.url.host.removesuffix("."), request.url.port)
        self.went.append(address)
        if address in self.refusing:
            raise httpx.ConnectError("refused", request=request)
        request.url = request.url.copy_with(host="127.0.0.1", port=self.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self):
        await self._inner.aclose()
