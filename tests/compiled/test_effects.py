"""Nothing is resolved twice, whatever goes wrong: what was resolved, graphql-core is handed."""
# ruff: noqa: E501  # GraphQL documents keep their lines

import asyncio
from collections import Counter

import pytest
from graphql import parse
from tests.compiled import shop
from tests.compiled.asking import Shop

from gql_approvals.compiled.running import Run

# In each of these something goes wrong after resolvers have been called.
FAILING = [
    "{ thing(seed: 4) { near { name } far { name } labels { word } } }",
    "{ thing(seed: 5) { labels { word } far { id } others { name } } a: thing(seed: 7) { far { name } } }",
    "{ things(seeds: [1, 4, 5, 6, 13]) { name near { name } far { name } labels { word } } }",
    "{ thing(seed: 2) { name any { __typename } far { near { name } } } }",
    "{ required(seed: 3) { name } a: required(seed: 1) { far { name } } }",
]
MUTATIONS = [
    "mutation { a: make(seed: 3) { __typename } b: make(seed: 4) { __typename } }",
    "mutation { a: make(seed: 4) { ... on Done { thing { near { name } } } } b: make(seed: 1) { __typename } count }",
    "mutation { a: make(seed: 5) { ... on Done { thing { far { name } } } } b: make(seed: 8) { __typename } }",
    "mutation { make(seed: 12) { ... on Done { thing { name tags { word } } } } count }",
    "mutation { a: count b: make(seed: 3) { __typename } c: count }",
    "mutation { a: make(seed: 4) { ... on Done { thing { labels { word } others(first: -1) { id } } } } }",
]


@pytest.fixture(scope="module")
def asked():
    return Shop(shop.schema())


@pytest.mark.parametrize("text", FAILING)
async def test_a_query_that_fails_calls_every_resolver_once(asked, text):
    answer = await asked.compiled(text, {})

    assert answer.errors
    assert [call for call, times in Counter(answer.calls).items() if times > 1] == []


@pytest.mark.parametrize("text", MUTATIONS)
async def test_a_mutation_is_performed_once_and_in_order_however_it_ends(asked, text):
    ours, theirs = await asked.compiled(text, {}), await asked.by_graphql_core(text, {})
    effects = [call for call in ours.calls if call.isupper() or "MAKE" in call]

    assert ours.told == theirs.told
    assert effects == [call for call in theirs.calls if call.isupper() or "MAKE" in call]
    assert [call for call, times in Counter(ours.calls).items() if times > 1 and call != "COUNT"] == []


@pytest.mark.parametrize("text", MUTATIONS)
@pytest.mark.parametrize("number", range(4))
async def test_a_mutation_is_performed_once_even_if_the_compiled_code_is_wrong(
    asked, monkeypatch, text, number
):
    """As if the generated code raised something unexpected after `number` calls."""
    calls = 0

    def broken(resolve):
        async def failing(self, *numbers):
            nonlocal calls
            calls += 1
            found = await resolve(self, *numbers)
            if calls > number:
                raise KeyError("a mistake")
            return found

        return failing

    monkeypatch.setattr(Run, "resolved", broken(Run.resolved))
    ours, theirs = await asked.compiled(text, {}), await asked.by_graphql_core(text, {})

    assert calls > 0
    assert ours.told == theirs.told
    assert Counter(ours.calls) == Counter(theirs.calls)


async def test_a_request_that_is_cancelled_is_not_begun_again(asked):
    text = "mutation { a: make(seed: 1) { ... on Done { thing { far { name } } } } b: make(seed: 4) { __typename } }"
    document = parse(text)
    operation = asked.compiler.operation(document, document.definitions[0])
    context, begun, others = shop.Calls(), asyncio.Event(), []

    class Slow(shop.Calls):
        def note(self, what: str) -> None:
            super().note(what)
            begun.set()

    context = Slow()

    async def otherwise(middleware):
        others.append(middleware)

    task = asyncio.ensure_future(
        operation.execute(None, context, {}, hide_suggestions=False, otherwise=otherwise)
    )
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert others == []
