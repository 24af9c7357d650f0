"""GraphQL over a WebSocket: `graphql-transport-ws`, any operation, several at once.

Messages are taken in order, and a subscription has begun to follow before the next one is taken: a `pong` to
a later `ping` says so. A connection's token and account are those of `connection_init`, or of its upgrade.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, cast

from graphql import ExecutionResult
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.types.graphql import OperationType

from gql_approvals.errors import RequestFault
from gql_approvals.http.answers import body_of
from gql_approvals.http.calls import tell
from gql_approvals.http.graphql_view import bearer
from gql_approvals.http.live_errors import body_of_failure, body_of_outcome
from gql_approvals.http.origins import may_connect
from gql_approvals.http.request_body import MAX_BODY, Ask
from gql_approvals.http.socket_protocol import (
    SUBPROTOCOL,
    Close,
    Message,
    ProtocolError,
    asked_in,
    fit,
    read,
    written,
)
from gql_approvals.observability import call, meters
from gql_approvals.observability.call import Call
from gql_approvals.schema.execution import Operation, execute, prepare, subscribe
from gql_approvals.schema.faults import LimitExceeded, NotExecutable
from gql_approvals.schema.gate import Gate
from gql_approvals.schema.subscriptions import LiveContext, sign_in
from gql_approvals.service.live import Leaving, Presence
from gql_approvals.service.perform import Office

INIT_S = 10.0  # for `connection_init` to come
MAX_OPERATIONS = 100  # at once on one socket
_END_S = 1.0  # for operations to end when the socket has
_log = logging.getLogger(__name__)
_FAREWELL = {
    Leaving.GOING_AWAY: (Close.GOING_AWAY, "the server stops: connect again"),
    Leaving.SIGNED_OUT: (
        Close.FORBIDDEN,
        "the token or the membership does not stand any more: sign in anew",
    ),
}


def socket_endpoint(
    office: Callable[[], Office], gate: Gate, origins: Collection[str]
) -> Callable[[WebSocket], Awaitable[None]]:
    """The endpoint of sockets to `/graphql`. `origins`: the frontends on other origins."""

    async def endpoint(websocket: WebSocket) -> None:
        if not may_connect(websocket.headers, origins):
            await websocket.close()  # before the handshake: the browser is answered 403
            return
        offered = SUBPROTOCOL in websocket.scope.get("subprotocols", ())
        await websocket.accept(SUBPROTOCOL if offered else None)
        if not offered:
            await websocket.close(Close.NO_SUBPROTOCOL, f"speak {SUBPROTOCOL}")
            return
        await Socket(websocket, office(), gate).serve()

    return endpoint


class Socket:
    """One connection, from its handshake to its end."""

    def __init__(self, websocket: WebSocket, office: Office, gate: Gate) -> None:
        self._websocket = websocket
        self._office = office
        self._gate = gate
        self._connection = call.current()
        self._presence = Presence(leave=lambda why: self._end(*_FAREWELL[why]))
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[tuple[int, str]] = loop.create_future()
        self._patience = loop.call_later(
            INIT_S, self._end, Close.INIT_TIMEOUT, "connection initialisation timeout"
        )
        self._running: dict[str, asyncio.Task[None]] = {}
        self._token: str | None = None
        self._account: str | None = None
        self._begun = False
        self._acknowledged = False
        self._address = "" if websocket.client is None else websocket.client.host
        self._handlers: Mapping[str, Callable[[Message], Awaitable[None]]] = {
            "connection_init": self._on_init,
            "ping": self._on_ping,
            "pong": self._on_pong,
            "subscribe": self._on_subscribe,
            "complete": self._on_complete,
        }

    async def serve(self) -> None:
        """Take messages until one side ends it."""
        reading = asyncio.create_task(self._take_messages())
        with self._office.feed.present(self._presence):
            try:
                ends: tuple[asyncio.Future[Any], ...] = (reading, self._over)
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._patience.cancel()
                await _cancelled(reading, *self._running.values())
            if self._over.done():
                await self._close(*self._over.result())

    def _end(self, code: int, reason: str) -> None:
        if not self._over.done():
            self._over.set_result((code, reason))

    async def _close(self, code: int, reason: str) -> None:
        if self._websocket.client_state is WebSocketState.CONNECTED:
            try:
                await self._websocket.close(code, fit(reason))
            except (OSError, RuntimeError):
                return  # they were quicker

    # ------------------------------------------------------------------------------------------ messages
    async def _take_messages(self) -> None:
        try:
            while True:
                frame = await self._websocket.receive()
                if frame["type"] == "websocket.disconnect":
                    return
                message = _read(frame)
                await self._handlers[message.type](message)
        except ProtocolError as error:
            self._end(error.code, error.reason)
        except WebSocketDisconnect:
            return  # nobody is there any more
        except Exception:  # noqa: BLE001  # whatever it is, the client must not wait for ever
            _log.exception("socket:failed")
            self._end(Close.OUR_FAULT, "something went wrong on our side")

    async def _on_init(self, message: Message) -> None:
        if self._begun:
            raise ProtocolError(Close.INIT_TWICE, "too many initialisation requests")
        self._begun = True
        self._patience.cancel()
        said = {name.lower(): value for name, value in (message.payload or {}).items()}
        self._token = bearer(_text(said, self._websocket.headers, "authorization"))
        self._account = _text(said, self._websocket.headers, "x-account")
        try:
            with call.within(self._connection) as signing_in:
                await sign_in(self._context(signing_in))
        except RequestFault as fault:
            raise ProtocolError(Close.FORBIDDEN, f"{fault.code}: {fault.message}") from None
        self._acknowledged = True
        await self._send("connection_ack")

    async def _on_ping(self, message: Message) -> None:
        await self._send("pong", payload=message.payload)

    async def _on_pong(self, message: Message) -> None:
        """Nothing is asked of who answers: a connection that is dead ends by the pings of RFC 6455."""

    async def _on_complete(self, message: Message) -> None:
        task = self._running.pop(message.id, None)
        if task is not None:
            task.cancel()

    async def _on_subscribe(self, message: Message) -> None:
        if not self._acknowledged:
            raise ProtocolError(Close.UNAUTHORIZED, "unauthorized: send `connection_init` first")
        if message.id in self._running:
            raise ProtocolError(Close.ID_TAKEN, f"subscriber for {message.id} already exists")
        with call.within(self._connection) as operation:
            await self._begin(message, operation)

    async def _begin(self, message: Message, served: Call) -> None:
        ask, context = asked_in(message), self._context(served)
        try:
            self._make_sure_there_is_room()
            operation = self._prepared(ask)
            if operation.type is not OperationType.SUBSCRIPTION:
                self._run(message.id, self._answer(message.id, operation, context), served)
                return
            outcome = await subscribe(operation, context, address=self._address)
        except Exception as error:  # noqa: BLE001  # an operation's failure is its own
            context.close()
            failure = body_of_failure(error, context.request_id)
            tell(served)
            await self._send("error", message.id, failure["errors"])
            return
        self._run(message.id, self._stream(message.id, outcome, context), served)

    def _make_sure_there_is_room(self) -> None:
        if len(self._running) >= MAX_OPERATIONS:
            raise NotExecutable.because(_too_many())

    def _prepared(self, ask: Ask) -> Operation:
        return prepare(
            ask.query,
            ask.variables,
            ask.operation_name,
            allowed=tuple(OperationType),
            gate=self._gate,
            extensions=ask.extensions,
        )

    # ---------------------------------------------------------------------------------------- operations
    def _run(self, id_: str, work: Coroutine[Any, Any, None], served: Call) -> None:
        task = self._running[id_] = asyncio.create_task(_while_connected(work))

        def forget(_: object) -> None:
            tell(served)
            if self._running.get(id_) is task:
                del self._running[id_]

        task.add_done_callback(forget)

    async def _answer(self, id_: str, operation: Operation, context: LiveContext) -> None:
        """Execute a query or a mutation."""
        try:
            result = await execute(operation, context, address=self._address)
            body = body_of(result, context.request_id)
        except Exception as error:  # noqa: BLE001  # an operation's failure is its own
            body = body_of_failure(error, context.request_id)
        await self._finish(id_, body)

    async def _stream(
        self, id_: str, outcome: AsyncIterator[ExecutionResult] | ExecutionResult, context: LiveContext
    ) -> None:
        """Send the events of a subscription."""
        try:
            if isinstance(outcome, ExecutionResult):
                await self._finish(id_, body_of_outcome(outcome, context.request_id))
                return
            with meters.during("subscriptions"):
                async with aclosing(cast("Any", outcome)) as events:
                    async for result in events:
                        await self._send("next", id_, body_of(result, context.request_id))
            await self._send("complete", id_)
        except WebSocketDisconnect:
            raise
        except Exception as error:  # noqa: BLE001  # an operation's failure is its own
            await self._finish(id_, body_of_failure(error, context.request_id))
        finally:
            context.close()

    async def _finish(self, id_: str, body: Mapping[str, Any]) -> None:
        """The one answer of an operation: `error` when nothing ran."""
        if "data" not in body:
            await self._send("error", id_, body["errors"])
            return
        await self._send("next", id_, body)
        await self._send("complete", id_)

    async def _send(self, kind: str, id_: str | None = None, payload: object = None) -> None:
        await self._websocket.send_text(written(kind, id_, payload))

    def _context(self, served: Call) -> LiveContext:
        return LiveContext(
            office=self._office,
            token=self._token,
            account_slug=self._account,
            request_id=served.id,
            presence=self._presence,
        )


def _read(frame: Mapping[str, Any]) -> Message:
    text = cast("str | None", frame.get("text"))
    if len(text or frame.get("bytes") or "") > MAX_BODY:
        raise ProtocolError(Close.TOO_BIG, f"a message may have {MAX_BODY} bytes")
    return read(text)


def _text(said: Mapping[str, Any], headers: Mapping[str, str], name: str) -> str | None:
    """What the payload says or, when it is silent, the header of the upgrade."""
    value = said.get(name, headers.get(name))
    return value if value is None or isinstance(value, str) else ""


def _too_many() -> LimitExceeded:
    return LimitExceeded(
        "operations", MAX_OPERATIONS, MAX_OPERATIONS + 1, what="operations at once on its socket"
    )


async def _while_connected(work: Coroutine[Any, Any, None]) -> None:
    with suppress(WebSocketDisconnect):  # nobody is there any more
        await work


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_END_S)
