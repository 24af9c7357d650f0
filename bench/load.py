"""A light load that does not wait: requests leave at fixed moments, whatever became of those before.

So a server that stands still for a while is seen in every request of that while, not in one.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NO_MORE = -1.0


@dataclass
class Connection:
    """One connection that is kept; not to be used by two at once."""

    port: int
    token: str
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def graphql(self, query: str) -> dict[str, Any]:
        """Post a query and return its data.

        Raises:
            RuntimeError: when it is answered with anything but data.
        """
        body = json.dumps({"query": query}).encode()
        status, answer = await self._send(
            f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        found = json.loads(answer)
        if status != 200 or "errors" in found:  # noqa: PLR2004  # OK
            raise RuntimeError(f"{status} {answer!r}")
        return found["data"]  # type: ignore[no-any-return]

    async def ready(self) -> dict[str, Any]:
        """What `/healthz/ready` says of the policy."""
        _, answer = await self._send(b"GET /healthz/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return json.loads(answer)["policy"]  # type: ignore[no-any-return]

    async def _send(self, request: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        _, _, length = head.partition("content-length:")
        return int(head.split()[1]), await self._reader.readexactly(int(length.split("\r\n")[0]))

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


@dataclass
class Load:
    """So many requests a second over some connections, for a while."""

    connections: Sequence[Connection]
    query: str
    per_s: float
    latencies_s: list[float] = field(default_factory=list)

    async def run(self, for_s: float) -> list[float]:
        """Return the time of every request, from the moment when it should have left."""
        loop = asyncio.get_running_loop()
        due: asyncio.Queue[float] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            for one in self.connections:
                group.create_task(self._serve(one, due))
            begun_s = loop.time()
            for number in range(int(for_s * self.per_s)):
                at_s = begun_s + number / self.per_s
                await asyncio.sleep(max(0.0, at_s - loop.time()))
                due.put_nowait(at_s)
            for _ in self.connections:
                due.put_nowait(NO_MORE)
        return self.latencies_s

    async def _serve(self, connection: Connection, due: "asyncio.Queue[float]") -> None:
        while (at_s := await due.get()) != NO_MORE:
            await connection.graphql(self.query)
            self.latencies_s.append(asyncio.get_running_loop().time() - at_s)
