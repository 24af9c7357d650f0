"""The part of docs/performance.md that tells what the workloads and growth found, and its picture."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.options import Options
from bench.workloads import growth, measure
from bench.workloads.growth import Point
from bench.workloads.measure import shown
from bench.workloads.operations import ALL
from bench.workloads.outcome import PRODUCT, Ratio, Run, Series, from_json
from bench.workloads.picture import svg

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "bench/results"
PAGE, PICTURE = ROOT / "docs/performance.md", ROOT / "docs/performance.svg"
BEGIN, END = "<!-- workloads: `make bench` writes what follows -->", "<!-- workloads end -->"
FILES = (measure.FILE, growth.FILE)
DASH, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"
UNITS = {"ms": "{:.2f} ms", "s": "{:.2f} s", "per s": "{:,.0f}/s"}
SAID = {
    "page": "inbox page of {at}, CPU a request",
    "inbox": "inbox page of 50 among {at:,} campaigns, CPU a request",
    "by id": "a campaign by its id among {at:,}, CPU a request",
    "start": "start until the first answer",
    "workers": "W2 with {at} worker(s)",
    "memory": "memory of a worker after {at:,} requests",
}


def write(options: Options) -> list[Path]:
    """Keep the results of a run, and write page and picture from all that are kept."""
    KEPT.mkdir(exist_ok=True)
    for name in FILES:
        if (options.results / name).is_file():
            shutil.copyfile(options.results / name, KEPT / name)
    PAGE.write_text(regenerated(PAGE.read_text("utf-8")), "utf-8")
    run = _kept(measure.FILE)
    if run is None:
        return [PAGE]
    PICTURE.write_text(svg(from_json(run)), "utf-8")
    return [PAGE, PICTURE]


def regenerated(text: str) -> str:
    """The page with the kept results between its two marks.

    Raises:
        LookupError: when the page has not both of them.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise LookupError(f"docs/performance.md has not both of `{BEGIN}` and `{END}`")
    return "\n".join([before + BEGIN, "", *_section(), END + after])


def _section() -> Iterator[str]:
    run, grown = _kept(measure.FILE), _kept(growth.FILE)
    if run is not None:
        yield from tables(from_json(run))
    if grown is not None:
        yield from growth_table(grown)


def tables(run: Run) -> Iterator[str]:
    """What the workloads found."""
    said = run.conditions
    yield f"{said['date']}, {said['machine']}, load {said['load']}; {said['campaigns']:,} campaigns,"
    yield f"{said['concurrency']} connections, {said['rounds']} rounds of {said['seconds']:g} s for each."
    yield from ("", "![Requests a second of each server, by workload](performance.svg)", "")
    yield from _ratio_table(run)
    for database in dict.fromkeys(one.database for one in run.series):
        yield from _figure_table(database, [one for one in run.series if one.database == database])


def _ratio_table(run: Run) -> Iterator[str]:
    yield "Requests a second of the product to those of the others: the median of the rounds' ratios, and"
    yield "between which these lay."
    others = list(dict.fromkeys(ratio.other for ratio in run.ratios()))
    by = {(ratio.database, ratio.workload, ratio.other): ratio for ratio in run.ratios()}
    yield from ("", f"| | database | {' | '.join(f'to {other}' for other in others)} |")
    yield f"|---|---|{'---|' * len(others)}"
    for workload in ALL:
        for database in dict.fromkeys(one.database for one in run.series):
            cells = [_ratio(by.get((database, workload.code, other))) for other in others]
            yield f"| **{workload.code}** {workload.about} | {database} | {' | '.join(cells)} |"
    yield ""


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return DASH
    target = "" if ratio.target is None else f", target ≥ {ratio.target:g}"
    return f"{shown(ratio.median)} {TIMES} ({shown(ratio.least)}{DASH}{shown(ratio.greatest)}){target}"


def _figure_table(database: str, series: list[Series]) -> Iterator[str]:
    beside = "" if database == "SQLite" else " and of PostgreSQL"
    yield f"{database}, medians. CPU time is that of the server{beside}."
    yield from ("", "| | server | requests/s (spread) | CPU ms a request | SQL statements | p50, p99 ms |")
    yield "|---|---|---|---|---|---|"
    for one in sorted(series, key=lambda one: one.workload):
        least, greatest = one.spread("per_s")
        database_ms = one.median("database_ms")
        cpu = f"{one.median('cpu_ms'):.2f}" + ("" if database_ms is None else f" + {database_ms:.2f}")
        statements = DASH if one.statements is None else f"{one.statements:g}"
        name = f"**{one.contender}**" if one.contender == PRODUCT else one.contender
        per_s = f"{one.median('per_s'):,.0f} ({least:,.0f}{DASH}{greatest:,.0f})"
        yield (
            f"| {one.workload} | {name} | {per_s} | {cpu} | {statements}"
            f" | {one.median('p50_ms'):.1f}, {one.median('p99_ms'):.1f} |"
        )
    yield ""


def growth_table(found: dict[str, Any]) -> Iterator[str]:
    """What becomes of the product with size and time; of memory, three moments."""
    points = [Point(**point) for point in found["points"]]
    names = list(dict.fromkeys(point.database for point in points))
    said = found["conditions"]
    yield f"Growth, {said['date']}, {said['machine']}; CPU is that of server and database together."
    yield from ("", f"| what | {' | '.join(names)} |", f"|---|{'---|' * len(names)}")
    values = {(_said(point), point.database): _value(point) for point in points if _is_shown(point)}
    for what in dict.fromkeys(what for what, _ in values):
        yield f"| {what} | {' | '.join(values.get((what, name), DASH) for name in names)} |"
    yield ""


def _is_shown(point: Point) -> bool:
    return point.what != "memory" or point.at in {growth.REQUESTS // 5, growth.REQUESTS // 2, growth.REQUESTS}


def _said(point: Point) -> str:
    return SAID[point.what].format(at=point.at)


def _value(point: Point) -> str:
    return f"{point.value / 2**20:.0f} MB" if point.unit == "bytes" else UNITS[point.unit].format(point.value)


def _kept(name: str) -> dict[str, Any] | None:
    path = KEPT / name
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


if __name__ == "__main__":
    PAGE.write_text(regenerated(PAGE.read_text("utf-8")), "utf-8")
