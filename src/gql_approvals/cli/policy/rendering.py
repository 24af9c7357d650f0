"""How problems of the policy files are shown: blocks on a terminal, lines elsewhere, annotations on GitHub.

Rich decides what is a terminal, and obeys NO_COLOR and FORCE_COLOR.
"""

import re
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from gql_approvals.cli.output import colours, printable
from gql_approvals.policy.files import PolicyFiles
from gql_approvals.policy.problem import FIRST, Code, PolicyProblem, Severity

_TAB = 4
_WORD = re.compile(r'[^\s,"]+')
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}
# Said of a file as a whole where they stand at its first place: its first line has nothing to do with it.
_OF_THE_FILE = frozenset(
    {
        *(Code.MISSING, Code.ENCODING, Code.EMPTY, Code.EXAMINATION, Code.MODEL, Code.MATCHER),
        *(Code.LOCKOUT, Code.BOM),
    }
)
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_DATA, ":": "%3A", ",": "%2C"}


def print_problems(problems: Iterable[PolicyProblem], files: PolicyFiles, *, err: bool = False) -> None:
    """Print every problem, on a terminal with the place it is about; `err`: to standard error."""
    console = terminal(err=err)
    sources = {file.name: file.text.split("\n") for file in (files.model, files.policy, *files.tests)}
    for problem in problems:
        if console.is_terminal:
            say(console, _block(problem, _source(problem, sources), console.width))
        else:
            say(console, one_line(problem))


def terminal(*, err: bool = False) -> Console:
    """Where text for people goes: standard output, or with `err` standard error."""
    return Console(stderr=err, highlight=False, markup=False, emoji=False, color_system=colours())


def say(console: Console, text: Text | str) -> None:
    """Print text as it is: never wrapped, whatever the width of the terminal."""
    console.print(Text(text) if isinstance(text, str) else text, soft_wrap=True)


def one_line(problem: PolicyProblem) -> str:
    """`file:line:column: error [code] message: help`."""
    place = f"{problem.file}:{problem.line}:{problem.column}"
    return printable(f"{place}: {problem.severity} [{problem.code}] {_sentence(problem)}")


def annotation(problem: PolicyProblem) -> str:
    """The workflow command by which GitHub shows the problem in the changed file."""
    properties = {
        "file": problem.file,
        "line": str(problem.line),
        "col": str(problem.column),
        "title": f"policy [{problem.code}]",
    }
    written = ",".join(f"{name}={_escaped(text, _IN_PROPERTY)}" for name, text in properties.items())
    return f"::{problem.severity} {written}::{_escaped(_sentence(problem), _IN_DATA)}"


def as_data(problem: PolicyProblem) -> dict[str, object]:
    """What programs get."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "code": problem.code.value,
        "severity": problem.severity.value,
        "message": problem.message,
        "help": problem.help,
    }


def _sentence(problem: PolicyProblem) -> str:
    return f"{problem.message}: {problem.help}" if problem.help else problem.message


def _escaped(text: str, codes: dict[str, str]) -> str:
    return "".join(codes.get(char, printable(char)) for char in text)


def _source(problem: PolicyProblem, sources: dict[str, list[str]]) -> str | None:
    """The line that the problem is about; None when there is none to show."""
    if (problem.line, problem.column) == FIRST and problem.code in _OF_THE_FILE:
        return None
    lines = sources.get(problem.file, [])
    line = lines[problem.line - 1] if problem.line <= len(lines) else ""
    return line if line.strip() else None


def _block(problem: PolicyProblem, line: str | None, width: int) -> Text:
    block = Text()
    block.append(printable(f"{problem.file}:{problem.line}:{problem.column}"), "bold")
    block.append(f"  {problem.severity} ", _COLOURS[problem.severity]).append(f"[{problem.code}]", "dim")
    block.append(f"  {printable(problem.message)}\n")
    margin = f"{problem.line:>5} | "
    if line is not None:
        shown, marks = excerpt(line, problem.column, width - len(margin))
        block.append(margin, "dim").append(f"{shown}\n")
        block.append(" " * (len(margin) - 2) + "| ", "dim").append(f"{marks}\n", _COLOURS[problem.severity])
    if problem.help:
        block.append(" " * len(margin)).append(f"help: {printable(problem.help)}\n", "cyan")
    return block


def excerpt(line: str, column: int, room: int) -> tuple[str, str]:
    """Return the line in at most `room` cells of a terminal, and `^~~~` to stand below the place."""
    cells = _cells(line)
    at = min(column - 1, len(cells))
    word = _WORD.match(line, at)
    end = max(word.end() if word else at + 1, at + 1)
    start = 0
    while start < at and cell_len("".join(cells[start:end])) > room - 2:
        start += 1
    more = "…" if start else ""
    before, marked, whole = ("".join(cells[a:b]) for a, b in ((start, at), (at, end), (start, None)))
    marks = " " * cell_len(more + before) + "^" + "~" * (cell_len(marked) - 1)
    shown = more + whole
    if cell_len(shown) > room:
        shown = set_cell_size(shown, room - 1) + "…"
    return shown, marks[:room]


def _cells(line: str) -> list[str]:
    """What a terminal shows for each character: tabs are spaces, what cannot be printed a mark."""
    cells: list[str] = []
    width = 0
    for char in line:
        cells.append(" " * (_TAB - width % _TAB) if char == "\t" else printable(char))
        width += cell_len(cells[-1])
    return cells
