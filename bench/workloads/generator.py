"""A load generator: some kept connections, each sending its next request when the last was answered.

It is a process of its own (`python -m bench.workloads.generator`): a job in, what came of it out, a line of
JSON each. Sockets and a selector, nothing else: it must cost less than the fastest server.
"""

import base64
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from bench.rows import percentile

TIMEOUT_S = 60.0
OK = 200
REFUSALS = (b'"errors"', b'"code"')


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: int
    body: bytes

    @property
    def data(self) -> Any:  # noqa: ANN401  # any JSON
        """What is in it.

        Raises:
            RuntimeError: when it is an error.
        """
        found = json.loads(self.body) if self.status == OK else {"errors": self.body.decode(errors="replace")}
        if "errors" in found:
            raise RuntimeError(f"{self.status} {found['errors']!r}")
        return found["data"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: times in seconds. `refused`: the first answer that was no success, if any."""

    count: int
    elapsed_s: float
    p50_s: float
    p99_s: float
    received: int
    refused: str


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    sent_s: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


def ask(port: int, request: bytes) -> Answer:
    """Send one request over a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(request)
        buffer = bytearray()
        while (found := _answer(buffer)) is None:
            part = connection.recv(1 << 18)
            if not part:
                raise ConnectionError(f"the server hung up after {bytes(buffer[:200])!r}")
            buffer += part
        return found


def load(
    port: int, requests: Sequence[bytes], *, concurrency: int, seconds: float | None, count: int | None = None
) -> Outcome:
    """Ask in turn for so long, or so many times; None and None: each request once."""
    total = len(requests) if seconds is None and count is None else count
    given = iter(cycle(requests)) if total is None else islice(cycle(requests), total)
    with selectors.DefaultSelector() as selector:
        connections = [_connected(port) for _ in range(concurrency)]
        for one in connections:
            selector.register(one.socket, selectors.EVENT_READ, one)
        begun_s = time.perf_counter()
        until_s = None if seconds is None else begun_s + seconds
        latencies_s, received, refused = _run(selector, connections, given, until_s)
        elapsed_s = time.perf_counter() - begun_s
        for one in connections:
            one.socket.close()
    return Outcome(
        count=len(latencies_s),
        elapsed_s=elapsed_s,
        p50_s=percentile(latencies_s, 50),
        p99_s=percentile(latencies_s, 99),
        received=received,
        refused=refused,
    )


def _run(
    selector: selectors.BaseSelector,
    connections: Sequence[_Connection],
    given: Iterator[bytes],
    until_s: float | None,
) -> tuple[list[float], int, str]:
    latencies_s, received, refused = list[float](), 0, ""
    open_ = sum(_next(selector, one, given, until_s) for one in connections)
    while open_:
        ready = selector.select(TIMEOUT_S)
        if not ready:
            raise TimeoutError(f"no answer for {TIMEOUT_S:.0f} s")
        for key, _ in ready:
            one: _Connection = key.data
            part = one.socket.recv(1 << 18)
            if not part:
                raise ConnectionError("the server hung up")
            one.buffer += part
            answer = _answer(one.buffer)
            if answer is None:
                continue
            latencies_s.append(time.perf_counter() - one.sent_s)
            received += len(answer.body)
            if not refused and (answer.status != OK or any(word in answer.body for word in REFUSALS)):
                refused = f"{answer.status} {answer.body[:500].decode(errors='replace')}"
            open_ -= not _next(selector, one, given, until_s)
    return latencies_s, received, refused


def _connected(port: int) -> _Connection:
    made = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(made)


def _next(
    selector: selectors.BaseSelector, one: _Connection, given: Iterator[bytes], until_s: float | None
) -> bool:
    """Send the next request; a connection that has none is not looked at: the server may close it."""
    sent = _send(one, given, until_s)
    if not sent:
        selector.unregister(one.socket)
    return sent


def _send(one: _Connection, given: Iterator[bytes], until_s: float | None) -> bool:
    now_s = time.perf_counter()
    request = None if until_s is not None and now_s >= until_s else next(given, None)
    if request is None:
        return False
    one.buffer.clear()
    one.sent_s = now_s
    one.socket.sendall(request)
    return True


def _answer(buffer: bytearray) -> Answer | None:
    """The response that the buffer holds; None while a part is missing."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end]).lower()
    body = bytes(buffer[end + 4 :])
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        return Answer(status, _joined(body)) if body.endswith(b"\r\n0\r\n\r\n") else None
    _, _, length = head.partition(b"content-length:")
    size = int(length.split(b"\r\n", 1)[0])
    return Answer(status, body) if len(body) >= size else None


def _joined(body: bytes) -> bytes:
    parts, place = list[bytes](), 0
    while (end := body.find(b"\r\n", place)) >= 0 and (size := int(body[place:end], 16)):
        parts.append(body[end + 2 : end + 2 + size])
        place = end + 2 + size + 2
    return b"".join(parts)


class NotAnswered(RuntimeError):
    """A request was not answered with data, or a job failed; the message says what came instead."""


class LoadGenerator:
    """The process, as seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def load(self, port: int, requests: Sequence[bytes], **how: Any) -> Outcome:  # noqa: ANN401  # as `load` takes it
        """As `load`, in the other process.

        Raises:
            NotAnswered: when an answer was no success, or the job failed.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the load generator has no pipes")
        job = {"port": port, "requests": [base64.b64encode(one).decode() for one in requests], **how}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline() or '{"failed": "the load generator has ended"}')
        if "failed" in found:
            raise NotAnswered(found["failed"])
        outcome = Outcome(**found)
        if outcome.refused:
            raise NotAnswered(f"a request was not answered with data: {outcome.refused}")
        return outcome


@contextmanager
def generator() -> Generator[LoadGenerator]:
    """A load generator in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.workloads.generator"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield LoadGenerator(process)
        finally:
            process.kill()


def main() -> None:
    """Do one job after the other."""
    for line in sys.stdin:
        job = json.loads(line)
        requests = [base64.b64decode(text) for text in job.pop("requests")]
        try:
            outcome = load(job.pop("port"), requests, **job)
            told = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
        except Exception as error:  # noqa: BLE001  # whoever gave the job is told
            told = {"failed": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
