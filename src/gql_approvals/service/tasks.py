"""What differs between mutations: what to lock, who may, what to do. The order of steps is in `perform`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gql_approvals.errors import Forbidden, NotFound, QuorumImpossible, Refusal
from gql_approvals.persistence import audit, campaigns, lookups, people
from gql_approvals.persistence.audit import Entry
from gql_approvals.policy.subject import Facts
from gql_approvals.service.decision_log import Question
from gql_approvals.service.eligibility import electors
from gql_approvals.service.record import record, with_comment
from gql_approvals.service.scene import Scene, facts_of, facts_of_new
from gql_approvals.service.time_zones import is_time_zone
from gql_approvals.workflow import account as accounts
from gql_approvals.workflow import transitions
from gql_approvals.workflow.account import ACCOUNT_ROWS, AccountCase, AccountChange, AccountIntent
from gql_approvals.workflow.case import Change
from gql_approvals.workflow.completeness import unfit_person
from gql_approvals.workflow.content import Json, SectionHashes
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import Campaign, Member, Publication, is_overdue
from gql_approvals.workflow.transitions import PERMISSION_OF
from gql_approvals.workflow.vocabulary import AccountAction, Action, CampaignStatus, Permission

Result = dict[str, Json]
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Done:
    """What a mutation made: the ids its payload is built from, and a refusal that the change came with."""

    result: Result
    refusal: Refusal | None = None


class Task(Protocol):
    """One mutation's own part of the steps, in their order."""

    @property
    def intent(self) -> Intent | AccountIntent:
        """What is asked for."""
        ...

    async def lock(self, account_id: int) -> None:
        """Lock what the mutation is about, within the account."""
        ...

    async def clock(self, scene: Scene) -> bool:
        """Write down what time has done to it; whether there was anything to write."""
        ...

    def questions(self, user_id: int) -> tuple[Question, ...]:
        """What the policy is asked, the action itself last; nothing about what does not exist."""
        ...

    def admit(self, scene: Scene, user_id: int) -> None:
        """Refuse with NOT_FOUND or FORBIDDEN."""
        ...

    async def apply(self, scene: Scene, user_id: int) -> Done:
        """Ask the workflow, and save what it says."""
        ...


@dataclass(kw_only=True)
class CampaignTask:
    """An action on one campaign, or the creation of one."""

    intent: Intent
    campaign_id: int | None
    _campaign: Campaign | None = field(default=None, init=False)

    async def lock(self, account_id: int) -> None:
        """Lock the campaign."""
        if self.campaign_id is not None:
            self._campaign = await campaigns.lock(account_id, self.campaign_id)

    async def clock(self, scene: Scene) -> bool:
        """Write EXPIRED down when the campaign is overdue."""
        campaign = self._campaign
        if campaign is None or not is_overdue(campaign, scene.now, scene.rules.grace):
            return False
        self._campaign = await tick(scene, campaign)
        return True

    def questions(self, user_id: int) -> tuple[Question, ...]:
        """May they see it, and may they do this; what only the system does is no question."""
        campaign, permission = self._campaign, PERMISSION_OF[self.intent.action]
        if permission is None:
            return ()
        if self.intent.action is Action.CREATE:
            return (Question(permission, facts_of_new(self.intent)),)
        if campaign is None:
            return ()
        facts = facts_of(campaign, user_id)
        return (Question(Permission.VIEW, facts, campaign.id), Question(permission, facts, campaign.id))

    def admit(self, scene: Scene, user_id: int) -> None:
        """What one may not see does not exist; then the action's permission."""
        require(scene, user_id, self.questions(user_id), kind="campaign")

    async def apply(self, scene: Scene, user_id: int) -> Done:
        """Ask the transition table."""
        before = None if self.intent.action is Action.CREATE else self._campaign
        case = scene.case(before, user_id, self.intent, asked_hashes=await self._asked(before))
        try:
            change = await with_comment(before, transitions.apply(case))
        except QuorumImpossible as refusal:
            raise explained(scene, refusal, case.at_hand, user_id) from None
        born = self.intent.action is Action.DUPLICATE
        saved = await record(scene, None if born else before, change, user_id)
        return Done(_ids(saved, change), change.refusal)

    async def _asked(self, campaign: Campaign | None) -> SectionHashes | None:
        asked = self.intent.content_hash
        if campaign is None or campaign.id is None or asked in (None, campaign.head.hashes.content):
            return None
        if not HASH.fullmatch(str(asked)):
            return None  # no content has it, and not every text can be looked for
        return await campaigns.hashes_of(campaign.id, str(asked))


