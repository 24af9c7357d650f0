"""The GraphQL API. Importing this package builds the schema once."""

from collections.abc import Iterator
from functools import cache

from graphql import GraphQLError, OperationDefinitionNode
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from typing_extensions import override

from gql_approvals.schema.mutations import Mutation
from gql_approvals.schema.queries import Query
from gql_approvals.schema.scalars import SCALARS


class QuietSchema(Schema):
    """Leaves logging to the HTTP view, which knows the request and which errors are expected."""

    @override
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing."""


class ChosenOperation(SchemaExtension):
    """Refuses to choose between several operations (GraphQL 6.1); Strawberry 0.341 runs the first."""

    @override
    def on_validate(self) -> Iterator[None]:
        """Look before the document is validated."""
        context = self.execution_context
        name = context._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # `operation_name` is already a choice
        definitions = () if context.graphql_document is None else context.graphql_document.definitions
        if name is None and sum(isinstance(item, OperationDefinitionNode) for item in definitions) > 1:
            message = "name the operation to run in `operationName`: the document has several"
            context.pre_execution_errors = [GraphQLError(message)]
        yield


schema = QuietSchema(
    query=Query,
    mutation=Mutation,
    extensions=[ChosenOperation],
    config=StrawberryConfig(scalar_map=SCALARS),
)


@cache
def sdl() -> str:
    """The schema in GraphQL's own language, sorted: what `schema.graphql` holds.

    A schema of its own is built for it: sorting gives a union's members new identities, by which Strawberry
    0.341 no longer finds the type of an answer.
    """
    config = StrawberryConfig(scalar_map=SCALARS, sort_schema=True)
    return Schema(query=Query, mutation=Mutation, config=config).as_str() + "\n"
