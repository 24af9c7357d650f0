"""Every role and everything that it can read, by part in it, account and token: as the rows say."""

import pytest
from graphql import GraphQLObjectType
from tests.authorisation import rows
from tests.authorisation.reading import DOCUMENTS, Reader, read_by_an_administrator
from tests.authorisation.selecting import TYPES, selected_fields
from tests.authorisation.test_mutations import EVERYBODY
from tests.authorisation.trying import words
from tests.authorisation.world import OFF, ON, RELATIONS

# Fields that only a mutation, a refusal or a subscription leads to; they are looked at where those are.
LED_TO_BY_OTHERS = {"Mutation", "Subscription", "ReviewInboxChange", "InputProblem"}


def test_every_field_is_selected():
    refusals = {kind.name for kind in TYPES["UserError"].interfaces} | set(rows.REFUSALS)
    every = {
        f"{name}.{field}"
        for name, kind in TYPES.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
        if name not in LED_TO_BY_OTHERS | refusals and not name.endswith("Payload")
        if "UserError" not in {one.name for one in kind.interfaces}
        for field in kind.fields
    }

    roots = {f"Query.{name}" for name in ("node", "campaign")}  # `nodes` answers for them in `test_ids.py`
    assert every - selected_fields(DOCUMENTS) == roots


async def read(world, roles, accounts, labels=("",), relations=RELATIONS):
    """What was not read as the rows say."""
    wrong = []
    await world.hold(roles)
    for account in accounts:
        reference = await read_by_an_administrator(world, account)
        for relation in relations:
            for label in labels:
                reader = Reader(world, account, roles, relation, label)
                wrong += await reader.read_everything(reference)
    assert world.is_untouched(), world.differences()
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("roles", EVERYBODY, ids=words)
async def test_everybody_reads_what_the_rows_say(world, roles):
    assert await read(world, roles, [ON, OFF]) == []


@pytest.mark.slow
@pytest.mark.parametrize("roles", [("admin",), ("maker",), ("checker",), ("outsider",)], ids=words)
async def test_a_narrowed_token_reads_as_much(world, roles):
    assert await read(world, roles, [ON], ["read", "make", "decide", "both"], ["other"]) == []