@dataclass(kw_only=True)
class AccountTask:
    """An action on the account as a whole, or on a member or publication of it."""

    intent: AccountIntent
    member_id: int | None = None
    publication_id: int | None = None
    _member: Member | None = field(default=None, init=False)
    _publication: tuple[int, Publication] | None = field(default=None, init=False)
    _campaign: Campaign | None = field(default=None, init=False)
    _waiting: list[int] = field(default_factory=list[int], init=False)

    async def lock(self, account_id: int) -> None:
        """Load what the action is about; the account's own lock covers it."""
        if self.member_id is not None:
            self._member = (await lookups.members(account_id, [self.member_id])).get(self.member_id)
        if self.intent.action is AccountAction.ADD_MEMBER:
            self._member = await self._known(account_id)
        if self.publication_id is not None:
            found = await lookups.publications(account_id, [self.publication_id])
            self._publication = found.get(self.publication_id)
        if self._publication is not None:
            self._campaign = await campaigns.lock(account_id, self._publication[0])
        if self.intent.action is AccountAction.DISABLE_APPROVALS:
            self._waiting = await lookups.waiting(account_id)

    async def clock(self, scene: Scene) -> bool:
        """Nothing here falls due by itself."""
        del scene
        return False

    def questions(self, user_id: int) -> tuple[Question, ...]:
        """May they do this; before that, of a publication, may they see its campaign."""
        campaign, permission = self._campaign, ACCOUNT_ROWS[self.intent.action].permission
        if self.publication_id is None:
            return (Question(permission),)
        if campaign is None:
            return ()
        seen = Question(Permission.VIEW, facts_of(campaign, user_id), campaign.id)
        return (seen, Question(permission, campaign=campaign.id))

    def admit(self, scene: Scene, user_id: int) -> None:
        """What is not of this account does not exist; then the action's permission."""
        if (
            self.member_id is not None
            and self._member is None
            and scene.may(user_id, Permission.MANAGE_MEMBERS)
        ):
            raise NotFound("member")
        require(scene, user_id, self.questions(user_id), kind="publication")

    async def apply(self, scene: Scene, user_id: int | None) -> Done:
        """Ask the account's table; None: the system asks, which is whoever runs the server."""
        live, overdue = await split_waiting(scene, self._waiting)
        change = accounts.apply(self._case(scene, live))
        if change.kind is not None:
            await self._save(scene, change, user_id)
        if not change.approves_waiting:
            return Done(self._result(scene))
        intent = Intent(action=Action.AUTO_APPROVE)
        switched = replace(scene, account=change.account)
        for campaign in (*live, *overdue):
            await _release(switched, campaign, intent, user_id)
        return Done({"account": scene.account.id, "approved": len(live), "expired": len(overdue)})

    async def _known(self, account_id: int) -> Member | None:
        """The member who has the intent's address already; not every text can be looked for."""
        intent = self.intent
        if any(unfit_person(intent.email, intent.name or "")):
            return None
        return await lookups.member_by_email(account_id, intent.email)

    def _roles(self) -> frozenset[str]:
        """The roles that somebody would hold afterwards."""
        if self.intent.action is not AccountAction.ENABLE_MEMBER:
            return self.intent.roles
        back = self._member
        return frozenset() if back is None or back.active else back.roles

    def _case(self, scene: Scene, live: list[Campaign]) -> AccountCase:
        slug, roles, policy = scene.account.slug, self._roles(), scene.policy
        known = frozenset(policy.roles(slug))
        managers = frozenset(u for u in scene.active if scene.may(u, Permission.MANAGE_MEMBERS))
        zone, leaves = self.intent.time_zone, self.intent.action is AccountAction.DISABLE_MEMBER
        return AccountCase(
            account=scene.account,
            intent=self.intent,
            now=scene.now,
            waiting=waiting_keys(live),
            member=self._member,
            unknown_roles=tuple(sorted(roles - known)),
            conflict=policy.conflict(roles, slug),
            managers=managers,
            stays_manager=not leaves and policy.allows(roles, slug, Permission.MANAGE_MEMBERS, Facts()),
            unknown_zone=zone is not None and not is_time_zone(zone),
            publication=None if self._publication is None else self._publication[1],
        )

    async def _save(self, scene: Scene, change: AccountChange, user_id: int | None) -> None:
        detail = change.detail
        if change.account != scene.account:
            await people.save_account(change.account)
        if change.member is not None:
            await people.save_member(change.member)
        if change.newcomer is not None:
            self._member = await people.let_in(scene.account.id, change.newcomer, scene.now)
            detail = {"user": self._member.user_id, **detail}
        if change.publication is not None:
            await lookups.save_metrics(change.publication)
        entry = Entry(
            kind=change.kind or "",
            at=scene.now,
            actor=user_id,
            campaign=None if self._publication is None else self._publication[0],
            detail=detail,
            policy_version=scene.policy.version,
        )
        await audit.append(scene.account.id, entry)

    def _result(self, scene: Scene) -> Result:
        member = None if self._member is None else self._member.id
        return {"account": scene.account.id, "member": member, "publication": self.publication_id}


