"""What goes over the wire: GraphQL errors with stable codes, everything unexpected masked and logged.

| what happened                                   | `extensions.code`          |
|-------------------------------------------------|----------------------------|
| the document cannot be parsed                   | GRAPHQL_PARSE_FAILED       |
| the document does not fit the schema            | GRAPHQL_VALIDATION_FAILED  |
| a variable or an argument cannot be understood  | BAD_USER_INPUT             |
| a `RequestFault`                                | the fault's own            |
| anything else                                   | INTERNAL_SERVER_ERROR      |
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSyntaxError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gql_approvals.errors import QueryForbidden, RequestFault, Unavailable

log = logging.getLogger(__name__)

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


def body_of(result: ExecutionResult | PreExecutionError, request_id: str) -> dict[str, Any]:
    """The response body of an executed request; without `data` when nothing was executed."""
    early = isinstance(result, PreExecutionError)
    errors = [formatted(error, request_id, early=early) for error in result.errors or ()]
    nothing_ran = early or (result.data is None and all("path" not in error for error in errors))
    if nothing_ran and errors:
        return {"errors": errors}
    return {"data": result.data, **({"errors": errors} if errors else {})}


def formatted(error: GraphQLError, request_id: str, *, early: bool = False) -> dict[str, Any]:
    """One error as clients see it."""
    message, extensions = _told(error, request_id, early=early)
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = list(error.path)
    return {**shown, "extensions": extensions}


def _told(error: GraphQLError, request_id: str, *, early: bool) -> tuple[str, Mapping[str, Any]]:
    fault = error.original_error
    if isinstance(fault, RequestFault):
        return fault.message, {"code": fault.code, **_details(fault)}
    if isinstance(error, GraphQLSyntaxError):
        return error.message, {"code": "GRAPHQL_PARSE_FAILED"}
    if early and isinstance(fault, (ValueError, RecursionError)):
        # what graphql-core makes of an integer of thousands of digits, or of nesting without end
        message = "the document holds a number that is too long, or is nested too deeply"
        return message, {"code": "GRAPHQL_VALIDATION_FAILED"}
    if early and fault is None:
        return error.message, {"code": "GRAPHQL_VALIDATION_FAILED"}
    if error.path is None and (fault is None or isinstance(fault, GraphQLError)):
        return error.message, {"code": "BAD_USER_INPUT"}
    log.error("unexpected error request_id=%s path=%s", request_id, error.path, exc_info=fault or error)
    return (
        f"something went wrong on our side: report the request id {request_id}",
        {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    )


def _details(fault: RequestFault) -> dict[str, Any]:
    if isinstance(fault, QueryForbidden):
        reasons = [{"code": r.code, "message": r.message, "source": r.source} for r in fault.reasons]
        return {"reasons": reasons, "policyVersion": fault.policy_version}
    if isinstance(fault, Unavailable):
        return {"retryAfterS": fault.retry_after_s}
    return {}


def refused(
    status: int, message: str, code: str = "BAD_REQUEST", headers: Mapping[str, str] | None = None
) -> Response:
    """A request that was not understood as GraphQL."""
    return written({"errors": [{"message": message, "extensions": {"code": code}}]}, status, headers=headers)


async def not_served(_: Request, error: Exception) -> Response:
    """An address or a method that the server does not have."""
    if not isinstance(error, HTTPException):
        raise error
    return refused(error.status_code, error.detail.lower(), headers=error.headers)


def written(
    body: Mapping[str, Any],
    status: int,
    *,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON response."""
    return Response(_json(body), status, headers=headers, media_type=f"{media_type}; charset=utf-8")


def _json(body: Mapping[str, Any]) -> bytes:
    """The body in UTF-8; half of a surrogate pair, as a message may quote it, becomes U+FFFD."""
    try:
        return orjson.dumps(body)
    except TypeError:
        text = json.dumps(body, ensure_ascii=False)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
