"""What is not public in Strawberry 0.341 and graphql-core 3.3, all of it: without it nothing is compiled.

Whatever relies on it raises `Missing` when an attribute or a form has gone.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeAlias, TypeVar

from graphql import OperationDefinitionNode

P = ParamSpec("P")
T = TypeVar("T")
GraphQL: TypeAlias = Any  # what graphql-core annotates with generic types that lack their parameters
Strawberry: TypeAlias = Any  # the same of Strawberry
_DECLARED = "strawberry-definition"  # how Strawberry leads from a GraphQL type or field back to its own
_GONE = (AttributeError, ImportError, KeyError, TypeError)


class Missing(Exception):
    """Something that is relied on is not there."""


class NotCompiled(Exception):
    """This operation has something that is left to graphql-core."""


def _relying(function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def careful(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except _GONE as error:
            raise Missing(f"{function.__qualname__}: {error!r}") from error

    return careful


@dataclass(frozen=True, slots=True)
class Resolver:
    """How a field gets its value; by the first of the next three that is set, else by the field's own chain.

    `attribute`: of the parent. `batch`: called once for all parents. `direct`: called with the parent, and
    with an `Info` if `informed`. `chain`: called as graphql-core would.
    """

    field: Strawberry
    chain: Callable[..., Any]
    is_async: bool
    attribute: str | None = None
    batch: Callable[..., Any] | None = None
    direct: Callable[..., Any] | None = None
    informed: bool = False


@_relying
def resolver_of(definition: GraphQL) -> Resolver:
    """What is behind a field of the schema."""
    field, chain = definition.extensions[_DECLARED], definition.resolve
    if field.is_basic_field and field.default_resolver is getattr and field.python_name.isidentifier():
        return Resolver(field, chain, is_async=False, attribute=field.python_name)
    ordinary = Resolver(field, chain, is_async=inspect.iscoroutinefunction(chain))
    base = field.base_resolver
    if field.extensions or base is None:
        return ordinary
    function = base.wrapped_func
    batch = getattr(function, "for_all_parents", None)
    if batch is not None:
        return Resolver(field, chain, is_async=True, batch=batch)
    info = base.info_parameter
    takes = ["self"] if info is None else ["self", info.name]
    if base.self_parameter is None or [*inspect.signature(function).parameters] != takes:
        return ordinary
    is_async = inspect.iscoroutinefunction(function)
    return Resolver(field, chain, is_async=is_async, direct=function, informed=info is not None)


@_relying
def follows_from_class(kind: GraphQL, *, alone: bool = False) -> bool:
    """Whether the type of an object follows from its class; `alone`: and no other type has this class."""
    declared = kind.extensions[_DECLARED]
    if hasattr(kind, "types"):  # a union
        return True
    own = (declared.is_type_of, declared.resolve_type)
    return own == (None, None) and not (alone and declared.concrete_of is not None)


@_relying
def class_of(kind: GraphQL) -> type:
    """The Python class behind an enumeration."""
    found: type = kind.extensions[_DECLARED].wrapped_cls
    return found


class Schema:
    """A schema that Strawberry has built. `types`: the same as graphql-core sees it."""

    @_relying
    def __init__(self, schema: Strawberry) -> None:
        self._info_class = schema.config.info_class
        self._converter = schema.schema_converter
        if self._converter.exception_handlers:
            raise TypeError("handlers of exceptions are not called by what is compiled")
        self.types: GraphQL = schema._schema  # noqa: SLF001

    @_relying
    def info(self, field: Strawberry, raw: GraphQL) -> Strawberry:
        """What resolvers are given."""
        return self._info_class(_raw_info=raw, _field=field)

    @_relying
    def arguments(self, field: Strawberry, info: Strawberry, given: Mapping[str, Any]) -> dict[str, Any]:
        """A field's arguments as its resolver takes them."""
        from strawberry.schema.schema_converter import get_arguments  # noqa: PLC0415  # it may have gone

        config, scalars = self._converter.config, self._converter.scalar_registry
        _, found = get_arguments(
            field=field, source=None, info=info, kwargs=dict(given), config=config, scalar_registry=scalars
        )
        return {name: value for name, value in found.items() if value is not info}


class Collecting:
    """Which fields are selected, merged as graphql-core merges them, with these values of the variables."""

    @_relying
    def __init__(self, types: GraphQL, document: GraphQL, operation: GraphQL, variables: GraphQL) -> None:
        from graphql.execution import collect_fields  # noqa: PLC0415  # it may have gone

        self._by: GraphQL = collect_fields
        definitions = [one for one in document.definitions if not isinstance(one, OperationDefinitionNode)]
        if any(one.variable_definitions for one in definitions):
            raise NotCompiled("fragments with arguments are an experiment")
        self.fragments = {one.name.value: one for one in definitions}
        details = {name: self._by.FragmentDetails(one) for name, one in self.fragments.items()}
        self._given = (types, details, variables)
        self._operation = operation

    @_relying
    def root(self, kind: GraphQL) -> Mapping[str, list[GraphQL]]:
        """The operation's own fields: nodes by their names in the answer."""
        return self._nodes(self._by.collect_fields(*self._given, kind, self._operation))

    @_relying
    def below(self, kind: GraphQL, nodes: list[GraphQL]) -> Mapping[str, list[GraphQL]]:
        """The fields selected of an object of this type in the field that these nodes ask for."""
        details = [self._by.FieldDetails(node, None) for node in nodes]
        return self._nodes(self._by.collect_subfields(*self._given, self._operation, kind, details))

    @staticmethod
    def _nodes(found: GraphQL) -> Mapping[str, list[GraphQL]]:
        if found.new_defer_usages:
            raise NotCompiled("parts of the answer come later")
        return {name: [one.node for one in group] for name, group in found.grouped_field_set.items()}
