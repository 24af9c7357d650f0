"""A file that is being written: every prefix is refused or loads, and what does not last is never reported.

The watch is shown real files; their times and its own are those of a clock that is set by hand.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from gql_approvals.policy import read_policy
from gql_approvals.policy.files import PolicyFiles, read_files
from gql_approvals.policy.problem import Severity
from gql_approvals.policy.watch import STILL_S, Watch

from .conftest import NOW, SHIPPED
from .random_policies import dice_for

FILES = ("policy.csv", "model.conf")
SHORTEST_S = 0.2  # spec 2: whoever goes on within this time is not disturbed
LOOK_S = 0.1
LASTING_S = 2.0  # a change that stands this long has been noticed


def cut_off(folder: Path, name: str, lengths: list[int]) -> tuple[int, int]:
    """(how many prefixes were refused, how many loaded)."""
    shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
    whole = (SHIPPED / name).read_bytes()
    refused = 0
    for length in lengths:
        (folder / name).write_bytes(whole[:length])
        policy, problems = read_policy(folder, now=NOW)
        errors = [problem for problem in problems if problem.severity is Severity.ERROR]
        assert (policy is None) == bool(errors), (name, length)
        refused += policy is None
    return refused, len(lengths) - refused


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_at_a_line_or_anywhere_is_refused_or_loads(name: str, tmp_path: Path):
    whole = (SHIPPED / name).read_bytes()
    dice = dice_for(9)
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    some = {0, len(whole), *(end + by for end in dice.sample(ends, 8) for by in (-1, 0, 1))}
    some |= {dice.randrange(len(whole)) for _ in range(10)}

    refused, loaded = cut_off(tmp_path / "policies", name, sorted(n for n in some if n <= len(whole)))

    assert refused
    assert loaded


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_at_any_byte_is_refused_or_loads(name: str, tmp_path: Path):
    size = (SHIPPED / name).stat().st_size

    refused, loaded = cut_off(tmp_path / "policies", name, list(range(size + 1)))

    assert refused > size / 2
    assert loaded


@dataclass
class Writer:
    """Changes a folder, at the moments of a clock set by hand; `folder` leads to where the files are now."""

    place: Path
    dice: random.Random
    now_s: float = 1_000.0
    changed_s: float = 1_000.0
    numbers: Iterator[int] = field(default_factory=count)
    earlier: "list[dict[str, tuple[str, int, int]]]" = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = self.place / "policies"
        self.exchange_folder()
        self.earlier.append(state(self.folder))

    def change(self) -> None:
        """Do one thing that editors, scripts and orchestrators do."""
        ways: tuple[Callable[[], None], ...] = (
            self.write_part, self.write_part, self.append, self.replace, self.delete, self.exchange_folder,
            self.delete_tests, self.only_touch,
        )  # fmt: skip
        now = self.earlier[-1]
        while now in self.earlier:  # deleting may bring back what was there, which no stamp tells apart
            self.dice.choice(ways)()
            now = state(self.folder)
        self.earlier.append(now)
        self.changed_s = self.now_s

    def write_part(self) -> None:
        """In place: the file is empty for a moment, and then has a part of its text, or all of it."""
        file, text = self._file(), self._text()
        file.write_text(text[: self.dice.choice((0, self.dice.randrange(len(text)), len(text)))])
        self._stamp(file)

    def append(self) -> None:
        file = self._file()
        with file.open("a") as end:
            end.write("p, ")
        self._stamp(file)

    def replace(self) -> None:
        """By another file that is complete."""
        file = self._file()
        new = file.with_suffix(".new")
        new.write_text(self._text())
        self._stamp(new)
        new.replace(file)

    def delete(self) -> None:
        self._file().unlink(missing_ok=True)

    def delete_tests(self) -> None:
        shutil.rmtree(self.folder / "tests")
        (self.folder / "tests").mkdir()

    def only_touch(self) -> None:
        """Write the same text again."""
        file = self._file()
        if file.exists():
            self._stamp(file)

    def exchange_folder(self) -> None:
        """As a mounted ConfigMap does: a link to a folder is replaced by a link to the next one."""
        target = self.place / f"version-{next(self.numbers)}"
        shutil.copytree(SHIPPED, target)
        for name in FILES:
            (target / name).write_text(self._text())
            self._stamp(target / name)
        link = self.place / "next"
        link.symlink_to(target)
        link.replace(self.folder)

    def _file(self) -> Path:
        return self.folder / self.dice.choice((*FILES, "tests/more.csv"))

    def _text(self) -> str:
        """Texts of few lengths, so that sizes do not tell them apart."""
        return "".join(f"# {self.dice.randrange(1_000):03}\n" for _ in range(self.dice.randint(1, 3)))

    def _stamp(self, file: Path) -> None:
        moment = int(self.now_s * 1e9)
        os.utime(file, ns=(moment, moment))


def play(writer: Writer, watch: Watch, *, changes: int) -> list[PolicyFiles]:
    """Make changes one short moment after the other, then let the last one stand; give what was reported."""
    dice = writer.dice
    reported: list[PolicyFiles] = []
    look_s, left = writer.now_s, changes
    change_s = writer.now_s + dice.uniform(0, 1)
    while left or writer.now_s < writer.changed_s + LASTING_S:
        writer.now_s = min(look_s, change_s) if left else look_s
        if left and writer.now_s == change_s:
            writer.change()
            left -= 1
            change_s += dice.uniform(0.001, SHORTEST_S - 0.001)
            continue
        look_s += LOOK_S + dice.choice((0, 0, dice.uniform(0, 0.02), dice.uniform(0, 0.5)))
        files = watch.changed_files(writer.now_s)
        if files is not None:
            reported.append(files)
            stood_s = writer.now_s - writer.changed_s
            assert stood_s >= SHORTEST_S, f"what stood for {stood_s:.3f} s only was reported"
    return reported


def state(folder: Path) -> dict[str, tuple[str, int, int]]:
    files = [
        path for path in (*(folder / name for name in FILES), *folder.glob("tests/*.csv")) if path.exists()
    ]
    return {path.name: (path.read_text(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


def watch_many(place: Path, seeds: range) -> int:
    """How many changes of a folder were reported, each of them once."""
    found = 0
    for seed in seeds:
        dice = dice_for(seed)
        (place / str(seed)).mkdir()
        writer = Writer(place / str(seed), dice)
        watch = Watch(writer.folder)
        assert play(writer, watch, changes=0) == [read_files(writer.folder)]
        for _ in range(3):
            reported = play(writer, watch, changes=dice.randint(1, 12))
            assert reported == [read_files(writer.folder)], seed
            found += 1
        shutil.rmtree(place / str(seed))
    return found


def test_what_does_not_last_is_never_reported_and_what_lasts_is_reported_once(tmp_path: Path):
    assert watch_many(tmp_path, range(16)) == 48


@pytest.mark.slow
def test_many_writers_are_never_disturbed_and_always_noticed(tmp_path: Path):
    assert watch_many(tmp_path, range(400)) == 1_200


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_goes_on_while_it_is_read_is_not_reported(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(SHIPPED, tmp_path / "policies")
    watch = Watch(tmp_path / "policies")

    def read_slowly(folder: Path) -> PolicyFiles:
        files = read_files(folder)
        with (folder / name).open("a") as file:
            file.write("# more\n")
        return files

    assert watch.changed_files(0) is None
    with monkeypatch.context() as patch:
        patch.setattr("gql_approvals.policy.watch.read_files", read_slowly)
        assert watch.changed_files(STILL_S) is None
    assert watch.changed_files(STILL_S + 0.1) is None
    assert watch.changed_files(STILL_S + 0.2) is None
    assert watch.changed_files(2 * STILL_S + 0.1) == read_files(tmp_path / "policies")
    assert watch.changed_files(3 * STILL_S + 0.1) is None
