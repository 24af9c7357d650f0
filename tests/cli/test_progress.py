"""Progress bars: for people who watch a terminal, and for nobody else."""

import io
import os
import pty
import sys

import pytest

from gql_approvals.cli.progress import progress


def shown(monkeypatch, form):
    """What a terminal gets on standard error."""
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress("counting sheep", form) as bar:
            bar.expect(3)
            bar.advance(2)
            bar.reach(3, 3)
        terminal.flush()
        text = b""
        try:
            while part := os.read(master, 100_000):  # a terminal gives it in parts
                text += part
        except BlockingIOError:
            return text.decode()
        finally:
            os.close(master)
    return text.decode()


def test_a_terminal_shows_what_is_done_and_how_far_it_has_come(monkeypatch):
    text = shown(monkeypatch, "text")

    assert "counting sheep" in text
    assert "3/3" in text


def test_a_program_that_reads_json_is_told_nothing(monkeypatch):
    assert shown(monkeypatch, "json") == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_pipe_is_told_nothing(monkeypatch, form):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)

    with progress("counting sheep", form) as bar:
        bar.expect(3)
        bar.advance()

    assert pipe.getvalue() == ""
