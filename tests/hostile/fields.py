"""Where a text can be sent to the API: found by walking the schema, so that a new field is a place as well."""
# ruff: noqa: E501  # tables and sentences keep their lines

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
)
from tests.schema.client import CONTENT, api_schema

TEXT = frozenset({"String", "ID", "JSON", "DateTime"})  # what is written as a text in a request
Way = tuple[str | int, ...]


def words(kind: Any, way: Way = ()) -> Iterator[tuple[Way, str]]:
    """The ways to every value in an input, with the type it has there."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLList):
        yield from words(kind.of_type, (*way, 0))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            yield from words(field.type, (*way, name))
    elif isinstance(kind, (GraphQLScalarType, GraphQLEnumType)):
        yield way, kind.name


def planted(given: Any, way: Way, value: object) -> Any:
    """The input with another value at one place, and with what the way to it needs."""
    head, *rest = way
    if isinstance(head, int):
        return [planted(given[0] if given else {}, tuple(rest), value) if rest else value]
    given = dict(given or {})
    if head == "content" and rest:
        given["content"] = {rest[0]: CONTENT[str(rest[0])]}
    return given | {head: planted(given.get(head), tuple(rest), value) if rest else value}


def text_places(arguments: dict[str, Any]) -> list[tuple[Way, str]]:
    """Every text in these arguments of a field, its enums left out."""
    return [
        (way, kind)
        for name, argument in arguments.items()
        for way, kind in words(argument.type, (name,))
        if kind in TEXT
    ]


MUTATED = [
    (mutation, way[1:], kind)
    for mutation, field in api_schema().mutation_type.fields.items()
    for way, kind in text_places(field.args)
]


def _fields_below(kind: GraphQLNamedType, way: tuple[str, ...], known: set[str]) -> Iterator[tuple[str, ...]]:
    """The shortest way, breadth first, to every field with arguments that take a text."""
    below = [(kind, way)]
    while below:
        kind, way = below.pop(0)
        if not isinstance(kind, GraphQLObjectType) or kind.name in known:
            continue
        known.add(kind.name)
        for name, field in kind.fields.items():
            if text_places(field.args):
                yield (*way, name)
            below.append((get_named_type(field.type), (*way, name)))


ASKED = list(_fields_below(api_schema().query_type, (), set()))


def field_at(way: tuple[str, ...]) -> GraphQLField:
    """The field at the end of the way."""
    kind: Any = api_schema().query_type
    for name in way:
        field: GraphQLField = kind.fields[name]
        kind = get_named_type(field.type)
    return field


def texts_in(value: Any) -> Iterator[str]:
    """Every text in an answer, the names of JSON objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
