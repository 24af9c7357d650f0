"""What a member reads: campaigns as they are now, lists and the inbox, and what may be done and why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gql_approvals.errors import ErrorCode, Forbidden, QueryForbidden, Reason, Refusal
from gql_approvals.persistence import campaigns, conditions, lookups, pages
from gql_approvals.persistence.conditions import Grant, Moment
from gql_approvals.persistence.pages import CampaignFilter, CampaignOrder, Listing
from gql_approvals.persistence.whole import Found
from gql_approvals.policy.subject import Facts
from gql_approvals.service import scopes
from gql_approvals.service.caller import Caller
from gql_approvals.service.decision_log import Question, log_decision
from gql_approvals.service.eligibility import Eligibility, electors
from gql_approvals.service.scene import Rights, Scene, Voters, facts_of
from gql_approvals.service.tasks import waiting_keys
from gql_approvals.workflow import quorum, transitions
from gql_approvals.workflow.account import confirm_token
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import ApprovalRequest, Campaign, is_overdue
from gql_approvals.workflow.quorum import Tally
from gql_approvals.workflow.transitions import VIEWER_ACTIONS
from gql_approvals.workflow.vocabulary import Action, CampaignStatus, Permission


async def visible_campaigns(scene: Rights, user_id: int, ids: Sequence[int]) -> Found:
    """Campaigns by id, as they are now; what this person may not see is left out."""
    return await _visible(scene, user_id, await campaigns.find(scene.account.id, ids))


async def reviewed_campaigns(scene: Rights, user_id: int, requests: Sequence[int]) -> Found:
    """The same for the campaigns of these requests."""
    return await _visible(scene, user_id, await campaigns.find_by_requests(scene.account.id, requests))


async def _visible(scene: Rights, user_id: int, found: Found) -> Found:
    shown = [
        campaign
        for campaign in found.campaigns.values()
        if shows(scene, user_id, Question(Permission.VIEW, facts_of(campaign, user_id), campaign.id))
    ]
    if any(is_overdue(campaign, scene.now, scene.rules.grace) for campaign in shown):
        whole = await scene.whole()
        shown = [whole.current(campaign) for campaign in shown]
    return replace(found, campaigns={campaign.id: campaign for campaign in shown if campaign.id is not None})


def campaign_list(
    scene: Rights, user_id: int, wanted: CampaignFilter, *, order: CampaignOrder, descending: bool
) -> Listing:
    """The campaigns this person may see."""
    moment = _moment(scene)
    visible = conditions.granted(_grants(scene, user_id, Permission.VIEW), scene.account.id, user_id, moment)
    return pages.campaigns(scene.account.id, visible, wanted, moment, order=order, descending=descending)


async def status_counts(scene: Rights, user_id: int) -> dict[CampaignStatus, int]:
    """How many campaigns of each status this person may see, each counted up to `pages.COUNT_LIMIT`."""
    wanted = {status: CampaignFilter(statuses=frozenset({status})) for status in CampaignStatus}
    return {
        status: await campaign_list(
            scene, user_id, only, order=CampaignOrder.CREATED_AT, descending=True
        ).count()
        for status, only in wanted.items()
    }


def inbox(scene: Rights, user_id: int) -> Listing:
    """The open requests this person may decide on: derived from the policy, filtered by the database."""
    grants = [
        grant
        for permission in (Permission.APPROVE, Permission.REJECT)
        for grant in _grants(scene, user_id, permission)
    ]
    may_decide = conditions.granted(grants, scene.account.id, user_id, _moment(scene), "campaign__")
    return pages.inbox(scene.account.id, user_id, may_decide, scene.now)


# What is asked of the table for `viewerActions`: nothing is proposed, whatever the action.
PROBE = Intent(action=Action.VIEW)


def viewer_actions(scene: Scene, viewer: Caller, campaign: Campaign) -> frozenset[Action]:
    """The actions on this campaign whose mutation would be accepted."""
    facts = facts_of(campaign, viewer.user_id)
    permitted = scene.permitted(viewer.user_id, facts) & scopes.usable(viewer.scopes)
    case = scene.case(campaign, viewer.user_id, PROBE, probing=True)
    return frozenset(
        [
            action
            for action, permission in VIEWER_ACTIONS.items()
            if permission in permitted and transitions.is_possible(case, action)
        ]
    )


def reasons_against(scene: Scene, viewer: Caller, campaign: Campaign, action: Action) -> tuple[Reason, ...]:
    """Why the mutation for this action would be refused, its code first; () when it would be accepted."""
    permission, facts = VIEWER_ACTIONS[action], facts_of(campaign, viewer.user_id)
    if not scene.may(viewer.user_id, permission, facts):
        code = Reason("FORBIDDEN", f"you may not {action.lower()} this campaign")
        return (code, *scene.why(viewer.user_id, permission, facts))
    case = scene.case(campaign, viewer.user_id, Intent(action=action), probing=True)
    refusal = transitions.refusal_of(case)
    return scopes.in_the_way(() if refusal is None else reasons_of(refusal), viewer.scopes, permission)


def reasons_of(refusal: Refusal) -> tuple[Reason, ...]:
    """A refusal as reasons, its own code first."""
    more = refusal.reasons if isinstance(refusal, Forbidden) else ()
    return (Reason(refusal.code.value, refusal.message), *more)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitPreview:
    """What would happen on submitting now."""

    reasons: tuple[Reason, ...]
    requirements: tuple[Tally, ...]
    electors: tuple[Eligibility, ...]


def submit_preview(scene: Scene, viewer: Caller, campaign: Campaign) -> SubmitPreview:
    """Whether submitting would be refused, what it would ask for, and who could decide."""
    needed, user_id = scene.needed(campaign), viewer.user_id
    who = electors(scene, campaign, needed, also_excluded=frozenset({user_id}), to=user_id)
    return SubmitPreview(
        reasons=reasons_against(scene, viewer, campaign, Action.SUBMIT),
        requirements=tuple(Tally(requirement, ()) for requirement in needed),
        electors=who,
    )


def request_tallies(scene: Scene, campaign: Campaign, request: ApprovalRequest) -> tuple[Tally, ...]:
    """How far a request has come; an open one's tally follows roles, an ended one's is fixed."""
    return quorum.tallies(request, Voters(scene, campaign, request.requirements))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The campaigns with an open request: those that wait, and those whose time has passed, which expire."""

    confirm_token: str
    live: tuple[Campaign, ...]
    overdue: tuple[Campaign, ...]


