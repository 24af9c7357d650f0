"""The tables of figures in docs/observability.md."""

import re
from collections.abc import Iterable
from pathlib import Path

from gql_approvals.observability.figures import COUNTED, FOUND, Figure

PAGE = Path(__file__).parents[2] / "docs/observability.md"
_HEAD = r"({}\n\n\| figure \| kind \| labels \| what it is \|\n\|---\|---\|---\|---\|\n)(?:\|.*\n)*"


def observability_markdown() -> str:
    """The page, with its tables as the code has them."""
    text = PAGE.read_text("utf-8")
    for above, figures in (
        ("Counted by each server:", COUNTED),
        (r"Looked up when somebody asks; .*", FOUND),
    ):
        text, found = re.subn(_HEAD.format(above), _with_rows(figures.values()), text)
        assert found == 1, f"the table below `{above}` has changed its form"
    return text


def _with_rows(figures: Iterable[Figure]) -> str:
    rows = (
        f"| `{one.shown}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.about} |\n"
        for one in figures
    )
    return rf"\g<1>{''.join(rows)}"
