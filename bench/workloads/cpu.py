"""CPU time and memory of processes, as Linux counts them in `/proc`."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def of_tree(pid: int) -> float:
    """The CPU seconds that a process and all below it have used, those included that have ended."""
    return sum(_used(one, waited=one == pid) for one in tree(pid))


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    parents = dict(_parents())
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def memory(pid: int) -> int:
    """The resident memory of a process, in bytes; 0 when it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _used(pid: int, *, waited: bool) -> float:
    """`waited`: with the children that it has waited for."""
    fields = _stat(pid)
    return sum(int(text) for text in fields[11 : 15 if waited else 13]) / _TICKS


def _parents() -> list[tuple[int, int]]:
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [(pid, int(fields[1])) for pid in pids if len(fields := _stat(pid)) > 1]


def _stat(pid: int) -> list[str]:
    """The fields from the third on: the second may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