def require(scene: Scene, user_id: int, questions: tuple[Question, ...], *, kind: str) -> None:
    """Refuse unless the policy answers every question with yes.

    Raises:
        NotFound: when there is none, or one before the last has a no: then they see no such `kind`.
        Forbidden: with the policy's reasons, when the last one has.
    """
    if not questions or not all(question.allowed(scene, user_id) for question in questions[:-1]):
        raise NotFound(kind)
    asked = questions[-1]
    if asked.allowed(scene, user_id):
        return
    permission = asked.permission
    raise Forbidden(
        f"you may not {permission.replace('_', ' ')} here: ask an administrator for a role that may",
        action=permission,
        reasons=scene.why(user_id, permission, asked.facts),
        policy_version=scene.policy.version,
    )


async def tick(scene: Scene, campaign: Campaign) -> Campaign:
    """Do to a campaign what its time has come for, as the system, and save it."""
    intent = transitions.due_intent(campaign, scene.now, scene.rules.grace)
    if intent is None:
        return campaign
    return await record(scene, campaign, transitions.apply(scene.case(campaign, None, intent)), None)


async def split_waiting(scene: Scene, waiting: list[int]) -> tuple[list[Campaign], list[Campaign]]:
    """The campaigns of open requests, locked: those that still wait, and those whose time has passed."""
    found = [await campaigns.lock(scene.account.id, campaign) for campaign in waiting]
    whole = [campaign for campaign in found if campaign is not None]
    late = [is_overdue(campaign, scene.now, scene.rules.grace) for campaign in whole]
    return (
        [campaign for campaign, is_late in zip(whole, late, strict=True) if not is_late],
        [campaign for campaign, is_late in zip(whole, late, strict=True) if is_late],
    )


def waiting_keys(live: Sequence[Campaign]) -> frozenset[tuple[int, str]]:
    """What a preview's token names: each open request with its content."""
    requests = [campaign.open_request for campaign in live]
    return frozenset((r.id, r.content_hash) for r in requests if r is not None and r.id is not None)


def explained(scene: Scene, refusal: QuorumImpossible, campaign: Campaign, user_id: int) -> QuorumImpossible:
    """The refusal with everybody who is excluded, and why (rule 6)."""
    needed = scene.needed(campaign)
    found = electors(scene, campaign, needed, also_excluded=frozenset({user_id}), to=user_id)
    refusal.needed = tuple((requirement.role, requirement.needed) for requirement in needed)
    refusal.electors = tuple((elector.user_id, elector.reasons) for elector in found)
    return refusal


async def _release(scene: Scene, campaign: Campaign, intent: Intent, user_id: int | None) -> None:
    if is_overdue(campaign, scene.now, scene.rules.grace):
        await tick(scene, campaign)
        return
    change = transitions.apply(scene.case(campaign, user_id, intent))
    await record(scene, campaign, change, user_id)


def _ids(saved: Campaign, change: Change) -> Result:
    request = saved.request
    decision = request.decisions[-1].id if request is not None and request.decisions else None
    return {
        "campaign": saved.id,
        "request": None if request is None else request.id,
        "decision": decision,
        "comment": None if change.comment is None else change.comment.id,
        "publication": saved.live.id if saved.live and saved.status is CampaignStatus.SENT else None,
    }
