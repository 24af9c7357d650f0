"""Policy folders as admins have them, how they save and spoil files, and what processes make of it."""

import contextlib
import os
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.server.server_process import POLICIES

from gql_approvals.policy.files import read_files


def zombies(parent: int) -> list[int]:
    """Children that have ended without their parent's noticing."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, ppid, *_ = (process / "stat").read_text().rpartition(")")[2].split()
            if (state, int(ppid)) == ("Z", parent):
                found.append(int(process.name))
    return found


def cpu_s(pid: int) -> float:
    """How long a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """How much memory of its own a process holds now."""
    (size,) = re.findall(r"^RssAnon:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(size) / 1024


@dataclass(frozen=True)
class PolicyFolder:
    """The shipped policy to be edited, reached through a link: the folder can be exchanged as a whole."""

    path: Path

    @classmethod
    def made(cls, place: Path) -> "PolicyFolder":
        """Make one at a place where nothing is; what it links to lies beside it."""
        folder = cls(place)
        folder.restore()
        return folder

    @property
    def file(self) -> Path:
        return self.path / "policy.csv"

    @property
    def version(self) -> str:
        """The version of the files as they are now."""
        return read_files(self.path).version

    def restore(self) -> None:
        """Put the shipped files there."""
        self.exchange(self.file.name, (POLICIES / "policy.csv").read_text())

    def exchange(self, name: str, text: str) -> None:
        """Link to another folder, with this text in the file `name` and everything else as it is shipped."""
        number = len(list(self.path.parent.glob(f"{self.path.name}-*")))
        other = self.path.with_name(f"{self.path.name}-{number}")
        shutil.copytree(POLICIES, other)
        (other / name).write_text(text)
        link = self.path.with_name(f"{self.path.name}-link")
        link.symlink_to(other.name)
        link.replace(self.path)

    def edit(self, old: str, new: str) -> str:
        """Change the policy in place, as most editors do; gives the version it has then."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))
        return self.version

    def limit(self, audience: str) -> str:
        """Let text approvers approve up to this audience, `60k`; gives the version."""
        text = re.sub(r"(?<=audience <= )\w+(?=, allow)", audience, self.file.read_text())
        self.file.write_text(text)
        return self.version


# --------------------------------------------------------------------------------- ways of saving a text
def in_place(folder, text):
    with folder.file.open("r+") as file:
        file.truncate()
        file.write(text[: len(text) // 2])
        file.flush()
        file.write(text[len(text) // 2 :])


def beside_and_renamed(folder, text):
    new = folder.path / ".policy.csv.swp"
    new.write_text(text)
    new.replace(folder.file)


def deleted_and_created(folder, text):
    folder.file.unlink()
    folder.file.write_text(text)


def unpacked_with_the_old_time(folder, text):
    """From an archive whose files all have one time; the text is as long as before."""
    before = folder.file.stat()
    assert before.st_size == len(text.encode())
    folder.file.unlink()
    folder.file.write_text(text)
    os.utime(folder.file, ns=(before.st_atime_ns, before.st_mtime_ns))


def copied_over_with_the_old_time(folder, text):
    before = folder.file.stat()
    folder.file.write_text(text)
    os.utime(folder.file, ns=(before.st_atime_ns, before.st_mtime_ns))


def whole_folder_exchanged(folder, text):
    folder.exchange("policy.csv", text)


def mounted_config_map(folder, text):
    """As Kubernetes does: the files are links through `..data`, which is exchanged."""
    new = folder.path / f"..{folder.version}"
    new.mkdir()
    (new / "policy.csv").write_text(text)
    (folder.path / "..data_tmp").symlink_to(new.name)
    (folder.path / "..data_tmp").replace(folder.path / "..data")
    if not folder.file.is_symlink():
        (folder.path / "link").symlink_to("..data/policy.csv")
        (folder.path / "link").replace(folder.file)


WAYS = (
    in_place,
    beside_and_renamed,
    deleted_and_created,
    unpacked_with_the_old_time,
    copied_over_with_the_old_time,
    whole_folder_exchanged,
    mounted_config_map,
)
AGAIN = WAYS[3:5] + WAYS[6:]  # what matters is a change of what was put there in the same way


# ------------------------------------------------------------------------------------- hostile files
def thirty_thousand_mistakes(folder):
    folder.file.write_text("q, r, s\n" * 30_000)


def hundred_thousand_lines_with_semicolons(folder):
    folder.file.write_text("p; role; acme; approve; any\n" * 100_000)


def five_hundred_roles_that_inherit(folder):
    links = "".join(f"g, r{number}, r{number + 1}, acme\n" for number in range(500))
    folder.file.write_text(f"{folder.file.read_text()}{links}p, r500, acme, comment, any, always, allow\n")


def fifty_megabytes(folder):
    folder.file.write_text("p, maker, *, comment, any, always, allow\n" * 1_250_000)


def binary_junk(folder):
    folder.file.write_bytes(random.Random(7).randbytes(2_000_000))  # noqa: S311 - no secret


def a_folder(folder):
    folder.file.unlink()
    folder.file.mkdir()


def a_fifo(folder):
    os.mkfifo(folder.path / "fifo")
    (folder.path / "fifo").replace(folder.file)


def what_cannot_be_read(folder):
    folder.file.unlink()
    folder.file.symlink_to("/proc/self/mem")  # not even root can read it from its start


def an_endless_device(folder):
    folder.file.unlink()
    folder.file.symlink_to("/dev/zero")


HOSTILE = (
    thirty_thousand_mistakes,
    hundred_thousand_lines_with_semicolons,
    five_hundred_roles_that_inherit,
    fifty_megabytes,
    binary_junk,
    a_folder,
    a_fifo,
    what_cannot_be_read,
    an_endless_device,
)
