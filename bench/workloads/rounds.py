"""Turns: every contender at every workload, A B C A B C, over one database."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.options import Options
from bench.workloads import cpu, statements
from bench.workloads.filling import is_sqlite
from bench.workloads.generator import LoadGenerator, Outcome, generator
from bench.workloads.operations import READS, W3, W4, WRITES, Drafts, Workload, reading
from bench.workloads.outcome import Series, Turn
from bench.workloads.same import check_same
from bench.workloads.serving import Contender, Server, serving

WARMING_S = 1.5


class Place:
    """A database that all contenders share, and what is known of the machine below it."""

    def __init__(self, name: str, url: str, options: Options) -> None:
        self.name = name
        self.url = url
        self.options = options
        self.postmaster = None if is_sqlite(url) else _postmaster(url)
        self.drafts = Drafts(options.campaigns)

    def database_cpu_s(self) -> float | None:
        """The CPU time that PostgreSQL has used; None where it cannot be seen, and for SQLite."""
        return None if self.postmaster is None else cpu.of_tree(self.postmaster)


def measured(place: Place, contenders: Sequence[Contender]) -> list[Series]:
    """All workloads of all contenders.

    Raises:
        Different: when contenders do not answer the same.
        NotAnswered: when a request was not answered with data.
    """
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as folder, ExitStack() as stack:
        server_cores, other_cores = _cores()
        load = stack.enter_context(generator())
        if other_cores:
            os.sched_setaffinity(load.pid, other_cores)
        servers = [
            stack.enter_context(serving(one, place.url, Path(folder), cores=server_cores))
            for one in contenders
        ]
        check_same(servers, place.options.campaigns)
        found = [*_reads(place, load, servers), *_writes(place, load, servers)]
        stack.close()
        return _counted(place, contenders, Path(folder), found)


def _reads(place: Place, load: LoadGenerator, servers: Sequence[Server]) -> Iterator[Series]:
    options = place.options
    for workload in READS:
        given = reading(workload, options.campaigns)
        turns = {server: [server.contender.request(workload, one) for one in given] for server in servers}
        series = {server: Series(place.name, workload.code, server.contender.name) for server in servers}
        for server, requests in turns.items():
            warming_s = (
                max(WARMING_S, server.contender.warming_s) if options.seconds >= 1 else options.seconds
            )
            load.load(server.port, requests, concurrency=options.concurrency, seconds=warming_s)
        for _ in range(options.rounds):
            for server, requests in turns.items():
                series[server].turns.append(turn(place, load, server, requests, options.seconds))
        yield from series.values()


def _writes(place: Place, load: LoadGenerator, servers: Sequence[Server]) -> Iterator[Series]:
    """Each draft is submitted once and approved once; every turn has its own, and as many."""
    able = [server for server in servers if server.contender.writes]
    rounds = place.options.rounds
    size = _drafts(place.options) // (len(able) * (rounds + 1))
    found = {
        (server, one): Series(place.name, one.code, server.contender.name)
        for one in WRITES
        for server in able
    }
    for number in range(rounds + 1):
        for server in able:
            for workload, given in zip((W3, W4), place.drafts.take(size), strict=True):
                requests = [server.contender.request(workload, one) for one in given]
                found_here = turn(place, load, server, requests, None)
                if number:  # the first warms up
                    found[server, workload].turns.append(found_here)
    yield from found.values()


def _drafts(options: Options) -> int:
    """How many may be used: some are left to count statements with."""
    return options.campaigns * 3 // 10 - 3 * statements.COUNTED


def turn(
    place: Place, load: LoadGenerator, server: Server, requests: list[bytes], seconds: float | None
) -> Turn:
    """Let a contender be asked for so long (None: each request once), and count what that took."""
    own_s, database_s = server.cpu_s(), place.database_cpu_s()
    outcome = load.load(server.port, requests, concurrency=place.options.concurrency, seconds=seconds)
    own_s = server.cpu_s() - own_s
    now_s = place.database_cpu_s()
    used_s = None if now_s is None or database_s is None else now_s - database_s
    return _of(outcome, own_s, used_s)


def _of(outcome: Outcome, own_s: float, database_s: float | None) -> Turn:
    return Turn(
        per_s=outcome.count / outcome.elapsed_s,
        cpu_ms=1e3 * own_s / outcome.count,
        database_ms=None if database_s is None else 1e3 * database_s / outcome.count,
        p50_ms=1e3 * outcome.p50_s,
        p99_ms=1e3 * outcome.p99_s,
    )


def _counted(
    place: Place, contenders: Sequence[Contender], folder: Path, found: list[Series]
) -> list[Series]:
    for one in contenders:
        asked: dict[Workload, list[dict[str, Any]]] = {
            workload: reading(workload, place.options.campaigns) for workload in READS
        }
        if one.writes:
            asked |= dict(zip((W3, W4), place.drafts.take(statements.COUNTED), strict=True))
        counts = statements.counts(one, place.url, folder, asked)
        for series in found:
            if series.contender == one.name:
                series.statements = counts[series.workload]
    return found


def _cores() -> tuple[set[int], set[int]]:
    """The server's core, and those of the load generator and of PostgreSQL; both empty on a small machine."""
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, set(cores[1:])) if len(cores) > 1 else (set(), set())


def _postmaster(url: str) -> int | None:
    """The first process of a PostgreSQL that was started here."""
    log = statements.log_of(url)
    return None if log is None else int((log.parent / "data/postmaster.pid").read_text().split()[0])
