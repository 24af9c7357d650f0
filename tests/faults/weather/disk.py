"""A disk of a few megabytes that a test fills up, for the file of a SQLite database."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 4096
_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT}


class NoSmallDisk(Exception):
    """A disk of its own cannot be mounted here."""


@dataclass(frozen=True)
class SmallDisk:
    """`folder` is all there is of it."""

    folder: Path

    @property
    def ballast(self) -> Path:
        return self.folder / "ballast"

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self) -> int:
        """Leave no room at all; gives how many bytes that took."""
        taken = 0
        with self.ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    taken += file.write(b"\xff" * _BLOCK)
            except OSError as error:
                if error.errno not in _OUT_OF_SPACE:
                    raise
        return taken

    def free(self) -> None:
        """Take the ballast away."""
        self.ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int = 8) -> Iterator[SmallDisk]:
    """A file system in memory, mounted on a new folder inside `folder`.

    Raises:
        NoSmallDisk: when this machine does not allow it.
    """
    place = folder / "small-disk"
    place.mkdir()
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={megabytes}m,mode=0777"
    try:
        done = subprocess.run(
            [*rights, "mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NoSmallDisk(f"a small disk needs `{error.filename}`, which is not installed") from error
    if done.returncode:
        why = (done.stderr or done.stdout).strip()
        raise NoSmallDisk(f"a small disk cannot be mounted ({why}): run the tests as root, or with sudo")
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run([*rights, "umount", "-l", place], capture_output=True, timeout=20, check=True)
