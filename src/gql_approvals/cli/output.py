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
    """Print an answer in the form that was asked for."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2) if form == "json" else text)


def switch(*, on: bool) -> str:
    """What people call a switch's position."""
    return "on" if on else "off"
