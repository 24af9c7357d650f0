"""What is compiled answers what graphql-core answers: by hand where it is remarkable, and by the thousand."""
# ruff: noqa: E501  # GraphQL documents keep their lines

import gc
import os
import warnings

import pytest
from graphql import parse
from tests.compiled import shop
from tests.compiled.asking import Shop

from gql_approvals.compiled import operations

# What `make test` takes; `make test-all` takes twenty times as many with its 100 rounds.
GENERATED = 150
MANY = 22 * int(os.environ.get("APPROVALS_TEST_ROUNDS", "100")) + 1_824
ODD = [2 + 5 * number for number in range(90)]  # each of `shop.ODD`, at least once


@pytest.fixture(scope="module")
def asked():
    return Shop(shop.schema())


ALL = """query($seed: Int!, $on: Boolean = true) { thing(seed: $seed) {
  __typename id name price count big sold colour size rank madeAt note extra words table half tags { word weight }
  maybeTags { word } near { name } far { id } other: far { name } others(first: 3, from: "a") { id ... on Person { age }
  ... on Thing { price } } any { __typename ... on Tag { weight } ... on Named { name } } labels(times: 2) { weight }
  loud @include(if: $on) later lazily page { total items { word } } } }"""
ONE_BY_ONE = [
    "price",
    "count",
    "big",
    "sold",
    "colour",
    "size",
    "rank",
    "madeAt",
    "note",
    "extra",
    "words",
    "table",
]


@pytest.mark.parametrize("seed", ODD)
async def test_whatever_a_value_is_the_answer_is_the_same(asked, seed):
    fields = [*ONE_BY_ONE, "name", "tags { word }", "maybeTags { word }"]
    for selection in fields:
        await asked.agree(f"query($seed: Int!) {{ thing(seed: $seed) {{ {selection} }} }}", {"seed": seed})
    await asked.agree(ALL, {"seed": seed})


async def test_what_is_as_it_should_be_is_answered_without_graphql_core(asked):
    plain = ALL.replace("later lazily", "")
    answer = await asked.agree(plain, {"seed": 3})

    assert answer.compiled
    assert answer.errors == ()
    assert await _gave_up(asked, plain, {"seed": 3}) is False
    assert await _gave_up(asked, plain, {"seed": 2}) is True


async def _gave_up(asked, text, variables):
    """Whether graphql-core had to end what was begun."""
    ends = []
    core = asked._core

    async def watched(*given, **more):
        ends.append(more)
        return await core(*given, **more)

    asked._core = watched
    try:
        await asked.compiled(text, variables)
    finally:
        asked._core = core
    return bool(ends)


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Thing") { name } thing { name } }',
        "{ thing { page { total } } __typename }",
        "query Q { a: thing(seed: 1) { name } b: thing(seed: 1) { name ...F } ...G } fragment F on Named { id name } fragment G on Query { b: thing(seed: 1) { id near { id } } }",
        "{ things(seeds: [1, 0, 2, 3]) { name far { far { far { name } } } } }",
        "{ things(seeds: [5, 6, 7]) { name others(first: 11) { name } } }",
        "{ required(seed: 3) { name } thing { name } }",
        "{ thing(seed: 1) { name @skip(if: true) } }",
        "{ thing(seed: 1) { others(first: -1) { name } near { name } } }",
        "{ thing(seed: 4) { near { near { name } } } }",
        "{ wished(wish: {seed: 1, colours: [RED, BLUE], more: {seed: 2}}) { name } }",
        "{ wished(wish: {seed: 1, colours: [RED, BLUE]}, colour: BLUE) { name } }",
        "mutation { make(seed: 1) { ... on Done { thing { name } } } }",
        "mutation { a: make(seed: 3) { __typename } b: make(seed: 4) { __typename ... on Done { order } } count }",
        "mutation { a: make(seed: 5) { ... on Done { order thing { far { name } } } } b: count }",
        "mutation { a: make(seed: 2) { ... on Refused { reason } ... on Done { order } } b: count c: count }",
    ],
)
async def test_remarkable_operations(asked, text):
    await asked.agree(text, {})


@pytest.mark.parametrize(
    "variables", [{}, {"on": True}, {"on": False}, {"on": None}, {"on": 1}, {"seed": "1"}]
)
async def test_directives_follow_the_variables_of_each_request(asked, variables):
    text = "query($on: Boolean = true, $seed: Int = 1) { thing(seed: $seed) { id @skip(if: $on) name @include(if: $on) } }"

    await asked.agree(text, variables)


async def test_one_compiled_operation_serves_all_choices_of_its_directives(asked):
    names = [f"v{number}" for number in range(4)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    text = f"query({declared}) {{ thing {{ id {fields} }} }}"
    parsed = parse(text)
    operation = asked.compiler.operation(parsed, parsed.definitions[0])
    for choice in range(16):
        variables = {name: bool(choice >> number & 1) for number, name in enumerate(names)}

        async def otherwise(middleware, variables=variables):
            return await asked._core(text, variables, shop.Calls(), document=parsed, middleware=middleware)

        result = await operation.execute(
            None, shop.Calls(), variables, hide_suggestions=False, otherwise=otherwise
        )
        assert list(result.data["thing"]) == ["id", *(name for name in names if variables[name])]
    assert len(operation._programs) == operations.MAX_PROGRAMS  # the others are graphql-core's


async def _generated(asked, caplog, count, first=0):
    """Compare so many valid documents; how many of them were compiled, and how many had errors."""
    compiled, faulty, number = 0, 0, first
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # graphql-core leaves coroutines alone that it gave up
        for _ in range(count):
            made = None
            while made is None:
                number += 1
                made = asked.document(number, "mutation" if number % 10 == 0 else "query")
            answer = await asked.agree(*made)
            compiled, faulty = compiled + answer.compiled, faulty + bool(answer.errors)
        gc.collect()  # so that no later test hears of these
    assert "compiled:failed" not in caplog.text
    return compiled, faulty


async def test_generated_operations_agree(asked, caplog):
    compiled, faulty = await _generated(asked, caplog, GENERATED)

    assert compiled > GENERATED * 0.7
    assert GENERATED * 0.1 < faulty < GENERATED * 0.8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the same coroutines
async def test_two_thousand_generated_operations_agree(asked, caplog):
    compiled, _ = await _generated(asked, caplog, MANY, first=10_000)

    assert compiled > MANY * 0.7
