"""Which media type an answer has, and which one a request may have (RFC 9110, 12.5.1; GraphQL over HTTP).

There are two: GraphQL's own, and JSON for clients that are older than it. Who accepts neither gets JSON.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
UTF_8 = frozenset({"", "utf-8", "utf8"})
LONG = 200  # headers of clients are short, and there are few of them: what was made of one is remembered
T = TypeVar("T")
# What a range of media types stands for here; a client that names no type predates GraphQL's own.
RANGES = {GRAPHQL_JSON: GRAPHQL_JSON, JSON: JSON, "application/*": JSON, "*/*": JSON}


class Takes(NamedTuple):
    """What a client takes: `events`, besides whatever else; `only_events`."""

    events: bool
    only_events: bool


def _remembering(read: Callable[[str], T]) -> Callable[[str], T]:
    """Read each header once; what hardly any client would send is not kept."""
    known = lru_cache(maxsize=128)(read)
    return lambda header: known(header) if len(header) <= LONG else read(header)


@_remembering
def media_type_for(accept: str) -> str:
    """The media type to answer in: the one of the highest weight, GraphQL's own where both weigh the same."""
    weights: dict[str, float] = {}
    for name, weight in _ranges(accept):
        if name in RANGES and weight > 0:
            weights[RANGES[name]] = max(weight, weights.get(RANGES[name], 0))
    return max(weights, key=lambda name: (weights[name], name == GRAPHQL_JSON), default=JSON)


def prefers_html(accept: str) -> bool:
    """Whether a page is wanted rather than data: a browser names HTML, and nothing of ours before it."""
    weights = dict(_ranges(accept))
    html = weights.get("text/html", 0)
    return html > 0 and html >= max(weights.get(JSON, 0), weights.get(GRAPHQL_JSON, 0))


@_remembering
def is_json(content_type: str) -> bool:
    """Whether a body is JSON in UTF-8, as its header says."""
    name, parameters = _parsed(content_type)
    return name == JSON and parameters.get("charset", "").lower() in UTF_8


@_remembering
def takes(accept: str) -> Takes:
    """Whether the client would take an event stream, and whether nothing else."""
    text = accept.lower()
    named = [one.partition(";")[0].strip() for one in text.split(",") if one.strip()]
    return Takes(EVENT_STREAM in text, named == [EVENT_STREAM])


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in accept.split(","):
        name, parameters = _parsed(item)
        yield name, _weight(parameters.get("q", "1"))


def _weight(text: str) -> float:
    """A weight that cannot be read counts as none at all, as if the range had not been named."""
    try:
        weight = float(text)
    except ValueError:
        return 0
    return weight if 0 <= weight <= 1 else 0


def _parsed(header: str) -> tuple[str, dict[str, str]]:
    name, *rest = header.split(";")
    pairs = (item.partition("=") for item in rest)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
