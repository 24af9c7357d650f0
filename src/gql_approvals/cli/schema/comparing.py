"""What `schema diff` compares, and how it shows what it found."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from graphql import GraphQLError, GraphQLSchema, assert_valid_schema, build_schema

from gql_approvals.cli.output import as_json, printable
from gql_approvals.cli.schema.changes import Change, Changes, changes
from gql_approvals.schema import sdl


def compare(old: str, new: str | None) -> Changes:
    """Read both and compare them.

    Raises:
        UsageError: when one cannot be read, or is no schema.
    """
    if old == new == "-":
        raise click.UsageError("standard input can be read once: name a file for OLD or for NEW")
    return changes(_schema("OLD", old), _schema("NEW", new))


def _schema(name: str, source: str | None) -> GraphQLSchema:
    place = "this version" if source is None else "standard input" if source == "-" else f"`{source}`"
    try:
        built = build_schema(sdl() if source is None else _text(source))
        assert_valid_schema(built)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
        raise click.BadParameter(f"{place} cannot be read: {reason}", param_hint=name) from error
    except (GraphQLError, TypeError) as error:
        first = str(error).split("\n", maxsplit=1)[0]
        raise click.BadParameter(f"{place} is no GraphQL schema: {first}", param_hint=name) from error
    return built


def _text(source: str) -> str:
    return sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")


def _print_text(found: Changes) -> None:
    """The changes; that there is none is told on standard error, so that no output means just that."""
    for word, ones in found.by_weight().items():
        for one in ones:
            click.echo(printable(f"{word:<10}  {_line(one)}"))
    counts = ", ".join(f"{len(ones)} {word}" for word, ones in found.by_weight().items())
    click.echo(counts, err=not any(found.by_weight().values()))


def _line(one: Change) -> str:
    return one.message if one.announced is None else f"{one.message} It was deprecated: {one.announced}"


def _print_json(found: Changes) -> None:
    data = {word: [asdict(one) for one in ones] for word, ones in found.by_weight().items()}
    click.echo(as_json(data))


PRINTERS: dict[str, Callable[[Changes], None]] = {"text": _print_text, "json": _print_json}
