"""The one path of every operation, whatever carries it: prepare, then execute or subscribe.

`prepare` refuses before anything runs: persisted documents, parsing, limits, the allow-list, the choice of
the operation, validation. `execute` and `subscribe` take from the caller's budget. No transport calls
Strawberry.

Strawberry 0.341 parses and validates anew each time and never passes on `hide_suggestions`: so graphql-core
is called directly, with Strawberry's own executor. Its schema extensions are not run; there are none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, TypeAlias, TypeVar

import graphql
from graphql import DocumentNode, ExecutionResult, GraphQLError
from strawberry.types.graphql import OperationType

from gql_approvals.compiled import CompiledOperation, Middleware
from gql_approvals.errors import RequestFault
from gql_approvals.schema import TYPES, schema
from gql_approvals.schema.budget import Allowance
from gql_approvals.schema.context import Context
from gql_approvals.schema.faults import NotExecutable, NotServed, RateLimited
from gql_approvals.schema.gate import Gate
from gql_approvals.schema.observing import executing, known, preparing
from gql_approvals.schema.rate import Root

__all__ = ["Gate", "NotExecutable", "Operation", "Outcome", "execute", "prepare", "subscribe"]


@dataclass(slots=True, kw_only=True)
class Operation:
    """What is to be executed: parsed, within the limits, valid.

    `name` is the operation's own, None when it has none. `field`: its first root field. `cost`: how many
    operations it counts as. `allowance`: what the caller has left, once it was executed; None while no budget
    is set.
    """

    document: DocumentNode
    name: str | None
    type: OperationType
    variables: dict[str, Any]
    field: str
    cost: int
    gate: Gate
    compiled: CompiledOperation | None
    allowance: Allowance | None = None


_untyped: Any = graphql  # its annotations name generic types without their parameters
Started = TypeVar("Started")
run: Callable[..., "Awaitable[ExecutionResult] | ExecutionResult"] = _untyped.execute
begin: Callable[..., "Awaitable[Outcome] | Outcome"] = _untyped.subscribe
Outcome: TypeAlias = AsyncIterator[ExecutionResult] | ExecutionResult


def prepare(
    query: str | None,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    *,
    allowed: Collection[OperationType],
    gate: Gate,
    extensions: Mapping[str, Any] | None = None,
) -> Operation:
    """Make sure that this may be executed. `query` None: `extensions` has the hash of a persisted document.

    Raises:
        NotExecutable: when it may not, with all that is wrong.
    """
    with preparing():
        text = gate.persisted.text_of(query, extensions)
        document = gate.documents.read(text)
        chosen = document.choose(operation_name)
        known(chosen)
        if chosen.type not in allowed:
            raise NotExecutable.because(NotServed(chosen.type))
        given = dict(variables or {})
        gate.documents.admit(document, chosen, given)
        gate.persisted.keep(text, extensions)
    return Operation(
        document=document.parsed,
        name=chosen.name,
        type=chosen.type,
        variables=given,
        field=chosen.first,
        cost=max(1, chosen.roots),
        gate=gate,
        compiled=chosen.compiled,
    )


async def execute(operation: Operation, context: Context, *, address: str = "") -> ExecutionResult:
    """Execute a query or a mutation; errors of its fields stand in the result.

    `address`: where the request came from, by which callers without a good token are counted.

    Raises:
        NotExecutable: when the caller's budget is used up.
    """
    return await _started(_run, operation, context, address)


async def subscribe(operation: Operation, context: Context, *, address: str = "") -> Outcome:
    """Begin a subscription: its events, or a result with errors when it cannot begin.

    Raises:
        NotExecutable: when the caller's budget is used up.
    """
    return await _started(_begin, operation, context, address)


async def _started(
    start: Callable[[Operation, Context], Awaitable[Started]],
    operation: Operation,
    context: Context,
    address: str,
) -> Started | ExecutionResult:
    with executing(operation.type, operation.field) as outcome:
        result = await _result_of(start, operation, context, address)
        outcome.of(result)
        return result


async def _result_of(
    start: Callable[[Operation, Context], Awaitable[Started]],
    operation: Operation,
    context: Context,
    address: str,
) -> Started | ExecutionResult:
    try:
        await _take(operation, context, address)
        return await start(operation, context)
    except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets an answer and the log the rest
        return _failed(error)


async def _run(operation: Operation, context: Context) -> ExecutionResult:
    given = _arguments(operation, context)

    async def by_graphql_core(middleware: Middleware | None) -> ExecutionResult:
        result = run(TYPES, operation.document, **given, middleware=middleware and [middleware])
        return await result if isawaitable(result) else result

    if operation.compiled is None:
        return await by_graphql_core(None)
    return await operation.compiled.execute(
        given["root_value"],
        context,
        operation.variables,
        hide_suggestions=given["hide_suggestions"],
        otherwise=by_graphql_core,
    )


async def _begin(operation: Operation, context: Context) -> Outcome:
    result = begin(TYPES, operation.document, **_arguments(operation, context))
    return await result if isawaitable(result) else result


def _arguments(operation: Operation, context: Context) -> dict[str, Any]:
    return {
        "root_value": Root(allowance=operation.allowance),
        "context_value": context,
        "variable_values": operation.variables,
        "operation_name": operation.name,
        "hide_suggestions": not operation.gate.terms.suggestions,
        "executor_class": schema.execution_context_class,  # pyright: ignore[reportUnknownMemberType]  # a generic one
    }


def _failed(error: Exception) -> ExecutionResult:
    """What could not even begin: an error of the whole operation, to be masked like any other."""
    if isinstance(error, NotExecutable):
        raise error
    return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])


async def _take(operation: Operation, context: Context, address: str) -> None:
    budget = operation.gate.budget
    if budget is None:
        return
    allowance = operation.allowance = budget.take(await _payer(context, address), operation.cost)
    if not allowance.granted:
        raise NotExecutable.because(
            RateLimited(limit=allowance.limit, cost=allowance.cost, retry_after_s=allowance.retry_after_s)
        )


async def _payer(context: Context, address: str) -> Hashable:
    """Whose budget: a person's, whichever token they use; without one, an address's."""
    if context.token is None:
        return address
    try:
        return (await context.caller()).user_id
    except RequestFault:
        return address  # what is wrong with the token is told by the fields that need a caller
