"""What a run of the workloads found: figures of every round, their medians, and ratios."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.rows import median

PRODUCT, IDIOMATIC, HAND_WRITTEN, POSTGRAPHILE = "product", "idiomatic", "hand-written", "postgraphile"
TARGETS: dict[tuple[str, str], float] = {
    ("W1", HAND_WRITTEN): 0.7,
    ("W2", HAND_WRITTEN): 0.7,
    ("W5", HAND_WRITTEN): 0.6,
    ("W1", IDIOMATIC): 10,
    ("W2", IDIOMATIC): 30,
    ("W3", IDIOMATIC): 1.5,
    ("W4", IDIOMATIC): 1.5,
    ("W5", IDIOMATIC): 15,
    ("W1", POSTGRAPHILE): 2,
    ("W2", POSTGRAPHILE): 3,
    ("W5", POSTGRAPHILE): 2,
}  # of requests a second, product to the other


@dataclass(frozen=True, slots=True)
class Turn:
    """One contender's turn: requests a second, CPU and waiting in milliseconds a request."""

    per_s: float
    cpu_ms: float
    database_ms: float | None
    p50_ms: float
    p99_ms: float


@dataclass(slots=True)
class Series:
    """All turns of a contender at a workload on a database."""

    database: str
    workload: str
    contender: str
    turns: list[Turn] = field(default_factory=list[Turn])
    statements: float | None = None

    def median(self, name: str) -> float | None:
        """The middle one of a figure."""
        found = [value for turn in self.turns if (value := getattr(turn, name)) is not None]
        return median(found) if found else None

    def spread(self, name: str) -> tuple[float, float]:
        """The least and the greatest."""
        found = [getattr(turn, name) for turn in self.turns]
        return min(found), max(found)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The product to another, in requests a second; `cpu`: the other's CPU time to the product's.

    Of the ratios of each round, so that a noisy moment strikes both sides.
    """

    database: str
    workload: str
    other: str
    median: float
    least: float
    greatest: float
    cpu: float

    @property
    def target(self) -> float | None:
        """What was promised."""
        return TARGETS.get((self.workload, self.other))


@dataclass(slots=True)
class Run:
    """One run. `conditions`: what the figures depend on."""

    conditions: dict[str, Any]
    series: list[Series] = field(default_factory=list[Series])

    def ratios(self) -> list[Ratio]:
        """Of the product to everybody else."""
        own = {(one.database, one.workload): one for one in self.series if one.contender == PRODUCT}
        return [
            _ratio(own[one.database, one.workload], one)
            for one in self.series
            if one.contender != PRODUCT and (one.database, one.workload) in own
        ]

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)


def from_json(found: dict[str, Any]) -> Run:
    """What `as_json` wrote."""
    series = [Series(**{**one, "turns": [Turn(**turn) for turn in one["turns"]]}) for one in found["series"]]
    return Run(conditions=found["conditions"], series=series)


def _ratio(own: Series, other: Series) -> Ratio:
    each = _each(own.turns, other.turns)
    cpu = [
        theirs.cpu_ms / mine.cpu_ms
        for mine, theirs in zip(own.turns, other.turns, strict=True)
        if mine.cpu_ms
    ]
    return Ratio(
        database=own.database,
        workload=own.workload,
        other=other.contender,
        median=median(each),
        least=min(each),
        greatest=max(each),
        cpu=median(cpu) if cpu else 0.0,
    )


def _each(own: Sequence[Turn], other: Sequence[Turn]) -> list[float]:
    return [mine.per_s / theirs.per_s for mine, theirs in zip(own, other, strict=True)]
