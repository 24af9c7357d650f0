"""Tokens for a part of the work only: what they refuse, and where clients see it beforehand."""

import logging
import re
from pathlib import Path

import pytest
from tests.schema.client import on_one_database
from tests.schema.natural import NEW, SITUATIONS
from tests.schema.test_coverage import ACTIONS

from gql_approvals.persistence import people
from gql_approvals.service.scopes import NEEDS
from gql_approvals.workflow.vocabulary import Permission

pytestmark = pytest.mark.wide

# What a token with one more scope than `read` can do, and `both` for what takes both.
SIDES = {
    "createCampaign": "make",
    "updateCampaign": "make",
    "submitCampaign": "make",
    "withdrawCampaign": "make",
    "publishCampaign": "make",
    "discardDraft": "make",
    "archiveCampaign": "make",
    "duplicateCampaign": "make",
    "recordDeliveryMetrics": "make",
    "approveCampaign": "decide",
    "rejectCampaign": "decide",
    "revokeApproval": "decide",
    "addComment": "make decide",
    "enableApprovals": "both",
    "disableApprovals": "both",
    "updateAccount": "both",
    "addMember": "both",
    "disableMember": "both",
    "enableMember": "both",
    "assignRoles": "both",
}
TOKENS = {"read": ["read"], "make": ["make"], "decide": ["decide"], "both": ["make", "decide"]}
READING = ["view", "view_audit", "view_policy", "explain_others"]
ACTIONS_OF = (
    "query($id: ID!) { campaign(id: $id) { viewerActions { action allowed reasons { code message } } } }"
)


async def narrowed(api, who: str, label: str) -> str:
    """Give somebody another token, and return who uses it."""

    async def make() -> None:
        user = await people.user_by_email(f"{who}@acme.test")
        assert user is not None
        text, now = f"demo-insecure-{who}-{label}", api.clock.now
        scopes = TOKENS[label]
        await people.create_token(user.id, name=label, now=now, expires_at=None, demo=text, scopes=scopes)

    await api.database.transaction(make)
    return f"{who}-{label}"


async def flags(api, who: str, campaign: dict) -> dict[str, list[str]]:
    """The codes of every action's reasons; none where it is allowed."""
    actions = (await api.ask(who, ACTIONS_OF, id=campaign["id"]))["campaign"]["viewerActions"]
    assert all(action["allowed"] == (not action["reasons"]) for action in actions)
    return {action["action"]: [reason["code"] for reason in action["reasons"]] for action in actions}


def test_every_permission_takes_scopes():
    assert set(NEEDS) == set(Permission)
    assert all(sets and all(sets) for sets in NEEDS.values())


def test_the_guide_has_every_permission_once_beside_its_scopes():
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    [table] = re.findall(r"^\| scope \|.*\n\|---.*\n((?:\|.*\n)+)", guide, re.MULTILINE)
    told = {}
    for line in table.splitlines():
        scopes, permissions = (cell.replace("`", "").strip() for cell in line.strip("|").split("|"))
        needed = tuple(frozenset(one.split(" and ")) for one in scopes.split(" or "))
        told |= {permission.strip(): needed for permission in permissions.split(",")}

    assert told == NEEDS
    assert table.count("`,") + len(table.splitlines()) == len(NEEDS)


@pytest.mark.slow
@on_one_database
@pytest.mark.parametrize("mutation", sorted(ACTIONS))
async def test_a_token_does_what_its_scopes_are_for_and_nothing_else(api, mutation):
    ask = await SITUATIONS[mutation](api)
    enough = SIDES[mutation].split()
    users = {label: await narrowed(api, ask.who, label) for label in TOKENS}

    for label in TOKENS.keys() - {*enough, "both"}:
        refused = await api.refused(users[label], mutation, **ask.given)
        assert (refused["code"], [reason["code"] for reason in refused["reasons"]]) == (
            "FORBIDDEN", ["SCOPE"],
        )  # fmt: skip
        needed = "`make` and `decide`" if enough == ["both"] else " or ".join(f"`{one}`" for one in enough)
        assert needed in refused["reasons"][0]["message"]
        assert refused["reasons"][0]["message"] in refused["message"]

    for label in enough[:1]:
        done = await api.mutate(users[label], mutation, **ask.given)
        assert done["__typename"].endswith("Payload"), done


