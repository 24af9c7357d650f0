"""The messages of `graphql-transport-ws` and its close codes (graphql-ws, PROTOCOL.md).

What is no message of the protocol ends the whole socket; an operation that cannot be executed ends itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

from gql_approvals.http.answers import json_of
from gql_approvals.http.request_body import Ask, NotUnderstoodError, ask_of, no_constant

SUBPROTOCOL = "graphql-transport-ws"
MAX_REASON = 123  # bytes (RFC 6455, 5.5)


class Close(IntEnum):
    """Why a socket is closed."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    OUR_FAULT = 1011
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NO_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    ID_TAKEN = 4409
    INIT_TWICE = 4429


class ProtocolError(Exception):
    """The client does not keep to the protocol: (close code, reason)."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the client. `id` is empty where its type has none."""

    type: str
    id: str
    payload: Mapping[str, Any] | None


def read(text: str | None) -> Message:
    """Read a message.

    Raises:
        ProtocolError: when it is none of the protocol's.
    """
    try:
        given: Any = json.loads(text or "", parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise _invalid("it is not JSON in a text frame") from None
    if not isinstance(given, dict):
        raise _invalid("it is not an object")
    message = cast("dict[str, Any]", given)
    kind, payload, id_ = message.get("type"), message.get("payload"), message.get("id", "")
    if not isinstance(kind, str) or kind not in {"connection_init", "ping", "pong", "subscribe", "complete"}:
        raise _invalid("its `type` is none that a client sends")
    if payload is not None and not isinstance(payload, dict):
        raise _invalid("`payload` must be an object")
    if kind in {"subscribe", "complete"} and not (isinstance(id_, str) and id_):
        raise _invalid("`id` must be a text")
    return Message(kind, str(id_), cast("dict[str, Any] | None", payload))


def asked_in(message: Message) -> Ask:
    """The operation of a `subscribe`.

    Raises:
        ProtocolError: when its payload is no GraphQL request.
    """
    try:
        return ask_of(message.payload)
    except NotUnderstoodError as error:
        raise _invalid(error.message) from None


def written(kind: str, id_: str | None = None, payload: object = None) -> str:
    """A message to the client."""
    message: dict[str, Any] = {"type": kind}
    if id_ is not None:
        message["id"] = id_
    if payload is not None:
        message["payload"] = payload
    return json_of(message).decode()


def fit(reason: str) -> str:
    """A reason as a close frame can hold it."""
    return reason.encode("utf-8", "replace")[:MAX_REASON].decode("utf-8", "ignore")


def _invalid(why: str) -> ProtocolError:
    return ProtocolError(Close.BAD_REQUEST, f"invalid message: {why}")
