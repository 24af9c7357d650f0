"""The project's Markdown pages in pieces: blocks with what they are for, links, headings, rows of tables.

The words behind three backticks say what to do with a block; the first is its language. On every page:
`graphql` is sent when a `json as NAME` follows, with the values of a `json variables` before it; a variable
that is not among them has the value of the field of its name in an earlier answer. `csv find` and `csv write`
edit a file, `csv save FILE` makes one. `sh` is typed where the page is one of the STORIES, and `text` or
`json` is what a reader then sees; elsewhere its commands are looked up. In docs/policies.md a `csv recipe`
stands before the `csv test` that proves it.
"""

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
POLICIES = "docs/policies.md"
STORIES = {
    "docs/administration.md",
    "docs/operations.md",
    "docs/tutorial.md",
    POLICIES,
}  # what stands there is typed as well, from top to end


@dataclass(frozen=True)
class Block:
    """A block of a page; `words` are those behind the three backticks."""

    words: tuple[str, ...]
    text: str
    line: int
    heading: str
    page: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def _texts() -> dict[str, str]:
    patterns = ("README.md", "docs/**/*.md", "examples/*.md", "examples/*/*.md")
    found = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in found}


PAGES = _texts()  # name → text
GUIDE = PAGES[POLICIES]


def blocks(text: str, page: str = "page") -> Iterator[Block]:
    opened, heading = 0, ""
    lines: list[str] = []
    words: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```") and opened:
            yield Block(words, "".join(f"{one}\n" for one in lines), opened, heading, page)
            opened, lines = 0, []
        elif line.startswith("```"):
            opened, words = number, tuple(line[3:].split())
        elif opened:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    if opened:
        raise AssertionError(f"{page}:{opened}: this block never ends")


BLOCKS = {page: tuple(blocks(text, page)) for page, text in PAGES.items()}
NEXT = {block: after for page in BLOCKS.values() for block, after in itertools.pairwise(page)}


def prose(text: str) -> str:
    """The page without its blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@functools.cache
def anchors(text: str) -> set[str]:
    """What a link behind `#` may name, as repository viewers make it of headings."""
    found: list[str] = re.findall(r'<a id="([^"]+)"', text)
    times: Counter[str] = Counter()
    for heading in re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE):
        anchor = slug(heading)
        found.append(f"{anchor}-{times[anchor]}" if times[anchor] else anchor)
        times[anchor] += 1
    return set(found)


def slug(heading: str) -> str:
    shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")


def links(text: str) -> list[tuple[str, str]]:
    """(file, anchor) of every link within the repository; either may be empty."""
    found = re.findall(r"\]\(([^)\s]*)\)|(?:src|srcset|href)=\"([^\"]*)\"", prose(text))
    targets = [one or other for one, other in found]
    return [
        (file, anchor) for file, _, anchor in (target.partition("#") for target in targets) if ":" not in file
    ]


def rows(heading: str, page: str = GUIDE) -> list[list[str]]:
    """The cells of all tables whose first column has this heading."""
    tables = re.findall(rf"^\| {heading} \|.*\n\|[ -]{{3,}}.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
