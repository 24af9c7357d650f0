"""A load balancer as simple as they come: connections go to the ready nodes in turn."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.server.server_history import until
from tests.server.server_process import ServerProcess

LOOK_S = 0.1


@dataclass
class Balancer:
    """`nodes`: may be changed at any time. `ready`: ports. `taken`: how many connections each port got.

    `carrying`: one task for each connection that is open. It can be given where a `ServerProcess` of one
    worker is expected.
    """

    nodes: list[ServerProcess]
    port: int = 0
    workers: int = 1
    ready: list[int] = field(default_factory=list)
    taken: Counter[int] = field(default_factory=Counter)
    carrying: "set[asyncio.Task[Any]]" = field(default_factory=set)

    async def look(self) -> None:
        """Ask every node whether it is ready, until the end."""
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            while True:
                answers = await asyncio.gather(*(self._is_ready(client, node.port) for node in self.nodes))
                self.ready = [
                    node.port for node, is_ready in zip(self.nodes, answers, strict=False) if is_ready
                ]
                await asyncio.sleep(LOOK_S)

    @staticmethod
    async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/healthz/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to the ready node that has taken the fewest; to another one if it refuses."""
        task = asyncio.current_task()
        assert task is not None
        self.carrying.add(task)
        try:
            await self._carry(reader, writer)
        except asyncio.CancelledError:
            pass  # the balancer's end
        finally:
            self.carrying.discard(task)
            await _close(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in sorted(self.ready, key=self.taken.__getitem__):
            try:
                back, out = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            self.taken[port] += 1
            try:
                await asyncio.gather(_pipe(reader, out), _pipe(back, writer))
            finally:
                await _close(out)
            return
        writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def balancing(*nodes: ServerProcess) -> AsyncGenerator[Balancer, None]:
    """A balancer in front of these, on a port of its own."""
    balancer = Balancer(list(nodes))
    looking = asyncio.create_task(balancer.look())
    server = await asyncio.start_server(balancer.carry, "127.0.0.1", 0)
    balancer.port = server.sockets[0].getsockname()[1]
    try:
        await until(lambda: len(balancer.ready) == len(nodes), within_s=10)
        yield balancer
    finally:
        server.close()
        tasks = [looking, *balancer.carrying]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
