"""Reading the policy files: bytes to text, text to rows of cells that know where they stand.

Nothing here knows what a column means. What Excel and other editors do to a CSV file (BOM, CRLF,
quotes, padding) is accepted with a warning, because other Casbin tools read such a file otherwise.
"""

import re
import stat
from pathlib import Path
from typing import NamedTuple

from gql_approvals.policy.problem import FIRST, Code, PolicyProblem, Severity

_CELL = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^,"#]*))\s*')
_MOST_BYTES = 4_000_000  # some 50 000 rules: reading it must not stop the server for long
_WRONG_SEPARATORS = {";": "`;`", "\t": "tabs"}
_UNUSUAL = {
    Code.QUOTED: "quotes around a column",
    Code.PADDED: "commas behind the last column",
    Code.COMMENT: "comments behind a rule",
}


class Cell(NamedTuple):  # of which a policy has thousands: tuples are sent between processes fastest
    """One column of one line, without the spaces around it; `column` is where its text starts."""

    text: str
    column: int


class Row(NamedTuple):
    """One line that is neither blank nor a comment; the first cell is its kind."""

    line: int
    cells: tuple[Cell, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells' texts."""
        return tuple(cell.text for cell in self.cells)

    @property
    def said(self) -> str:
        """The line as it would be written without alignment: rows that say the same are equal."""
        return ", ".join(" ".join(text.split()) for text in self.texts)


def read_text(path: Path, file: str) -> tuple[str, list[PolicyProblem]]:
    """Return the file's text, without BOM and carriage returns; "" when it has an error."""
    data = _bytes_of(path, file)
    if isinstance(data, PolicyProblem):
        return "", [data]
    problems: list[PolicyProblem] = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        problems.append(_warning(file, FIRST, Code.BOM, "the file starts with a byte order mark"))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        return "", [_not_utf8(file, line, column)]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        return "", [_not_utf8(file, text.count("\n", 0, text.index("\0")) + 1, 1)]
    return text, problems


def _bytes_of(path: Path, file: str) -> bytes | PolicyProblem:
    """The file's bytes, or why they cannot be had; nothing that would keep its reader waiting is opened."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return PolicyProblem(file, *FIRST, Code.MISSING, "is no file")
        if found.st_size > _MOST_BYTES:
            message = f"is larger than {_MOST_BYTES // 1_000_000} MB"
            return PolicyProblem(file, *FIRST, Code.EXAMINATION, message, "take lines out")
        return path.read_bytes()
    except FileNotFoundError:
        return PolicyProblem(file, *FIRST, Code.MISSING, "there is no such file")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return PolicyProblem(file, *FIRST, Code.MISSING, f"cannot be read: {reason.lower()}")


def split_rows(text: str, file: str) -> tuple[list[Row], list[PolicyProblem]]:
    """Return the rows that can be read, and a problem for each line that cannot."""
    reader = _Lines(file)
    for number, line in enumerate(text.split("\n"), start=1):
        reader.read(number, line)
    return reader.rows, reader.finish()


class _Lines:
    """Collects rows; what would be said of many lines in the same words is said once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows: list[Row] = []
        self.problems: list[PolicyProblem] = []
        self.unusual: dict[Code, list[tuple[int, int]]] = {}
        self.separated: dict[str, list[int]] = {}

    def read(self, number: int, line: str) -> None:
        bare = line.strip()
        if not bare or bare.startswith("#"):
            return
        if "," not in bare:
            for separator in _WRONG_SEPARATORS:
                if separator in bare:
                    self.separated.setdefault(separator, []).append(number)
                    return
        cells = self._cells(number, line)
        if cells is None or cells[0].text.startswith("#"):
            return
        padding: Cell | None = None
        while cells and not cells[-1].text:
            padding = cells.pop()
        if padding is not None:
            self._note(Code.PADDED, number, padding.column)
        if cells:
            self.rows.append(Row(number, tuple(cells)))

    def _cells(self, number: int, line: str) -> list[Cell] | None:
        cells: list[Cell] = []
        position = 0
        while True:
            match = _CELL.match(line, position)
            assert match is not None  # noqa: S101 - every part of the pattern may be empty
            quoted = match["quoted"]
            if quoted is not None:
                self._note(Code.QUOTED, number, match.start("quoted"))
                cells.append(Cell(quoted.replace('""', '"').strip(), match.start("quoted") + 1))
            else:
                cells.append(Cell(match["plain"].strip(), match.start("plain") + 1))
            position = match.end()
            rest = line[position : position + 1]
            if rest == "#":
                self._note(Code.COMMENT, number, position + 1)
            if rest in {"", "#"}:
                return cells
            if rest != ",":
                self._quote(number, position, balanced=quoted is not None)
                return None
            position += 1

    def _quote(self, number: int, position: int, *, balanced: bool) -> None:
        message = "there is text behind the closing quote" if balanced else "a quote is not closed"
        help_text = "no column needs quotes: remove them"
        self.problems.append(
            PolicyProblem(self.file, number, position + 1, Code.QUOTE, message, help_text),
        )

    def _note(self, code: Code, number: int, column: int) -> None:
        self.unusual.setdefault(code, []).append((number, column))

    def finish(self) -> list[PolicyProblem]:
        for separator, numbers in self.separated.items():
            message = f"columns are separated by {_WRONG_SEPARATORS[separator]}{_and_more(numbers)}"
            help_text = 'use commas; in Excel, save as "CSV UTF-8 (comma delimited)"'
            self.problems.append(PolicyProblem(self.file, numbers[0], 1, Code.SEPARATOR, message, help_text))
        for code, places in self.unusual.items():
            lines = sorted({line for line, _ in places})
            self.problems.append(
                _warning(self.file, places[0], code, f"there are {_UNUSUAL[code]}{_and_more(lines)}")
            )
        return self.problems


def _and_more(numbers: list[int]) -> str:
    more = len(numbers) - 1
    return f" (and in {more} more {'line' if more == 1 else 'lines'})" if more else ""


def _not_utf8(file: str, line: int, column: int) -> PolicyProblem:
    return PolicyProblem(file, line, column, Code.ENCODING, "the file is not UTF-8", "save it as UTF-8")


def _warning(file: str, place: tuple[int, int], code: Code, message: str) -> PolicyProblem:
    help_text = "it is understood here, but other Casbin tools read it otherwise"
    return PolicyProblem(file, *place, code, message, help_text, Severity.WARNING)
