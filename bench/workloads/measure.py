"""The benchmark `workloads`: the product beside the reference and the limit, and what was promised."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from bench.databases import filled
from bench.machine import conditions
from bench.options import Options
from bench.rows import Row
from bench.workloads.operations import ALL
from bench.workloads.outcome import PRODUCT, Ratio, Run, Series
from bench.workloads.peers import peers
from bench.workloads.rounds import Place, measured
from bench.workloads.serving import CONTENDERS

FILE = "workloads.json"
MOST_STATEMENTS = {"W1": 2, "W2": 4, "W5": 3}  # one of them authenticates


def workloads(options: Options) -> Iterator[Row]:
    """W1 to W5 on each database; the figures are written as JSON, too."""
    run = Run(conditions=_conditions(options))
    for name in options.databases:
        with filled(name, options.campaigns) as url, ExitStack() as stack:
            others = stack.enter_context(peers()) if options.peers and name == "PostgreSQL" else ()
            run.series += measured(Place(name, url, options), (*CONTENDERS, *others))
        yield from rows(run, name)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / FILE).write_text(json.dumps(run.as_json(), indent=1) + "\n")


def rows(run: Run, database: str) -> Iterator[Row]:
    """What a run found on one database, workload by workload, with the verdicts."""
    ratios = [ratio for ratio in run.ratios() if ratio.database == database]
    for workload in ALL:
        series = [one for one in run.series if (one.database, one.workload) == (database, workload.code)]
        yield from (_figures(one) for one in series)
        yield from (_verdict(one) for one in ratios if one.workload == workload.code)
        yield from (_statements(one) for one in series if one.contender == PRODUCT)


def _figures(one: Series) -> Row:
    least, greatest = one.spread("per_s")
    return Row(
        f"{one.workload} {one.database}, {one.contender}: requests/s",
        f"{one.median('per_s'):,.0f} ({least:,.0f}-{greatest:,.0f})",
    )


def _verdict(ratio: Ratio) -> Row:
    what = f"{ratio.workload} {ratio.database}, product to {ratio.other}"
    found = f"{shown(ratio.median)} x ({shown(ratio.least)}-{shown(ratio.greatest)})"
    if ratio.target is None:
        return Row(what, found)
    return Row(what, found, f">= {ratio.target:g} x", ratio.median >= ratio.target)


def _statements(one: Series) -> Row:
    what, most = (
        f"{one.workload} {one.database}, product: SQL statements a request",
        MOST_STATEMENTS.get(one.workload),
    )
    if one.statements is None:
        return Row(what, "unknown")
    if most is None:
        return Row(what, f"{one.statements:g}")
    return Row(what, f"{one.statements:g}", f"<= {most}", one.statements <= most)


def shown(ratio: float) -> str:
    """A ratio with as many digits as mean anything."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"  # noqa: PLR2004  # two digits, at least


def _conditions(options: Options) -> dict[str, Any]:
    return conditions(
        campaigns=options.campaigns,
        rounds=options.rounds,
        seconds=options.seconds,
        concurrency=options.concurrency,
    )
