"""Why a request is not executed: faults of the GraphQL edge, and the one exception that carries them.

Nothing here knows HTTP: sockets refuse for the same reasons, with the same codes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.types.graphql import OperationType

from gql_approvals.errors import RequestFault

INTERNAL = "INTERNAL_SERVER_ERROR"


class NotExecutable(Exception):
    """Nothing was executed. `errors` has at least one entry."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors: Sequence[GraphQLError] = errors

    @classmethod
    def because(cls, fault: RequestFault) -> "NotExecutable":
        """One error, which a fault tells."""
        return cls(GraphQLError(fault.message, original_error=fault))

    @property
    def fault(self) -> Exception | None:
        """What the first error tells; None when the document is wrong."""
        return self.errors[0].original_error


def code_of(error: GraphQLError, *, early: bool = False) -> str:
    """The code that clients are told. `early`: nothing was executed.

    | what happened                                   | code                       |
    |-------------------------------------------------|----------------------------|
    | the document cannot be parsed                   | GRAPHQL_PARSE_FAILED       |
    | the document does not fit the schema            | GRAPHQL_VALIDATION_FAILED  |
    | a variable or an argument cannot be understood  | BAD_USER_INPUT             |
    | a `RequestFault`                                | the fault's own            |
    | anything else                                   | INTERNAL_SERVER_ERROR      |
    """
    fault = error.original_error
    if isinstance(fault, RequestFault):
        return fault.code
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    if early:
        return "GRAPHQL_VALIDATION_FAILED"
    if error.path is None and (fault is None or isinstance(fault, GraphQLError)):
        return "BAD_USER_INPUT"
    return INTERNAL


class LimitExceeded(RequestFault):
    """The document asks for more than one request may; `extensions` has `limit`, `allowed` and `asked`."""

    code: ClassVar[str] = "LIMIT_EXCEEDED"

    def __init__(self, limit: str, allowed: int, asked: int | None, *, what: str) -> None:
        number = f"more than {allowed}" if asked is None else str(asked)
        super().__init__(f"the request has {number} {what}, and {allowed} are allowed: ask for less at once")
        self.details: Mapping[str, Any] = {"limit": limit, "allowed": allowed, "asked": asked}


class RateLimited(RequestFault):
    """The caller has used up the budget of operations; `extensions.retryAfterS` says when there is more."""

    code: ClassVar[str] = "RATE_LIMITED"

    def __init__(self, *, limit: int, cost: int, retry_after_s: int) -> None:
        super().__init__(
            f"{limit} operations a minute are allowed, and this request counts as {cost}: "
            f"send it again in {retry_after_s} s"
        )
        self.retry_after_s = retry_after_s
        self.details: Mapping[str, Any] = {"retryAfterS": retry_after_s}


class PersistedQueryNotFound(RequestFault):
    """Only a document's hash was sent, and this server does not know it: send the document with it."""

    code: ClassVar[str] = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")  # clients of Apollo's protocol compare this text


class NotARequest(RequestFault):
    """The request is no GraphQL over HTTP, or no operation that is served here."""

    code: ClassVar[str] = "BAD_REQUEST"


class NotServed(NotARequest):
    """The operation is of a type that is not served in this way."""

    def __init__(self, kind: OperationType) -> None:
        super().__init__(f"a {kind.value} is not served in this way")
        self.kind = kind
