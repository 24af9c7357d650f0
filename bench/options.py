"""What can be asked of a run."""

import argparse
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(".bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`seconds`: of a round. `campaigns`, `many`: of the seed, and of the large one that growth looks at."""

    rounds: int = 5
    seconds: float = 2.0
    concurrency: int = 8
    campaigns: int = 10_000
    many: int = 1_000_000
    databases: tuple[str, ...] = ("SQLite", "PostgreSQL")
    peers: bool = False
    write_docs: bool = False
    results: Path = RESULTS


def add_to(parser: argparse.ArgumentParser) -> None:
    """Let a parser read them."""
    own = Options()
    group = parser.add_argument_group("of the workloads and of growth")
    group.add_argument("--rounds", type=int, default=own.rounds, help="how often each contender has its turn")
    group.add_argument("--seconds", type=float, default=own.seconds, help="how long a turn takes")
    group.add_argument(
        "--concurrency", type=int, default=own.concurrency, help="connections that ask at once"
    )
    group.add_argument("--campaigns", type=int, default=own.campaigns, help="how many the seed has")
    group.add_argument("--many", type=int, default=own.many, help="how many there are when there are many")
    group.add_argument(
        "--database", choices=own.databases, action="append", dest="databases", help="only on this one"
    )
    group.add_argument(
        "--peers", action="store_true", help="beside npm's GraphQL servers; installs them, needs npm"
    )
    group.add_argument(
        "--write-docs",
        action="store_true",
        help="write bench/results, and docs/performance.md and its pictures",
    )
    group.add_argument("--results", type=Path, default=own.results, help="where results are written as JSON")


def from_arguments(given: argparse.Namespace) -> Options:
    """What was asked for."""
    found = {name: getattr(given, name) for name in Options.__dataclass_fields__}
    return Options(**{**found, "databases": tuple(found["databases"] or Options().databases)})
