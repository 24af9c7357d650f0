"""docs/schema.md: the schema as a page, from the SDL, the transition tables and the pages' own examples."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    parse,
    print_ast,
    specified_scalar_types,
)
from tests.meta.pages import BLOCKS, slug

from gql_approvals.schema import sdl
from gql_approvals.schema.error_table import codes_of_mutation

Kind = TypeVar("Kind", bound=GraphQLNamedType)
Field = GraphQLField | GraphQLInputField | GraphQLArgument
ROOTS = ("Query", "Mutation", "Subscription")
LISTS = ("Connection", "Edge")
# Chapters of mutations: (title, names)
CHAPTERS = (
    (
        "Making campaigns",
        (
            "createCampaign",
            "updateCampaign",
            "duplicateCampaign",
            "discardDraft",
            "archiveCampaign",
            "addComment",
        ),
    ),
    (
        "Reviewing",
        ("submitCampaign", "withdrawCampaign", "approveCampaign", "rejectCampaign", "revokeApproval"),
    ),
    ("Sending", ("publishCampaign", "recordDeliveryMetrics")),
    ("The account and its members", ()),  # and every other
)
INTRODUCTION = """# The schema

This page is generated from the schema (`make regen`): every query, mutation, subscription and type. What
holds everywhere (signing in, ids, lists, errors, limits) is in [the GraphQL API](api.md). A running server
serves the same as `/schema.graphql`, and the explorer shows it beside the editor. `!` means: never null.

