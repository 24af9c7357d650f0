"""The table of clients in docs/api.md."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def rows(text: str) -> list[list[str]]:
    """The cells of a table whose first column is `client`, its heading first."""
    (table,) = re.findall(r"^(\| client \|.*\n(?:\|.*\n?)+)", text, re.MULTILINE)
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    return [lines[0], *lines[2:]]
