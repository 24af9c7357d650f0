"""How much one request may ask for, and how much a document asks for.

Everything is measured before validation, in one pass over the document: each fragment is measured once and
never expanded, and a fragment inside itself counts nothing (validation refuses it). What is counted is an
upper bound: `@skip` and `@include` are not looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gql_approvals.schema.faults import LimitExceeded

CEILING = 10**9  # sums over nested fragments double with each; beyond this they are not told apart


def _limit(default: int, what: str) -> Any:  # noqa: ANN401  # a field of any type
    return field(default=default, metadata={"what": what})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may have; 0 switches a limit off. docs/api.md says what each means."""

    depth: int = _limit(15, "levels of fields")
    fields: int = _limit(400, "fields, with those of fragments")
    aliases: int = _limit(30, "aliases")
    nodes: int = _limit(5_000, "requested objects")
    mutations: int = _limit(10, "mutations in one operation")
    tokens: int = _limit(1_000, "tokens")
    characters: int = _limit(30_000, "characters")
    values: int = _limit(5_000, "values in its variables")
    comparisons: int = _limit(2_000, "fields to be compared with each other")

    def first_exceeded(self, **asked: int) -> LimitExceeded | None:
        """Which of these numbers is over its limit, the first of them; None when all are within."""
        for name, number in asked.items():
            if 0 < getattr(self, name) < number:
                return self.exceeded(name, number)
        return None

    def exceeded(self, name: str, asked: int | None) -> LimitExceeded:
        """The fault. `asked` None: it was not counted to the end."""
        return LimitExceeded(name, getattr(self, name), asked, what=WHAT[name])


WHAT: Mapping[str, str] = {item.name: item.metadata["what"] for item in fields(Limits)}


@dataclass(slots=True)
class Extent:
    """How large a selection is, with all below it. `roots`: fields at its own level, `first` the first."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    first: str = ""

    def add(self, other: "Extent", *, below: bool) -> None:
        """Count what stands beside, or one level below."""
        self.depth = max(self.depth, other.depth + below)
        self.fields = min(CEILING, self.fields + other.fields)
        self.aliases = min(CEILING, self.aliases + other.aliases)
        if not below:
            self.roots = min(CEILING, self.roots + other.roots)
            self.first = self.first or other.first


def measure(document: DocumentNode) -> dict[OperationDefinitionNode, Extent]:
    """How large every operation is."""
    known: dict[str, Extent] = {}
    for name, fragment in in_order(document).items():
        known[name] = _extent(fragment.selection_set, known)
    return {operation: _extent(operation.selection_set, known) for operation in operations_of(document)}


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations, in order."""
    return [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]


def _extent(selections: SelectionSetNode, known: Mapping[str, Extent]) -> Extent:
    """The parser has bounded the nesting within a definition, so this may recurse."""
    extent = Extent()
    for item in selections.selections:
        if isinstance(item, FieldNode):
            extent.add(Extent(1, 1, item.alias is not None, 1, item.name.value), below=False)
            if item.selection_set is not None:
                extent.add(_extent(item.selection_set, known), below=True)
        elif isinstance(item, InlineFragmentNode):
            extent.add(_extent(item.selection_set, known), below=False)
        elif isinstance(item, FragmentSpreadNode) and item.name.value in known:
            extent.add(known[item.name.value], below=False)
    return extent


def in_order(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments, each behind those that it spreads; a circle is cut somewhere."""
    found = {
        item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
    }
    spreads = {name: [word for word in _spreads(item) if word in found] for name, item in found.items()}
    ordered: dict[str, FragmentDefinitionNode] = {}
    seen: set[str] = set()
    for root in found:
        way = [] if root in seen else [root]
        while way:
            name = way[-1]
            seen.add(name)
            spread = next((word for word in _rest(spreads[name]) if word not in seen), None)
            if spread is not None:
                way.append(spread)
            else:
                ordered.setdefault(way.pop(), found[name])
    return ordered


def _rest(words: list[str]) -> Any:  # noqa: ANN401  # an iterator of texts
    """Take the words one after the other, over several calls."""
    while words:
        yield words.pop()


def _spreads(fragment: FragmentDefinitionNode) -> list[str]:
    names: list[str] = []
    waiting = [fragment.selection_set]
    while waiting:
        for item in waiting.pop().selections:
            if isinstance(item, FragmentSpreadNode):
                names.append(item.name.value)
            elif isinstance(item, (FieldNode, InlineFragmentNode)) and item.selection_set is not None:
                waiting.append(item.selection_set)
    return names


def values_in(variables: Mapping[str, Any], most: int) -> int:
    """How many values the variables hold, counted until there are more than `most`."""
    count, waiting = 0, [iter(variables.values())]
    while waiting and count <= most:
        for value in waiting[-1]:
            count += 1
            if count > most:
                break
            if isinstance(value, dict | list):
                waiting.append(iter(value.values() if isinstance(value, dict) else value))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # JSON
                break
        else:
            waiting.pop()
    return count
