"""A segment's definition as a short list: JSON is for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence

from gql_approvals.relay.text import clipped, one_line
from gql_approvals.workflow.content import Json

MAX_LINES = 20
MAX_DEPTH = 4  # deeper parts stand in their line as JSON
_LENGTH = 200
_ITEM = "- "
_WORDS: Mapping[object, str] = {None: "—", True: "yes", False: "no"}


def outline(value: Json) -> str:
    """One line a value, indented by what it is in; no more than `MAX_LINES`."""
    lines = list(_lines(value, 0))
    left = len(lines) - MAX_LINES
    return "\n".join([*lines[:MAX_LINES], *([f"and {left:,} more"] if left > 0 else [])])


def _lines(value: Json, depth: int) -> Iterator[str]:
    indent = "    " * depth
    for label, item in _items(value):
        if _is_simple(item) or depth == MAX_DEPTH:
            yield f"{indent}{label}{_scalar(item)}"
        elif isinstance(item, Mapping) and all(_is_simple(part) for part in item.values()) and label == _ITEM:
            yield f"{indent}{label}{_on_one_line(item)}"
        else:
            yield f"{indent}{label.strip()}"
            yield from _lines(item, depth + 1)


def _items(value: Json) -> Iterator[tuple[str, Json]]:
    """(what stands before it, value) of each part."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield f"{one_line(name)}: ", item
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield _ITEM, item
    else:
        yield "", value


def _is_simple(value: Json) -> bool:
    """Whether it fits a line: a text, a number, or a list of those."""
    if isinstance(value, Mapping):
        return not value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(not isinstance(item, (list, tuple, Mapping)) for item in value)
    return True


def _scalar(value: Json) -> str:
    if isinstance(value, Mapping):
        text = json.dumps(value, ensure_ascii=False) if value else "—"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        is_flat = _is_simple(value)
        text = ", ".join(map(_word, value)) if is_flat else json.dumps(value, ensure_ascii=False)
    else:
        text = _word(value)
    return clipped(one_line(text or "—", _LENGTH), _LENGTH)


def _on_one_line(value: Mapping[str, Json]) -> str:
    parts = (f"{one_line(name)}: {_scalar(item)}" for name, item in value.items())
    return clipped("; ".join(parts), _LENGTH)


def _word(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return str(value)