[Queries](#queries) · [Mutations](#mutations) · [Subscriptions](#subscriptions) · [Objects](#objects) ·
[Refusals](#refusals) · [Inputs](#inputs) · [Enums](#enums) · [Unions and interfaces](#unions-and-interfaces)
· [Lists](#lists) · [Scalars](#scalars)
"""
ABOUT_MUTATIONS = """A mutation takes one argument, `input`, and answers a union: its payload, or a refusal. A
refusal changes nothing; [the errors](errors.md) say what each code means and what to do."""
ABOUT_LISTS = """Every list is a Relay connection: `edges { cursor node }` has the entries in order,
`pageInfo` says where the page stands ([PageInfo](#pageinfo)), and `totalCount` counts up to 1000. It takes
`first` (1 to 100; 20 if left out) and `after`, a cursor. These types are of that form, an edge for each:

"""


class Reference:
    """The page, built from one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.types = [
            named
            for name, named in sorted(schema.type_map.items())
            if not name.startswith("__") and name not in ROOTS
        ]
        self.mutations = self._root("Mutation")
        self.places = {f"{name[0].upper()}{name[1:]}": f"mutation-{name.lower()}" for name in self.mutations}

    def page(self) -> str:
        parts: list[tuple[str, Iterable[str]]] = [
            ("Queries", self._operations("query", self._root("Query"))),
            ("Mutations", self._all_mutations()),
            ("Subscriptions", self._operations("subscription", self._root("Subscription"))),
            ("Objects", self._fields_of(self._objects(refusals=False))),
            ("Refusals", self._fields_of(self._objects(refusals=True))),
            ("Inputs", self._fields_of(self._own(GraphQLInputObjectType))),
            ("Enums", self._enums()),
            ("Unions and interfaces", self._abstract()),
            ("Lists", self._lists()),
            ("Scalars", self._scalars()),
        ]
        lines = (line for title, part in parts for line in (f"## {title}", *part))
        return INTRODUCTION + "\n" + "\n\n".join(line.strip("\n") for line in lines) + "\n"

    def _root(self, name: str) -> dict[str, GraphQLField]:
        root = self.schema.get_type(name)
        return dict(sorted(root.fields.items())) if isinstance(root, GraphQLObjectType) else {}

    # ----------------------------------------------------------------------------------- operations
    def _operations(self, kind: str, fields: dict[str, GraphQLField]) -> Iterator[str]:
        for name, field in fields.items():
            yield f"### {kind} {name}"
            yield f"{field.description} Answers {self._type(field.type)}."
            yield from _deprecated(field.deprecation_reason)
            if field.args:
                yield self._table("argument", field.args)
            yield from _examples(kind, name)

    def _all_mutations(self) -> Iterator[str]:
        yield ABOUT_MUTATIONS
        told = {name for _, names in CHAPTERS for name in names}
        for title, names in CHAPTERS:
            yield f"### {title}"
            for name in names or [one for one in self.mutations if one not in told]:
                yield from self._mutation(name) if name in self.mutations else ()

    def _mutation(self, name: str) -> Iterator[str]:
        field, stem = self.mutations[name], f"{name[0].upper()}{name[1:]}"
        given, payload = self.schema.type_map[f"{stem}Input"], self.schema.type_map[f"{stem}Payload"]
        assert isinstance(given, GraphQLInputObjectType)
        assert isinstance(payload, GraphQLObjectType)
        yield f"#### mutation {name}"
        yield field.description or ""
        yield from _deprecated(field.deprecation_reason)
        yield self._table(f"`{given.name}`", given.fields)
        yield self._table(f"`{payload.name}`", payload.fields)
        yield (
            "Refused by "
            + ", ".join(f"[{code}](errors.md#{code.lower()})" for code in codes_of_mutation(name))
            + "."
        )
        yield from _examples("mutation", name)

    # ---------------------------------------------------------------------------------------- types
    def _objects(self, *, refusals: bool) -> list[GraphQLObjectType]:
        return [one for one in self._own(GraphQLObjectType) if self._refuses(one) == refusals]

    def _refuses(self, named: GraphQLNamedType) -> bool:
        return isinstance(named, GraphQLObjectType) and "UserError" in {one.name for one in named.interfaces}

    def _own(self, kind: type[Kind]) -> list[Kind]:
        """The types of a kind that have a place of their own."""
        return [
            one
            for one in self.types
            if isinstance(one, kind) and not one.name.endswith(LISTS) and self._mutation_of(one.name) is None
        ]

    def _mutation_of(self, name: str) -> str | None:
        """The anchor of the mutation that a type belongs to."""
        for ending in ("Input", "Payload", "Result"):
            if name.endswith(ending) and name.removesuffix(ending) in self.places:
                return self.places[name.removesuffix(ending)]
        return None

    def _fields_of(self, types: Iterable[GraphQLObjectType | GraphQLInputObjectType]) -> Iterator[str]:
        for named in types:
            yield f"### {named.name}"
            yield named.description or ""
            yield self._table("field", named.fields)

    def _enums(self) -> Iterator[str]:
        for named in self._own(GraphQLEnumType):
            yield f"### {named.name}"
            yield named.description or ""
            rows = ((f"`{name}`", _cell(value)) for name, value in named.values.items())
            yield _markdown(("value", "what it means"), rows)

    def _abstract(self) -> Iterator[str]:
        for named in (*self._own(GraphQLUnionType), *self._own(GraphQLInterfaceType)):
            yield f"### {named.name}"
            members = ", ".join(self._name(one.name) for one in self.schema.get_possible_types(named))
            yield f"{named.description} It is one of {members}."
            if isinstance(named, GraphQLInterfaceType):
                yield self._table("field", named.fields)

    def _lists(self) -> Iterator[str]:
        names = [one.name for one in self.types if one.name.endswith("Connection")]
        yield ABOUT_LISTS + "\n".join(
            f"- `{name}` of {self._name(name.removesuffix('Connection'))}" for name in names
        )

    def _scalars(self) -> Iterator[str]:
        ours = [one for one in self.types if not hasattr(one, "fields") and _is_scalar(one)]
        for named in ours:
            yield f"### {named.name}"
            yield named.description or ""

    # --------------------------------------------------------------------------------------- tables
    def _table(self, what: str, fields: Mapping[str, Field]) -> str:
        rows = (
            (f"`{name}`", self._type(field.type) + _default(field), self._about(field))
            for name, field in fields.items()
        )
        return _markdown((what, "type", "what it is"), rows)

    def _about(self, field: Field) -> str:
        told = _cell(field)
        if isinstance(field, GraphQLField) and field.args and set(field.args) != {"after", "first"}:
            told += (
                " Takes "
                + ", ".join(
                    f"`{name}`: {self._type(one.type)} ({_cell(one).rstrip('.')})"
                    for name, one in field.args.items()
                )
                + "."
            )
        return told

    def _type(self, kind: object) -> str:
        text, name = str(kind), get_named_type(kind).name  # type: ignore[arg-type]  # of whatever field
        before, after = text.split(name, 1)
        return f"{_escaped(before)}{self._name(name)}{_escaped(after)}"

    def _name(self, name: str) -> str:
        if name in specified_scalar_types:
            return name
        if name.endswith(LISTS):
            return f"[{name}](#lists)"
        return f"[{name}](#{self._mutation_of(name) or slug(name)})"


def _is_scalar(named: GraphQLNamedType) -> bool:
    return named.name not in specified_scalar_types and not isinstance(
        named, GraphQLEnumType | GraphQLUnionType
    )


def _default(field: Field) -> str:
    if isinstance(field, GraphQLField) or field.ast_node is None or field.ast_node.default_value is None:
        return ""
    value = print_ast(field.ast_node.default_value)
    return "" if value == "null" else f" = `{value}`"


def _cell(told: object) -> str:
    about = str(getattr(told, "description", None) or "").replace("\n", " ").replace("|", "\\|")
    reason = getattr(told, "deprecation_reason", None)
    return f"{about} **Deprecated:** {reason}" if reason else about


def _deprecated(reason: str | None) -> Iterator[str]:
    if reason:
        yield f"**Deprecated:** {reason}"


def _escaped(text: str) -> str:
    return text.replace("[", "\\[").replace("]", "\\]")


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, tuple("---" for _ in head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _examples(kind: str, name: str) -> Iterator[str]:
    """Where the pages show it."""
    found: dict[str, str] = {}
    for page, blocks in BLOCKS.items():
        for block in blocks:
            if block.words[:1] == ("graphql",) and page != "docs/schema.md" and _asks(block.text, kind, name):
                file = page.removeprefix("docs/") if page.startswith("docs/") else f"../{page}"
                found.setdefault(page, f"[{block.heading}]({file}#{slug(block.heading)})")
    if found:
        yield "Shown in " + ", ".join(found.values()) + "."


def _asks(document: str, kind: str, name: str) -> bool:
    return any(
        isinstance(field, FieldNode) and field.name.value == name
        for one in parse(document).definitions
        if isinstance(one, OperationDefinitionNode) and one.operation.value == kind
        for field in one.selection_set.selections
    )


def schema_markdown() -> str:
    """The whole page."""
    return Reference(build_schema(sdl())).page()
