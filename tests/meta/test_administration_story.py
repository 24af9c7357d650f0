"""Whoever types what docs/administration.md says, from its top to its end, sees what it shows."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.on_terminal import on_terminal
from tests.meta.pages import BLOCKS, NEXT, Block
from tests.meta.reader import Reader, Server

from gql_approvals.settings import Settings

PAGE = BLOCKS["docs/administration.md"]
ASKED = ("text", "asked")  # what is typed behind `$`, and what is shown until it asks


class AdminReader(Reader):
    """Somebody at a terminal, who says no when they are asked."""

    def asked_whether(self, block: Block) -> None:
        typed, _, shown = block.text.partition("\n")
        program, *words = typed.removeprefix("$ ").split()
        assert program == "gql-approvals"
        with on_terminal(*words, folder=Path.cwd(), **os.environ) as terminal:
            self.answers.compare(replace(block, text=shown), terminal.until_asked())
            terminal.answer("n")
            assert terminal.end() == (1, "")

    ACTS = {**Reader.ACTS, ASKED: asked_whether}  # noqa: RUF012  # a table


@pytest.mark.slow
def test_whoever_does_what_the_guide_says_sees_what_it_shows(
    demo: Settings, caplog: pytest.LogCaptureFixture
):
    reader = AdminReader(Server(demo, caplog))

    for block in PAGE:
        reader.do(block)


def test_every_block_of_the_guide_is_compared_with_something():
    answers = {NEXT[block] for block in PAGE if block.words == ("sh",)}

    left = [one.where for one in PAGE if one.words not in {("sh",), ASKED} and one not in answers]

    assert left == []