@on_one_database
async def test_a_comment_takes_either_side(api):
    campaign = await api.create()

    for label in ("make", "decide"):
        await api.comment(campaign, await narrowed(api, "chen", label))

    assert (
        await api.code(await narrowed(api, "chen", "read"), "addComment", campaign, body="x") == "FORBIDDEN"
    )


@on_one_database
async def test_a_token_adds_nothing_to_what_its_owner_may_do(api):
    campaign = await api.submitted()
    decider = await narrowed(api, "maya", "decide")

    refused = await api.refused(
        decider, "approveCampaign", campaign, contentHash=campaign["head"]["contentHash"]
    )

    assert refused["code"] == "FORBIDDEN"
    assert [reason["code"] for reason in refused["reasons"]] == ["NO_RULE"]


@on_one_database
async def test_what_cannot_be_seen_is_not_there_for_any_token(api):
    reader = await narrowed(api, "max", "read")

    assert await api.code(reader, "archiveCampaign", campaignId="Q2FtcGFpZ246OTk5") == "NOT_FOUND"


@on_one_database
@pytest.mark.parametrize("label", TOKENS)
async def test_every_token_reads_whatever_its_owner_may_read(api, label):
    who = await narrowed(api, "ada", label)

    data = await api.ask(
        who,
        "{ members { totalCount } auditLog { totalCount } policyStatus { version }"
        " disableApprovalsPreview { wouldApprove } }",
    )

    assert all(data.values())


@on_one_database
@pytest.mark.parametrize("status", ["PENDING_REVIEW", "SENT"])
async def test_flags_know_the_token_and_name_the_scope_only_where_the_policy_allows(api, status):
    campaign = await api.in_status(status)
    own = {"make": {"APPROVE", "REJECT", "REVOKE"}, "both": set()}
    own["decide"] = {"EDIT", "DUPLICATE", "SUBMIT", "WITHDRAW", "PUBLISH", "DISCARD", "ARCHIVE"}
    own["read"] = own["make"] | own["decide"] | {"COMMENT"}

    for owner in ("ada", "maya"):
        all_of_it = await flags(api, owner, campaign)
        for label in TOKENS:
            found = await flags(api, await narrowed(api, owner, label), campaign)
            assert found == {
                action: ["FORBIDDEN", "SCOPE"]
                if action in own[label] and codes[:1] != ["FORBIDDEN"]
                else codes
                for action, codes in all_of_it.items()
            }


@on_one_database
async def test_a_flag_says_what_the_mutation_answers(api):
    campaign = await api.submitted()
    who = await narrowed(api, "chen", "read")
    [flag] = [
        action
        for action in (await api.ask(who, ACTIONS_OF, id=campaign["id"]))["campaign"]["viewerActions"]
        if action["action"] == "REJECT"
    ]

    refused = await api.refused(
        who, "rejectCampaign", campaign, contentHash=campaign["head"]["contentHash"], reason="no"
    )

    told = [(reason["code"], reason["message"]) for reason in flag["reasons"]]
    assert told == [
        ("FORBIDDEN", refused["message"]), ("SCOPE", refused["reasons"][0]["message"]),
    ]  # fmt: skip
    assert told[1][1] == "`reject` takes a token with the scope `decide`; this one has `read`"


