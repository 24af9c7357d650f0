"""The queries. A refused field is null with a top-level error; what one may not see is null without one."""

import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import strawberry

from gql_approvals.errors import BadUserInput
from gql_approvals.persistence import lookups, pages
from gql_approvals.persistence.pages import CampaignFilter, CampaignOrder
from gql_approvals.schema import campaigns as shown
from gql_approvals.schema import inputs, parts, people, policies, records
from gql_approvals.schema.connections import After, Connection, First, connect
from gql_approvals.schema.context import Info
from gql_approvals.schema.enums import CampaignOrderField, OrderDirection
from gql_approvals.schema.fields import arg, field
from gql_approvals.schema.node import NO_ROW, Node, key_of
from gql_approvals.service import reading, scopes
from gql_approvals.service.decision_log import Question
from gql_approvals.service.policy_reload import members_in_conflict
from gql_approvals.service.policy_status import alive_workers
from gql_approvals.workflow import model
from gql_approvals.workflow.content import is_storable
from gql_approvals.workflow.identity import parse_global_id
from gql_approvals.workflow.vocabulary import Permission

MAX_NODES = 100
Id = Annotated[strawberry.ID, arg("A global id.")]
CampaignId = Annotated[strawberry.ID, arg("The campaign's id.")]


@strawberry.type(description="Everything that can be read.")
class Query:
    """The root of all reading."""

    @field
    async def viewer(self, info: Info) -> people.Viewer | None:
        """Who is asking; null for somebody who has not signed in."""
        if info.context.token is None:
            return None
        return people.Viewer(caller=await info.context.caller())

    @field
    async def node(self, info: Info, id: Id) -> Node | None:
        """Any object by its id; null when there is none that the viewer may see."""
        return await _node(info, id)

    @field
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], arg("Up to 100 global ids.")]
    ) -> list[Node | None]:
        """Objects by their ids, in the order asked for."""
        if len(ids) > MAX_NODES:
            raise BadUserInput(f"`ids` may have {MAX_NODES} entries, not {len(ids)}")
        return [await _node(info, item) for item in ids]

    @field
    async def campaign(self, info: Info, id: CampaignId) -> shown.Campaign | None:
        """A campaign by its id; null when there is none that the viewer may see."""
        return await _campaign(info, key_of("Campaign", id))

    @field
    async def campaigns(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[inputs.CampaignFilter | None, arg("What to narrow the list to.")] = None,
        order_by: Annotated[inputs.CampaignOrder | None, arg("How to sort; omitted: newest first.")] = None,
    ) -> Connection[shown.Campaign] | None:
        """The account's campaigns that the viewer may see."""
        caller, rights = await info.context.caller(), await info.context.rights()
        by = CampaignOrderField.CREATED_AT if order_by is None else order_by.field
        listing = reading.campaign_list(
            rights,
            caller.user_id,
            _filter(filter),
            order=CampaignOrder[by.value],
            descending=order_by is None or order_by.direction is OrderDirection.DESC,
        )
        return await connect(listing, first, after, shown.loader(info))

    @field
    async def review_inbox(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[shown.ApprovalRequest] | None:
        """What the viewer may decide on now, oldest first; own work and requests voted on are left out."""
        caller, rights = await info.context.caller(), await info.context.rights()

        async def load(keys: Sequence[int]) -> Mapping[int, shown.ApprovalRequest]:
            wanted = set(keys)
            return {
                request.id: shown.approval_request(campaign, request)
                for campaign in (await info.context.reviewed(keys)).values()
                for request in campaign.requests
                if request.id in wanted
            }

        return await connect(reading.inbox(rights, caller.user_id), first, after, load)

    @field
    async def members(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[people.Member] | None:
        """The account's members, newest first. Needs the permission `manage_members`."""
        caller, scene = await info.context.caller(), await info.context.scene()
        reading.demand(scene, caller.user_id, Permission.MANAGE_MEMBERS)

        async def load(keys: Sequence[int]) -> Mapping[int, people.Member]:
            by_id = {member.id: member for member in scene.members.values()}
            return {key: people.member(by_id[key]) for key in keys if key in by_id}

        return await connect(pages.members(scene.account.id), first, after, load)

    @field
    async def audit_log(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        campaign_id: Annotated[strawberry.ID | None, arg("Only what concerns this campaign.")] = None,
    ) -> Connection[records.AuditEvent] | None:
        """What happened in the account, newest first. Needs the permission `view_audit`."""
        caller, rights = await info.context.caller(), await info.context.rights()
        reading.demand(rights, caller.user_id, Permission.VIEW_AUDIT)

        async def load(keys: Sequence[int]) -> Mapping[int, records.AuditEvent]:
            found = await lookups.audit_events(rights.account.id, keys)
            return {key: records.audit_event(event) for key, event in found.items()}

        about = None if campaign_id is None else key_of("Campaign", campaign_id)
        return await connect(pages.audit(rights.account.id, about), first, after, load)

    @field
    async def explain(
        self, info: Info, input: Annotated[inputs.ExplainInput, arg("What to explain.")]
    ) -> records.Explanation | None:
        """What the policy says of a permission, and why. About somebody else it needs `explain_others`."""
        caller, scene = await info.context.caller(), await info.context.scene()
        campaign = None
        if input.campaign_id is not None:
            campaign = await info.context.campaign(key_of("Campaign", input.campaign_id))
            if campaign is None:
                return None
        about = caller.user_id if input.user_id is None else key_of("User", input.user_id)
        found = reading.explain(scene, caller.user_id, about, _permission(input.action), campaign)
        if about == caller.user_id:
            held, asked = caller.scopes, found.permission
            allowed = found.allowed and scopes.suffices(held, asked)
            found = replace(found, allowed=allowed, reasons=scopes.with_lack(found.reasons, held, asked))
        return records.explanation(found, scene) if about in scene.members else None

    @field
    async def submit_preview(self, info: Info, campaign_id: CampaignId) -> records.SubmitPreview | None:
        """What would happen if the viewer submitted the campaign now."""
        caller, scene = await info.context.caller(), await info.context.scene()
        campaign = await info.context.campaign(key_of("Campaign", campaign_id))
        if campaign is None:
            return None
        return records.submit_preview(reading.submit_preview(scene, caller, campaign))

    @field
    async def disable_approvals_preview(self, info: Info) -> records.DisableApprovalsPreview | None:
        """What switching approvals off would do now. Needs the permission `manage_approvals`."""
        caller, scene = await info.context.caller(), await info.context.scene()
        return records.disable_preview(await reading.disable_preview(scene, caller.user_id))

    @field
    async def policy_status(self, info: Info) -> policies.PolicyStatus | None:
        """The policy in force. Needs the permission `view_policy`."""
        caller, rights = await info.context.caller(), await info.context.rights()
        reading.demand(rights, caller.user_id, Permission.VIEW_POLICY)
        office = info.context.office
        return policies.policy_status(
            office.policy,
            problems=[*office.policy.shown_problems(), *await members_in_conflict(rights.policy)],
            workers=await alive_workers(office.now()),
            account_slug=rights.account.slug,
        )


# ------------------------------------------------------------------------------------------------- nodes
async def _campaign(info: Info, key: int) -> shown.Campaign | None:
    await info.context.caller()
    found = await info.context.campaign(key)
    return None if found is None else shown.campaign(found)


async def _revision(info: Info, key: int) -> Node | None:
    places = await lookups.revision_places((await info.context.caller()).account.id, [key])
    if key not in places or await info.context.campaign(places[key][0]) is None:
        return None
    return shown.revision(await info.context.revision(*places[key]))


async def _approval_request(info: Info, key: int) -> Node | None:
    of = await lookups.campaigns_of_requests((await info.context.caller()).account.id, [key])
    found = await info.context.campaign(of.get(key, NO_ROW))
    request = None if found is None else _request(found, key)
    return None if found is None or request is None else shown.approval_request(found, request)


async def _decision(info: Info, key: int) -> Node | None:
    of = await lookups.campaigns_of_decisions((await info.context.caller()).account.id, [key])
    found = await info.context.campaign(of.get(key, NO_ROW))
    votes = [] if found is None else [vote for item in found.requests for vote in item.decisions]
    return next((shown.decision(vote) for vote in votes if vote.id == key), None)


async def _comment(info: Info, key: int) -> Node | None:
    of = await lookups.comments((await info.context.caller()).account.id, [key])
    if key not in of or await info.context.campaign(of[key][0]) is None:
        return None
    return parts.comment(of[key][1])


async def _publication(info: Info, key: int) -> Node | None:
    of = await lookups.publications((await info.context.caller()).account.id, [key])
    found = await info.context.campaign(of[key][0]) if key in of else None
    return None if found is None else shown.publication(found, of[key][1])


async def _account(info: Info, key: int) -> Node | None:
    own = (await info.context.caller()).accounts
    return next((people.account(item) for item in own if item.id == key), None)


async def _user(info: Info, key: int) -> Node | None:
    return await people.user(info, key) if key in (await info.context.scene()).members else None


async def _member(info: Info, key: int) -> Node | None:
    caller, scene = await info.context.caller(), await info.context.scene()
    found = next((item for item in scene.members.values() if item.id == key), None)
    if found is None or not reading.shows(scene, caller.user_id, Question(Permission.MANAGE_MEMBERS)):
        return None
    return people.member(found)


async def _audit_event(info: Info, key: int) -> Node | None:
    caller, rights = await info.context.caller(), await info.context.rights()
    found = await lookups.audit_events(rights.account.id, [key])
    if key not in found or not reading.shows(rights, caller.user_id, Question(Permission.VIEW_AUDIT)):
        return None
    return records.audit_event(found[key])


NODES: Mapping[str, Callable[[Info, int], Awaitable[Node | None]]] = {
    "Account": _account,
    "ApprovalRequest": _approval_request,
    "AuditEvent": _audit_event,
    "Campaign": _campaign,
    "Comment": _comment,
    "Decision": _decision,
    "Member": _member,
    "Publication": _publication,
    "Revision": _revision,
    "User": _user,
}


async def _node(info: Info, text: str) -> Node | None:
    await info.context.caller()
    found = parse_global_id(text)
    if found is None or found[0] not in NODES:
        return None
    return await NODES[found[0]](info, found[1])


# ------------------------------------------------------------------------------------------------- parts
def _request(campaign: model.Campaign, key: int) -> model.ApprovalRequest | None:
    return next((item for item in campaign.requests if item.id == key), None)


def _filter(given: inputs.CampaignFilter | None) -> CampaignFilter:
    if given is None:
        return CampaignFilter()
    if given.search is not None and not is_storable(given.search):
        raise BadUserInput("`search` contains a character that no name has (NUL or half of a surrogate pair)")
    return CampaignFilter(
        statuses=None if given.status is None else frozenset(given.status),
        channels=None if given.channel is None else frozenset(given.channel),
        created_by=None if given.created_by is None else key_of("User", given.created_by),
        search=given.search,
    )


def _permission(word: str) -> Permission:
    known = [permission.value for permission in Permission]
    if word.lower() in known:
        return Permission(word.lower())
    near = difflib.get_close_matches(word.lower(), known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"one of {', '.join(known)}"
    raise BadUserInput(f"there is no action `{word}`: {hint}")
