"""Counting, as cheap as it can be: without `begin` nothing is counted, and nothing is imported for it."""

import platform
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from gql_approvals.observability.figures import COUNTED, FOUND, PREFIX, SECONDS, Figure
from gql_approvals.observability.shared_figures import folder, join, leave_out_the_dead

Sample: TypeAlias = tuple[str, Sequence[str], float]  # a figure's name, the values of its labels, its value
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_meters: dict[str, Any] = {}
_registries: list[Any] = []


def begin() -> None:
    """Count from now on, in this process; together with the server's other workers if there are any.

    Raises:
        OSError: when there is no room for the workers' common figures; then nothing is counted.
    """
    if _meters:
        return
    shared = folder()
    if shared is not None:
        join(shared)
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415  # only if wanted

    registry = CollectorRegistry()
    kinds: dict[str, Any] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
    options: dict[str, dict[str, Any]] = {
        "gauge": {"multiprocess_mode": "livesum"},
        "histogram": {"buckets": SECONDS},
    }
    for figure in COUNTED.values():
        _meters[figure.name] = kinds[figure.kind](
            f"{PREFIX}{figure.name}",
            figure.about,
            figure.labels,
            registry=registry,
            **options.get(figure.kind, {}),
        )
    _registries.append(registry)


def count(name: str, *labels: str, by: float = 1) -> None:
    """Count something that has happened; of a gauge, `by` may be negative."""
    meter = _meters.get(name)
    if meter is not None:
        (meter.labels(*labels) if labels else meter).inc(by)


def took(name: str, seconds: float, *labels: str) -> None:
    """Note how long something took."""
    meter = _meters.get(name)
    if meter is not None:
        meter.labels(*labels).observe(seconds)


@contextmanager
def during(name: str) -> Generator[None]:
    """Count something as long as it lasts."""
    count(name)
    try:
        yield
    finally:
        count(name, by=-1)


def text(found: Iterable[Sample]) -> bytes:
    """What all workers have counted, and `found` of `FOUND`, as Prometheus reads it."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  # it is imported already
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    registry: Any = _registries[0] if _registries else CollectorRegistry()
    shared = folder()
    if shared is not None:
        leave_out_the_dead(shared)
        registry = CollectorRegistry()
        _untyped: Any = MultiProcessCollector
        _untyped(registry, path=str(shared))
    return generate_latest(registry) + generate_latest(_Found(found))


def build(version: str, migration: str) -> Sample:
    """What runs here."""
    return ("build_info", (version, platform.python_version(), migration), 1)


class _Found:
    """Samples that were looked up, as a registry of its own."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  # it is imported already

        families: dict[str, Any] = {}
        for name, labels, value in self._samples:
            if name not in families:
                figure: Figure = FOUND[name]
                families[name] = GaugeMetricFamily(figure.shown, figure.about, labels=figure.labels)
            families[name].add_metric([str(label) for label in labels], value)
        yield from families.values()


def counts() -> bool:
    """Whether something is counted here."""
    return bool(_meters)
