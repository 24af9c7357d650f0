"""How answers are printed: as text for people, or as one JSON value for programs."""

import json
import os
from collections.abc import Mapping
from typing import Literal

import click


class CannotStart(click.ClickException):
    """Something cannot be started as it is asked for or configured."""

    exit_code = 2


format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one value on standard output, for programs.",
)


def colours() -> Literal["auto"] | None:
    """Rich's colour system: by itself, Rich keeps bold and dim where NO_COLOR is set."""
    return None if os.environ.get("NO_COLOR") else "auto"


def show(data: Mapping[str, object], text: str, form: str) -> None:
    """Print an answer in the form that was asked for; whatever steers a terminal is made visible."""
    click.echo(as_json(data) if form == "json" else visible(text))


def as_json(data: object) -> str:
    """The data for programs; what is no visible letter is escaped, as JSON allows."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return "".join(_escaped(char) if not char.isprintable() and char != "\n" else char for char in text)


def printable(text: str) -> str:
    """Replace what would move the cursor, start an escape sequence, or cannot be encoded."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def visible(text: str) -> str:
    """The same for a text of several lines, which stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def switch(*, on: bool) -> str:
    """What people call a switch's position."""
    return "on" if on else "off"
