"""What is found in a backup: its release, whether it is whole, and its audit chains."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gql_approvals.cli import auditing
from gql_approvals.cli.progress import progress
from gql_approvals.persistence import backups
from gql_approvals.persistence.chain import Verdict
from gql_approvals.persistence.snapshot import snapshot

HASHES = "every hash of the audit trail"
_IN_A_FILE = ("SQLite's integrity and references", HASHES)
_IN_A_DUMP = ("all of it can be unpacked", HASHES)
_NOT_IN_A_DUMP = "whether a server takes it: restore it into an empty database to know"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """`release`: its newest migration. `checked`, `unchecked`: what was looked at, and what was not."""

    release: str
    verdicts: Sequence[Verdict]
    checked: tuple[str, ...]
    unchecked: str | None = None

    @property
    def tampered(self) -> bool:
        """Whether an audit entry is not as it was written."""
        return any(one.finding is not None for one in self.verdicts)

    @property
    def lines(self) -> list[str]:
        """For people."""
        return [
            f"release: {self.release}",
            *(f"checked: {text}" for text in self.checked),
            *([f"not checked: {self.unchecked}"] if self.unchecked else []),
            *map(auditing.line, self.verdicts),
        ]

    @property
    def data(self) -> dict[str, object]:
        """For programs."""
        return {
            "release": self.release,
            "checked": self.checked,
            "unchecked": self.unchecked,
            "accounts": [auditing.as_data(one) for one in self.verdicts],
        }


async def examine(path: Path, form: str, shown: str | None = None) -> Examined:
    """Look through a backup, and leave it as it is. `shown`: what it is called.

    Raises:
        BadDatabase: when it is no backup, damaged, or of a newer release.
    """
    name = shown or str(path)
    if backups.kind_of(path) == "sqlite":
        backups.require_whole(path, name)
        return await _examined(path, name, form, _IN_A_FILE)
    with tempfile.TemporaryDirectory() as folder:
        with progress(f"unpacking {name}", form):
            backups.read_through(path)
            extracted = Path(folder) / "extract.db"
            backups.extract(path, extracted)
        found = await _examined(extracted, name, form, _IN_A_DUMP)
        return replace(found, unchecked=_NOT_IN_A_DUMP)


async def examine_copy(path: Path, form: str) -> Examined:
    """The same with a copy, as restoring would make it, of a backup from SQLite.

    Raises:
        BadDatabase: when it is no backup, damaged, or of a newer release.
    """
    if backups.kind_of(path) != "sqlite":
        return await examine(path, form)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        with progress(f"reading {path}", form) as bar:
            backups.copy_file(str(path), copy, str(path), bar.reach)
        return await examine(copy, form, str(path))


async def release_of(path: Path) -> str:
    """The newest migration of a backup.

    Raises:
        BadDatabase: when it is no backup, or of a newer release.
    """
    if backups.kind_of(path) == "sqlite":
        return await _release(path, str(path))
    with tempfile.TemporaryDirectory() as folder:
        extracted = Path(folder) / "extract.db"
        backups.extract(path, extracted, [backups.MIGRATIONS])
        return await _release(extracted, str(path))


async def _release(path: Path, shown: str) -> str:
    backups.require_ours(path, shown)
    async with snapshot(backups.url_of(path)) as reading:
        return await backups.release_in(reading, shown)


async def _examined(path: Path, shown: str, form: str, checked: tuple[str, ...]) -> Examined:
    release = await _release(path, shown)
    verdicts = await auditing.verify(backups.url_of(path), form=form)
    return Examined(release=release, verdicts=verdicts, checked=checked)
