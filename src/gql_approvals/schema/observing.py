"""What operators are told of an operation: its name, its first root field, its outcome, how long it took."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from graphql import ExecutionResult
from strawberry.types.graphql import OperationType

from gql_approvals.observability import meters
from gql_approvals.observability.call import OK, current
from gql_approvals.observability.tracing import operation_span
from gql_approvals.schema.documents import Chosen
from gql_approvals.schema.faults import NotExecutable, code_of

CANCELLED = "CANCELLED"  # whoever asked has gone
_UNKNOWN = "none"  # of what was refused before it was known to fit the schema


class Outcome:
    """What has become of an operation: OK, CANCELLED, or the code of its first error."""

    def __init__(self) -> None:
        self.code = OK

    def of(self, result: object) -> None:
        """Take it from what was answered; events that are to come have no errors yet."""
        if isinstance(result, ExecutionResult) and result.errors:
            self.code = code_of(result.errors[0])


def known(chosen: Chosen) -> None:
    """Note which operation was chosen; nothing of it is known to be valid."""
    call = current()
    if call is not None:
        call.operation, call.type = chosen.name, chosen.type.value


@contextmanager
def preparing() -> Generator[None]:
    """Count an operation that is refused within."""
    try:
        yield
    except NotExecutable as refusal:
        _ended(None, _UNKNOWN, code_of(refusal.errors[0], early=True))
        raise


@contextmanager
def executing(kind: OperationType, field: str) -> Generator[Outcome]:
    """Count and time what is executed within; subscriptions last as long as somebody listens."""
    outcome, call = Outcome(), current()
    if call is not None:
        call.type, call.field = kind.value, field
    with operation_span():
        try:
            yield outcome
        except NotExecutable as refusal:
            outcome.code = code_of(refusal.errors[0], early=True)
            raise
        except asyncio.CancelledError:
            outcome.code = CANCELLED
            raise
        finally:
            _ended(kind, field, outcome.code)
            if call is not None and kind is not OperationType.SUBSCRIPTION:
                meters.took("operation_seconds", call.took_s, kind.value, field)


def _ended(kind: OperationType | None, field: str, code: str) -> None:
    call = current()
    if call is not None:
        call.outcome = code
    meters.count("operations", _UNKNOWN if kind is None else kind.value, field, code)
