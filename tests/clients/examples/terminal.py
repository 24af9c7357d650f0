"""A program in a terminal: what it has printed so far, and lines that are typed into it."""

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SOON_S = 30
END_S = 10


@dataclass
class Terminal:
    """A program that runs; `printed` is all of its output. Make it with `opened`."""

    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def printed(self) -> str:
        return self.output.read_text("utf-8")

    def until(self, text: str) -> None:
        """Wait until it has printed this."""
        deadline = time.monotonic() + SOON_S
        while text not in self.printed:
            assert self.process.poll() is None, f"it ended before it said {text!r}:\n{self.printed}"
            assert time.monotonic() < deadline, f"it does not say {text!r}:\n{self.printed}"
            time.sleep(0.02)

    def types(self, line: str) -> None:
        keyboard: IO[bytes] | None = self.process.stdin
        assert keyboard is not None
        keyboard.write(f"{line}\n".encode())
        keyboard.flush()

    def end(self) -> int:
        """Wait until it ends by itself; gives its status."""
        return self.process.wait(timeout=SOON_S)


@contextlib.contextmanager
def opened(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Path) -> Iterator[Terminal]:
    """Start a program; end it if it still runs."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield Terminal(process, output)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=END_S)
        if process.stdin is not None:
            process.stdin.close()
