"""How many objects an operation can make the server load: `first`, times the `first` of what is around it.

Unlike the other limits this needs the schema's types and the variables' values; like them it is one pass,
with each fragment looked at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
)

from gql_approvals.schema.connections import DEFAULT_FIRST, MAX_FIRST
from gql_approvals.schema.limits import CEILING, in_order

META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
INTROSPECTED = 3  # about what the schema's own lists (fields, arguments, values ...) hold on average
MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is the same at every place of one operation.

    `known`: the fragments that were looked at. `sizes`: the variables that were.
    """

    schema: GraphQLSchema
    variables: Mapping[str, Any]
    known: dict[str, int]
    sizes: set[str]

    def objects(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> int:
        """How many objects the selection asks for, for each object that it stands in."""
        asked = 0
        for item in selections.selections:
            if isinstance(item, FieldNode):
                asked += self._field(item, parent)
            elif isinstance(item, InlineFragmentNode):
                on = item.type_condition
                asked += self.objects(
                    item.selection_set, self.schema.get_type(on.name.value) if on else parent
                )
            elif isinstance(item, FragmentSpreadNode):
                asked += self.known.get(item.name.value, 0)
        return min(CEILING, asked)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        definition = self._definition(node.name.value, parent)
        if definition is None or node.selection_set is None:
            return 0
        kind = get_named_type(definition.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # a generic one
        below = self.objects(node.selection_set, kind)
        size = self._size(node, definition, kind)
        return below if size is None else size * (1 + below)

    def _definition(self, name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
            found: GraphQLField = parent.fields[name]
            return found
        return META.get(name) if parent is self.schema.query_type else None

    def _size(self, node: FieldNode, field: GraphQLField, kind: GraphQLNamedType) -> int | None:
        """How many objects stand in the field; None: it is no list that grows."""
        if "ids" in field.args:
            given = self._argument(node, "ids")
            return len(given) if isinstance(given, list) else 1  # pyright: ignore[reportUnknownArgumentType]  # JSON
        if kind.name.startswith("__"):
            return self._introspected(node, field)
        return self._first(node) if kind.name.endswith("Connection") else None

    def _introspected(self, node: FieldNode, field: GraphQLField) -> int | None:
        if not str(field.type).startswith("["):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            return None
        return len(self.schema.type_map) if node.name.value == "types" else INTROSPECTED

    def _first(self, node: FieldNode) -> int:
        """What is out of range is clamped here and refused by the field itself."""
        given = self._argument(node, "first")
        if not isinstance(given, int | float):
            return DEFAULT_FIRST
        return int(max(0, min(given, MAX_FIRST)))

    def _argument(self, node: FieldNode, name: str) -> Any:  # noqa: ANN401  # JSON
        found = next((item.value for item in node.arguments or () if item.name.value == name), None)
        if isinstance(found, VariableNode):
            self.sizes.add(found.name.value)
        return None if found is None else _value(found, self.variables)


class Requested:
    """How many objects an operation asks for at most: counted once, unless variables say how many."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._document = document
        self._operation = operation
        self._counted: tuple[Sequence[Any], int] | None = None  # what these variables were, and the count
        self._sizes: Sequence[str] = ()

    def objects(self, variables: Mapping[str, Any]) -> int:
        """How many it asks for with these values."""
        given = [variables.get(name, ...) for name in self._sizes]
        if self._counted is not None and self._counted[0] == given:
            return self._counted[1]
        schema, operation = self._schema, self._operation
        reader = _Reader(schema, {**_defaults(operation), **variables}, {}, set())
        for name, fragment in in_order(self._document).items():
            kind = schema.get_type(fragment.type_condition.name.value)
            reader.known[name] = reader.objects(fragment.selection_set, kind)
        count = reader.objects(operation.selection_set, schema.get_root_type(operation.operation))
        self._keep(count, reader.sizes, variables)
        return count

    def _keep(self, count: int, sizes: Iterable[str], variables: Mapping[str, Any]) -> None:
        self._sizes = sorted(sizes)
        given = [variables.get(name, ...) for name in self._sizes]
        small = all(value is ... or isinstance(value, int | None) for value in given)  # no lists are held
        self._counted = (given, count) if small else None


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        item.variable.name.value: _value(item.default_value, {})
        for item in operation.variable_definitions or ()
        if item.default_value is not None
    }


def _value(node: ValueNode, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """A value that may be a size; None for everything else."""
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, IntValueNode):
        return int(node.value) if len(node.value) <= MAX_DIGITS else MAX_FIRST
    return list(node.values) if isinstance(node, ListValueNode) else None
