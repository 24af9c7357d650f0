"""Tables: with rules on a terminal, as aligned text elsewhere."""

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from gql_approvals.cli.output import printable, show
from gql_approvals.cli.policy.rendering import say, terminal

Rows = Sequence[Sequence[str]]


def show_table(
    data: Mapping[str, object], headings: Sequence[str], rows: Rows, form: str, *, nothing: str
) -> None:
    """Print an answer that people read as a table; `nothing` is what they read where there are no rows."""
    if form == "text" and rows:
        print_table(headings, rows)
    else:
        show(data, nothing, form)


def print_table(headings: Sequence[str], rows: Rows, *, err: bool = False) -> None:
    """Print a table that has at least one row; `err`: to standard error."""
    console = terminal(err=err)
    cells = [[printable(cell) for cell in row] for row in rows]
    if not console.is_terminal:
        for line in _aligned([headings, *cells]):
            say(console, line)
        return
    table = Table(*headings, box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _aligned(rows: Rows) -> Iterator[str]:
    """Columns two blanks apart, as wide as they must be."""
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (f"{cell}{' ' * (width - cell_len(cell))}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
