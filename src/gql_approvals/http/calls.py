"""Around everything that is served: its id, its access record, and what becomes of an error that nobody met.

An access record says which operation was asked, by whom, and what became of it: never its document, its
variables, a token, or what stands behind the `?` of an address.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_approvals.http.answers import refused_by_us
from gql_approvals.observability import call, meters
from gql_approvals.observability.call import Call

_log = logging.getLogger("gql_approvals.access")
_REQUEST_ID, _LONGEST = b"x-request-id", 200
# Served in both ways: what asks every few seconds would fill the log, unless something is wrong.
_PATHS: Mapping[str, bool] = {
    "/graphql": True,
    "/schema.graphql": True,
    "/schema.json": True,
    "/healthz/live": False,
    "/healthz/ready": False,
    "/metrics": False,
}
_OTHER = "other"


def calls() -> Middleware:
    """The outermost layer of the server."""
    return Middleware(Calls)


def tell(served: Call) -> None:
    """Write the record of an operation that came over a socket."""
    _log.info("socket:answered", extra=served.told())


class Calls:
    """Give each request and each socket its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it, and write its record when it is over."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        said = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _READ}
        client = scope.get("client")
        served = call.begin(
            said.get(_REQUEST_ID),
            address=client[0] if client else "",
            traceparent=said.get(b"traceparent"),
            tracestate=said.get(b"tracestate"),
        )
        serve = self._socket if scope["type"] == "websocket" else self._request
        await serve(served, scope, receive, send)

    async def _request(self, served: Call, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None  # None: whoever asked has gone before there was an answer

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = _with_id(message, served)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            if status is not None:
                raise  # half an answer is there: the connection ends
            _log.exception("http:failed")
            await refused_by_us(served.id)(scope, receive, answer)
        finally:
            _told(served, scope, status)

    async def _socket(self, served: Call, scope: Scope, receive: Receive, send: Send) -> None:
        code: int | None = None
        is_open = False

        async def listen() -> Message:
            nonlocal code
            message = await receive()
            if message["type"] == "websocket.disconnect" and code is None:
                code = message.get("code")
            return message

        async def answer(message: Message) -> None:
            nonlocal code, is_open
            if message["type"] == "websocket.accept":
                is_open = True
                meters.count("sockets")
                message = _with_id(message, served)
            elif message["type"] == "websocket.close":
                code = message.get("code", 1000)
            await send(message)

        try:
            await self._app(scope, listen, answer)
        finally:
            meters.count("sockets", by=-1 if is_open else 0)
            known = {"path": scope["path"][:_LONGEST], "accepted": is_open, "code": code}
            _log.info("socket:closed", extra=known | served.told())


_READ = frozenset({_REQUEST_ID, b"traceparent", b"tracestate"})


def _with_id(message: Message, served: Call) -> Message:
    message["headers"] = [*message.get("headers", ()), (_REQUEST_ID, served.id.encode())]
    return message


def _told(served: Call, scope: Scope, status: int | None) -> None:
    path: str = scope["path"]
    meters.count("http_requests", path if path in _PATHS else _OTHER, str(status or "gone"))
    if not _log.isEnabledFor(logging.INFO):
        return
    if _PATHS.get(path, True) or (status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        known: dict[str, Any] = {"method": scope["method"], "path": path[:_LONGEST], "status": status}
        _log.info("http:answered", extra=known | served.told())
