"""What processes ask of the kernel, in its order: requests read, database synced, answers written."""

import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CALLS = "fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg,openat,close"
_BEGINS_S = 20
# `-y` names what a descriptor leads to: `fdatasync(9</data/approvals.db-wal>) = 0`.
_CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(?P<name>\w+)(?P<rest>.*)$")


class NoTrace(AssertionError):
    """strace is not there, or is not allowed to look."""


@dataclass(frozen=True)
class Trace:
    """`strace`'s file; complete once `tracing` is left."""

    file: Path

    def answers_after_a_sync(self, synced: str) -> list[bool]:
        """For each answer to a POST, in order: whether a file like `synced` was synced since its request.

        Only what has returned counts, so a sync that still runs when the answer is written is none.
        """
        answers: list[bool] = []
        asked, done = False, False
        pending: set[str] = set()  # processes whose sync of such a file has begun
        for line in self.file.read_text(errors="replace").splitlines():
            process = line.partition(" ")[0]
            if "sync(" in line and re.search(synced, line):
                if line.endswith("<unfinished ...>"):
                    pending.add(process)
                elif line.rstrip().endswith("= 0"):
                    done = True
            elif "sync resumed>" in line and process in pending:
                pending.discard(process)
                done |= line.rstrip().endswith("= 0")
            elif "POST /graphql" in line:
                asked, done = True, False
            elif "HTTP/1.1 200" in line and asked:
                answers.append(done)
                asked = False
        return answers


@contextmanager
def tracing(pids: Collection[int], file: Path) -> Iterator[Trace]:
    """Trace these processes and all of their threads.

    Raises:
        NoTrace: when strace is missing or refused; tracing is over before the block is left.
    """
    program = shutil.which("strace")
    if program is None:
        raise NoTrace("durability cannot be seen without strace: apt-get install strace")
    which = [word for pid in pids for word in ("-p", str(pid))]
    said = file.with_suffix(".said")
    with said.open("wb") as log:
        process = subprocess.Popen(
            [program, "-f", "-y", "-s", "24", "-e", f"trace={_CALLS}", "-o", file, *which],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _BEGINS_S
        while said.read_text().count("attached") < len(pids):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoTrace(f"strace does not look: {said.read_text()}")
            time.sleep(0.05)
        yield Trace(file)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)  # it lets go of everybody
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def with_children(pid: int) -> list[int]:
    """A process and those it has started, at any depth."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found
