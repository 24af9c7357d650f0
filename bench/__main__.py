"""`python -m bench`: run benchmarks, print their rows, and end with 1 when a target was missed.

A new benchmark is a function that yields rows, and a line in `BENCHMARKS`.
"""

import argparse
import os
import platform
import sys
import time
from datetime import UTC, datetime

from bench import attacks, audit, observing, policy, reloads
from bench.rows import HEADINGS, Benchmark, line
from gql_approvals.cli.progress import progress

BENCHMARKS: dict[str, Benchmark] = {
    "policy-decisions": policy.decisions,
    "policy-examination": policy.examination,
    "policy-explain": policy.explanations,
    "policy-diff": policy.differences,
    "policy-edits": reloads.edits,
    "policy-requests": reloads.requests,
    "attacks": attacks.attacks,
    "audit-verify": audit.verification,
    "observing": observing.overhead,
}


def main() -> int:
    """Run those whose names contain one of the words, or all of them."""
    names = ", ".join(BENCHMARKS)
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__, epilog=f"Benchmarks: {names}.")
    parser.add_argument("word", nargs="*", help="run the benchmarks whose names contain it; default: all")
    words: list[str] = parser.parse_args().word
    chosen = [name for name in BENCHMARKS if not words or any(word in name for word in words)]
    if not chosen:
        parser.error(f"no benchmark is called so: there are {names}")
    tell(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}")
    tell(line(HEADINGS))
    missed = 0
    with progress("benchmarks") as bar:
        bar.expect(len(chosen))
        for name in chosen:
            bar.begin(f"measuring {name}")
            begun_s = time.monotonic()
            for row in BENCHMARKS[name]():
                tell(line(row.cells))
                missed += row.met is False
            tell(f"-- {name}: {time.monotonic() - begun_s:.0f} s")
            bar.advance()
    if missed:
        tell(f"{missed} targets missed")
    return 1 if missed else 0


def machine() -> str:
    """What the numbers depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def tell(text: str) -> None:
    """Write a line at once, so that it is seen while the next one is measured."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
