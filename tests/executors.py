"""Every operation through both executors: what is compiled must answer what graphql-core answers.

While `both` is in force, operations are compiled when they are asked for the first time, and graphql-core
executes each of them once more, quietly. Of a mutation it is handed what its root fields gave: they are not
resolved again.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import ExecutionResult, OperationType

from gql_approvals.compiled import CompiledOperation, operations
from gql_approvals.observability import meters
from gql_approvals.schema.remembered import Remembered
from gql_approvals.service import decision_log

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@dataclass
class Seen:
    """What became of the operations. `compared`: how many were compiled, and compared with graphql-core."""

    compared: int = 0
    gave_up: int = 0
    left: int = 0
    disagreements: list[str] = field(default_factory=list)


def told(result: ExecutionResult) -> tuple[str, list[str]]:
    """An answer, to be compared: its text, and its errors in any order."""
    errors = [f"{error.path} {error.locations} {error.message}" for error in result.errors or ()]
    return json.dumps(result.data, default=repr), sorted(errors)


@contextmanager
def both() -> Iterator[Seen]:
    """Compare, and fail at the end where they disagree."""
    seen = Seen()
    with pytest.MonkeyPatch.context() as patch:
        _compile_at_once(patch)
        _let_it_be_quiet(patch)
        patch.setattr(operations, "Run", _Watched)
        patch.setattr(CompiledOperation, "execute", _compared(CompiledOperation.execute, seen))
        yield seen
    assert not seen.disagreements, "\n\n".join(seen.disagreements)


class _Watched(operations.Run):
    """Lets the comparison see the run that it was asked for."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _runs.get().append(self)


_runs: ContextVar[list[_Watched]] = ContextVar("runs")


def _compared(execute: Callable[..., Awaitable[ExecutionResult]], seen: Seen) -> Callable[..., Any]:
    async def compared(self: Any, *given: Any, otherwise: Any, **named: Any) -> ExecutionResult:
        roots: dict[str, Any] = {}
        asked: list[Any] = []
        _runs.set([])

        async def core(middleware: Any) -> ExecutionResult:
            asked.append(middleware)
            return await otherwise(_noting(middleware, roots))

        result = await execute(self, *given, otherwise=core, **named)
        if asked == [None]:
            seen.left += 1
            return result
        [run] = _runs.get()
        for place, _, results in run.noted:
            if place.path.prev is None:
                roots.setdefault(place.name, results[0])
        is_mutation = self._node.operation is OperationType.MUTATION
        silence = _quiet.set(True)
        reference = await otherwise(_handing(roots) if is_mutation else None)
        _quiet.reset(silence)
        seen.compared += 1
        seen.gave_up += bool(asked)
        if told(result) != told(reference):
            text = self._document.loc.source.body
            seen.disagreements.append(f"{text}\n{given[2]}\n{told(result)}\n{told(reference)}")
        return result

    return compared


def _noting(inner: Any, roots: dict[str, Any]) -> Callable[..., Any]:
    def resolve(next_: Any, source: Any, info: Any, **given: Any) -> Any:
        result = inner(next_, source, info, **given) if inner else next_(source, info, **given)
        if info.path.prev is not None:
            return result

        async def noted() -> Any:
            try:
                roots[info.path.key] = await result if inspect.isawaitable(result) else result
            except Exception as error:
                roots[info.path.key] = error
                raise
            return roots[info.path.key]

        return noted()

    return resolve


def _handing(roots: dict[str, Any]) -> Callable[..., Any]:
    def resolve(next_: Any, source: Any, info: Any, **given: Any) -> Any:
        if info.path.prev is not None or info.field_name.startswith("__"):
            return next_(source, info, **given)

        async def handed() -> Any:
            return roots[info.path.key]

        return handed()

    return resolve


def _compile_at_once(patch: pytest.MonkeyPatch) -> None:
    add = Remembered.add

    def added(self: Any, text: str, document: Any) -> None:
        add(self, text, document)
        self._tell(document)

    patch.setattr(Remembered, "add", added)


def _let_it_be_quiet(patch: pytest.MonkeyPatch) -> None:
    count, log = meters.count, decision_log._log
    patch.setattr(meters, "count", lambda *given, **named: _quiet.get() or count(*given, **named))
    patch.setattr(log, "isEnabledFor", lambda level: not _quiet.get() and type(log).isEnabledFor(log, level))
