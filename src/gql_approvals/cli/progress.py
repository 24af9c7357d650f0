"""Progress bars: on a terminal, on standard error, and nowhere else."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # rich is loaded only where somebody is watching
    from rich.progress import Progress


class Bar:
    """How far a long work has come. Without `bars` nobody is told."""

    def __init__(self, bars: "Progress | None" = None, what: str = "") -> None:
        self._bars = bars
        self._task = None if bars is None else bars.add_task(what, total=None)

    def begin(self, what: str) -> None:
        """Say what is being done."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, description=what)

    def expect(self, total: int) -> None:
        """Say how much there is to do."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, total=total)

    def advance(self, more: int = 1) -> None:
        """Say how much more is done."""
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, more)

    def reach(self, done: int, total: int) -> None:
        """Say how much is done in all, and of how much."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total)


@contextmanager
def progress(what: str, form: str = "text") -> Generator[Bar]:
    """Show a bar while inside, if a person is watching; it is gone afterwards."""
    if form == "json" or not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # What is printed meanwhile goes above the bar, unless it goes somewhere else.
    redirect = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=redirect) as bars:
        yield Bar(bars, what)
