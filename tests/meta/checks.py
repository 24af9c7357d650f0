"""What can be wrong with a block by itself: language by language."""

import ast
import csv
import io
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from configparser import Error as BadIni

import click
from graphql import GraphQLError, build_schema, parse, validate
from tests.meta.pages import ROOT, Block

from gql_approvals.cli import main

SCHEMA = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def mistakes(block: Block) -> list[str]:
    """What is wrong with the block, one line each; nothing if nothing is."""
    language = block.words[0] if block.words else ""
    if language not in CHECKS:
        return [f"{block.where}: `{language}` is no language of these pages: {', '.join(CHECKS)}"]
    return [f"{block.where}: {told}" for told in CHECKS[language](block.text)]


def _graphql(text: str) -> Iterator[str]:
    try:
        yield from (error.message for error in validate(SCHEMA, parse(text)))
    except GraphQLError as error:
        yield error.message


def _read(how: Callable[[str], object], *raised: type[Exception]) -> Callable[[str], Iterator[str]]:
    def check(text: str) -> Iterator[str]:
        try:
            how(text)
        except raised as error:
            yield f"{type(error).__name__}: {error}"

    return check


def _csv(text: str) -> None:
    list(csv.reader(io.StringIO(text), strict=True, skipinitialspace=True))


def _ini(text: str) -> None:
    """Sections and their settings, or settings alone, as in an environment file."""
    ConfigParser(interpolation=None).read_string(text if text.lstrip().startswith("[") else f"[_]\n{text}")


def _json(text: str) -> None:
    """One value, or one on each line."""
    try:
        json.loads(text)
    except ValueError:
        if not all(line.startswith("{") for line in text.splitlines()):
            raise
        for line in text.splitlines():
            json.loads(line)


def _sh(text: str) -> Iterator[str]:
    typed = ""
    for line in text.replace("\\\n", " ").splitlines():
        typed += line.removeprefix("$ ")
        try:
            found = list(commands(typed))
        except ValueError:  # a quotation that goes on
            typed += "\n"
        else:
            typed = ""
            for command in found:
                yield from _command(command)
    if typed:
        yield f"`{typed.splitlines()[0]}`: no closing quotation"


def _console(text: str) -> Iterator[str]:
    """What is typed behind `$ `, and below it what is printed."""
    yield from _sh("\n".join(line for line in text.splitlines() if line.startswith("$ ")))


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line that is typed, without files they read and write."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in (*lexer, ";"):
        if set(word) <= set("|&;<>"):
            yield words
            words = ["file"] if set(word) & set("<>") else []
        else:
            words.append(word)


def _command(words: list[str]) -> Iterator[str]:
    while words and (re.match(r"[A-Z_]+=", words[0]) or words[0] in {"sudo", "env", "uvx", "exec"}):
        words = words[1:]
    words = words[2:] if words[:2] == ["uv", "run"] else words
    match words:
        case [program, *rest] if program.rpartition("/")[2] == "gql-approvals":
            yield from command_mistakes(rest)
        case ["make", *targets]:
            named = [one for one in targets if "=" not in one and one not in TARGETS]
            yield from (f"there is no `make {one}`" for one in named)
        case _:
            pass


def command_mistakes(words: list[str]) -> Iterator[str]:
    """What `gql-approvals` would say to its words, beside what only a database knows."""
    command: click.Command = main
    context = click.Context(main, info_name="gql-approvals", **main.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(context, name)
        if found is None:
            yield f"there is no `{context.command_path} {name}`"
            return
        command, context = found, click.Context(found, parent=context, info_name=name)
    try:
        given, left, _ = command.make_parser(context).parse_args(list(words))
        for parameter in command.params:
            value = given.get(parameter.name or "")
            if isinstance(parameter.type, click.Choice) and isinstance(value, str):
                parameter.type_cast_value(context, value)
    except click.UsageError as error:
        yield f"`{context.command_path}`: {error.format_message()}"
    else:
        if left and left != ["…"]:
            yield f"`{context.command_path}`: nobody expects `{' '.join(left)}`"


def spoken_commands(text: str) -> Iterator[str]:
    """The commands that stand in a page's sentences: `gql-approvals …`."""
    yield from re.findall(r"`gql-approvals ([a-z][^`]*)`", text)


def _anything(_: str) -> Iterator[str]:
    return iter(())


CHECKS: dict[str, Callable[[str], Iterator[str]]] = {
    "graphql": _graphql,
    "json": _read(_json, ValueError),
    "csv": _read(_csv, csv.Error),
    "toml": _read(tomllib.loads, ValueError),
    "ini": _read(_ini, BadIni),
    "python": _read(ast.parse, SyntaxError),
    "sh": _sh,
    "console": _console,
    "sql": _anything,  # tests/server/test_least_rights.py runs it
    "text": _anything,
    "yaml": _anything,
    "ts": _anything,  # tests/clients compiles what frontends are shown
    "tsx": _anything,
    "html": _anything,
    "http": _anything,
}
