"""Noticing that a policy folder has changed, and waiting until whoever writes it has finished.

A half-written file can look valid and lack the very line that denies something. So a change counts only
when nothing has changed any more for `STILL_S`. Files are looked at by their metadata, which also works
where no event tells of a change: network folders, bind mounts, folders that are exchanged as a whole.
"""

from dataclasses import dataclass, field
from pathlib import Path

from gql_approvals.policy.files import MODEL_FILE, POLICY_FILE, TEST_FILES, PolicyFiles, read_files

# A file that was seen unchanged for less than 0.2 s is never put in force (spec 2); the rest is for the looks
# themselves, which may come late.
STILL_S = 0.25

# Of each file: its name, modification and change in ns, size, inode. Whoever copies or unpacks a file can
# keep all of them as they were, but not the time of change.
Stamp = tuple[tuple[str, int, int, int, int], ...]


@dataclass
class Watch:
    """One folder. `seen`: the state of the folder that needs no attention."""

    folder: Path
    seen: Stamp = ()
    _last: Stamp = field(default=(), init=False)
    _since_s: float = field(default=0.0, init=False)

    def changed_files(self, now_s: float) -> PolicyFiles | None:
        """The files, once after each change, as soon as they have been still; `now_s` only ever grows."""
        stamp = stamp_of(self.folder)
        if stamp != self._last:
            self._last, self._since_s = stamp, now_s
            return None
        if stamp == self.seen or now_s - self._since_s < STILL_S:
            return None
        files = read_files(self.folder)
        if stamp_of(self.folder) != stamp:
            return None  # it went on while it was read
        self.seen = stamp
        return files

    def has_changed(self) -> bool:
        """Whether the folder is another one than when `changed_files` gave it last."""
        return stamp_of(self.folder) != self.seen

    def look_again(self) -> None:
        """Give the same files once more."""
        self.seen = ()


def stamp_of(folder: Path) -> Stamp:
    """What changes whenever one of the folder's files does; a missing file counts as an empty one."""
    paths = [folder / MODEL_FILE, folder / POLICY_FILE, *sorted(folder.glob(TEST_FILES))]
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[str, int, int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return path.name, 0, 0, 0, 0
    return path.name, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
