"""A command on a terminal of its own, which asks and is answered."""

import os
import pty
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class Terminal:
    """The screen shows standard error; the answer goes into a pipe."""

    def __init__(self, process: "subprocess.Popen[str]", screen: int) -> None:
        self._process = process
        self._screen = screen

    def until_asked(self) -> str:
        """What is shown until the command asks (again)."""
        shown = ""
        while "[y/N]: " not in shown:
            shown += os.read(self._screen, 4096).decode()  # fails when the command has ended
        return shown.replace("\r\n", "\n")

    def answer(self, word: str) -> None:
        os.write(self._screen, f"{word}\n".encode())

    def end(self) -> tuple[int, str]:
        """The exit code, and what was printed on standard output."""
        out, _ = self._process.communicate(timeout=60)
        return self._process.returncode, out


@contextmanager
def on_terminal(*arguments: str, folder: Path, **environment: str) -> Generator[Terminal]:
    """Start `gql-approvals …`; it is ended with the block."""
    screen, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gql_approvals", *arguments],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**environment, "TERM": "xterm"},
    )
    os.close(theirs)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.communicate()
        os.close(screen)
