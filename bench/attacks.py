"""What hostile documents cost in CPU time, compared with a plain query; the server runs in this process."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.databases import migrate
from tests.http.attacks import ATTACKS, BATCH, random_graph, ratios
from tests.schema.client import JSON, START, Api, settle
from tests.schema.conftest import serving

from bench.rows import Row, only, ratio_at_most
from gql_approvals.persistence.database import Database

ADA = {"Authorization": "Bearer demo-insecure-ada", **JSON}
MOST = 5.0  # plain queries
CAMPAIGNS, GRAPHS = 20, 200


def attacks() -> Iterator[Row]:
    """Each known attack, and the most expensive of many random graphs of fragments."""
    yield from asyncio.run(_attacks())


async def _attacks() -> list[Row]:
    graphs = {str(number): random_graph(number) for number in range(GRAPHS)}
    async with _filled() as api:
        known, plain_s = await ratios(api.client, ADA, {**ATTACKS, "batch of 1,000": BATCH}, rounds=5)
        drawn, _ = await ratios(api.client, ADA, graphs, rounds=3)
    by_cost = sorted(known.items(), key=lambda item: -item[1])
    return [
        only(f"attacks: a plain query, {CAMPAIGNS} campaigns", plain_s),
        *(ratio_at_most(f"attacks: {name}", cost, MOST) for name, cost in by_cost),
        ratio_at_most(f"attacks: the worst of {GRAPHS} random fragment graphs", max(drawn.values()), MOST),
    ]


@asynccontextmanager
async def _filled() -> AsyncIterator[Api]:
    """A server over some campaigns."""
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as place:
        url = f"sqlite:///{Path(place) / 'approvals.db'}"
        await migrate(url)
        async with Database.open(url) as database:
            await database.transaction(lambda: settle(START))
        async with serving(url) as api:
            for number in range(CAMPAIGNS):
                await (api.submitted() if number % 2 else api.create())
            yield api
