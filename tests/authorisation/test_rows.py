"""Everything in the schema has a row, and every row something in the schema."""

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, build_schema, extend_schema, parse
from tests.authorisation import rows
from tests.schema.client import api_schema
from tests.schema.test_token_scopes import SIDES

from gql_approvals.workflow.account import ACCOUNT_ROWS
from gql_approvals.workflow.transitions import PERMISSION_OF, TRANSITIONS
from gql_approvals.workflow.vocabulary import CampaignStatus, Permission

ROOTS = ("Query", "Mutation", "Subscription")


def coordinates(schema):
    """Everything in a schema that somebody may see, do or send."""
    refusals = {kind.name for kind in schema.get_possible_types(schema.type_map["UserError"])}
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLInputObjectType):
            yield from (f"{name}({field})" for field in kind.fields)
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field, value in kind.fields.items():
            yield f"{name}.{field}"
            place = field if name in ROOTS else f"{name}.{field}"
            if name != "Mutation":
                yield from (f"{place}({argument})" for argument in value.args)
            else:
                assert list(value.args) == ["input"]
        if name in refusals:
            assert {"code", "message"} <= kind.fields.keys()


def told():
    """Everything that has a row."""
    yield from (f"Query.{name}" for name in rows.QUERIES)
    yield from (f"Mutation.{name}" for name in rows.MUTATIONS)
    yield from (f"Subscription.{name}" for name in rows.SUBSCRIPTIONS)
    for name, by_rule in rows.FIELDS.items():
        yield from (f"{name}.{field}" for fields in by_rule.values() for field in fields.split())
    for field, mutations in rows.PAYLOADS.items():
        yield from (f"{name[0].upper()}{name[1:]}Payload.{field}" for name in mutations.split())
    for kind in api_schema().get_possible_types(api_schema().type_map["UserError"]):
        more = rows.REFUSALS.get(kind.name, "").split()
        yield from (f"{kind.name}.{field}" for field in ("code", "message", *more))
    yield from (f"InputProblem.{field}" for field in rows.INPUT_PROBLEM.split())
    for name in api_schema().type_map:
        fields = {"Connection": rows.CONNECTION, "nEdge": "", "Edge": rows.EDGE}
        yield from (
            f"{name}.{field}" for end, of in fields.items() if name.endswith(end) for field in of.split()
        )
    for place, arguments in rows.ARGUMENTS.items():
        yield from (f"{place}({argument})" for argument in arguments.split())


def status_of(state):
    return {"SCHEDULED": "APPROVED"}.get(state, state.removesuffix("_LIVE"))


def test_everything_in_the_schema_has_one_row():
    found, rows_of = list(coordinates(api_schema())), list(told())

    assert sorted(set(found) - set(rows_of)) == [], "say in tests/authorisation/rows.py who may"
    assert sorted(set(rows_of) - set(found)) == [], "there is no such thing any more"
    assert len(rows_of) == len(set(rows_of)), "two rows for one thing"
    assert len(found) > 400


@pytest.mark.parametrize(
    "more",
    [
        "extend type Query { webhooks: Int }",
        "extend type Mutation { deleteCampaign(input: ArchiveCampaignInput!): ArchiveCampaignResult }",
        "extend type Subscription { auditLogChanged: Int }",
        "extend type Account { billingAddress: String }",
        "extend type User { phone: String }",
        "extend type ArchiveCampaignPayload { secret: String }",
        "extend type Forbidden { hint: String }",
        "extend input ArchiveCampaignInput { force: Boolean }",
        "extend input CampaignFilter { updatedBy: ID }",
        "type Invoice { total: Int } extend type Account { invoices: [Invoice!] }",
    ],
)
def test_something_new_has_no_row(more):
    larger = extend_schema(api_schema(), parse(more))

    assert set(coordinates(larger)) - set(told())


def test_a_new_argument_of_a_query_has_no_row():
    text = "type Query { campaign(id: ID!, asOf: Int): Int } interface UserError { code: Int message: Int }"

    assert "campaign(asOf)" in set(coordinates(build_schema(text))) - set(told())


def test_every_node_has_a_row():
    kinds = api_schema().get_possible_types(api_schema().type_map["Node"])

    assert {kind.name for kind in kinds} == rows.NODES.keys()


def test_every_permission_that_a_row_names_exists_and_every_permission_has_a_row():
    named = {row.permission for row in rows.MUTATIONS.values()} | set(rows.NODES.values())
    named |= set(rows.QUERIES.values())

    assert named - {"member", "visible", "signed in", "anybody"} == set(Permission)


def test_every_mutation_has_a_row_of_answers_and_of_scopes():
    of_campaigns = {name for name, row in rows.MUTATIONS.items() if row.about == "campaign"}
    on = rows.grid(rows.ANSWERS_ON)

    assert {mutation for mutation, _ in on} == of_campaigns
    assert SIDES.keys() == rows.MUTATIONS.keys()


def test_the_rows_know_every_action_of_the_tables_and_every_status_it_is_possible_in():
    on, off = rows.grid(rows.ANSWERS_ON), rows.grid(rows.ANSWERS_OFF)
    possible = {}
    for (mutation, state), answer in [*on.items(), *off.items()]:
        if answer in {"done", "UNDER_REVIEW", "APPROVALS_OFF"}:
            permission = rows.MUTATIONS[mutation].permission
            possible.setdefault(permission, set()).add(status_of(state))
    table = {}
    for row in TRANSITIONS:
        if row.permission not in {None, "view", "create"}:
            table.setdefault(row.permission, set()).update(row.source)

    assert possible == table
    assert {status_of(state) for _, state in on} == set(CampaignStatus)
    of_accounts = {row.permission for row in rows.MUTATIONS.values() if row.about not in {"campaign", "new"}}
    assert of_accounts == {row.permission for row in ACCOUNT_ROWS.values()}
    assert {row.permission for row in rows.MUTATIONS.values()} == (
        set(PERMISSION_OF.values()) - {None, "view"} | of_accounts
    )
