"""The same for mutations of the account, its members and publications; and callers who are nobody here."""

import itertools

import pytest
from tests.authorisation import rows
from tests.authorisation.expected import Cell
from tests.authorisation.test_mutations import EVERYBODY
from tests.authorisation.trying import given, judged, words
from tests.authorisation.world import FIGURES, OFF, ON, SCOPES
from tests.schema.client import document
from tests.schema.natural import NEW

# Who is nobody here: (token, account) → the code of everything that needs a caller.
CALLERS = {
    "no token": (None, None, "UNAUTHENTICATED"),
    "an unknown token": ("demo-insecure-nobody", None, "UNAUTHENTICATED"),
    "an empty token": ("", ON, "UNAUTHENTICATED"),
    "a disabled member": (f"demo-insecure-dan-{ON}", None, "ACCOUNT_REQUIRED"),
    "a disabled member who names the account": (f"demo-insecure-dan-{ON}", ON, "ACCOUNT_REQUIRED"),
    "somebody of another account": ("demo-insecure-ada-globex", ON, "ACCOUNT_REQUIRED"),
}
ON_ACCOUNTS = [name for name, row in rows.MUTATIONS.items() if row.about != "campaign"]
QUERY_ARGUMENTS = {
    "node": '(id: "$C") { id }',
    "nodes": '(ids: ["$C"]) { id }',
    "campaign": '(id: "$C") { id }',
    "submitPreview": '(campaignId: "$C") { allowed }',
    "explain": '(input: {action: "view"}) { allowed }',
    "viewer": "{ user { id } }",
    "rateLimit": "{ cost }",
    "disableApprovalsPreview": "{ confirmToken }",
    "policyStatus": "{ version }",
}


def sent(world, mutation, account):
    """What one naturally sends."""
    known = world.known
    members = {name: {"memberId": known.members[account][f"{name}-{account}"]} for name in ("vera", "dan")}
    return {
        "createCampaign": NEW,
        "disableApprovals": {"confirmToken": known.confirm[account]},
        "updateAccount": {"name": "Another"},
        "addMember": {"email": "nina@acme.test", "name": "Nina", "roles": ["maker"]},
        "disableMember": members["vera"],
        "enableMember": members["dan"],
        "assignRoles": members["vera"] | {"roles": ["maker"]},
        "recordDeliveryMetrics": {"publicationId": known.states[account]["SENT"].live, **FIGURES},
    }.get(mutation, {})


def expected(world, cell, mutation):
    """The answer, and the kinds of the entries that it leaves."""
    row, states = rows.MUTATIONS[mutation], world.known.states[cell.account]
    if row.about == "publication" and not cell.may("view", states["SENT"].seen_by(cell.relation)):
        return "NOT_FOUND", []
    facts = {"createCampaign": states["DRAFT"].seen_by("own")}.get(mutation)
    if not cell.may(row.permission, facts) or not cell.token_serves(mutation):
        return "FORBIDDEN", []
    if mutation == "disableApprovals":
        if cell.account == OFF:
            return "WRONG_STATUS", []
        waiting = sum(state.facts.status == "PENDING_REVIEW" for state in states.values())
        expire = ["campaign:expired"] if "OVERDUE" in states else []
        return "done", [row.entries, *["campaign:auto_approved", "campaign:sent"] * waiting, *expire]
    if mutation == "enableApprovals" and cell.account == ON:
        return "done", []
    return "done", row.entries.split()


@pytest.mark.slow
@pytest.mark.parametrize("roles", EVERYBODY, ids=words)
async def test_every_mutation_of_an_account_is_answered_as_the_rows_say(world, roles):
    wrong = []
    await world.hold(roles)
    for account, relation, label in itertools.product([ON, OFF], ["own", "other"], SCOPES):
        who = f"{relation}-{account}" + (f"/{label}" if label else "")
        cell = Cell(world.known.rulebook, account, roles, relation, label)
        for mutation in ON_ACCOUNTS:
            answer, kinds = expected(world, cell, mutation)
            result = await world.mutate(who, mutation, account, **sent(world, mutation, account))
            where = (who, words(roles), mutation)
            if result.get("code", "done") != answer:
                wrong.append((*where, result, "instead of", answer))
            clock = {"campaign:expired"}
            entries = [(kind, None if kind in clock else relation) for kind in kinds]
            wrong += judged(world, entries, where)

    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
async def test_who_is_nobody_here_reads_nothing_and_does_nothing(world, caller):
    token, account, code = CALLERS[caller]
    states, wrong = world.known.states[ON], []

    for root in rows.QUERIES:
        text = QUERY_ARGUMENTS.get(root, "{ totalCount }").replace("$C", states["DRAFT"].id)
        body = await world.ask(token, f"{{ {root}{text} }}", account)
        free = root == "rateLimit" or (root == "viewer" and token is None)
        codes = [error["extensions"]["code"] for error in body.get("errors", ())]
        if any((body.get("data") or {}).values()) or codes != ([] if free else [code]):
            wrong.append((root, body))
    for mutation, row in rows.MUTATIONS.items():
        for state in states if row.about == "campaign" else ["SENT"]:
            more = given(mutation, states[state])
            more = more if row.about == "campaign" else sent(world, mutation, ON)
            body = await world.ask(token, document(mutation, ""), account, input=more)
            codes = [error["extensions"]["code"] for error in body["errors"]]
            if body.get("data") not in (None, {mutation: None}) or codes != [code]:
                wrong.append((mutation, body))

    assert wrong == []
    assert world.is_untouched()
