"""The GraphQL API. Importing this package builds the schema once; `execution.py` is the way in."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import get_introspection_query
from strawberry import Schema
from strawberry.schema.config import StrawberryConfig

from gql_approvals.schema.mutations import Mutation
from gql_approvals.schema.rate import RootQuery
from gql_approvals.schema.scalars import SCALARS
from gql_approvals.schema.subscriptions import Subscription

schema = Schema(
    query=RootQuery,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
)
ONE_OF = "Exactly one of the input's fields is given, and it is not null."
TYPES = schema._schema  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # Strawberry offers no other way


@cache
def sdl() -> str:
    """The schema in GraphQL's own language, sorted: what `schema.graphql` holds.

    A schema of its own is built for it: sorting gives a union's members new identities, by which Strawberry
    0.341 no longer finds the type of an answer.
    """
    config = StrawberryConfig(scalar_map=SCALARS, sort_schema=True)
    whole = Schema(query=RootQuery, mutation=Mutation, subscription=Subscription, config=config)
    return whole.as_str().replace("directive @oneOf", f'"""{ONE_OF}"""\ndirective @oneOf') + "\n"


def introspection() -> Mapping[str, Any]:
    """The same schema as a complete introspection query answers it: `{"__schema": …}`."""
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True, one_of=True
    )
    return schema.execute_sync(query).data or {}
