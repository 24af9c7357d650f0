"""What goes over the wire: GraphQL errors with stable codes, everything unexpected masked and logged.

Which code an error has is decided in `schema/faults.py`, `code_of`.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gql_approvals.errors import QueryForbidden, RequestFault, Unavailable
from gql_approvals.http.negotiation import GRAPHQL_JSON, JSON
from gql_approvals.schema.faults import INTERNAL, LimitExceeded, NotExecutable, RateLimited, code_of

log = logging.getLogger(__name__)

MAX_MESSAGE = 500


_CONTENT_TYPE = {kind: (b"content-type", f"{kind}; charset=utf-8".encode()) for kind in (JSON, GRAPHQL_JSON)}


class Status(NamedTuple):
    """The HTTP status of an outcome, for each of the two media types of an answer."""

    graphql_json: int
    json: int
    when: str


EXECUTED = Status(200, 200, "the operation was executed; some of its fields may have failed")
# By the code of the first error, when nothing was executed. Clients of plain JSON, which are older, read only
# answers with 200 (GraphQL over HTTP, "Legacy"); what no GraphQL client would send is refused to them too.
NOT_EXECUTED: Mapping[str, Status] = {
    "GRAPHQL_PARSE_FAILED": Status(400, 200, "the document cannot be parsed"),
    "GRAPHQL_VALIDATION_FAILED": Status(400, 200, "the document does not fit the schema"),
    "BAD_USER_INPUT": Status(400, 200, "a variable does not fit its type"),
    "LIMIT_EXCEEDED": Status(400, 200, "the request is over a limit"),
    "PERSISTED_QUERY_NOT_FOUND": Status(400, 200, "the hash of a document that is not known here"),
    "BAD_REQUEST": Status(400, 400, "no GraphQL request, or no operation that may be run"),
    "RATE_LIMITED": Status(429, 429, "the budget is used up; `Retry-After` says when to come again"),
    "UNAVAILABLE": Status(503, 503, "the database does not answer"),
    "INTERNAL_SERVER_ERROR": Status(500, 500, "something unexpected; the request id finds it in the log"),
}
# What is refused before it is looked at as GraphQL; all with the code BAD_REQUEST, as JSON.
NOT_READ: Mapping[int, str] = {
    404: "there is no such address",
    405: "a mutation by GET, or a method that is neither GET nor POST; `Allow` says what is served",
    413: "the body is larger than 1 MiB",
    415: "a body that is not `application/json` in UTF-8",
}


def status_of(body: Mapping[str, Any], media_type: str) -> int:
    """The HTTP status of an answer."""
    row = EXECUTED if "data" in body else NOT_EXECUTED[body["errors"][0]["extensions"]["code"]]
    return row.graphql_json if media_type == GRAPHQL_JSON else row.json


def body_of(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """The body of an executed request; without `data` when it was refused before its first field."""
    if not result.errors:
        return {"data": result.data}
    errors = [formatted(error, request_id) for error in result.errors]
    nothing_ran = result.data is None and all("path" not in error for error in errors)
    return {"errors": errors} if nothing_ran else {"data": result.data, "errors": errors}


def body_of_refusal(refusal: NotExecutable, request_id: str) -> dict[str, Any]:
    """The body of a request that was not executed."""
    return {"errors": [formatted(error, request_id, early=True) for error in refusal.errors]}


def formatted(error: GraphQLError, request_id: str, *, early: bool = False) -> dict[str, Any]:
    """One error as clients see it. `early`: nothing was executed."""
    message, extensions = _told(error, request_id, early=early)
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = list(error.path)
    return {**shown, "extensions": extensions}


def _told(error: GraphQLError, request_id: str, *, early: bool) -> tuple[str, Mapping[str, Any]]:
    code, fault = code_of(error, early=early), error.original_error
    if isinstance(fault, RequestFault):
        return fault.message, {"code": code, **_details(fault)}
    if code != INTERNAL:
        return _shortened(error.message), {"code": code}
    log.error(
        "unexpected error", extra={"request_id": request_id, "path": error.path}, exc_info=fault or error
    )
    return (
        f"something went wrong on our side: report the request id {request_id}",
        {"code": code, "requestId": request_id},
    )


def _shortened(message: str) -> str:
    """GraphQL's own messages quote what was sent, however long it is."""
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"


def _details(fault: RequestFault) -> Mapping[str, Any]:
    if isinstance(fault, QueryForbidden):
        reasons = [{"code": r.code, "message": r.message, "source": r.source} for r in fault.reasons]
        return {"reasons": reasons, "policyVersion": fault.policy_version}
    if isinstance(fault, Unavailable):
        return {"retryAfterS": fault.retry_after_s}
    return fault.details if isinstance(fault, LimitExceeded | RateLimited) else {}


def refused(
    status: int, message: str, code: str = "BAD_REQUEST", headers: Mapping[str, str] | None = None
) -> Response:
    """A request that was not understood as GraphQL."""
    return written({"errors": [{"message": message, "extensions": {"code": code}}]}, status, headers=headers)


def refused_by_us(request_id: str) -> Response:
    """The answer to a request at which something unexpected has happened."""
    message = f"something went wrong on our side: report the request id {request_id}"
    error = {"message": message, "extensions": {"code": INTERNAL, "requestId": request_id}}
    return written({"errors": [error]}, NOT_EXECUTED[INTERNAL].json)


async def not_served(_: Request, error: Exception) -> Response:
    """An address or a method that the server does not have."""
    if not isinstance(error, HTTPException):
        raise error
    return refused(error.status_code, error.detail.lower(), headers=error.headers)


class Answer(Response):
    """A response in JSON, whose headers need not be looked at."""

    def __init__(
        self, body: bytes, status: int, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        more = () if headers is None else headers.items()
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            _CONTENT_TYPE[media_type],
            *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in more),
        ]


def written(
    body: Mapping[str, Any],
    status: int,
    *,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON response."""
    return Answer(json_of(body), status, media_type, headers)


def json_of(body: Mapping[str, Any]) -> bytes:
    """The body in UTF-8; half of a surrogate pair, as a message may quote it, becomes U+FFFD."""
    try:
        return orjson.dumps(body)
    except TypeError:
        text = json.dumps(body, ensure_ascii=False)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def statuses_markdown() -> Sequence[str]:
    """The rows of the table in docs/api.md."""
    rows = [("executed", EXECUTED), *((f"`{code}`", row) for code, row in NOT_EXECUTED.items())]
    return [
        "| outcome | GraphQL's media type | JSON | when |",
        "|---|---|---|---|",
        *(f"| {name} | {row.graphql_json} | {row.json} | {row.when} |" for name, row in rows),
        *(f"| `BAD_REQUEST` | {status} | {status} | {when} |" for status, when in NOT_READ.items()),
    ]
