"""An account at one moment: its people, its policy, and what these say of a campaign.

Everything that is asked about permissions goes through here, so a flag and the mutation it speaks of get
the same answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from typing_extensions import override

from gql_approvals.errors import Reason
from gql_approvals.persistence.people import User
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow import transitions
from gql_approvals.workflow.case import Case, Rules
from gql_approvals.workflow.content import CHANNEL_OF, SectionHashes
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import Account, Campaign, Member, Requirement, is_overdue
from gql_approvals.workflow.vocabulary import ANYONE, CampaignStatus, Permission

NOTHING = frozenset[Permission]()


@dataclass(frozen=True, kw_only=True)
class Rights(ABC):
    """What the policy says, at one moment, of the people of an account whose roles are known."""

    account: Account
    policy: Policy
    now: datetime
    rules: Rules

    @cached_property
    @abstractmethod
    def active(self) -> Mapping[int, frozenset[str]]:
        """The roles of the active members who can be asked about, by user id."""

    @abstractmethod
    async def whole(self) -> "Scene":
        """The same account with everybody."""

    def may(self, user_id: int, permission: Permission, facts: Facts | None = None) -> bool:
        """Whether this person holds the permission; nobody does who is not an active member."""
        roles = self.active.get(user_id)
        return roles is not None and self.policy.allows(
            roles, self.account.slug, permission, facts or Facts()
        )

    def permitted(self, user_id: int, facts: Facts) -> frozenset[Permission]:
        """All that this person holds with these facts."""
        roles = self.active.get(user_id)
        return NOTHING if roles is None else self.policy.permitted(roles, self.account.slug, facts)

    def ever_may(self, user_id: int, permission: Permission) -> bool:
        """Whether this person holds the permission for some campaign."""
        roles = self.active.get(user_id)
        return roles is not None and self.policy.ever_allows(roles, self.account.slug, permission)

    def why(
        self, user_id: int, permission: Permission, facts: Facts | None = None, *, to: int | None = None
    ) -> tuple[Reason, ...]:
        """Why this person holds the permission or not, in the words fit for the reader `to`."""
        return self.shown(self.reasons(user_id, permission, facts), user_id if to is None else to)

    def reasons(self, user_id: int, permission: Permission, facts: Facts | None = None) -> tuple[Reason, ...]:
        """The same with the policy's lines, for those who run the server."""
        roles = self.active.get(user_id)
        if roles is None:
            return (Reason("NOT_A_MEMBER", "is no active member of this account"),)
        return self.policy.reasons(roles, self.account.slug, permission, facts or Facts())

    def shown(self, reasons: tuple[Reason, ...], to: int) -> tuple[Reason, ...]:
        """The reasons without the policy's lines, unless the reader may see the policy."""
        if self.may(to, Permission.VIEW_POLICY):
            return reasons
        return tuple(replace(reason, source=None) for reason in reasons)


@dataclass(frozen=True, kw_only=True)
class View(Rights):
    """One member's rights, known before anybody else is looked at."""

    member: Member
    load: Callable[[], Awaitable["Scene"]]

    @cached_property
    @override
    def active(self) -> Mapping[int, frozenset[str]]:
        return {self.member.user_id: self.member.roles} if self.member.active else {}

    @override
    async def whole(self) -> "Scene":
        return await self.load()


@dataclass(frozen=True, kw_only=True)
class Scene(Rights):
    """An account with everybody, disabled members included: `members` and `users` by user id."""

    members: Mapping[int, Member]
    users: Mapping[int, User] = field(default_factory=dict[int, User])

    @cached_property
    @override
    def active(self) -> Mapping[int, frozenset[str]]:
        return {user: member.roles for user, member in self.members.items() if member.active}

    @override
    async def whole(self) -> "Scene":
        return self

    def case(
        self,
        campaign: Campaign | None,
        actor: int | None,
        intent: Intent,
        *,
        asked_hashes: SectionHashes | None = None,
        probing: bool = False,
    ) -> Case:
        """The workflow's case for this intent."""
        needed = () if campaign is None else self.needed(campaign)
        return Case(
            account=self.account,
            campaign=campaign,
            actor=actor,
            intent=intent,
            now=self.now,
            electorate=Voters(self, campaign, needed),
            requirements=needed,
            policy_version=self.policy.version,
            asked_hashes=asked_hashes,
            rules=self.rules,
            probing=probing,
        )

    def needed(self, campaign: Campaign) -> tuple[Requirement, ...]:
        """What the policy asks for the campaign's head now."""
        size = campaign.reach
        lines = self.policy.needed(self.account.slug, campaign.channel, size)
        return tuple(Requirement(role=role, needed=count) for role, count in lines)

    def current(self, campaign: Campaign) -> Campaign:
        """The campaign as it is at this moment: overdue counts as expired, written down or not."""
        if not is_overdue(campaign, self.now, self.rules.grace):
            return campaign
        intent = transitions.due_intent(campaign, self.now, self.rules.grace)
        if intent is None:
            raise LookupError(campaign.id)  # what is overdue is due
        return transitions.apply(self.case(campaign, None, intent)).campaign


class Voters:
    """Who counts for which requirement of a campaign: the workflow's `Electorate`."""

    def __init__(self, scene: Scene, campaign: Campaign | None, needed: tuple[Requirement, ...]) -> None:
        self._scene = scene
        self._campaign = campaign
        request = None if campaign is None else campaign.request
        asked = needed if request is None else (*needed, *request.requirements)
        self._roles = {ANYONE, *(requirement.role for requirement in asked)}
        self._found: dict[int, frozenset[str]] = {}

    def members(self) -> tuple[int, ...]:
        """The user ids of all active members."""
        return tuple(self._scene.active)

    def counts_for(self, user_id: int) -> frozenset[str]:
        """The requirement roles this person's approval counts for, judged as if the review were open."""
        if user_id not in self._found:
            self._found[user_id] = self._looked_up(user_id)
        return self._found[user_id]

    def _looked_up(self, user_id: int) -> frozenset[str]:
        scene, campaign = self._scene, self._campaign
        roles = scene.active.get(user_id)
        if roles is None or campaign is None:
            return frozenset()
        under_review = facts_of(campaign, user_id, CampaignStatus.PENDING_REVIEW)
        if not scene.may(user_id, Permission.APPROVE, under_review):
            return frozenset()
        slug = scene.account.slug
        return frozenset(role for role in self._roles if scene.policy.holds_role(roles, slug, role))


def facts_of(campaign: Campaign, user_id: int, status: CampaignStatus | None = None) -> Facts:
    """What a policy line can ask about a person and a campaign, be it in its own status or in another."""
    return Facts(
        channel=campaign.channel,
        status=status or campaign.status,
        own=campaign.created_by == user_id,
        involved=user_id in campaign.contributors,
        audience=campaign.reach,
    )


def facts_of_new(intent: Intent) -> Facts:
    """What a policy line can ask about a campaign that is about to be created: it will be one's own."""
    if intent.content is None or intent.audience is None:
        return Facts(own=True, involved=True)
    return Facts(
        channel=CHANNEL_OF[type(intent.content)],
        status=CampaignStatus.DRAFT,
        own=True,
        involved=True,
        audience=intent.audience.estimated_size,
    )
