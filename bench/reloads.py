"""Hot reload on a real server: how soon an edit is in force, and what requests notice of it."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tests.policy.large import large_policy
from tests.server.server_process import ServerProcess, running

from bench.load import Connection, Load
from bench.policy import LARGE, SHIPPED, changed
from bench.rows import Row, at_most, median, only, percentile, ratio_at_most, shown
from gql_approvals.cli.demo_data import PEOPLE
from gql_approvals.policy.files import POLICY_FILE, read_files

EDITS = 5
POLL_S = 0.02
LONGEST_S = 30.0

PER_S = 25.0
PHASE_S = 16.0
PHASES = 2  # of each kind, in turn
EDIT_EVERY_S = 1.5
REQUEST = "{ viewer { roles } campaigns(first: 3) { edges { node { id name status } } } }"
WORKERS = "{ policyStatus { version workers { version } } }"


@contextmanager
def demo_server(workers: int, *, lines: int | None = None) -> Iterator[tuple[ServerProcess, Path]]:
    """The demo on SQLite, and the policy folder that it obeys."""
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as place:
        folder = Path(place) / "policies"
        shutil.copytree(SHIPPED, folder)
        if lines is not None:
            (folder / POLICY_FILE).write_text(large_policy(lines))
        with running(Path(place), workers, ("demo",), POLICIES=str(folder)) as server:
            yield server, folder


@asynccontextmanager
async def connections(server: ServerProcess, count: int) -> AsyncIterator[list[Connection]]:
    """Connections of somebody who may see the policy."""
    made = [Connection(server.port, PEOPLE[0].token) for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.close()


def edit(folder: Path) -> str:
    """Change a number in a rule, in place as editors do, and return the new version."""
    file = folder / POLICY_FILE
    file.write_text(changed(file.read_text()))
    return read_files(folder).version


async def in_force(connection: Connection, version: str, workers: int) -> None:
    """Wait until readiness and `policyStatus` say that every worker obeys the version.

    Raises:
        TimeoutError: when that takes too long.
    """
    connection.close()  # the server closed it if it was idle for long
    async with asyncio.timeout(LONGEST_S):
        while True:
            everywhere = (await connection.ready())["everywhere"]
            status = (await connection.graphql(WORKERS))["policyStatus"]
            if (
                everywhere == [version]
                and [one["version"] for one in status["workers"]] == [version] * workers
            ):
                return
            await asyncio.sleep(POLL_S)


def edits() -> Iterator[Row]:
    """From the moment a file is saved until the last of two workers obeys it."""
    for name, lines in (("shipped file", None), (f"{LARGE:,} lines", LARGE)):
        with demo_server(2, lines=lines) as (server, folder):
            times = asyncio.run(_edits(server, folder))
        besides = f" (max {shown(max(times))})"
        yield at_most(f"edit until in force, two workers, {name}", median(times), 2.0, besides)


async def _edits(server: ServerProcess, folder: Path) -> list[float]:
    times: list[float] = []
    async with connections(server, 1) as (connection,):
        await in_force(connection, read_files(folder).version, server.workers)
        for number in range(EDITS):
            await asyncio.sleep(0.137 * number)  # at any moment of the workers' looks
            begun_s = time.monotonic()
            await in_force(connection, edit(folder), server.workers)
            times.append(time.monotonic() - begun_s)
    return times


def requests() -> Iterator[Row]:
    """Requests under a light load, while nothing happens and while a large file is edited all the time."""
    with demo_server(1, lines=LARGE) as (server, folder):
        idle, reloading = asyncio.run(_phases(server, folder))
        reloads = _reloads(server)
    what = f"during {reloads} reloads of {LARGE:,} lines"
    yield only("requests, idle, p50", median(idle), f" (of {len(idle):,})")
    yield only("requests, idle, p99", percentile(idle, 99), f" (max {shown(max(idle))})")
    yield only(f"requests {what}, p50", median(reloading), f" (of {len(reloading):,})")
    yield only(f"requests {what}, p99", percentile(reloading, 99), f" (max {shown(max(reloading))})")
    yield ratio_at_most("p99 during reloads to p99 idle", percentile(reloading, 99) / percentile(idle, 99), 2)


async def _phases(server: ServerProcess, folder: Path) -> tuple[list[float], list[float]]:
    idle: list[float] = []
    reloading: list[float] = []
    async with connections(server, 5) as (watching, *serving):
        await Load(serving, REQUEST, PER_S).run(2)
        for phase in (idle, reloading) * PHASES:
            await in_force(watching, read_files(folder).version, server.workers)
            editing = asyncio.create_task(_edit_often(server, folder)) if phase is reloading else None
            phase.extend(await Load(serving, REQUEST, PER_S).run(PHASE_S))
            if editing is not None:
                editing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await editing
    return idle, reloading


async def _edit_often(server: ServerProcess, folder: Path) -> None:
    """Edit every so many seconds, but never while an edit waits: it would be given up for the next one."""
    done = -1
    while True:
        if (reloads := _reloads(server)) > done:
            done = reloads
            edit(folder)
        await asyncio.sleep(EDIT_EVERY_S)


def _reloads(server: ServerProcess) -> int:
    return server.log.read_text().count("policy:in_force")
