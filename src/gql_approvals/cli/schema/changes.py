"""The differences between two schemas that clients notice: graphql-core's, and two kinds that it leaves out.

Descriptions are nobody's contract. `@oneOf` and deprecations are compared here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)
from graphql.utilities.find_schema_changes import (
    BreakingChange,
    DangerousChange,
    SchemaChange,
    find_schema_changes,
)

_DOTTED = re.compile(r"@?[A-Za-z_]\w*\.\w+(?:\(\w+:\))?|@\w+(?:\(\w+:\))?")
# Whose sentences name the type that is changed last: what it gained or lost stands before.
_TYPE_LAST = frozenset({"TYPE_ADDED_TO_UNION", "TYPE_REMOVED_FROM_UNION", "IMPLEMENTED_INTERFACE_ADDED"})

Member = GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLEnumValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference.

    `kind`: graphql-core's word, such as FIELD_REMOVED. `coordinate`: what it is about, such as
    `Campaign.status`. `announced`: the reason with which OLD had deprecated it; None = it had not.
    """

    kind: str
    coordinate: str
    message: str
    announced: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Breaking: operations fail. Dangerous: they may meet what they do not expect. Deprecated: since OLD."""

    breaking: tuple[Change, ...]
    dangerous: tuple[Change, ...]
    deprecated: tuple[Change, ...]

    def by_weight(self) -> dict[str, tuple[Change, ...]]:
        """All of them, heaviest first."""
        return {"breaking": self.breaking, "dangerous": self.dangerous, "deprecated": self.deprecated}


def changes(old: GraphQLSchema, new: GraphQLSchema) -> Changes:
    """Compare two valid schemas."""
    found, before, after = find_schema_changes(old, new), _deprecations(old), _deprecations(new)
    types = {*old.type_map, *new.type_map}
    breaking = [_change(one, types, before) for one in found if isinstance(one, BreakingChange)]
    dangerous = [_change(one, types, before) for one in found if isinstance(one, DangerousChange)]
    return Changes(
        breaking=(*breaking, *_became_one_of(old, new)),
        dangerous=tuple(dangerous),
        deprecated=tuple(
            Change(kind="DEPRECATED", coordinate=name, message=f"{name} is deprecated: {reason}")
            for name, reason in after.items()
            if reason is not None and name in before and before[name] is None
        ),
    )


def _change(found: SchemaChange, types: set[str], before: Mapping[str, str | None]) -> Change:
    kind, dotted = found.type.name, _DOTTED.search(found.description)
    named = [word for word in found.description.rstrip(".").split() if word in types]
    about = dotted[0] if dotted else named[-1 if kind in _TYPE_LAST else 0]
    announced = before.get(about) if "REMOVED" in kind else None
    return Change(kind=kind, coordinate=about, message=found.description, announced=announced)


def _became_one_of(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for name, kind in new.type_map.items():
        was = old.type_map.get(name)
        if not isinstance(kind, GraphQLInputObjectType) or not isinstance(was, GraphQLInputObjectType):
            continue
        if kind.is_one_of and not was.is_one_of:
            message = f"Input {name} became @oneOf: exactly one of its fields may be given."
            yield Change(kind="ONE_OF_ADDED", coordinate=name, message=message)


def _deprecations(schema: GraphQLSchema) -> dict[str, str | None]:
    """Whatever can be deprecated, by its coordinate; None: it is not."""
    return {name: one.deprecation_reason for name, one in _members(schema)}


def _members(schema: GraphQLSchema) -> Iterator[tuple[str, Member]]:
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{word}", value) for word, value in kind.values.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{word}", field) for word, field in kind.fields.items())
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for word, field in kind.fields.items():
                yield f"{name}.{word}", field
                yield from ((f"{name}.{word}({given}:)", value) for given, value in field.args.items())
