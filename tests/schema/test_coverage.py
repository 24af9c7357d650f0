"""What must hold for every mutation, type and code, enumerated from the schema instead of remembered."""
# ruff: noqa: E501  # GraphQL documents and tables keep their lines

import ast
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
)
from tests.schema.client import DETAILS, api_schema
from tests.schema.natural import SITUATIONS

from gql_approvals.errors import ErrorCode
from gql_approvals.workflow import account as accounts
from gql_approvals.workflow import transitions
from gql_approvals.workflow.account import ACCOUNT_ROWS
from gql_approvals.workflow.content import camel
from gql_approvals.workflow.transitions import PERMISSION_OF
from gql_approvals.workflow.vocabulary import AccountAction, Action

HERE = Path(__file__).parent
SCHEMA = api_schema()
MUTATIONS = SCHEMA.mutation_type.fields
# Which action of the two tables a mutation performs.
ACTIONS: dict[str, Action | AccountAction] = {
    "createCampaign": Action.CREATE,
    "updateCampaign": Action.EDIT,
    "submitCampaign": Action.SUBMIT,
    "withdrawCampaign": Action.WITHDRAW,
    "approveCampaign": Action.APPROVE,
    "rejectCampaign": Action.REJECT,
    "revokeApproval": Action.REVOKE,
    "publishCampaign": Action.PUBLISH,
    "discardDraft": Action.DISCARD,
    "archiveCampaign": Action.ARCHIVE,
    "duplicateCampaign": Action.DUPLICATE,
    "addComment": Action.COMMENT,
    "enableApprovals": AccountAction.ENABLE_APPROVALS,
    "disableApprovals": AccountAction.DISABLE_APPROVALS,
    "updateAccount": AccountAction.UPDATE_ACCOUNT,
    "addMember": AccountAction.ADD_MEMBER,
    "disableMember": AccountAction.DISABLE_MEMBER,
    "enableMember": AccountAction.ENABLE_MEMBER,
    "assignRoles": AccountAction.ASSIGN_ROLES,
    "recordDeliveryMetrics": AccountAction.RECORD_METRICS,
}
# Where each code is proved; one more code needs one more test.
PROVED = {
    ErrorCode.IDEMPOTENCY_MISMATCH: "test_idempotency.py::test_a_key_is_good_for_one_effect_and_belongs_to_one_person_and_one_input",
    ErrorCode.NOT_FOUND: "test_isolation.py::test_an_id_of_another_account_is_like_one_that_never_was",
    ErrorCode.FORBIDDEN: "test_approve_campaign.py::test_makers_members_without_a_role_and_the_sending_system_may_not_approve",
    ErrorCode.INVALID_INPUT: "test_create_campaign.py::test_an_input_that_cannot_be_stored_is_refused_with_the_way_to_every_mistake",
    ErrorCode.PREVIEW_OUTDATED: "test_disable_approvals.py::test_a_list_that_has_changed_since_the_preview_is_not_confirmed",
    ErrorCode.SEGREGATION_OF_DUTIES: "test_assign_roles.py::test_nobody_both_makes_and_decides_and_the_refusal_names_both_sources",
    ErrorCode.LAST_ADMIN: "test_assign_roles.py::test_somebody_must_be_left_who_may_manage_members",
    ErrorCode.ALREADY_DECIDED: "test_approve_campaign.py::test_the_first_terminal_decision_wins_and_says_whose_it_was",
    ErrorCode.ALREADY_VOTED: "test_reject_campaign.py::test_who_approved_already_may_not_reject",
    ErrorCode.WRONG_STATUS: "test_withdraw_campaign.py::test_only_a_pending_campaign_is_withdrawn",
    ErrorCode.UNDER_REVIEW: "test_update_campaign.py::test_an_edit_voids_a_review_or_an_approval_only_when_asked_to",
    ErrorCode.ALREADY_PENDING: "test_submit_campaign.py::test_what_waits_already_is_not_submitted_twice",
    ErrorCode.APPROVALS_OFF: "test_submit_campaign.py::test_while_approvals_are_off_there_is_nothing_to_submit",
    ErrorCode.SCHEDULE_MISSED: "test_submit_campaign.py::test_a_time_that_has_passed_is_refused",
    ErrorCode.REQUEST_EXPIRED: "test_due_times.py::test_a_decision_on_what_is_already_expired_stays_refused",
    ErrorCode.SELF_REVIEW: "test_approve_campaign.py::test_an_administrator_who_edited_may_not_approve",
    ErrorCode.STALE_REVISION: "test_approve_campaign.py::test_another_hash_is_stale_and_says_what_changed",
    ErrorCode.STALE_VERSION: "test_update_campaign.py::test_the_version_that_was_read_is_compared",
    ErrorCode.UNCHANGED_SINCE_REJECTION: "test_submit_campaign.py::test_what_was_rejected_comes_again_changed_or_with_a_note",
    ErrorCode.QUORUM_IMPOSSIBLE: "test_submit_campaign.py::test_a_quorum_that_cannot_be_met_is_refused_with_everybody_who_is_excluded_and_why",
}  # fmt: skip


