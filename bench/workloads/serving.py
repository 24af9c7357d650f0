"""The contenders as processes, each ready to be asked, with the CPU time that they have used."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.server.server_process import free_port

from bench.workloads import cpu
from bench.workloads.contenders import product
from bench.workloads.generator import Answer, ask
from bench.workloads.operations import W1, Workload, reading

ROOT = Path(__file__).parents[2]
START_S = 120.0
SHOWN = 2_000  # characters of a log


class NotServing(RuntimeError):
    """A contender did not come up, or went away; the message holds what it wrote."""


@dataclass(frozen=True, slots=True)
class Contender:
    """`command`: from the database's URL, a port and a folder of its own, to words and their environment.

    `program` runs the words. `body`: what it is sent, if not the product's document. `writes`: whether it can
    W3 and W4. `warming_s`: how long it needs before its figures settle. `compare`: how its answers are
    compared with the product's, if not for equality; gives the place where they differ.
    """

    name: str
    command: Callable[[str, int, Path], tuple[Sequence[str], Mapping[str, str]]]
    path: Callable[[Workload], str]
    body: Callable[[Workload, dict[str, Any]], bytes] = Workload.body
    program: tuple[str, ...] = (sys.executable, "-m")
    writes: bool = True
    warming_s: float = 0.0
    compare: Callable[[Any, Any], str | None] | None = None

    def request(self, workload: Workload, variables: dict[str, Any]) -> bytes:
        """All of it, as it goes over the wire."""
        body = self.body(workload, variables)
        return (
            f"POST {self.path(workload)} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {workload.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def product_command(url: str, port: int, folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
    """The product's own command."""
    given = {**product.SETTINGS, "DATABASE_URL": url, "POLICIES": str(product.policies(folder))}
    arguments = ("gql_approvals", "serve", "--port", str(port), "--workers", "1")
    return arguments, {f"GQL_APPROVALS_{name}": text for name, text in given.items()}


def with_workers(count: int) -> Contender:
    """The product with so many workers."""

    def command(url: str, port: int, folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        arguments, given = product_command(url, port, folder)
        return (*arguments[:-1], str(count)), given

    return replace(PRODUCT, name=f"product-{count}", command=command)


def _reference(name: str) -> Contender:
    def command(url: str, port: int, folder: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        del folder
        return ("bench.workloads.contenders", name, url, str(port)), {}

    if name == "hand-written":
        return Contender(name, command, lambda workload: f"/{workload.name}", body=_variables)
    return Contender(name, command, lambda _: "/graphql/")


def _variables(_: Workload, variables: dict[str, Any]) -> bytes:
    return json.dumps(variables).encode()


PRODUCT = Contender("product", product_command, lambda _: "/graphql")
IDIOMATIC, HAND_WRITTEN = _reference("idiomatic"), _reference("hand-written")
CONTENDERS = (PRODUCT, IDIOMATIC, HAND_WRITTEN)


@dataclass(eq=False)
class Server:
    """A contender that serves. `started_s`: from its start until its first answer."""

    contender: Contender
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path
    started_s: float = 0.0
    _cpu: float = field(default=0.0, init=False)

    def answer(self, workload: Workload, variables: dict[str, Any]) -> Answer:
        """Ask once, outside of any measurement."""
        return ask(self.port, self.contender.request(workload, variables))

    def cpu_s(self) -> float:
        """The CPU time that it has used, with all its processes."""
        return cpu.of_tree(self.process.pid)

    def memory(self) -> int:
        """How much memory it holds now, in bytes."""
        return sum(cpu.memory(pid) for pid in cpu.tree(self.process.pid))


@contextmanager
def serving(
    contender: Contender,
    url: str,
    folder: Path,
    *,
    through: Sequence[str] = (),
    cores: set[int] | None = None,
) -> Generator[Server]:
    """A contender over this database. `through`: a module, with arguments, that runs it.

    Raises:
        NotServing: when it does not come up.
    """
    place = folder / contender.name
    place.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (module, *arguments), given = contender.command(url, port, place)
    command = [*contender.program, *through, module, *arguments]
    own = {
        name: text for name, text in os.environ.items() if not name.startswith(("GQL_APPROVALS_", "OTEL_"))
    }
    log = place / "log"
    begun_s = time.monotonic()
    with log.open("ab") as written:
        process = subprocess.Popen(  # noqa: S603  # ourselves
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=written, cwd=place,
            env={**own, "PYTHONPATH": str(ROOT), **given}, start_new_session=True,
        )  # fmt: skip
    server = Server(contender, port, process, log)
    try:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        _until_ready(server)
        server.started_s = time.monotonic() - begun_s
        yield server
    finally:
        _end(process)


def _until_ready(server: Server) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        if server.process.poll() is not None:
            raise NotServing(f"{server.contender.name} ended:\n{server.log.read_text()[-SHOWN:]}")
        with suppress(OSError):
            if server.answer(W1, reading(W1, 1)[0]).status == 200:  # noqa: PLR2004  # OK
                return
        time.sleep(0.02)
    raise NotServing(f"{server.contender.name} is not ready:\n{server.log.read_text()[-SHOWN:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