async def waiting(scene: Scene) -> Waiting:
    """What switching approvals off would approve, and what it would not, whoever may see it."""
    found = (await campaigns.load(scene.account.id, await lookups.waiting(scene.account.id))).values()
    late = {one.id for one in found if is_overdue(one, scene.now, scene.rules.grace)}
    live = tuple(one for one in found if one.id not in late)
    return Waiting(
        confirm_token=confirm_token(scene.account.id, waiting_keys(live)),
        live=live,
        overdue=tuple(one for one in found if one.id in late),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DisablePreview:
    """What switching approvals off would approve; `listing` is of these campaigns."""

    confirm_token: str
    listing: Listing
    would_approve: int
    would_expire: int


async def disable_preview(scene: Scene, user_id: int) -> DisablePreview:
    """What switching approvals off would do at this moment.

    Raises:
        QueryForbidden: when the person may not manage approvals.
    """
    demand(scene, user_id, Permission.MANAGE_APPROVALS)
    found = await waiting(scene)
    wanted = CampaignFilter(statuses=frozenset({CampaignStatus.PENDING_REVIEW}))
    return DisablePreview(
        confirm_token=found.confirm_token,
        listing=campaign_list(scene, user_id, wanted, order=CampaignOrder.CREATED_AT, descending=True),
        would_approve=len(found.live),
        would_expire=len(found.overdue),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether somebody holds a permission, and why."""

    allowed: bool
    user_id: int
    permission: Permission
    roles: tuple[str, ...]
    reasons: tuple[Reason, ...]


def explain(
    scene: Scene, reader: int, user_id: int, permission: Permission, campaign: Campaign | None
) -> Explanation:
    """Explain the policy's answer about a member, for a campaign or for none.

    Raises:
        QueryForbidden: when it is about somebody else and the reader may not explain others.
    """
    if user_id != reader:
        demand(scene, reader, Permission.EXPLAIN_OTHERS)
    facts = Facts() if campaign is None else facts_of(campaign, user_id)
    return Explanation(
        allowed=scene.may(user_id, permission, facts),
        user_id=user_id,
        permission=permission,
        roles=tuple(sorted(scene.active.get(user_id, ()))),
        reasons=scene.why(user_id, permission, facts, to=reader),
    )


def permissions(scene: Rights, user_id: int) -> tuple[Permission, ...]:
    """What this person may do at least somewhere."""
    return tuple(permission for permission in Permission if scene.ever_may(user_id, permission))


def shows(scene: Rights, user_id: int, question: Question) -> bool:
    """Whether something that exists may be shown to who asked for it; a no is logged, and answered null."""
    if question.allowed(scene, user_id):
        return True
    log_decision(scene, user_id, question, code=ErrorCode.NOT_FOUND)
    return False


def demand(scene: Rights, user_id: int, permission: Permission) -> None:
    """Raise FORBIDDEN for a query field that needs this permission."""
    question = Question(permission)
    if not question.allowed(scene, user_id):
        log_decision(scene, user_id, question, code=ErrorCode.FORBIDDEN)
        raise QueryForbidden(
            f"you may not {permission.replace('_', ' ')} here: ask an administrator for a role that may",
            reasons=scene.why(user_id, permission),
            policy_version=scene.policy.version,
        )


def _grants(scene: Rights, user_id: int, permission: Permission) -> list[Grant]:
    roles = scene.active.get(user_id)
    if roles is None:
        return []
    return [
        Grant(
            channels=found.channels,
            statuses=found.statuses,
            own=found.own,
            involved=found.involved,
            audience_from=found.audience_from,
            audience_to=found.audience_to,
        )
        for found in scene.policy.allowed_classes(roles, scene.account.slug, permission)
    ]


def _moment(scene: Rights) -> Moment:
    return Moment(now=scene.now, grace=scene.rules.grace)
