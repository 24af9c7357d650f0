"""What it costs a worker to be watched: CPU time of a request with and without figures and spans.

Each variant is a process of its own, which asks its own server without a network; they take turns.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.server.otlp_collector import collecting

from bench.asgi import post
from bench.rows import Row, median, only, ratio_at_most

TURNS, WARMING, REQUESTS = 3, 30, 150
TOKEN = "demo-insecure-maya"  # noqa: S105  # the demo's
QUERY = "{ viewer { roles } campaigns(first: 3) { edges { node { id name status } } } }"
FIGURES = {"GQL_APPROVALS_METRICS_TOKEN": "bench-bench-bench-bench"}


def overhead() -> Iterator[Row]:
    """A request with figures, and with spans of all requests, against one with neither."""
    # spans go to somebody who takes them: an exporter that is refused tries again for half a minute
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as place, collecting() as collector:
        shared = Path(place) / "figures"
        shared.mkdir()
        variants = {
            "neither": {},
            "figures": FIGURES,
            "shared figures": {**FIGURES, "PROMETHEUS_MULTIPROC_DIR": str(shared)},
            "spans": {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
        }
        database = {"GQL_APPROVALS_DATABASE_URL": f"sqlite:///{place}/demo.db"}
        _run(database, "seed")
        took: dict[str, list[float]] = {name: [] for name in variants}
        for _ in range(TURNS):
            for name, given in variants.items():
                took[name].append(float(_run({**given, **database}, "ask")))
    plain = median(took["neither"])
    yield only("CPU of a small request, not watched", plain)
    for name, limit in (("figures", 1.1), ("shared figures", 1.1), ("spans", 1.5)):
        besides = f", {1e6 * (median(took[name]) - plain):+.0f} us"
        yield ratio_at_most(f"the same with {name}", median(took[name]) / plain, limit, besides)


def _run(given: dict[str, str], what: str) -> str:
    own = {
        name: text for name, text in os.environ.items() if not name.startswith(("GQL_APPROVALS_", "OTEL_"))
    }
    command = [sys.executable, "-m", "bench.observing", what]
    done = subprocess.run(  # noqa: S603  # ourselves
        command, env={**own, **given}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


async def _seed() -> None:
    from gql_approvals.cli.demo_seed import seed  # noqa: PLC0415
    from gql_approvals.cli.progress import progress  # noqa: PLC0415
    from gql_approvals.persistence.database import Database  # noqa: PLC0415
    from gql_approvals.policy.engine import Policy  # noqa: PLC0415
    from gql_approvals.settings import from_environment  # noqa: PLC0415

    settings, now = from_environment(), datetime.now(UTC)
    async with Database.open(settings.database_url) as database:
        await database.migrate()
        with progress("writing demo data") as bar:
            await seed(database, Policy.load(settings.policy_folder, now=now), now, bar)


async def _ask() -> float:
    """CPU seconds of a request."""
    from gql_approvals.app import create  # noqa: PLC0415
    from gql_approvals.settings import from_environment  # noqa: PLC0415

    application = create(from_environment(), driven=False)
    async with application.router.lifespan_context(application):
        for _ in range(WARMING):
            await _request(application)
        gc.collect()
        before = time.process_time()
        for _ in range(REQUESTS):
            await _request(application)
        return (time.process_time() - before) / REQUESTS


async def _request(application: Any) -> None:  # noqa: ANN401  # any ASGI application
    found = await post(application, json.dumps({"query": QUERY}).encode(), token=TOKEN)
    if b'"errors"' in found:
        raise RuntimeError(found)


if __name__ == "__main__":
    if sys.argv[1] == "seed":
        asyncio.run(_seed())
    else:
        sys.stdout.write(f"{asyncio.run(_ask())}\n")
