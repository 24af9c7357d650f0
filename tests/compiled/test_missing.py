"""Another Strawberry or graphql-core may lack what the compiler relies on: then graphql-core executes everything."""
# ruff: noqa: E501  # GraphQL documents keep their lines

import pytest
from graphql.execution import collect_fields
from strawberry.types.field import StrawberryField
from tests.compiled import shop
from tests.compiled.asking import Shop

TEXT = "{ thing(seed: 1) { name near { name } far { ...F } labels(times: 2) { word } colour } } fragment F on Thing { id }"
# What is taken away after the schema was built; graphql-core and Strawberry do without it from then on.
TAKEN = {
    "is_basic_field": (StrawberryField, "is_basic_field"),
    "collect_subfields": (collect_fields, "collect_subfields"),
    "FragmentDetails": (collect_fields, "FragmentDetails"),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_without_something_private_everything_is_executed_by_graphql_core(monkeypatch, caplog, name):
    asked = Shop(shop.schema())
    expected = await asked.by_graphql_core(TEXT, {})
    assert (await asked.compiled(TEXT, {})).compiled
    monkeypatch.delattr(*TAKEN[name])

    for _ in range(3):
        answer = await asked.compiled(TEXT, {})
        assert (answer.told, answer.compiled) == (expected.told, False)
    assert caplog.text.count("compiled:off") == 1
    assert not asked.compiler.works


async def test_a_schema_that_says_less_of_itself_is_not_compiled(caplog):
    schema = shop.schema()
    converter = schema.schema_converter
    del schema.schema_converter
    asked = Shop(schema)

    assert not asked.compiler.works
    assert "compiled:off" in caplog.text
    schema.schema_converter = converter
    assert (await asked.compiled(TEXT, {})).told == (await asked.by_graphql_core(TEXT, {})).told


async def test_an_info_of_another_form_ends_compiling_and_nothing_is_called_twice(monkeypatch, caplog):
    asked = Shop(shop.schema())
    expected = await asked.by_graphql_core(TEXT, {})

    class Other:
        def __init__(self, **_):
            raise TypeError("unexpected keyword argument `_raw_info`")

    monkeypatch.setattr(asked.compiler.schema, "_info_class", Other)
    answer = await asked.compiled(TEXT, {})

    assert answer.told == expected.told
    assert sorted(answer.calls) == sorted(expected.calls)
    assert caplog.text.count("compiled:off") == 1
