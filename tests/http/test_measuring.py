"""What is counted: the same as if every fragment were written out; and what is remembered of it."""

import random
from dataclasses import fields

import pytest
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, parse
from strawberry.types.graphql import OperationType
from tests.http.attacks import random_graph

from gql_approvals.schema import TYPES, remembered
from gql_approvals.schema.execution import prepare
from gql_approvals.schema.faults import NotExecutable
from gql_approvals.schema.gate import Gate
from gql_approvals.schema.limits import CEILING, Limits, measure, values_in
from gql_approvals.schema.requested import Requested
from gql_approvals.settings import Settings


def test_every_limit_is_a_setting_with_the_same_default():
    settings = Settings()

    assert {item.name: getattr(settings, f"max_{item.name}") for item in fields(Limits)} == {
        item.name: item.default for item in fields(Limits)
    }


def written_out(selections, fragments, depth=1):
    """(fields, aliases, deepest) of a selection without circles, the long way."""
    count, aliases, deepest = 0, 0, 0
    for item in selections.selections:
        below = None
        if isinstance(item, FieldNode):
            count, aliases, deepest = count + 1, aliases + (item.alias is not None), max(deepest, depth)
            below = (item.selection_set, depth + 1) if item.selection_set else None
        elif isinstance(item, InlineFragmentNode):
            below = (item.selection_set, depth)
        elif isinstance(item, FragmentSpreadNode):
            below = (fragments[item.name.value].selection_set, depth)
        if below:
            more = written_out(below[0], fragments, below[1])
            count, aliases, deepest = count + more[0], aliases + more[1], max(deepest, more[2])
    return count, aliases, deepest


def small_graph(number):
    choice = random.Random(number)  # noqa: S311  # the same documents each time
    count = choice.randint(1, 7)
    parts = []
    for n in range(count):
        spreads = [f"...k{choice.randint(n + 1, count)}" for _ in range(choice.randint(1, 3))]
        parts.append(f"fragment k{n} on Query {{ a: viewer {{ roles }} {' '.join(spreads)} }}")
    last = f"fragment k{count} on Query {{ viewer {{ roles }} }}"
    return f"{{ viewer {{ user {{ name }} }} ...k0 }} {' '.join(parts)} {last}"


def test_fragments_count_as_if_they_were_written_out():
    for number in range(60):
        document = parse(small_graph(number))
        fragments = {i.name.value: i for i in document.definitions if isinstance(i, FragmentDefinitionNode)}
        [(operation, extent)] = measure(document).items()
        expected = written_out(operation.selection_set, fragments)
        assert (extent.fields, extent.aliases, extent.depth) == expected, number


def test_a_document_of_any_size_is_measured_without_recursion():
    chain = " ".join(f"fragment c{n} on Query {{ ...c{n + 1} ...c{n + 1} }}" for n in range(1_500))
    document = parse(f"{{ ...c0 }} {chain} fragment c1500 on Query {{ viewer {{ roles }} }}")
    [(operation, extent)] = measure(document).items()

    assert (extent.depth, extent.fields) == (2, CEILING)
    assert Requested(TYPES, document, operation).objects({}) == 0


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ({}, 0),
        ({"a": 1}, 1),
        ({"a": [1, 2]}, 3),
        ({"a": {"b": [[], {}]}, "c": None}, 5),
        ({"a": [[0] * 50] * 50}, 11),
    ],
)
def test_values_are_counted_at_every_level_until_there_are_too_many(value, count):
    assert values_in(value, 10) == count


def test_a_valid_document_is_remembered_and_a_refused_one_is_not(monkeypatch):
    gate = Gate()

    def read(text):
        return prepare(text, None, None, allowed={OperationType.QUERY}, gate=gate).document

    assert read("{ viewer { roles } }") is read("{ viewer { roles } }")
    for text in ("{ nothing }", "{", random_graph(1)["query"]):
        with pytest.raises(NotExecutable):
            read(text)
    assert gate.documents.remembered.texts == ["{ viewer { roles } }"]
    monkeypatch.setattr(remembered, "MAX_TOKENS", 100)
    for name in "abcdefgh":
        read(f"query {name} {{ viewer {{ roles }} }}")
    assert gate.documents.remembered.texts == [
        "query g { viewer { roles } }",
        "query h { viewer { roles } }",
        "{ viewer { roles } }",
    ]
    assert gate.documents.remembered.tokens <= 100
