"""`python -m bench`: run benchmarks, print their rows, and end with 1 when a target was missed.

A new benchmark is a function that yields rows, and a line in `BENCHMARKS`.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bench import attacks, audit, observing, options, policy, reloads
from bench.machine import machine
from bench.options import Options
from bench.rows import HEADINGS, Benchmark, Row, line
from bench.workloads import page
from bench.workloads.generator import NotAnswered
from bench.workloads.growth import growth
from bench.workloads.measure import workloads
from bench.workloads.peers import NoPeers
from bench.workloads.same import Different
from bench.workloads.serving import NotServing
from gql_approvals.cli.progress import progress


def plain(benchmark: Benchmark) -> Callable[[Options], Iterator[Row]]:
    """A benchmark that has no options."""
    return lambda _: benchmark()


BENCHMARKS: dict[str, Callable[[Options], Iterator[Row]]] = {
    "policy-decisions": plain(policy.decisions),
    "policy-examination": plain(policy.examination),
    "policy-explain": plain(policy.explanations),
    "policy-diff": plain(policy.differences),
    "policy-edits": plain(reloads.edits),
    "policy-requests": plain(reloads.requests),
    "attacks": plain(attacks.attacks),
    "audit-verify": plain(audit.verification),
    "observing": plain(observing.overhead),
    "workloads": workloads,
    "growth": growth,
}


FAILURES = (Different, NotAnswered, NotServing, NoPeers)  # what a benchmark can say in words


def main() -> int:
    """Run those whose names contain one of the words, or all of them."""
    names = ", ".join(BENCHMARKS)
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__, epilog=f"Benchmarks: {names}.")
    parser.add_argument("word", nargs="*", help="run the benchmarks whose names contain it; default: all")
    options.add_to(parser)
    given = parser.parse_args()
    words: list[str] = given.word
    asked = options.from_arguments(given)
    chosen = [name for name in BENCHMARKS if not words or any(word in name for word in words)]
    if not chosen:
        parser.error(f"no benchmark is called so: there are {names}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers that were started are ended
    tell(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}")
    tell(line(HEADINGS))
    missed = 0
    with progress("benchmarks") as bar:
        bar.expect(len(chosen))
        for name in chosen:
            bar.begin(f"measuring {name}")
            begun_s = time.monotonic()
            try:
                for row in BENCHMARKS[name](asked):
                    tell(line(row.cells))
                    missed += row.met is False
            except FAILURES as error:
                tell(f"{name} FAILED: {error}")
                return 1
            tell(f"-- {name}: {time.monotonic() - begun_s:.0f} s")
            bar.advance()
    if asked.write_docs:
        tell(f"written: {', '.join(path.name for path in page.write(asked))}")
    if missed:
        tell(f"{missed} targets missed")
    return 1 if missed else 0


def tell(text: str) -> None:
    """Write a line at once, so that it is seen while the next one is measured."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
