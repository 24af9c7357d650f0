"""docs/policies.md in pieces: its blocks, with what they are for, and the rows of its tables.

The words behind three backticks say what to do with a block: `csv find` and `csv write` edit a file,
`csv save FILE` makes one, `sh` is typed, `text` is what a reader then sees, `csv recipe` stands before the
`csv test` that proves it.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "policies.md").read_text("utf-8")


@dataclass(frozen=True)
class Block:
    """A block of the page; `words` are those behind the three backticks."""

    words: tuple[str, ...]
    text: str
    line: int
    heading: str


def blocks() -> Iterator[Block]:
    opened, heading = 0, ""
    lines: list[str] = []
    words: tuple[str, ...] = ()
    for number, line in enumerate(GUIDE.splitlines(), 1):
        if line.startswith("```") and opened:
            yield Block(words, "".join(f"{one}\n" for one in lines), opened, heading)
            opened, lines = 0, []
        elif line.startswith("```"):
            opened, words = number, tuple(line[3:].split())
        elif opened:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("# ")


BLOCKS = tuple(blocks())
NEXT = dict(itertools.pairwise(BLOCKS))


def rows(heading: str, page: str = GUIDE) -> list[list[str]]:
    """The cells of all tables whose first column has this heading."""
    tables = re.findall(rf"^\| {heading} \|.*\n\|---.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
