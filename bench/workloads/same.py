"""All contenders must answer the same: a faster answer that is another one is worth nothing."""

from collections.abc import Sequence
from typing import Any

from bench.workloads.operations import READS, reading
from bench.workloads.serving import Server

ASKED = 25  # of the campaigns that W1 asks for


class Different(AssertionError):
    """Two contenders answered differently; the message names the place."""


def check_same(servers: Sequence[Server], campaigns: int) -> None:
    """Ask all of them the same, and compare.

    Raises:
        Different: when any of them answers otherwise than the first.
    """
    first, *others = servers
    for workload in READS:
        for variables in reading(workload, campaigns)[:ASKED]:
            expected = first.answer(workload, variables).data
            for server in others:
                compare = server.contender.compare or difference
                place = compare(expected, server.answer(workload, variables).data)
                if place is not None:
                    names = f"{first.contender.name} and {server.contender.name}"
                    raise Different(f"{workload.code}: {names} differ at {place}")


def difference(one: Any, other: Any, path: str = "data") -> str | None:  # noqa: ANN401  # any JSON
    """The first place where two values differ, with both; None when they are equal."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        places = ((one[key], other[key], f"{path}.{key}") for key in one)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        places = ((a, b, f"{path}[{n}]") for n, (a, b) in enumerate(zip(one, other, strict=True)))
    elif type(one) is type(other) and one == other and not isinstance(one, dict | list):
        return None
    else:
        return f"{path}: {_short(one)} and {_short(other)}"
    return next((found for a, b, where in places if (found := difference(a, b, where)) is not None), None)


def _short(value: Any) -> str:  # noqa: ANN401  # any JSON
    text = f"{sorted(value)}" if isinstance(value, dict) else f"{value!r}"
    return text if len(text) <= 100 else f"{text[:100]}…"  # noqa: PLR2004  # a line
