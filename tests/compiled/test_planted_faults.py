"""Mistakes that are planted in the compiler: each is found by the generated operations or the effects."""
# ruff: noqa: E501  # GraphQL documents keep their lines

from collections import Counter

import pytest
from graphql import parse
from tests.compiled import shop
from tests.compiled.asking import Shop

from gql_approvals.compiled import operations, running, source, values
from gql_approvals.compiled.borrowed import Collecting
from gql_approvals.compiled.running import Run
from gql_approvals.compiled.source import Writer

DOCUMENTS = 120


def aliases_are_forgotten(patch):
    below = Collecting.below
    patch.setattr(
        Collecting, "below", lambda *given: {nodes[0].name.value: nodes for nodes in below(*given).values()}
    )


def fields_come_in_another_order(patch):
    below = Collecting.below
    patch.setattr(Collecting, "below", lambda *given: dict(sorted(below(*given).items())))


def null_is_let_through(patch):
    filled = Writer._filled
    patch.setattr(
        Writer,
        "_filled",
        lambda self, kind, value, at: f"(None if {value} is None else {filled(self, kind, value, at)})",
    )


def large_numbers_are_let_through(patch):
    patch.setattr(source, "_AT_A_GLANCE", dict.fromkeys(source._AT_A_GLANCE, "True or {0}"))


def exceptions_are_values(patch):
    patch.setattr(running, "_require_good", lambda _: None)
    patch.setattr(values, "_require_plain", lambda _: None)


def results_go_to_other_parents(patch):
    spread = running._spread
    patch.setattr(running, "_spread", lambda *given: list(reversed(spread(*given))))


def directives_are_looked_at_once(patch):
    patch.setattr(operations, "_switches", lambda _: ())


def every_object_is_a_tag(patch):
    find = values.Dispatch.find

    def tag(self, value):
        try:
            return self._way_of("Tag")
        except KeyError:
            return find(self, value)

    patch.setattr(values.Dispatch, "find", tag)


def arguments_are_forgotten(patch):
    patch.setattr(Run, "_arguments", lambda *_: {})


PLANTED = [
    aliases_are_forgotten,
    fields_come_in_another_order,
    null_is_let_through,
    large_numbers_are_let_through,
    exceptions_are_values,
    results_go_to_other_parents,
    directives_are_looked_at_once,
    every_object_is_a_tag,
    arguments_are_forgotten,
]
SWITCHED = "query($on: Boolean!) { thing { id name @include(if: $on) } }"
# What generated operations rarely come by.
BESIDES = [
    ("{ thing(seed: 1) { price a: count name } }", {}),
    ("{ things(seeds: [1, 2, 3, 7, 8]) { any { __typename } others { __typename } labels { weight } } }", {}),
    ("{ things(seeds: [12, 17, 162, 237]) { name count big price } }", {}),
]


async def _found(asked):
    """Whether the two executors disagree anywhere."""
    for number in range(DOCUMENTS):
        made = BESIDES[number] if number < len(BESIDES) else asked.document(number)
        if made is None:
            continue
        ours, theirs = await asked.compiled(*made), await asked.by_graphql_core(*made)
        if ours.told != theirs.told:
            return True
    return await _disagree_about_directives(asked)


async def _disagree_about_directives(asked):
    document = parse(SWITCHED)
    operation = asked.compiler.operation(document, document.definitions[0])
    for on in (True, False):

        async def otherwise(middleware, on=on):
            return await asked._core(
                SWITCHED, {"on": on}, shop.Calls(), document=document, middleware=middleware
            )

        result = await operation.execute(
            None, shop.Calls(), {"on": on}, hide_suggestions=False, otherwise=otherwise
        )
        if ("name" in result.data["thing"]) is not on:
            return True
    return False


async def test_without_a_mistake_nothing_is_found():
    assert not await _found(Shop(shop.schema()))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
async def test_a_planted_mistake_is_found(monkeypatch, plant):
    plant(monkeypatch)

    assert await _found(Shop(shop.schema()))


MUTATION = "mutation { a: make(seed: 4) { ... on Done { order thing { near { name } far { name } } } } b: make(seed: 8) { ... on Done { order } } }"


async def _performed(asked):
    return [call for call in (await asked.compiled(MUTATION, {})).calls if call.startswith("MAKE")]


async def test_a_mutation_that_is_performed_twice_is_found(monkeypatch):
    assert await _performed(Shop(shop.schema())) == ["MAKE 4", "MAKE 8"]
    monkeypatch.setattr(Run, "replay", lambda _: None)

    assert Counter(await _performed(Shop(shop.schema())))["MAKE 4"] == 2


async def test_mutations_that_are_not_performed_one_by_one_are_found(monkeypatch):
    asked = Shop(shop.schema())
    expected = await asked.by_graphql_core(MUTATION, {})
    level = Writer._level
    roots = []

    def together(self, places):
        """Write the roots when the last of them has come."""
        if places and places[0].path.prev is None and len(places) == 1:
            roots.extend(places)
            return level(self, list(roots)) if len(roots) == 2 else None
        return level(self, places)

    monkeypatch.setattr(Writer, "_level", together)

    assert (await asked.compiled(MUTATION, {})).calls != expected.calls
