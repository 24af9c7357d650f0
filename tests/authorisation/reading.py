"""What somebody must read: what an administrator reads, less what they may not see; and what is their own."""

import json
from typing import Any

from tests.authorisation import rows
from tests.authorisation.expected import Cell
from tests.authorisation.selecting import nodes_document, root_document
from tests.authorisation.world import SEEN_TEXT, TEXT_OF, World, token

from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.vocabulary import CampaignStatus, Permission

# Every object of an account, with the campaign it belongs to.
OBJECTS = {
    "Account": "SELECT id, NULL FROM account WHERE slug = ?",
    "User": "SELECT user_id, NULL FROM member JOIN account a ON a.id = account_id WHERE slug = ?",
    "Member": "SELECT m.id, NULL FROM member m JOIN account a ON a.id = account_id WHERE slug = ?",
    "Campaign": "SELECT c.id, c.id FROM campaign c JOIN account a ON a.id = account_id WHERE slug = ?",
    "Revision": "SELECT r.id, c.id FROM revision r JOIN campaign c ON c.id = campaign_id"
    " JOIN account a ON a.id = c.account_id WHERE slug = ?",
    "ApprovalRequest": "SELECT r.id, campaign_id FROM approval_request r"
    " JOIN account a ON a.id = account_id WHERE slug = ?",
    "Decision": "SELECT d.id, campaign_id FROM decision d JOIN approval_request r ON r.id = request_id"
    " JOIN account a ON a.id = account_id WHERE slug = ?",
    "Comment": "SELECT o.id, c.id FROM comment o JOIN campaign c ON c.id = campaign_id"
    " JOIN account a ON a.id = c.account_id WHERE slug = ?",
    "Publication": "SELECT p.id, campaign_id FROM publication p"
    " JOIN account a ON a.id = account_id WHERE slug = ?",
    "AuditEvent": "SELECT e.id, NULL FROM audit_event e JOIN account a ON a.id = account_id WHERE slug = ?",
}
ACTIONS = {
    "EDIT": "updateCampaign",
    "SUBMIT": "submitCampaign",
    "WITHDRAW": "withdrawCampaign",
    "APPROVE": "approveCampaign",
    "REJECT": "rejectCampaign",
    "REVOKE": "revokeApproval",
    "PUBLISH": "publishCampaign",
    "DISCARD": "discardDraft",
    "ARCHIVE": "archiveCampaign",
    "DUPLICATE": "duplicateCampaign",
    "COMMENT": "addComment",
}
VIEWER = root_document("viewer")
COUNTS = "{ viewer { account { statusCounts { status count } } } }"
FLAGS = "viewerActions { action allowed reasons { code } }"
CAMPAIGNS = f"{{ campaigns(first: 100) {{ totalCount edges {{ node {{ id {FLAGS} }} }} }} }}"
INBOX = "{ reviewInbox(first: 100) { totalCount edges { node { id } } } }"
PREVIEW = root_document("submitPreview", "(campaignId: $id)", "($id: ID!)")
EXPLAIN = root_document("explain", "(input: $input)", "($input: ExplainInput!)")
# Lists and pages of an account as a whole: answered alike to all who have the permission.
SHARED = {
    "members": root_document("members", "(first: 100)"),
    "auditLog": root_document("auditLog", "(first: 100)"),
    "disableApprovalsPreview": root_document("disableApprovalsPreview"),
    "policyStatus": root_document("policyStatus"),
}
DOCUMENTS = [VIEWER, COUNTS, CAMPAIGNS, INBOX, PREVIEW, EXPLAIN, *SHARED.values()]
DOCUMENTS += [nodes_document(kind) for kind in rows.NODES] + [root_document("rateLimit")]


def objects_of(world: World, account: str) -> dict[str, list[tuple[str, str | None]]]:
    """Kind → (global id, its campaign's) of everything that an account has."""
    return {
        kind: [
            (global_id(kind, key), campaign and global_id("Campaign", campaign))
            for key, campaign in world.watch.execute(query, (account,))
        ]
        for kind, query in OBJECTS.items()
    }


