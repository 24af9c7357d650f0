"""Reading rows by a table: which kinds of lines there are, their columns, and what reads each column.

What a word means is said by the tables, in `rules` and `expected`; here are only the mistakes that
every table has in common.
"""

from collections.abc import Callable, Iterator, Mapping

from gql_approvals.policy.problem import Code, PolicyProblem, did_you_mean
from gql_approvals.policy.source import Cell, Row

# For each kind of line its columns in their order: what people call it, and what reads it.
Table = Mapping[str, tuple[tuple[str, Callable[[str], object]], ...]]


class Mistake(Exception):
    """A column cannot be accepted; `offset` counts from the start of its text."""

    def __init__(self, code: Code, message: str, help_text: str | None = None, offset: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help_text
        self.offset = offset


def read_columns(row: Row, file: str, table: Table) -> tuple[list[object], list[PolicyProblem]]:
    """Return one value a column, without the kind; with a problem, the values are incomplete.

    All mistakes of the line are reported, unless it has the wrong number of columns.
    """
    mistakes = list(_shape(row, file, table))
    return ([], mistakes) if mistakes else _values(row, file, table)


def _shape(row: Row, file: str, table: Table) -> Iterator[PolicyProblem]:
    """Check the kind of the line and the number of its columns."""
    first = row.cells[0]
    if first.text not in table:
        said = (
            f"unknown kind of line `{first.text}`" if first.text else "the line starts with an empty column"
        )
        help_text = did_you_mean(first.text, table)
        yield PolicyProblem(file, row.line, first.column, Code.KIND, said, help_text)
        return
    names = [name for name, _ in table[first.text]]
    got = len(row.cells) - 1
    if got == len(names):
        return
    article = "an" if first.text[0] in "aeiou" else "a"
    message = (
        f"{article} `{first.text}` line has {len(names)} columns ({', '.join(names)}), this one has {got}"
    )
    if got < len(names):
        at = row.cells[-1]
        column, help_text = at.column + len(at.text), f"`{names[got]}` is missing"
    else:
        column, help_text = row.cells[len(names) + 1].column, "there is one comma too many, or several"
    yield PolicyProblem(file, row.line, column, Code.COLUMNS, message, help_text)


def _values(row: Row, file: str, table: Table) -> tuple[list[object], list[PolicyProblem]]:
    values: list[object] = []
    mistakes: list[PolicyProblem] = []
    for cell, (name, read) in zip(row.cells[1:], table[row.cells[0].text], strict=True):
        try:
            values.append(_value(cell, name, read))
        except Mistake as error:
            place = (row.line, cell.column + error.offset)
            mistakes.append(PolicyProblem(file, *place, error.code, error.message, error.help))
    return values, mistakes


def _value(cell: Cell, name: str, read: Callable[[str], object]) -> object:
    if not cell.text:
        raise Mistake(Code.BLANK, f"the column `{name}` is empty")
    return read(cell.text)
