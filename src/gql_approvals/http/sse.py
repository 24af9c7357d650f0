"""GraphQL over server-sent events: `graphql-sse`, distinct connections mode. One operation, one response.

Lines end in LF: some clients look for LF LF only. `complete` says that the operation is over; a response that
ends without it asks to be connected again.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, cast

from graphql import ExecutionResult
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types.graphql import OperationType
from typing_extensions import override

from gql_approvals.errors import RequestFault, Unauthenticated
from gql_approvals.http.answers import body_of, json_of
from gql_approvals.http.live_errors import body_of_failure, body_of_outcome
from gql_approvals.http.negotiation import EVENT_STREAM
from gql_approvals.observability import meters
from gql_approvals.schema.context import Context
from gql_approvals.schema.execution import Operation, execute, subscribe
from gql_approvals.schema.subscriptions import LiveContext, sign_in
from gql_approvals.service.caller import REFUSED
from gql_approvals.service.live import Leaving, Presence

KEEP_ALIVE_S = 12.0
_COMMENT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


class EventStream(Response):
    """The events of one operation, as they come. `operation` None: it was refused, with `refusal`."""

    media_type = EVENT_STREAM

    def __init__(
        self,
        context: Context,
        operation: Operation | None,
        *,
        address: str = "",
        refusal: Exception | None = None,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._operation = operation
        self._address = address
        self._refusal = refusal
        self._leaving: asyncio.Future[Leaving] = asyncio.get_running_loop().create_future()
        self._context = LiveContext(
            office=context.office,
            token=context.token,
            account_slug=context.account_slug,
            request_id=context.request_id,
            presence=Presence(leave=self._leave),
        )

    def _leave(self, why: Leaving) -> None:
        if not self._leaving.done():
            self._leaving.set_result(why)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the operation is over, the client is gone, or it has to leave."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        work: tuple[Coroutine[Any, Any, None], ...] = (self._operate(send), _gone(receive), _keep_alive(send))
        tasks: list[asyncio.Future[Any]] = [asyncio.create_task(one) for one in work]
        with self._context.office.feed.present(self._context.presence):
            try:
                await asyncio.wait((*tasks, self._leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._context.close()
            await self._end(send)

    async def _end(self, send: Send) -> None:
        if self._leaving.done() and self._leaving.result() is Leaving.SIGNED_OUT:
            await _tell(send, body_of_failure(Unauthenticated(REFUSED), self._context.request_id))
            await _write(send, _COMPLETE)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _operate(self, send: Send) -> None:
        try:
            await self._perform(send)
        except OSError:
            return  # nobody is there any more
        except Exception as error:  # noqa: BLE001  # told to the client, and logged where it is unexpected
            await _tell(send, body_of_failure(error, self._context.request_id))
        await _write(send, _COMPLETE)

    async def _perform(self, send: Send) -> None:
        context, operation = self._context, self._operation
        if operation is None:
            raise self._refusal or LookupError(operation)
        if operation.type is not OperationType.SUBSCRIPTION:
            result = await execute(operation, context, address=self._address)
            await _tell(send, body_of(result, context.request_id))
            return
        outcome = await self._begun(operation)
        if isinstance(outcome, ExecutionResult):
            await _tell(send, body_of_outcome(outcome, context.request_id))
            return
        await _write(send, _COMMENT)  # says that it has begun
        with meters.during("subscriptions"):
            await self._send_events(send, outcome)

    async def _send_events(self, send: Send, outcome: AsyncIterator[ExecutionResult]) -> None:
        async with aclosing(cast("Any", outcome)) as events:
            async for result in events:
                await _tell(send, body_of(result, self._context.request_id))

    async def _begun(self, operation: Operation) -> AsyncIterator[ExecutionResult] | ExecutionResult:
        with suppress(RequestFault):  # the subscription itself says what is wrong
            await sign_in(self._context)
        return await subscribe(operation, self._context, address=self._address)


async def _keep_alive(send: Send) -> None:
    """Let proxies and clients see that the connection lives."""
    while True:
        await asyncio.sleep(KEEP_ALIVE_S)
        await _write(send, _COMMENT)


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(send: Send, body: Mapping[str, Any]) -> None:
    await _write(send, b"event: next\ndata: " + json_of(body) + b"\n\n")


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
