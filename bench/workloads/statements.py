"""How many SQL statements a request costs, counted where they arrive: a hidden cache of rows shows here.

A pass of its own, with a server started for it: on PostgreSQL the server's log of all statements, on SQLite
what `sqlite3` traces (`tracing.py` runs the contender).
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg  # type: ignore[import-untyped]  # it has no types

from bench.workloads.filling import is_sqlite
from bench.workloads.generator import load
from bench.workloads.operations import Workload
from bench.workloads.serving import Contender, Server, serving

WARMING, COUNTED = 12, 20
_LOGGED = re.compile(r"LOG:  (?:execute [^:]*|statement): (.*)")
_VALUES = re.compile(r"'(?:[^']|'')*'|\$\d+|\?\d*|\d+")


def counts(
    contender: Contender, url: str, folder: Path, asked: dict[Workload, list[dict[str, Any]]]
) -> dict[str, float | None]:
    """Statements a request, by the workload's code; None where nobody can look (a PostgreSQL elsewhere)."""
    if is_sqlite(url):
        trace = folder / f"{contender.name}.statements"
        trace.touch()
        through = ("bench.workloads.tracing", str(trace))
        with serving(contender, url, folder / "counting", through=through) as server:
            return {one.code: _count(server, one, given, trace) for one, given in asked.items()}
    log = log_of(url)
    if log is None:
        return dict.fromkeys((one.code for one in asked), None)
    asyncio.run(_execute(url, "ALTER DATABASE \"{}\" SET log_statement = 'all'"))
    try:
        with serving(contender, url, folder / "counting") as server:
            return {one.code: _count(server, one, given, log) for one, given in asked.items()}
    finally:
        asyncio.run(_execute(url, 'ALTER DATABASE "{}" RESET log_statement'))


def log_of(url: str) -> Path | None:
    """The log of a PostgreSQL that was started here."""
    host = parse_qs(urlsplit(url).query).get("host", [""])[0]
    found = Path(host) / "log"
    return found if host and found.is_file() else None


def _count(server: Server, workload: Workload, given: list[dict[str, Any]], written: Path) -> float:
    """What a request executes again and again; what is written less often comes from elsewhere."""
    requests = [server.contender.request(workload, variables) for variables in given]
    if not workload.writes:  # a request that writes cannot be sent twice
        load(server.port, requests, concurrency=1, seconds=None, count=WARMING)
    before = written.stat().st_size
    outcome = load(
        server.port, requests, concurrency=1, seconds=None, count=min(COUNTED, len(requests) * COUNTED)
    )
    with written.open("rb") as file:
        file.seek(before)
        texts = Counter(_statements(file.read().decode(errors="replace")))
    return round(sum(count for count in texts.values() if count >= outcome.count / 2) / outcome.count, 1)


def _statements(text: str) -> Iterator[str]:
    for line in text.splitlines():
        found = _LOGGED.search(line)
        traced = line.removeprefix("TRACED ") if line.startswith("TRACED ") else None
        said = found[1] if found else traced
        if said is not None:
            yield _VALUES.sub("?", said)[:160]


async def _execute(url: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(statement.format(urlsplit(url).path.lstrip("/")))
    finally:
        await connection.close()
