"""GraphQL over HTTP: read the request, have it executed, answer it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from graphql import ExecutionResult, GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry.types.graphql import OperationType

from gql_approvals.errors import Unavailable
from gql_approvals.http.answers import body_of, body_of_refusal, refused, status_of, written
from gql_approvals.http.negotiation import JSON, media_type_for
from gql_approvals.http.request_body import Ask, NotUnderstoodError, read_ask
from gql_approvals.http.sse import EventStream, takes_events, takes_events_only
from gql_approvals.observability import call
from gql_approvals.schema.budget import Allowance
from gql_approvals.schema.context import Context
from gql_approvals.schema.execution import Operation, execute, prepare
from gql_approvals.schema.faults import NotExecutable, NotServed, RateLimited
from gql_approvals.schema.gate import Gate
from gql_approvals.service.perform import Office

ALLOWED = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
STOPPED = Unavailable("the server stops before the database has answered: send the same request again")
# IETF draft-ietf-httpapi-ratelimit-headers-06; the later drafts' single field is read by no client yet
LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def graphql_endpoint(office: Callable[[], Office], gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of `/graphql`."""

    async def endpoint(request: Request) -> Response:
        request_id = call.request_id()
        try:
            response = await _answer(office(), gate, request, await read_ask(request), request_id)
        except NotUnderstoodError as error:
            response = refused(error.status, error.message)
        except asyncio.CancelledError:
            if not office().feed.closing:
                raise
            response = _stopped(request_id)  # it has waited for the database until the server's end
        response.headers["Vary"] = "Accept"
        return response

    return endpoint


async def _answer(office: Office, gate: Gate, request: Request, ask: Ask, request_id: str) -> Response:
    context = context_of(office, request, request_id)
    events = {OperationType.SUBSCRIPTION} if takes_events(request) else set[OperationType]()
    headers: Mapping[str, str] = {}
    operation: Operation | None = None
    try:
        operation = prepare(
            ask.query,
            ask.variables,
            ask.operation_name,
            allowed=ALLOWED[request.method] | events,
            gate=gate,
            extensions=ask.extensions,
        )
        if operation.type is OperationType.SUBSCRIPTION or takes_events_only(request):
            return EventStream(context, operation, address=address_of(request))
        body = body_of(await execute(operation, context, address=address_of(request)), request_id)
    except NotExecutable as refusal:
        if isinstance(refusal.fault, NotServed):
            return _not_served(refusal.fault)
        if takes_events_only(request):
            return EventStream(context, None, refusal=refusal)
        body, headers = body_of_refusal(refusal, request_id), _retry(refusal)
    if operation is not None and operation.allowance is not None:
        headers = {**headers, **_budget(operation.allowance)}
    media_type = media_type_for(request.headers.get("accept", ""))
    return written(body, status_of(body, media_type), media_type=media_type, headers=headers)


def _stopped(request_id: str) -> Response:
    body = body_of(ExecutionResult(None, [GraphQLError(STOPPED.message, original_error=STOPPED)]), request_id)
    return written(body, status_of(body, JSON), headers={"Retry-After": str(STOPPED.retry_after_s)})


def context_of(office: Office, request: Request, request_id: str) -> Context:
    """What the headers say of the caller."""
    return Context(
        office=office,
        token=bearer(request.headers.get("authorization")),
        account_slug=request.headers.get("x-account"),
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
