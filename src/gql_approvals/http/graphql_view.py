"""GraphQL over HTTP: read the request, have it executed, answer it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from graphql import ExecutionResult, GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types.graphql import OperationType

from gql_approvals.errors import Unavailable
from gql_approvals.http.answers import body_of, body_of_refusal, refused, status_of, written
from gql_approvals.http.negotiation import JSON, media_type_for, prefers_html, takes
from gql_approvals.http.request_body import Ask, NotUnderstoodError, read_ask
from gql_approvals.http.sse import EventStream
from gql_approvals.observability import call
from gql_approvals.schema.budget import Allowance
from gql_approvals.schema.context import Context
from gql_approvals.schema.execution import Operation, execute, prepare
from gql_approvals.schema.faults import NotExecutable, NotServed, RateLimited
from gql_approvals.schema.gate import Gate
from gql_approvals.service.perform import Office

Headers: TypeAlias = Mapping[str, str]
_BY_METHOD = {
    "GET": frozenset({OperationType.QUERY}),
    "HEAD": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}
_WITH_EVENTS = frozenset({OperationType.SUBSCRIPTION})
# What a request may ask for, by its method and whether its client takes events.
ALLOWED: Mapping[tuple[str, bool], frozenset[OperationType]] = {
    (method, events): kinds | (_WITH_EVENTS if events else frozenset[OperationType]())
    for method, kinds in _BY_METHOD.items()
    for events in (False, True)
}
VARY = (b"vary", b"Accept")
STOPPED = Unavailable("the server stops before the database has answered: send the same request again")
# IETF draft-ietf-httpapi-ratelimit-headers-06; the later drafts' single field is read by no client yet
LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


class GraphQLEndpoint:
    """What is served at `/graphql`. `page`: what browsers get that ask for nothing; None: no page."""

    def __init__(
        self, office: Callable[[], Office], gate: Gate, page: Callable[[], Response] | None = None
    ) -> None:
        self._office = office
        self._gate = gate
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request, headers = Request(scope, receive, send), headers_of(scope)
        if self._page is not None and _wants_page(request, headers):
            response = self._page()
        else:
            response = await self._response(request, headers)
            response.raw_headers.append(VARY)
        await response(scope, receive, send)

    async def _response(self, request: Request, headers: Headers) -> Response:
        request_id = call.request_id()
        try:
            ask = await read_ask(request, headers.get("content-type", ""))
            context = context_of(self._office(), headers, request_id)
            return await _answer(context, self._gate, request, headers.get("accept", ""), ask)
        except NotUnderstoodError as error:
            return refused(error.status, error.message)
        except asyncio.CancelledError:
            if not self._office().feed.closing:
                raise
            return _stopped(request_id)  # it has waited for the database until the server's end


async def _answer(context: Context, gate: Gate, request: Request, accept: str, ask: Ask) -> Response:
    request_id = context.request_id
    events, only_events = takes(accept)
    headers: Mapping[str, str] | None = None
    operation: Operation | None = None
    try:
        operation = prepare(
            ask.query,
            ask.variables,
            ask.operation_name,
            allowed=ALLOWED[request.method, events],
            gate=gate,
            extensions=ask.extensions,
        )
        if operation.type is OperationType.SUBSCRIPTION or only_events:
            return EventStream(context, operation, address=address_of(request))
        body = body_of(await execute(operation, context, address=address_of(request)), request_id)
    except NotExecutable as refusal:
        if isinstance(refusal.fault, NotServed):
            return _not_served(refusal.fault)
        if only_events:
            return EventStream(context, None, refusal=refusal)
        body, headers = body_of_refusal(refusal, request_id), _retry(refusal)
    if operation is not None and operation.allowance is not None:
        headers = {**(headers or {}), **_budget(operation.allowance)}
    media_type = media_type_for(accept)
    return written(body, status_of(body, media_type), media_type=media_type, headers=headers)


def _stopped(request_id: str) -> Response:
    body = body_of(ExecutionResult(None, [GraphQLError(STOPPED.message, original_error=STOPPED)]), request_id)
    return written(body, status_of(body, JSON), headers={"Retry-After": str(STOPPED.retry_after_s)})


def headers_of(scope: Scope) -> Headers:
    """The headers by their names in lower case; of several of one name the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def context_of(office: Office, headers: Headers, request_id: str) -> Context:
    """What the headers say of the caller."""
    return Context(
        office=office,
        token=bearer(headers.get("authorization")),
        account_slug=headers.get("x-account"),
        request_id=request_id,
    )


def address_of(request: Request) -> str:
    """Where the request came from, as the server sees it; empty when it cannot be known."""
    return "" if request.client is None else request.client.host


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header; None when there is no header.

    A header of another scheme counts as an empty token, which nobody has: saying nothing is not signing in.
    """
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _wants_page(request: Request, headers: Headers) -> bool:
    if request.method != "GET" or {"query", "extensions"} & set(request.query_params):
        return False
    return prefers_html(headers.get("accept", ""))


def _not_served(fault: NotServed) -> Response:
    if fault.kind is OperationType.SUBSCRIPTION:
        return refused(400, "a subscription needs a WebSocket, or `Accept: text/event-stream`")
    return refused(405, f"send a {fault.kind.value} by POST", headers={"Allow": "POST"})


def _retry(refusal: NotExecutable) -> dict[str, str]:
    fault = refusal.fault
    return {"Retry-After": str(fault.retry_after_s)} if isinstance(fault, RateLimited) else {}


def _budget(allowance: Allowance) -> dict[str, Any]:
    values = (allowance.limit, allowance.remaining, allowance.reset_s)
    return {name: str(value) for name, value in zip(LIMIT_HEADERS, values, strict=True)}
