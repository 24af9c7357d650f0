"""`python -m bench.quick`: floors that every change must hold: ratios, in this process, within a minute.

Its last line is the verdict. Ends with 1 when a floor is missed, or cannot be measured.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from strawberry.types.graphql import OperationType

from bench import policy
from bench.machine import machine
from bench.rows import HEADINGS, Row, line, median, only, ratio_at_least
from bench.workloads.contenders.product import settings_of
from bench.workloads.filling import fill
from bench.workloads.operations import W2, reading
from gql_approvals.app import open_office, settle_down
from gql_approvals.schema.context import Context
from gql_approvals.schema.execution import execute, prepare
from gql_approvals.schema.gate import Gate, gate_of
from gql_approvals.service.perform import Office
from gql_approvals.settings.definition import Settings

CAMPAIGNS = 320  # of them, a page of the inbox is full
COMPILED = 4.0
ROUNDS, FOR_S = 10, 20.0
SWITCH = "compiled"


def floors() -> Iterator[Row]:
    """What must hold."""
    yield from compiled()
    yield from remembered()


def compiled() -> Iterator[Row]:
    """W2 through the compiled executor and through graphql-core, reading SQLite."""
    if SWITCH not in {item.name for item in fields(Settings)}:
        yield Row("W2, compiled to graphql-core", "not built", f">= {COMPILED:g} x", met=False)
        return
    core_s, compiled_s = asyncio.run(_both())
    yield only("W2 by graphql-core, CPU", median(core_s))
    yield only("W2 compiled, CPU", median(compiled_s))
    each = [core / fast for core, fast in zip(core_s, compiled_s, strict=True)]
    yield ratio_at_least("W2, compiled to graphql-core", median(each), COMPILED)


def remembered() -> Iterator[Row]:
    """A decision of the policy that was made before, beside Casbin's own."""
    _, bare, ratio = policy.decisions_of("shipped file")  # the first is a time, and times prove nothing here
    yield from (bare, ratio)


async def _both() -> tuple[list[float], list[float]]:
    """CPU seconds of W2 in each round: by graphql-core, compiled."""
    core_s, compiled_s = list[float](), list[float]()
    async with _reader() as (office, settings):
        gates = {name: gate_of(_switched(settings, on=name)) for name in (False, True)}
        for gate in gates.values():
            for _ in range(3):  # an operation is compiled once it comes again
                await _ask(gate, office)
        settle_down()  # as a worker does before it serves
        until_s = time.monotonic() + FOR_S
        while len(core_s) < ROUNDS and (time.monotonic() < until_s or not core_s):
            for on, found in ((False, core_s), (True, compiled_s)):
                found.append(await _cpu_s(gates[on], office, 3))
    return core_s, compiled_s


async def _cpu_s(gate: Gate, office: Office, times: int) -> float:
    begun_s = time.process_time()
    for _ in range(times):
        await _ask(gate, office)
    return (time.process_time() - begun_s) / times


async def _ask(gate: Gate, office: Office) -> Any:  # noqa: ANN401  # the data
    given = reading(W2, CAMPAIGNS)[0]
    operation = prepare(W2.document, given, None, allowed=[OperationType.QUERY], gate=gate)
    found = await execute(operation, Context(office, W2.token, None, "bench"))
    if found.errors or found.data is None or not found.data["reviewInbox"]["pageInfo"]["hasNextPage"]:
        raise RuntimeError(found)
    return found.data


def _switched(settings: Settings, *, on: bool) -> Settings:
    given = {item.name: getattr(settings, item.name) for item in fields(Settings)}
    return Settings(**{**given, SWITCH: on})


@asynccontextmanager
async def _reader() -> AsyncGenerator[tuple[Office, Settings]]:
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        await asyncio.to_thread(fill, url, CAMPAIGNS)
        settings = settings_of(url, Path(folder))
        async with open_office(settings) as office:
            yield office, settings


def main() -> int:
    """Measure, and say whether all floors hold."""
    begun_s = time.monotonic()
    tell(machine())
    tell(line(HEADINGS))
    found = list[Row]()
    for row in floors():
        tell(line(row.cells))
        found.append(row)
    text, code = verdict(found)
    tell(f"bench-quick: {text} ({time.monotonic() - begun_s:.0f} s)")
    return code


def verdict(found: Sequence[Row]) -> tuple[str, int]:
    """What the last line says, and the exit code."""
    missed = [f"{row.what}: {row.measured}, not {row.target}" for row in found if row.met is False]
    if missed or not any(row.met for row in found):
        return f"FAILED: {'; '.join(missed) or 'nothing was measured'}", 1
    return "every floor holds", 0


def tell(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
