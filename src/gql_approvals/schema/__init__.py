"""The GraphQL API. Importing this package builds the schema once."""

from functools import cache

from graphql import GraphQLError
from strawberry import Schema
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


schema = QuietSchema(query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALARS))


@cache
def sdl() -> str:
    """The schema in GraphQL's own language, sorted: what `schema.graphql` holds.

    A schema of its own is built for it: sorting gives a union's members new identities, by which Strawberry
    0.341 no longer finds the type of an answer.
    """
    config = StrawberryConfig(scalar_map=SCALARS, sort_schema=True)
    return Schema(query=Query, mutation=Mutation, config=config).as_str() + "\n"
