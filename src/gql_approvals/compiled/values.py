"""What generated code asks about values that it does not know at a glance.

Whether a value fits its place follows from its class, so each class is looked at once. Whatever is unusual is
left to graphql-core by raising `Unusual`.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any

from graphql import Undefined

from gql_approvals.compiled.borrowed import GraphQL

_CAST = "__as_strawberry_type__"  # what `strawberry.cast` leaves on an object
Complete = Callable[[Any, Any], dict[str, Any]]


class Unusual(Exception):
    """The answer is not known: let graphql-core find it."""


def listed(value: Any) -> Any:  # noqa: ANN401  # whatever a resolver gave
    """A list or a tuple; nothing that could be read only once."""
    if type(value) is not list and type(value) is not tuple:  # pyright: ignore[reportUnknownArgumentType]
        raise Unusual
    return value  # pyright: ignore[reportUnknownVariableType]


def leaf(coerce: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Complete a scalar or an enumeration's value by graphql-core's own coercion; null does not fit."""
    plain: set[type] = set()

    def completed(value: Any) -> Any:  # noqa: ANN401  # whatever a resolver gave
        if type(value) not in plain:
            _require_plain(value)
            plain.add(type(value))  # pyright: ignore[reportUnknownArgumentType]
        found = coerce(value)
        if found is None or found is Undefined:
            raise Unusual
        return found

    return completed


def names_of(members: type, coerce: Callable[[Any], Any]) -> Mapping[Any, str]:
    """What the members of an enumeration are answered as."""
    return {member: coerce(member) for member in members} if issubclass(members, enum.Enum) else {}


def _require_plain(value: object) -> None:
    if value is None or isinstance(value, Exception) or hasattr(value, "__await__") or hasattr(value, _CAST):
        raise Unusual


class Fitting(set[type]):
    """The classes whose objects are of an object type."""

    def __init__(self, kind: GraphQL, info: GraphQL) -> None:
        self._is_type_of: Callable[[object, object], object] | None = kind.is_type_of
        self._info = info

    def look_at(self, value: object) -> None:
        """Let an object of a class that is not known pass, or raise."""
        _require_plain(value)
        if self._is_type_of is not None and self._is_type_of(value, self._info) is not True:
            raise Unusual
        self.add(type(value))


class Dispatch(dict[type, Complete]):
    """How objects of an interface or a union are completed, by their class."""

    def __init__(self, kind: GraphQL, info: GraphQL, way_of: Callable[[str], Complete]) -> None:
        self._name_of: Callable[[object], str] = lambda value: kind.resolve_type(value, info, kind)
        self._way_of = way_of

    def find(self, value: object) -> Complete:
        """The way for an object of a class that is not known."""
        _require_plain(value)
        way = self[type(value)] = self._way_of(self._name_of(value))
        return way
