"""What a benchmark says: one row for each thing measured, and whether it keeps what was promised."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

HEADINGS = ("what", "measured", "target", "verdict")
_WIDTHS = (64, 24, 12, 7)
_VERDICTS = {True: "ok", False: "MISSED", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """`met`: whether the target was; None = there is none, the number is there to be compared."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """In the order of `HEADINGS`."""
        return self.what, self.measured, self.target, _VERDICTS[self.met]


Benchmark = Callable[[], Iterator[Row]]


def at_most(what: str, seconds: float, limit_s: float, besides: str = "") -> Row:
    """A time that must not be longer."""
    return Row(what, shown(seconds) + besides, f"<= {shown(limit_s)}", seconds <= limit_s)


def ratio_at_most(what: str, ratio: float, limit: float, besides: str = "") -> Row:
    """A ratio that must not be greater."""
    return Row(what, f"{ratio:.2f} x{besides}", f"<= {limit:g} x", ratio <= limit)


def ratio_at_least(what: str, ratio: float, limit: float) -> Row:
    """A ratio that must not be smaller."""
    shown = f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"  # noqa: PLR2004  # two digits, at least
    return Row(what, f"{shown} x", f">= {limit:g} x", ratio >= limit)


def only(what: str, seconds: float, besides: str = "") -> Row:
    """A time that nothing was promised about."""
    return Row(what, shown(seconds) + besides)


def shown(seconds: float) -> str:
    """A time with three digits, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100).__int__() - 1)]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def line(cells: Sequence[str]) -> str:
    """One line of the table."""
    return " | ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()
