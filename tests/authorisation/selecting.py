"""Documents that select every field of the schema, made from the rows: whatever has a row is asked for."""

from functools import cache

from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type, is_leaf_type
from tests.authorisation import rows
from tests.schema.client import api_schema

TYPES = api_schema().type_map
# Arguments that a field cannot do without, where it stands within a document.
NEEDED = {"Campaign.changes": "(from: 1, to: $to)"}
OTHERS_SEE = ("same", "view", "policy")


def below(kind, rules):
    """The selection of what stands in an object: of another node its id, of any other object all of it."""
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLUnionType):
        return (
            "{ __typename " + " ".join(f"... on {one.name} {below(one, rules)}" for one in kind.types) + " }"
        )
    if kind.name in rows.NODES:
        return "{ __typename id }"
    return "{ " + " ".join(asked(kind, rules)) + " }"


def asked(kind, rules):
    """Every field of an object by one of these rules, with what is below it."""
    for name, field in kind.fields.items():
        if rule_of(kind.name, name) in rules:
            yield f"{name}{NEEDED.get(f'{kind.name}.{name}', '')} {below(get_named_type(field.type), rules)}"


def rule_of(kind, field):
    """Who may see the field; a list's own fields are its entries'."""
    by_rule = rows.FIELDS.get(kind, {"same": f"{rows.CONNECTION} {rows.EDGE}"})
    [rule] = [rule for rule, fields in by_rule.items() if field in fields.split()]
    return rule


@cache
def nodes_document(kind):
    """Objects of one type by their ids, with all that others see in the same way."""
    fields = " ".join(asked(TYPES[kind], OTHERS_SEE))
    to = ", $to: Int!" if "$to" in fields else ""
    return f"query($ids: [ID!]!{to}) {{ nodes(ids: $ids) {{ __typename ... on {kind} {{ {fields} }} }} }}"


@cache
def root_document(root, arguments="", takes="", rules=("same", "view", "policy", "own")):
    """One field of the query root, with everything below it."""
    kind = get_named_type(TYPES["Query"].fields[root].type)
    return f"query{takes} {{ {root}{arguments} {below(kind, rules)} }}"


def selected_fields(texts):
    """Which fields some documents select: `Type.field`."""
    from graphql import TypeInfo, TypeInfoVisitor, Visitor, parse, visit  # noqa: PLC0415

    found, info = set(), TypeInfo(api_schema())

    class Collect(Visitor):
        def enter_field(self, node, *_):
            parent = info.get_parent_type()
            if isinstance(parent, GraphQLObjectType):
                found.add(f"{parent.name}.{node.name.value}")

    for text in texts:
        visit(parse(text), TypeInfoVisitor(info, Collect()))
    return found
