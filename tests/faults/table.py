"""What a run is told as: lines while it goes on, a table when it is over, JSON for machines."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.ledger import Violation
from tests.faults.run import Report

EVIDENCE = 3  # shown of each kind


@dataclass
class Total:
    """Several runs together."""

    runs: int = 0
    seconds: float = 0
    calls: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    stories: Counter[str] = field(default_factory=Counter)
    longest_recovery_s: float = 0
    longest_stop_s: float = 0
    longest_drain_s: float = 0
    delivered: int = 0
    redelivered: int = 0
    found: list[Violation] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """One more run."""
        self.runs += 1
        self.seconds += report.seconds
        self.calls += report.history.count()
        self.codes += report.history.codes()
        self.faults += report.faults
        self.stories += report.told
        self.longest_recovery_s = max(self.longest_recovery_s, *report.recoveries_s, 0)
        self.longest_stop_s = max(self.longest_stop_s, *report.stops_s, 0)
        self.longest_drain_s = max(self.longest_drain_s, report.drain_s)
        self.delivered += report.delivered
        self.redelivered += report.redelivered
        self.found += report.found

    @property
    def acknowledged(self) -> int:
        return self.calls["ok"]

    def as_data(self) -> dict[str, Any]:
        """The same as JSON."""
        found = [asdict(one) for one in self.found]
        return {**vars(self), "found": found, "violations": Counter(one.kind for one in self.found)}


def show(totals: Mapping[str, Total]) -> None:
    """One column for each database."""
    rows = [
        ("runs", lambda t: str(t.runs)),
        ("seconds", lambda t: f"{t.seconds:.0f}"),
        ("calls", lambda t: str(t.calls["calls"])),
        ("requests acknowledged", lambda t: str(t.acknowledged)),
        ("requests refused", lambda t: str(t.calls["refused"])),
        ("requests whose outcome stayed unknown", lambda t: str(t.calls["unknown"])),
        ("of them sent by twins", lambda t: str(t.calls["twins"])),
        ("attempts made again under the same key", lambda t: str(t.calls["retries"])),
        ("reads checked", lambda t: str(t.calls["looks"])),
        ("faults", lambda t: str(t.faults.total())),
        ("deliveries", lambda t: str(t.delivered)),
        ("redelivered after an acknowledgement", lambda t: str(t.redelivered)),
        ("longest recovery, s", lambda t: f"{t.longest_recovery_s:.1f}"),
        ("longest stop after SIGTERM, s", lambda t: f"{t.longest_stop_s:.1f}"),
        ("longest drain, s", lambda t: f"{t.longest_drain_s:.1f}"),
        ("VIOLATIONS", lambda t: str(len(t.found))),
    ]
    say("")
    say(f"{'':40}" + "".join(f"{database:>14}" for database in totals))
    for name, cell in rows:
        say(f"{name:40}" + "".join(f"{cell(total):>14}" for total in totals.values()))
    for title, one in (("refused with", "codes"), ("faults", "faults"), ("stories", "stories")):
        _counted(title, {database: getattr(total, one) for database, total in totals.items()})
    for database, total in totals.items():
        violations(database, total.found)


def _counted(title: str, found: Mapping[str, Counter[str]]) -> None:
    names = sorted(set().union(*found.values()))
    say("")
    say(title)
    for name in names:
        say(f"  {name:38}" + "".join(f"{counter[name]:>14}" for counter in found.values()))


def violations(where: str, found: Sequence[Violation]) -> None:
    """Each kind with some of what shows it."""
    for kind, number in Counter(one.kind for one in found).most_common():
        say("")
        say(f"{where}: {kind}: {number}")
        for one in [one for one in found if one.kind == kind][:EVIDENCE]:
            say(f"  {one.evidence}")


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
