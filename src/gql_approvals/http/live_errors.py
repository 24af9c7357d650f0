"""What an operation over a lasting connection answers when it cannot go on: the same errors as over HTTP."""

from typing import Any

from graphql import ExecutionResult, GraphQLError

from gql_approvals.http.answers import body_of, body_of_refusal, formatted
from gql_approvals.schema.faults import NotExecutable


def body_of_outcome(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """The body of a subscription that could not begin: nothing ran, whichever field says so."""
    return {"errors": body_of(result, request_id)["errors"]}


def body_of_failure(error: Exception, request_id: str) -> dict[str, Any]:
    """The body of an operation that ended before its time; what is unexpected is masked, and logged."""
    if isinstance(error, NotExecutable):
        return body_of_refusal(error, request_id)
    told = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    return {"errors": [formatted(told, request_id)]}
