"""The two scalars: times with an offset, and any JSON."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NewType, cast

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from gql_approvals.workflow.content import Json, utc_text

JSON = NewType("JSON", object)
MAX_DEPTH = 32
MAX_EXACT = 2**53 - 1


def parse_time(text: object) -> datetime:
    """Read an RFC 3339 time that says its offset.

    Raises:
        GraphQLError: when it is no such time.
    """
    try:
        moment = (
            datetime.fromisoformat(text.upper()) if isinstance(text, str) and "T" in text.upper() else None
        )
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError(f"`{text}` is no RFC 3339 time with an offset: write 2026-12-01T08:00:00Z")


def parse_json(value: object) -> Json:
    """Take any JSON value that every client reads alike.

    Raises:
        GraphQLError: when it is nested deeper than `MAX_DEPTH`, or holds an integer beyond ±(2^53 - 1).
    """
    _check(value, MAX_DEPTH)
    return cast("Json", value)


def _check(value: object, depth: int) -> None:
    if depth == 0:
        raise GraphQLError(f"JSON may be nested {MAX_DEPTH} deep")
    if isinstance(value, float) and not math.isfinite(value):
        raise GraphQLError("JSON has no NaN and no infinity")
    if isinstance(value, (int, float)) and not -MAX_EXACT <= value <= MAX_EXACT:
        raise GraphQLError("JSON clients do not agree on numbers beyond 2^53 - 1: send a text")
    if isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            _check(item, depth - 1)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in cast("Sequence[object]", value):
            _check(item, depth - 1)


def parse_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Json:
    """Take JSON that is written in the document itself."""
    return parse_json(value_from_ast_untyped(node, variables))


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time by RFC 3339. Send it with an offset; it is answered in UTC.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        serialize=utc_text,
        parse_value=parse_time,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, nested up to 32 deep, with numbers up to 2^53 - 1.",
        serialize=lambda value: value,
        parse_value=parse_json,
        parse_literal=parse_json_literal,
    ),
}
