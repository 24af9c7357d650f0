# what is made keeps its lines
"""Documents over a schema, made at random: aliases, fragments, directives, arguments, variables, bad values.

The same number makes the same document. Not all are valid; whoever asks for them leaves the others out.
"""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

BAD = ["text", 2**40, 1.5, True, None, [], {}, "", -1, [None], {"no": "such"}]


@dataclass
class Generator:
    """Makes one document. `values`: by the name of a type or of an argument, what may be sent for it."""

    schema: GraphQLSchema
    number: int
    values: dict[str, list[Any]]
    bad: float = 0.04
    depth: int = 4
    variables: dict[str, Any] = field(default_factory=dict)
    _declared: list[str] = field(default_factory=list)
    _fragments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.any = random.Random(self.number)  # noqa: S311  # the same documents each time

    def document(self, operation: str = "query") -> str:
        """Its text; `variables` are what is sent with it."""
        root = {"query": self.schema.query_type, "mutation": self.schema.mutation_type}[operation]
        selection = self._selection(root, 0)
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return " ".join([f"{operation} Asked{declared} {selection}", *self._fragments])

    def _chance(self, of_ten: float) -> bool:
        return self.any.random() * 10 < of_ten

    def _selection(self, kind: Any, depth: int) -> str:
        items = [self._item(kind, depth) for _ in range(self.any.randint(1, 4))]
        return "{ " + " ".join(items) + " }"

    def _item(self, kind: Any, depth: int) -> str:
        if self._chance(1) or isinstance(kind, GraphQLUnionType):
            if self._chance(2):
                return "__typename" if self._chance(7) else f"kind{self.any.randint(0, 2)}: __typename"
            return self._fragment(kind, depth)
        deep = depth >= self.depth
        fields = [
            (name, one)
            for name, one in kind.fields.items()
            if not deep or is_leaf_type(get_named_type(one.type))
        ]
        if not fields:
            return "__typename"
        name, one = self.any.choice(fields)
        alias = f"{self.any.choice('abc')}{name}: " if self._chance(2) else ""
        named = get_named_type(one.type)
        below = "" if is_leaf_type(named) else f" {self._selection(named, depth + 1)}"
        return f"{alias}{name}{self._arguments(one)}{self._directives()}{below}"

    def _fragment(self, kind: Any, depth: int) -> str:
        kinds = [kind]
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kinds += self.schema.get_possible_types(kind)
        elif isinstance(kind, GraphQLObjectType):
            kinds += kind.interfaces
        on = self.any.choice(kinds)
        if isinstance(on, GraphQLUnionType) and depth < self.depth:
            depth += 1
        if isinstance(on, GraphQLUnionType) and depth >= self.depth:
            on = self.any.choice(kinds[1:])
        selection = self._selection(on, depth)
        if self._chance(3):
            name = f"F{len(self._fragments)}"
            self._fragments.append("")
            self._fragments[int(name[1:])] = f"fragment {name} on {on.name} {selection}"
            return f"...{name}{self._directives()} " + (f"...{name}" if self._chance(2) else "")
        condition = "" if on is kind and self._chance(5) else f" on {on.name}"
        return f"...{condition}{self._directives()} {selection}"

    def _directives(self) -> str:
        if not self._chance(1):
            return ""
        switch = self.any.choice(["true", "false", "$on", "$off"])
        if switch[0] == "$" and switch[1:] not in self.variables:
            default = self.any.choice(["", " = true"])
            self._declared.append(f"{switch}: Boolean{default or '!'}")
            self.variables[switch[1:]] = self.any.choice([True, False])
        return f" @{self.any.choice(['skip', 'include'])}(if: {switch})"

    def _arguments(self, of: Any) -> str:
        given = []
        for name, one in of.args.items():
            needed = isinstance(one.type, GraphQLNonNull) and not one.default_value
            if needed or self._chance(5):
                given.append(f"{name}: {self._given(name, one.type)}")
        return f"({', '.join(given)})" if given else ""

    def _given(self, name: str, kind: Any) -> str:
        value = self._value(name, kind)
        if not self._chance(5):
            return self._written(value, kind)
        variable = f"v{len(self._declared)}"
        self.variables[variable] = self.any.choice(BAD) if self.any.random() < self.bad else value
        default = f" = {self._written(self._value(name, kind), kind)}" if self._chance(2) else ""
        self._declared.append(f"${variable}: {str(kind).rstrip('!') if default else kind}{default}")
        if default and self._chance(5):
            del self.variables[variable]
        return f"${variable}"

    def _value(self, name: str, kind: Any) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(name, kind.of_type)
        if self._chance(0.5):
            return None
        if isinstance(kind, GraphQLList):
            return [self._value(name, kind.of_type) for _ in range(self.any.randint(0, 3))]
        if isinstance(kind, GraphQLEnumType):
            return self.any.choice([*kind.values])
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        return self.any.choice(self.values.get(name) or self.values[kind.name])

    def _object(self, kind: GraphQLInputObjectType) -> Any:
        if kind.is_one_of:
            name = self.any.choice([*kind.fields])
            return {name: self._value(name, kind.fields[name].type)}
        return {
            name: self._value(name, one.type)
            for name, one in kind.fields.items()
            if isinstance(one.type, GraphQLNonNull) or self._chance(3)
        }

    def _written(self, value: Any, kind: Any) -> str:
        named = get_named_type(kind)
        if isinstance(value, list):
            return "[" + ", ".join(self._written(item, kind) for item in value) + "]"
        if isinstance(value, dict) and isinstance(named, GraphQLInputObjectType):
            parts = [
                f"{name}: {self._written(item, named.fields[name].type)}" for name, item in value.items()
            ]
            return "{" + ", ".join(parts) + "}"
        return value if isinstance(named, GraphQLEnumType) and isinstance(value, str) else json.dumps(value)
