"""The wall clock of a running server, which a test sets back and forth. Monotonic time goes on."""

from dataclasses import dataclass
from pathlib import Path

NOTICED_S = 1.2  # after this every process has seen the change
_LIBRARIES = ("/usr/lib/*/faketime", "/usr/lib*/faketime", "/usr/local/lib/faketime")


class NoFakeClock(Exception):
    """libfaketime is not there."""


@dataclass(frozen=True)
class FakeClock:
    """How far the clock is off, written into a file that every process of the server reads each second."""

    file: Path
    library: Path

    @classmethod
    def make(cls, folder: Path) -> "FakeClock":
        """A clock that is right.

        Raises:
            NoFakeClock: when libfaketime is not installed.
        """
        found = [path for place in _LIBRARIES for path in Path("/").glob(f"{place[1:]}/libfaketimeMT.so.1")]
        if not found:
            raise NoFakeClock("the clock cannot be moved without libfaketime: apt-get install libfaketime")
        clock = cls(folder / "clock", found[0])
        clock.move(0)
        return clock

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process obey it."""
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # its own waiting for locks is not woken: all threads crawl
            "NO_FAKE_STAT": "1",
        }

    def move(self, seconds: int) -> None:
        """Set how far it is ahead (or, negative, behind); seen within `NOTICED_S`."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.file)  # nobody reads half of it
