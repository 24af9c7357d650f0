"""The same operation to both executors, each with a context of its own."""

import json
from collections import Counter
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import graphql
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType, parse, validate
from tests.compiled.generator import Generator
from tests.compiled.shop import Calls

from gql_approvals.compiled import Compiler

SEEDS = [*range(-3, 40), 77, 82, 87, 152, 227, 302, 377, 452, 527, 602, 677]
VALUES: dict[str, list[Any]] = {
    "Int": SEEDS,
    "String": ["a", "", "ü"],
    "seed": SEEDS,
    "seeds": SEEDS,
    "first": [0, 1, 2, 12, -1],
    "times": [0, 1, 3],
}


@dataclass(frozen=True)
class Answer:
    """What one executor answered; `calls`: of resolvers, in order. `compiled`: whether it was asked to."""

    data: str
    errors: tuple[str, ...]
    calls: tuple[str, ...]
    compiled: bool = False

    @property
    def told(self) -> tuple[str, tuple[str, ...]]:
        """What clients see."""
        return self.data, self.errors


class Shop:
    """A schema, and its compiler."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.types = schema._schema
        self.compiler = Compiler(schema)

    async def by_graphql_core(self, text: str, variables: dict[str, Any]) -> Answer:
        """Graphql-core's answer."""
        context = Calls()
        return _answer(await self._core(text, variables, context), context)

    async def compiled(self, text: str, variables: dict[str, Any], times: int = 1) -> Answer:
        """What is answered where it is compiled; the last of several answers."""
        document = parse(text)
        [node] = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        operation = self.compiler.operation(document, node)
        context, ways = Calls(), list[Any]()

        async def otherwise(middleware: Any) -> ExecutionResult:
            ways.append(middleware)
            return await self._core(text, variables, context, document=document, middleware=middleware)

        if operation is None:
            return _answer(await otherwise(None), context)
        for _ in range(times):
            context, ways = Calls(), list[Any]()
            result = await operation.execute(
                None, context, variables, hide_suggestions=False, otherwise=otherwise
            )
        return _answer(result, context, compiled=ways != [None])

    async def _core(self, text: str, variables: Any, context: Calls, **more: Any) -> ExecutionResult:
        document, middleware = more.get("document") or parse(text), more.get("middleware")
        result = graphql.execute(
            self.types,
            document,
            None,
            context,
            variables,
            middleware=[middleware] if middleware else None,
            executor_class=self.schema.execution_context_class,
        )
        return await result if isawaitable(result) else result

    async def agree(self, text: str, variables: dict[str, Any]) -> Answer:
        """Both answers, which must be the same."""
        ours, theirs = await self.compiled(text, variables), await self.by_graphql_core(text, variables)
        assert ours.told == theirs.told, (text, variables)
        if not ours.errors and OperationType.MUTATION.value not in text:
            assert Counter(ours.calls) == Counter(theirs.calls), (text, variables)
        return ours

    def document(self, number: int, operation: str = "query") -> tuple[str, dict[str, Any]] | None:
        """A valid document that this number makes; None when what it makes is not valid."""
        generator = Generator(self.types, number, VALUES)
        text = generator.document(operation)
        return None if validate(self.types, parse(text)) else (text, generator.variables)


def _answer(result: ExecutionResult, context: Calls, *, compiled: bool = False) -> Answer:
    errors = sorted(_told(error) for error in result.errors or ())
    return Answer(json.dumps(result.data, default=repr), tuple(errors), tuple(context.made), compiled)


def _told(error: GraphQLError) -> str:
    return f"{error.path} {error.locations} {error.message}"
