"""docs/cli.md: the help of every command, as `--help` prints it."""

import inspect
import os
from collections.abc import Iterator
from unittest import mock

import click

from gql_approvals.cli import main

WIDTH = 100
INTRODUCTION = """# The command line

This page is generated from the commands (`make regen`); `gql-approvals COMMAND --help` prints the same.

Exit codes: 0 done, 1 refused, 2 cannot be started as asked or configured. Answers go to standard output,
everything else to standard error; `--format json` is for programs. `NO_COLOR=1` switches colours off.
Settings are read from `gql-approvals.env` and `GQL_APPROVALS_…` variables: [all of them](settings.md).
"""


def cli_markdown() -> str:
    """The whole page."""
    with mock.patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": str(WIDTH)}):
        wide = {"terminal_width": WIDTH, "max_content_width": WIDTH}
        root = click.Context(main, info_name="gql-approvals", **main.context_settings, **wide)
        found = list(_commands(main, root))
    listed = "\n".join(f"- [`{path}`](#{path.replace(' ', '-')}): {short}" for path, short, _ in found[1:])
    helps = "\n".join(f"## {path}\n\n```text\n{text}\n```\n" for path, _, text in found)
    return f"{INTRODUCTION}\n{listed}\n\n{helps}"


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    """(path, one line, help) of a command and of all below it."""
    short = command.get_short_help_str(limit=150)
    yield context.command_path, short, inspect.cleandoc(command.get_help(context)).rstrip()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _commands(below, click.Context(below, parent=context, info_name=name))
