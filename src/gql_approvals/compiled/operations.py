"""Operations that are compiled: one program for each choice of what `@skip` and `@include` leave out."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    VariableValues,
    Visitor,
    get_variable_values,
    visit,
)

from gql_approvals.compiled.borrowed import Collecting, Missing, NotCompiled, Schema, Strawberry
from gql_approvals.compiled.running import Middleware, Run
from gql_approvals.compiled.source import Program, Writer

MAX_PROGRAMS = 8  # of one operation; a client that has more booleans than three is served, by graphql-core
Otherwise = Callable[[Middleware | None], Awaitable[ExecutionResult]]
_log = logging.getLogger(__name__)
_NOT_COMPILED = frozenset({OperationType.SUBSCRIPTION})


class Compiler:
    """One for a schema. `works`: until something is missing that it relies on, which is told once."""

    def __init__(self, schema: Strawberry) -> None:
        self.works = True
        try:
            self.schema = Schema(schema)
        except Missing as missing:
            self.give_up(missing)

    def give_up(self, missing: Missing) -> None:
        """Leave everything to graphql-core from now on."""
        if self.works:
            _log.warning("compiled:off graphql-core executes every operation, since there is no %s", missing)
        self.works = False

    def operation(self, document: DocumentNode, node: OperationDefinitionNode) -> "CompiledOperation | None":
        """An operation of a valid document, to be compiled when it is executed; None: it never is."""
        if not self.works or node.operation in _NOT_COMPILED or node.directives:
            return None
        return CompiledOperation(self, document, node)


class CompiledOperation:
    """An operation of a document that is asked for again and again."""

    def __init__(self, compiler: Compiler, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self._compiler = compiler
        self._document = document
        self._node = node
        self._switches = _switches(document)
        self._programs: dict[tuple[Any, ...], Program | None] = {}

    async def execute(
        self,
        root: object,
        context: object,
        variables: dict[str, Any],
        *,
        hide_suggestions: bool,
        otherwise: Otherwise,
    ) -> ExecutionResult:
        """Execute it. `otherwise` has graphql-core execute it, with this middleware, on the same `root`.

        The answer is graphql-core's to the letter, whoever gives it, and no resolver is called twice.
        """
        compiler = self._compiler
        if not compiler.works:
            return await otherwise(None)
        asked = self._node.variable_definitions or ()
        values = get_variable_values(
            compiler.schema.types, asked, variables, hide_suggestions=hide_suggestions
        )
        program = None if isinstance(values, list) else self._program(values)
        if program is None or isinstance(values, list):
            return await otherwise(None)
        run = Run(compiler.schema, program, root, context, values, hide_suggestions)
        try:
            return ExecutionResult(await program.run(run), None)
        except Missing as missing:
            compiler.give_up(missing)
        except Exception:  # noqa: BLE001, S110  # whatever it is, graphql-core tells it
            pass
        return await otherwise(run.replay())

    def _program(self, values: VariableValues) -> Program | None:
        key = tuple(values.coerced.get(name) for name in self._switches)
        if key not in self._programs:
            if len(self._programs) == MAX_PROGRAMS:
                return None
            self._programs[key] = self._written(values)
        return self._programs[key]

    def _written(self, values: VariableValues) -> Program | None:
        types = self._compiler.schema.types
        try:
            collecting = Collecting(types, self._document, self._node, values)
            return Writer(types, self._node, collecting).program()
        except Missing as missing:
            self._compiler.give_up(missing)
        except (NotCompiled, GraphQLError):
            pass
        except Exception:  # noqa: BLE001  # a mistake in here is not the client's
            _log.exception("compiled:failed graphql-core executes the operation")
        return None


class _Switches(Visitor):
    """Finds the variables that decide what is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:  # noqa: ANN401  # where it stands
        """Look at one `@skip` or `@include`."""
        given = [item.value for item in node.arguments or ()]
        self.names.update(value.name.value for value in given if isinstance(value, VariableNode))


def _switches(document: DocumentNode) -> tuple[str, ...]:
    found = _Switches()
    visit(document, found)
    return tuple(sorted(found.names))
