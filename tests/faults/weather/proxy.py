"""The network between the server and its database: it can be slow, cut, silent, or pass single bytes."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_CHUNK = 65_536
_CALL_S = 10
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, and forget what was not sent


@dataclass
class Proxy:
    """Passes loopback connections on to `target`, a loopback port, from a thread of its own.

    `latency_s` each way; `is_silent`: bytes are kept, and passed on afterwards; `sliced`: pieces of 1 to 7
    bytes. All of it holds for the connections that are open as for those that come.
    """

    target: int
    port: int = 0
    latency_s: float = 0
    is_silent: bool = False
    is_sliced: bool = False
    passed: int = 0  # bytes, both ways
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _random: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open) // 2

    def reset(self) -> int:
        """Reset every connection on both sides; gives how many there were."""
        return self._call(self._reset_all())

    def refuse(self) -> None:
        """Reset every connection, and refuse new ones until `listen`."""
        self._call(self._refuse())

    def listen(self) -> None:
        """Take connections, at the same port as before."""
        self._call(self._listen())

    def heal(self) -> None:
        """Be a good network again."""
        self.latency_s, self.is_silent, self.is_sliced = 0, False, False
        self.listen()

    def _call(self, work: "asyncio.coroutines.Coroutine[object, object, T]") -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_S)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset_all()

    async def _reset_all(self) -> int:
        found = list(self._open)
        for writer in found:
            _abort(writer)
        return len(found) // 2

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _abort(writer)
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        except OSError:
            pass  # one side is gone: so is the other
        finally:
            self._open -= both
            for one in both:
                _abort(one)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            while self.is_silent:  # noqa: ASYNC110  # set from the test's thread
                await asyncio.sleep(0.01)
            for piece in self._pieces(data):
                writer.write(piece)
                await writer.drain()
                self.passed += len(piece)
                if self.is_sliced:
                    await asyncio.sleep(0)
        with contextlib.suppress(OSError):
            writer.write_eof()

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            size = self._random.randint(1, 7) if self.is_sliced else len(data)
            yield data[:size]
            data = data[size:]

    def run(self) -> None:
        """Serve until the loop is stopped: what the thread does."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.set_exception_handler(lambda *_: None)  # connections are cut off here: no news
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()


def _abort(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A proxy to a loopback port, ended with its connections."""
    made = Proxy(target)
    thread = threading.Thread(target=made.run, name="proxy", daemon=True)
    thread.start()
    try:
        made.listen()
        yield made
    finally:
        made.is_silent = False
        with contextlib.suppress(TimeoutError):
            made.refuse()
        made._loop.call_soon_threadsafe(made._loop.stop)
        thread.join(_CALL_S)
