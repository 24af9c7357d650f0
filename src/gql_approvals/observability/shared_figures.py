"""The folder in which the workers of a server keep their figures, so that each can tell those of all.

The files are prometheus_client's, one a kind of figure and process, mapped into memory. A worker that ended
leaves its counters, which go on to count, and takes its gauges with it. They are kept in memory (`/dev/shm`)
where there is such a place: a full disk must not stop a worker that counts.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
_NAME = "gql-approvals-figures-"
_RESERVED = 128 * 1024  # bytes a file: so much it can hold even if the place is full afterwards
_KINDS = ("counter", "histogram", "gauge_livesum")
_held: list[int] = []  # locks of this process, as long as it lives


@contextmanager
def shared_folder(*, wanted: bool) -> Generator[None]:
    """Make the folder for the workers that are started within, and remove it at the end.

    What servers have left that were killed is removed as well.

    Raises:
        OSError: when there is no place for it.
    """
    os.environ.pop(VARIABLE, None)
    if not wanted:
        yield
        return
    place = _place()
    for old in place.glob(f"{_NAME}*"):
        if not _is_held(old / "server"):
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_NAME, dir=place))
    try:
        _hold(folder / "server")
        os.environ[VARIABLE] = str(folder)
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        shutil.rmtree(folder, ignore_errors=True)


def folder() -> Path | None:
    """The folder of this worker's server; None when it is its only one."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def join(shared: Path) -> None:
    """Begin to count in the folder, under this process's number.

    Raises:
        OSError: when there is no room.
    """
    leave_out_the_dead(shared)
    _hold(shared / f"worker_{os.getpid()}")
    for kind in _KINDS:
        file = shared / f"{kind}_{os.getpid()}.db"
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _RESERVED)
        finally:
            os.close(descriptor)


def leave_out_the_dead(shared: Path) -> None:
    """Delete gauges of workers that are no more, and the room that their counters do not need."""
    for file in shared.glob("*.db"):
        pid = file.stem.rpartition("_")[2]
        if _is_held(shared / f"worker_{pid}"):
            continue
        with contextlib.suppress(OSError):  # another worker does the same
            if file.stem.startswith("gauge"):
                file.unlink()
            elif file.stat().st_size >= _RESERVED:
                with file.open("r+b") as counters:
                    counters.truncate(max(8, int.from_bytes(counters.read(4), "little")))


def _place() -> Path:
    memory = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
    return memory if os.access(memory, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _hold(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _held.append(descriptor)


def _is_held(file: Path) -> bool:
    """Whether the process that holds it lives; numbers of processes are used again, locks are not."""
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # somebody else's
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
