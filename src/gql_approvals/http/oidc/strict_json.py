"""JSON as tokens and key sets must be written: one object, UTF-8, and no name twice."""

import json
from typing import Any, cast


def json_object(data: bytes) -> dict[str, Any]:
    """Read an object.

    Raises:
        ValueError: when it is none, or when two readers could understand it differently.
    """
    try:
        found = json.loads(data.decode(), object_pairs_hook=_pairs, parse_constant=_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  # to the reader, it is malformed
    return cast("dict[str, Any]", found)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