def snake(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def type_of(code):
    return camel(f"_{code.lower()}")


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_every_mutation_has_a_file_of_tests_a_situation_and_an_action(mutation):
    path = HERE / f"test_{snake(mutation)}.py"

    assert path.is_file(), f"write {path.name}"
    names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.AsyncFunctionDef)]
    assert len(names) >= 4
    assert f'"{mutation}"' in path.read_text()
    assert mutation in SITUATIONS, "tests/schema/natural.py"
    assert mutation in ACTIONS


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_every_result_is_the_payload_and_the_refusals_that_the_table_names(mutation):
    result, action = MUTATIONS[mutation].type, ACTIONS[mutation]
    codes = transitions.codes_of(action) if isinstance(action, Action) else accounts.codes_of(action)
    name = mutation[0].upper() + mutation[1:]

    assert isinstance(result, GraphQLUnionType), "mutation fields are nullable"
    assert result.name == f"{name}Result"
    assert {kind.name for kind in result.types} == {f"{name}Payload", *(type_of(code) for code in codes)}
    assert "IdempotencyMismatch" in {kind.name for kind in result.types}


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_every_mutation_takes_one_required_input_with_an_optional_key_and_names_its_permission(mutation):
    field, action = MUTATIONS[mutation], ACTIONS[mutation]
    permission = PERMISSION_OF[action] if isinstance(action, Action) else ACCOUNT_ROWS[action].permission

    assert list(field.args) == ["input"]
    assert isinstance(field.args["input"].type, GraphQLNonNull)
    assert str(field.args["input"].type) == f"{mutation[0].upper()}{mutation[1:]}Input!"
    assert str(field.args["input"].type.of_type.fields["idempotencyKey"].type) == "String"
    assert f"`{permission}`" in field.description


def test_everything_in_the_schema_has_a_description():
    missing = []
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Boolean", "ID", "Float"}:
            continue
        missing += [] if kind.description else [name]
        if isinstance(kind, GraphQLEnumType):
            missing += [f"{name}.{word}" for word, value in kind.values.items() if not value.description]
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            missing += [f"{name}.{word}" for word, field in kind.fields.items() if not field.description]
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            missing += [
                f"{name}.{word}({argument})"
                for word, field in kind.fields.items()
                for argument, value in field.args.items()
                if not value.description
            ]

    assert missing == []


def test_every_code_has_a_type_that_tells_code_and_message():
    interface = SCHEMA.type_map["UserError"]

    assert set(SCHEMA.type_map["ErrorCode"].values) == set(ErrorCode)
    assert {kind.name for kind in SCHEMA.get_possible_types(interface)} == {
        type_of(code) for code in ErrorCode
    }


def test_whatever_a_refusal_says_is_read_by_the_tests():
    more = {
        kind.name
        for kind in SCHEMA.get_possible_types(SCHEMA.type_map["UserError"])
        if set(kind.fields) - {"code", "message"}
    }

    assert more == set(DETAILS)


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_is_reached_by_a_test_that_names_it(code):
    file, _, name = PROVED[code].partition("::")
    tree = ast.parse((HERE / file).read_text())
    [test] = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name == name]

    source = ast.unparse(tree) if code is ErrorCode.NOT_FOUND else ast.unparse(test)
    assert code.value in source or (code is ErrorCode.INVALID_INPUT and "paths_of" in source)
