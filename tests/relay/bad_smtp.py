"""SMTP servers on loopback that misbehave at one stage of a mail's way, each in its own manner."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

# What the client has said when the server answers; before the banner it has said nothing.
STAGES = ("banner", "EHLO", "MAIL", "RCPT", "DATA", "content")
_FINE = {"banner": b"220 bad.test\r\n", "DATA": b"354 go on\r\n"}


async def hang(_):
    await asyncio.Event().wait()


async def reset(writer):
    writer.transport.abort()


async def close(writer):
    writer.close()


async def garbage(writer):
    writer.write(b"\x16\x03\x01\x00\xff\xfe no answer at all\r\n" * 3)


async def half(writer):
    writer.write(b"250-and there is mo")
    writer.close()


async def endless(writer):
    while True:
        writer.write(b"250-more\r\n" * 100)
        await writer.drain()


async def endless_line(writer):
    while True:
        writer.write(b"x" * 10_000)
        await writer.drain()


async def drip(writer):
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.05)


def says(text):
    async def answer(writer):
        writer.write(text.encode() + b"\r\n")

    return answer


@dataclass
class BadSmtp:
    """Misbehaves at `stage`; `contents`: what it was given as mails."""

    stage: str
    manner: object
    contents: list[bytes] = field(default_factory=list)
    port: int = 0
    tasks: set = field(default_factory=set)

    async def __call__(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._answer("banner", writer)
            while line := (await reader.readuntil(b"\r\n")).decode().upper():
                stage = next((one for one in STAGES if line.startswith(one)), "other")
                await self._answer(stage, writer)
                if stage == "DATA" != self.stage:
                    self.contents.append(await reader.readuntil(b"\r\n.\r\n"))
                    await self._answer("content", writer)
        writer.close()

    async def _answer(self, stage, writer):
        if stage == self.stage:
            await self.manner(writer)
        else:
            writer.write(_FINE.get(stage, b"250 fine\r\n"))
        await writer.drain()


@asynccontextmanager
async def bad_smtp(stage, manner) -> AsyncGenerator[BadSmtp, None]:
    server = BadSmtp(stage, manner)
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
