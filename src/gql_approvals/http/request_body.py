"""A GraphQL request as it came over HTTP, from address or body; nothing of GraphQL is looked at yet."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import ClientDisconnect, Request

from gql_approvals.http.negotiation import JSON, is_json

MAX_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """A GraphQL request as it came. `query` None: `extensions` may have a document's hash."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


class NotUnderstoodError(Exception):
    """The request is no GraphQL request: (HTTP status, message)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_ask(request: Request, content_type: str) -> Ask:
    """Read what is asked. `content_type`: the header's value.

    Raises:
        NotUnderstoodError: when it is no GraphQL request.
    """
    if request.method in {"GET", "HEAD"}:
        return _from_query(request)
    return await _from_body(request, content_type)


async def read_body(request: Request) -> bytes:
    """The body, of which no more is kept than may be sent.

    Raises:
        NotUnderstoodError: when it is too large, or the connection ends before the body does.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise NotUnderstoodError(
                    413, f"the request is larger than {MAX_BODY} bytes: ask for less at once"
                )
    except ClientDisconnect:  # nobody reads the answer; as an exception it would fill the log
        raise NotUnderstoodError(400, "the connection ended before the request did") from None
    return bytes(body)


def _from_query(request: Request) -> Ask:
    values = request.query_params
    given: dict[str, Any] = {name: values[name] for name in ("query", "operationName") if name in values}
    for name in ("variables", "extensions"):
        if values.get(name):
            given[name] = _json(values[name].encode("utf-8", "surrogatepass"))
    return ask_of(given)


async def _from_body(request: Request, content_type: str) -> Ask:
    if not is_json(content_type):
        raise NotUnderstoodError(415, f"send the request as {JSON} in UTF-8")
    return ask_of(_json(await read_body(request)))


def _json(body: bytes) -> object:
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotUnderstoodError(400, "the body is not JSON in UTF-8") from None


def no_constant(name: str) -> object:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=no_constant)


def ask_of(value: object) -> Ask:
    """What a JSON value asks.

    Raises:
        NotUnderstoodError: when it is no GraphQL request.
    """
    if isinstance(value, list):
        raise NotUnderstoodError(400, "one operation a request: the body must be an object, not a list")
    if not isinstance(value, dict):
        raise NotUnderstoodError(400, "the request must be a JSON object with `query`")
    given = cast("dict[str, Any]", value)
    return Ask(
        query=_member(given, "query", str, "a text: the GraphQL document"),
        variables=_member(given, "variables", dict, "an object"),
        operation_name=_member(given, "operationName", str, "a text") or None,
        extensions=_member(given, "extensions", dict, "an object"),
    )


def _member(given: Mapping[str, Any], name: str, kind: Callable[..., Any], what: str) -> Any:  # noqa: ANN401  # JSON
    value = given.get(name)
    if value is not None and type(value) is not kind:
        raise NotUnderstoodError(400, f"`{name}` must be {what}")
    return value