async def test_the_viewer_has_the_permissions_that_the_token_lets_through(api):
    query = "{ viewer { scopes permissions roles } }"
    everything = (await api.ask("ada", query))["viewer"]
    found = {label: (await api.ask(await narrowed(api, "ada", label), query))["viewer"] for label in TOKENS}

    assert everything["scopes"] == found["both"]["scopes"] == ["READ", "MAKE", "DECIDE"]
    assert found["both"]["permissions"] == everything["permissions"]
    assert (found["read"]["scopes"], found["read"]["permissions"]) == (["READ"], READING)
    assert (found["decide"]["scopes"], set(found["decide"]["permissions"])) == (
        ["READ", "DECIDE"], {*READING, "comment", "approve", "reject", "revoke"},
    )  # fmt: skip
    assert {viewer["roles"][0] for viewer in found.values()} == {"admin"}


@on_one_database
async def test_an_explanation_names_the_missing_scope_before_what_the_policy_says(api):
    query = """query($action: String!, $user: ID) { explain(input: {action: $action, userId: $user}) {
      allowed reasons { code } } }"""
    who, max_ = await narrowed(api, "ada", "make"), await api.user_id("max")

    def told(data):
        return data["explain"]["allowed"], [reason["code"] for reason in data["explain"]["reasons"]]

    assert told(await api.ask(who, query, action="approve")) == (False, ["SCOPE", "ALLOWED_BY_RULE"])
    assert told(await api.ask(who, query, action="edit")) == (True, ["ALLOWED_BY_RULE"])
    # about somebody else: their token is not known
    assert told(await api.ask(who, query, action="create", user=max_)) == (True, ["ALLOWED_BY_RULE"])
    reader = await narrowed(api, "ada", "read")
    assert told(await api.ask(reader, query, action="record_metrics")) == (False, ["SCOPE", "NO_RULE"])
    assert told(await api.ask(reader, query, action="edit", user=max_))[0]


@on_one_database
async def test_a_preview_says_that_the_token_cannot_submit(api):
    campaign = await api.create()
    query = "query($id: ID!) { submitPreview(campaignId: $id) { allowed reasons { code } } }"

    for label, codes in (("make", []), ("decide", ["FORBIDDEN", "SCOPE"])):
        data = await api.ask(await narrowed(api, "maya", label), query, id=campaign["id"])
        assert data["submitPreview"] == {"allowed": not codes, "reasons": [{"code": code} for code in codes]}


@on_one_database
async def test_the_decision_log_names_the_scope(api, caplog):
    caplog.set_level(logging.INFO, logger="gql_approvals.decisions")
    campaign = await api.create()
    who = await narrowed(api, "maya", "decide")
    caplog.clear()

    await api.refused(who, "submitCampaign", campaign)

    [record] = [vars(record) for record in caplog.records if record.name == "gql_approvals.decisions"]
    assert (record["result"], record["code"], record["action"]) == ("deny", "FORBIDDEN", "submit")
    assert "takes a token with the scope `make`; this one has `read` and `decide`" in record["reason"]


@on_one_database
async def test_what_was_done_is_answered_again_to_any_token_of_its_owner(api):
    given = NEW | {"idempotencyKey": "k"}
    first = await api.mutate("maya", "createCampaign", "campaign { id }", **given)

    again = await api.mutate(
        await narrowed(api, "maya", "read"), "createCampaign", "campaign { id }", **given
    )

    assert again == first


@on_one_database
async def test_a_refusal_of_the_token_keeps_no_key(api):
    given = NEW | {"idempotencyKey": "k"}
    assert await api.code(await narrowed(api, "maya", "read"), "createCampaign", **given) == "FORBIDDEN"

    assert "campaign" in await api.mutate("maya", "createCampaign", "campaign { id }", **given)


@on_one_database
async def test_words_of_a_newer_release_give_nothing(api):
    who = await narrowed(api, "maya", "read")
    user = await people.user_by_email("maya@acme.test")
    assert user is not None
    newest = (await people.tokens_of(user.id))[-1]
    assert newest.scopes == {"read"}
    await api.database._client.execute_script("UPDATE api_token SET scopes = 'fly' WHERE scopes = 'read'")

    assert (await api.ask(who, "{ viewer { scopes } }"))["viewer"]["scopes"] == ["READ"]
