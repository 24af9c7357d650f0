"""The benchmark `growth`: what becomes of the product with longer pages, many campaigns, time and workers."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.databases import filled
from bench.machine import conditions, cores
from bench.options import Options
from bench.rows import Row, at_most, median, ratio_at_most
from bench.workloads.generator import LoadGenerator, generator
from bench.workloads.multiplying import multiply
from bench.workloads.operations import W1, W2, Workload, reading
from bench.workloads.rounds import Place, turn
from bench.workloads.serving import PRODUCT, Server, serving, with_workers

FILE = "growth.json"
PAGES = (10, 100)  # the API's longest page is 100
PAGE_LIMIT, MANY_LIMIT = 5.0, 1.5
MEMORY_LIMIT, FLAT_LIMIT = 120 * 2**20, 1.05
REQUESTS, BATCH, LONGEST_S = 100_000, 5_000, 180.0
INBOX_EVERY = 50  # of the requests that memory is looked at with, the rest is W1
STARTS, START_LIMIT_S = 3, 1.5
WORKERS_LIMIT, CORES_NEEDED = 1.6, 4  # two for the workers, the others for the database and the load


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A figure: `unit` is ms of CPU a request (server and database), s, bytes, or requests a second."""

    database: str
    what: str
    at: int
    value: float
    unit: str


def growth(options: Options) -> Iterator[Row]:
    """Pages, many campaigns, memory, start and workers on each database; written as JSON, too."""
    points = list[Point]()
    for name in options.databases:
        points += _points(name, options)
        yield from rows([point for point in points if point.database == name])
    said = conditions(campaigns=options.campaigns, many=options.many, rounds=options.rounds)
    options.results.mkdir(parents=True, exist_ok=True)
    found = {"conditions": said, "points": [asdict(point) for point in points]}
    (options.results / FILE).write_text(json.dumps(found, indent=1) + "\n")


def rows(points: list[Point]) -> Iterator[Row]:
    """The verdicts on one database."""
    by = {(point.what, point.at): point for point in points}
    name = points[0].database
    first, last = (by["page", size].value for size in PAGES)
    yield ratio_at_most(
        f"{name}: inbox page of {PAGES[1]} to one of {PAGES[0]}, CPU", last / first, PAGE_LIMIT
    )
    for what in ("inbox", "by id"):
        (few, least), (many, most) = sorted((at, point.value) for (w, at), point in by.items() if w == what)
        yield ratio_at_most(f"{name}: {what}, {many:,} to {few:,} campaigns, CPU", most / least, MANY_LIMIT)
    yield from _memory_rows(name, [point for point in points if point.what == "memory"])
    yield at_most(f"{name}: start until the first answer", by["start", 1].value, START_LIMIT_S)
    one, two = by["workers", 1].value, by["workers", 2].value
    enough = cores() >= CORES_NEEDED
    measured = f"{two / one:.2f} x"
    yield (
        Row(
            f"{name}: W2 with two workers to one",
            measured,
            f">= {WORKERS_LIMIT} x",
            two / one >= WORKERS_LIMIT,
        )
        if enough
        else Row(f"{name}: W2 with two workers to one, on {cores()} cores", measured)
    )


def _memory_rows(name: str, points: list[Point]) -> Iterator[Row]:
    last = points[-1]
    shown = f"{last.value / 2**20:.0f} MB"
    limit = f"<= {MEMORY_LIMIT / 2**20:.0f} MB"
    yield Row(
        f"{name}: memory of a worker after {last.at:,} requests", shown, limit, last.value <= MEMORY_LIMIT
    )
    early = points[len(points) // 5]
    yield ratio_at_most(f"{name}: the same to that after {early.at:,}", last.value / early.value, FLAT_LIMIT)


def _points(name: str, options: Options) -> list[Point]:
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as place, ExitStack() as stack:
        folder = Path(place)
        url = stack.enter_context(filled(name, options.campaigns))
        load = stack.enter_context(generator())
        look = Looking(Place(name, url, options), load, folder)
        found = [*look.pages(), *look.reads(options.campaigns)]
        found += [*look.memory(), *look.starts(), *look.workers()]
        multiply(url, options.many // options.campaigns)
        return [*found, *look.reads(options.many)]


class Looking:
    """Where is looked, and with what."""

    def __init__(self, place: Place, load: LoadGenerator, folder: Path) -> None:
        self._place = place
        self._load = load
        self._folder = folder

    def pages(self) -> Iterator[Point]:
        """Pages of the inbox."""
        with serving(PRODUCT, self._place.url, self._folder) as server:
            for size in PAGES:
                yield self._point("page", size, self._cpu_ms(server, W2, [{"first": size}]), "ms")

    def reads(self, campaigns: int) -> Iterator[Point]:
        """The inbox, and one campaign by its id."""
        with serving(PRODUCT, self._place.url, self._folder) as server:
            for what, workload in (("inbox", W2), ("by id", W1)):
                given = reading(workload, campaigns)
                yield self._point(what, campaigns, self._cpu_ms(server, workload, given), "ms")

    def memory(self) -> Iterator[Point]:
        """The memory of a worker while it is asked again and again."""
        inbox = reading(W2, self._place.options.campaigns)
        ones = reading(W1, self._place.options.campaigns)
        requests = [PRODUCT.request(W1, one) for one in ones]
        requests[::INBOX_EVERY] = [PRODUCT.request(W2, inbox[0])] * len(requests[::INBOX_EVERY])
        spent_s = 0.0
        with serving(PRODUCT, self._place.url, self._folder) as server:
            for asked in range(BATCH, REQUESTS + 1, BATCH):
                concurrency = self._place.options.concurrency
                outcome = self._load.load(
                    server.port, requests, concurrency=concurrency, seconds=None, count=BATCH
                )
                yield self._point("memory", asked, server.memory(), "bytes")
                spent_s += outcome.elapsed_s
                if spent_s > LONGEST_S:
                    return

    def starts(self) -> Iterator[Point]:
        """From the command until the first answer."""
        took_s = list[float]()
        for _ in range(STARTS):
            with serving(PRODUCT, self._place.url, self._folder) as server:
                took_s.append(server.started_s)
        yield self._point("start", 1, median(took_s), "s")

    def workers(self) -> Iterator[Point]:
        """Requests a second of one worker and of two."""
        given = reading(W2, self._place.options.campaigns)
        for count in (1, 2):
            with serving(with_workers(count), self._place.url, self._folder) as server:
                requests = [PRODUCT.request(W2, one) for one in given]
                per_s = [one.per_s for one in self._turns(server, requests)]
                yield self._point("workers", count, median(per_s), "per s")

    def _cpu_ms(self, server: Server, workload: Workload, given: list[dict[str, Any]]) -> float:
        requests = [server.contender.request(workload, one) for one in given]
        found = self._turns(server, requests)
        return median([one.cpu_ms + (one.database_ms or 0.0) for one in found])

    def _turns(self, server: Server, requests: list[bytes]) -> list[Any]:
        options = self._place.options
        turn(self._place, self._load, server, requests, options.seconds)  # to warm up
        return [
            turn(self._place, self._load, server, requests, options.seconds) for _ in range(options.rounds)
        ]

    def _point(self, what: str, at: int, value: float, unit: str) -> Point:
        return Point(database=self._place.name, what=what, at=at, value=value, unit=unit)
