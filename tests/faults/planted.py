"""Mistakes that are planted into a copy of the product, to see that the harness finds each of them.

A row is an edit of the source: a text that stands exactly once in a file, and what it is replaced with. The
product has no switch for any of this.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.run import Plan, Report, run

SOURCE = Path(__file__).parents[2] / "src"
TRIES = 3


class NotPlanted(Exception):
    """The text to be replaced is not there, or there several times: the product has changed."""


@dataclass(frozen=True)
class Bug:
    """`edits`: (file under src/gql_approvals, text, text instead). `caught`: kinds of violation that show it.

    The rest is the run that brings it out.
    """

    name: str
    edits: Sequence[tuple[str, str, str]]
    caught: frozenset[str]
    stories: Sequence[str] = ()
    faults: Sequence[str] = ()
    database: str = "sqlite"
    seconds: float = 12
    clients: int = 10
    accounts: int = 2


@contextmanager
def planted(bug: Bug) -> Iterator[Path]:
    """A copy of the source with the mistake in it, to be put first on the path of a server.

    Raises:
        NotPlanted: when the product has changed, so that the row must be written anew.
    """
    with TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder) / "src"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for file, text in edited(bug).items():
            (copy / "gql_approvals" / file).write_text(text)
        yield copy


def edited(bug: Bug) -> dict[str, str]:
    """The text of each file with the mistake in it.

    Raises:
        NotPlanted: when the product has changed, so that the row must be written anew.
    """
    texts: dict[str, str] = {}
    for file, old, new in bug.edits:
        text = texts.get(file) or (SOURCE / "gql_approvals" / file).read_text()
        if text.count(old) != 1:
            raise NotPlanted(f"`{bug.name}`: {file} has this {text.count(old)} times: {old}")
        texts[file] = text.replace(old, new)
    return texts


def catch(bug: Bug, seed: int, progress: Callable[[str], None]) -> tuple[Report, int]:
    """Run until it is caught, three times at most; gives the last run, and how many there were."""
    report, tries = None, 0
    with planted(bug) as source:
        for tries in range(1, TRIES + 1):
            plan = Plan(
                bug.database, seconds=bug.seconds, seed=seed + tries, clients=bug.clients, source=source,
                accounts=bug.accounts, faults=bug.faults, stories=bug.stories,
            )  # fmt: skip
            report = run(plan, progress)
            if kinds_of(report) & bug.caught:
                break
    assert report is not None
    return report, tries


def kinds_of(report: Report) -> set[str]:
    return {violation.kind for violation in report.found}
