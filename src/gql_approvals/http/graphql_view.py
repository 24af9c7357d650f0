"""GraphQL over HTTP: read the request, execute it, answer it; the one path for all operations."""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from gql_approvals.http.answers import GRAPHQL_JSON, JSON, body_of, refused, written
from gql_approvals.schema import schema
from gql_approvals.schema.context import Context
from gql_approvals.service.perform import Office

MAX_BODY = 1024 * 1024
ALLOWED = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A GraphQL request as it came."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class NotUnderstoodError(Exception):
    """The request is no GraphQL request: (HTTP status, message)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def graphql_endpoint(office: Callable[[], Office]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of `/graphql`."""

    async def endpoint(request: Request) -> Response:
        request_id = uuid.uuid4().hex
        headers = {"X-Request-Id": request_id, "Vary": "Accept"}
        try:
            ask = _from_query(request) if request.method in {"GET", "HEAD"} else await _from_body(request)
            response = await _execute(office(), request, ask, request_id)
        except NotUnderstoodError as error:
            response = refused(error.status, error.message)
        response.headers.update(headers)
        return response

    return endpoint


async def _execute(office: Office, request: Request, ask: Ask, request_id: str) -> Response:
    context = Context(
        office=office,
        token=bearer(request.headers.get("authorization")),
        account_slug=request.headers.get("x-account"),
        request_id=request_id,
    )
    try:
        result = await schema.execute(
            ask.query,
            variable_values=ask.variables,
            context_value=context,
            operation_name=ask.operation_name,
            allowed_operation_types=ALLOWED[request.method],
        )
    except InvalidOperationTypeError:
        if request.method != "POST":
            return refused(405, "send mutations by POST", headers={"Allow": "POST"})
        return refused(400, "subscriptions are not served over plain HTTP")
    except (CannotGetOperationTypeError, MissingQueryError):
        return refused(
            400, "name the operation to run in `operationName`: the document has none of that name"
        )
    body = body_of(result, request_id)
    media_type = _media_type(request.headers.get("accept", ""))
    ran = "data" in body
    # Clients of the older media type take only 200 for an answer; see GraphQL over HTTP, "Legacy"
    status = 200 if ran or media_type == JSON else 400
    return written(body, status, media_type=media_type)


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header; None when there is no header.

    A header of another scheme counts as an empty token, which nobody has: saying nothing is not signing in.
    """
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _from_query(request: Request) -> Ask:
    values = request.query_params
    variables = values.get("variables")
    return _ask(
        {
            "query": values.get("query"),
            "variables": _json(variables.encode()) if variables else None,
            "operationName": values.get("operationName"),
        }
    )


async def _from_body(request: Request) -> Ask:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise NotUnderstoodError(415, f"send the request as {JSON}")
    try:
        body = await _read(request)
    except ClientDisconnect:  # nobody reads the answer; as an exception it would fill the log
        raise NotUnderstoodError(400, "the connection ended before the request did") from None
    return _ask(_json(body))


async def _read(request: Request) -> bytes:
    """The body, of which no more is kept than may be sent."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise NotUnderstoodError(
                413, f"the request is larger than {MAX_BODY} bytes: ask for less at once"
            )
    return body


def _json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise NotUnderstoodError(400, "the body is not JSON in UTF-8") from None


def _no_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _ask(value: object) -> Ask:
    if not isinstance(value, dict):
        raise NotUnderstoodError(400, "the request must be a JSON object with `query`")
    given = cast("dict[str, Any]", value)
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str):
        raise NotUnderstoodError(400, "`query` must be a text: the GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise NotUnderstoodError(400, "`variables` must be an object")
    if name is not None and not isinstance(name, str):
        raise NotUnderstoodError(400, "`operationName` must be a text")
    extensions = given.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise NotUnderstoodError(400, "`extensions` must be an object")
    return Ask(query=query, variables=cast("dict[str, Any] | None", variables), operation_name=name or None)


def _media_type(accept: str) -> str:
    return GRAPHQL_JSON if GRAPHQL_JSON in accept.lower() else JSON