class Reader:
    """Somebody who reads everything in an account; `wrong` is what they were not answered as the rows say."""

    def __init__(self, world: World, account: str, roles: tuple[str, ...], relation: str, label: str) -> None:
        self.world = world
        self.account = account
        self.cell = Cell(world.known.rulebook, account, roles, relation, label)
        self.who = f"{relation}-{account}" + (f"/{label}" if label else "")
        self.states = world.known.states[account]
        self.seen = {
            state.id: self.cell.may("view", state.seen_by(relation)) for state in self.states.values()
        }
        self.wrong: list[Any] = []

    async def ask(self, query: str, **variables: Any) -> Any:
        body = await self.world.ask(token(self.who), query, self.account, **variables)
        if not any(self.seen.values()) and TEXT_OF[self.account] in json.dumps(body):
            self.wrong.append((self.who, query, "reads of campaigns", body))
        return body

    def must(self, what: Any, found: Any, expected: Any) -> None:
        self.world.cells += 1
        if found != expected:
            self.wrong.append((self.who, self.cell.roles, what, found, "instead of", expected))

    def fit(self, value: Any) -> Any:
        """What an administrator reads, as this person may."""
        if isinstance(value, list):
            return [self.fit(item) for item in value]
        if not isinstance(value, dict):
            return value
        fitted = {name: self.fit(item) for name, item in value.items()}
        if "source" in fitted and not self.cell.may("view_policy"):
            fitted["source"] = None
        for name in ("campaign", "duplicatedFrom"):
            led = fitted.get(name)
            if led is not None and not self.seen[led["id"]]:
                fitted[name] = None
        return fitted

    # ----------------------------------------------------------------------------------- everything
    async def read_everything(self, reference: dict[str, Any]) -> list[Any]:
        await self.nodes(reference)
        await self.shared(reference)
        await self.oneself()
        await self.campaigns()
        await self.previews()
        await self.explanations()
        return self.wrong

    async def nodes(self, reference: dict[str, Any]) -> None:
        """Every object by its id, every field of it."""
        for kind, rule in rows.NODES.items():
            found = (await self.ask(nodes_document(kind), **reference[kind]["variables"]))["data"]["nodes"]
            for value, told, (_, campaign) in zip(
                found, reference[kind]["nodes"], reference[kind]["objects"], strict=True
            ):
                may = self.seen[campaign] if rule == "view" else rule == "member" or self.cell.may(rule)
                self.must((kind, told["id"]), value, self.fit(told) if may else None)

    async def shared(self, reference: dict[str, Any]) -> None:
        """Lists and pages of the account."""
        for root, query in SHARED.items():
            body, permission = await self.ask(query), rows.QUERIES[root]
            if self.cell.may(permission):
                self.must(root, body.get("data"), self.fit(reference[root]))
            else:
                codes = [error["extensions"]["code"] for error in body.get("errors", ())]
                self.must(root, (body["data"], codes), ({root: None}, ["FORBIDDEN"]))

    async def oneself(self) -> None:
        """Who one is, and what one may do."""
        viewer = (await self.ask(VIEWER))["data"]["viewer"]
        self.must("viewer.roles", viewer["roles"], sorted(self.cell.roles))
        scopes = {"read": [], "make": ["MAKE"], "decide": ["DECIDE"]}.get(
            self.cell.scopes, ["MAKE", "DECIDE"]
        )
        self.must("viewer.scopes", viewer["scopes"], ["READ", *scopes])
        may = [one for one in Permission if self.cell.ever_may(one) and self.cell.token_permits(one)]
        self.must("viewer.permissions", viewer["permissions"], may)
        self.must("viewer.accounts", len(viewer["accounts"]), 1)
        counts = (await self.ask(COUNTS))["data"]["viewer"]["account"]["statusCounts"]
        visible = [state.facts.status for state in self.states.values() if self.seen[state.id]]
        told = {one["status"]: one["count"] for one in counts}
        self.must("statusCounts", told, {status: visible.count(status) for status in CampaignStatus})

    async def campaigns(self) -> None:
        """The lists, their counts, and the flag of every action on every campaign."""
        data = (await self.ask(CAMPAIGNS))["data"]["campaigns"]
        found = {edge["node"]["id"]: edge["node"]["viewerActions"] for edge in data["edges"]}
        visible = {state.id for state in self.states.values() if self.seen[state.id]}
        self.must("campaigns", (set(found), data["totalCount"]), (visible, len(visible)))
        for key, state in self.states.items():
            for flag in found.get(state.id, ()):
                code = flag["reasons"][0]["code"] if flag["reasons"] else "done"
                self.must((key, flag["action"]), code, self.flag(flag["action"], key))
                self.must((key, flag["action"]), flag["allowed"], code == "done")
        inbox = (await self.ask(INBOX))["data"]["reviewInbox"]
        waiting = {state.request for key, state in self.states.items() if self.waits_for_them(key)}
        ids = {edge["node"]["id"] for edge in inbox["edges"]}
        self.must("reviewInbox", (ids, inbox["totalCount"]), (waiting, len(waiting)))

    def flag(self, action: str, key: str) -> str:
        """What `viewerActions` says first; it is asked without a note."""
        if action == "VIEW":
            return "done"
        answer = self.cell.answer(ACTIONS[action], key, self.states[key])
        again = action == "SUBMIT" and key.startswith("REJECTED") and answer == "done"
        return "UNCHANGED_SINCE_REJECTION" if again else answer

    def waits_for_them(self, key: str) -> bool:
        """Whether the campaign's request is in their inbox."""
        state = self.states[key]
        facts = state.seen_by(self.cell.relation)
        decides = self.cell.may("approve", facts) or self.cell.may("reject", facts)
        return state.facts.status == "PENDING_REVIEW" and decides and not facts.involved

    async def previews(self) -> None:
        """What would happen if they submitted each campaign."""
        for key, state in self.states.items():
            preview = (await self.ask(PREVIEW, id=state.id))["data"]["submitPreview"]
            if not self.seen[state.id]:
                self.must(("submitPreview", key), preview, None)
                continue
            code = preview["reasons"][0]["code"] if preview["reasons"] else "done"
            self.must(("submitPreview", key), code, self.flag("SUBMIT", key))
            self.must(("submitPreview", key), preview, self.fit(preview))

    async def explanations(self) -> None:
        """Every permission, for no campaign and for two, about oneself and about somebody else."""
        other = self.world.known.users[self.account]["chen"]
        for permission in Permission:
            for key in (None, "DRAFT", "SENT"):
                state = None if key is None else self.states[key]
                facts = None if state is None else state.seen_by(self.cell.relation)
                for user in (None, other):
                    given = {"action": permission, "campaignId": state and state.id, "userId": user}
                    body = await self.ask(EXPLAIN, input=given)
                    found = body["data"]["explain"]
                    if state is not None and not self.seen[state.id]:
                        self.must(("explain", given), found, None)
                    elif user is not None and not self.cell.may("explain_others"):
                        codes = [error["extensions"]["code"] for error in body.get("errors", ())]
                        self.must(("explain", given), (found, codes), (None, ["FORBIDDEN"]))
                    else:
                        self.must(("explain", given), found, self.fit(found))
                        if user is None:
                            may = self.cell.may(permission, facts) and self.cell.token_permits(permission)
                            self.must(("explain", given), found["allowed"], may)


async def read_by_an_administrator(world: World, account: str) -> dict[str, Any]:
    """What everybody's answers are compared with: nothing of it is null that could be more."""
    admin, reference = token(f"ada-{account}"), {}
    for kind, objects in objects_of(world, account).items():
        ids = [key for key, _ in objects][-100:]
        variables = {"ids": ids} | ({"to": 1} if "$to" in nodes_document(kind) else {})
        found = (await world.ask(admin, nodes_document(kind), account, **variables))["data"]["nodes"]
        assert [node["id"] for node in found] == ids
        reference[kind] = {"objects": objects[-100:], "nodes": found, "variables": variables}
    for root, query in SHARED.items():
        body = await world.ask(admin, query, account)
        assert "errors" not in body, body
        reference[root] = body["data"]
    assert SEEN_TEXT in json.dumps(reference)
    return reference
