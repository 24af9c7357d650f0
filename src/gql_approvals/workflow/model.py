"""The workflow's values: frozen, without behaviour beyond reading themselves.

People are named by their user id, an int. `id` is None for what is not stored yet. Times are aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gql_approvals.workflow.content import Audience, Content, SectionHashes, hashes
from gql_approvals.workflow.vocabulary import (
    Authorisation,
    CampaignStatus,
    Channel,
    NotifyScope,
    PublishMode,
    RequestStatus,
    RevisionState,
    Section,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A tenant, with the switch."""

    id: int
    slug: str
    name: str
    time_zone: str
    approvals_enabled: bool
    notify_scope: NotifyScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in an account; `roles` are role names of the policy, none included."""

    id: int
    account_id: int
    user_id: int
    roles: frozenset[str]
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Somebody to be let into an account; the name is for an address that nobody has yet."""

    email: str
    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A numbered content of a campaign.

    `contributors` is a snapshot for display; who may not decide is `Campaign.contributors`.
    """

    id: int | None = None
    number: int
    state: RevisionState
    content: Content
    audience: Audience
    publish_mode: PublishMode
    scheduled_at: datetime | None
    hashes: SectionHashes
    contributors: frozenset[int]
    created_by: int
    created_at: datetime

    def hash_as_stored(self, channel: Channel) -> str:
        """The content hash computed anew, to be compared with what was authorised."""
        return hashes(channel, self.content, self.audience, self.publish_mode, self.scheduled_at).content


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """How many people holding `role` must approve.

    `approved_by` is None while the request is open (the tally follows roles) and fixed when it ends.
    """

    role: str
    needed: int
    approved_by: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One person's vote on one content hash; void once an edit or a revocation undid it."""

    id: int | None = None
    by: int
    at: datetime
    verdict: Verdict
    reason: str | None
    content_hash: str
    policy_version: str
    voided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """One review of one revision. `decisions` are in the order they were made."""

    id: int | None = None
    revision_number: int
    content_hash: str
    status: RequestStatus
    requirements: tuple[Requirement, ...]
    policy_version: str
    submitted_by: int
    submitted_at: datetime
    expires_at: datetime
    note: str | None
    decisions: tuple[Decision, ...] = ()

    @property
    def votes(self) -> tuple[Decision, ...]:
        """The decisions that still count as made."""
        return tuple([decision for decision in self.decisions if not decision.voided])


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Absolute totals as the sending system last reported them."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    failed: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A revision that went out."""

    id: int | None = None
    revision_number: int
    content_hash: str
    authorisation: Authorisation
    request_id: int | None
    sent_at: datetime
    handed_over_at: datetime | None = None
    metrics: Metrics = Metrics()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody wrote about a campaign, or about one section of it; never changed afterwards."""

    id: int | None = None
    by: int
    at: datetime
    body: str
    section: Section | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign with what its next transition depends on.

    `contributors`: creator, and everyone who edited or submitted since the last sent revision, whatever
    became of their revisions. `requests`: oldest first. `live_revision`: the content of `live`.
    `newest_number`: the highest revision number ever used; numbers are never reused.
    """

    id: int | None = None
    account_id: int
    name: str
    channel: Channel
    status: CampaignStatus
    version: int
    head: Revision
    newest_number: int
    live: Publication | None = None
    live_revision: Revision | None = None
    authorisation: Authorisation | None = None
    authorised_hash: str | None = None
    requests: tuple[ApprovalRequest, ...] = ()
    contributors: frozenset[int]
    created_by: int
    created_at: datetime
    updated_at: datetime
    duplicated_from: int | None = None
    due_at: datetime | None = None

    @property
    def reach(self) -> int:
        """How many people the head would go to."""
        return self.head.audience.estimated_size

    @property
    def request(self) -> ApprovalRequest | None:
        """The newest request, open or ended."""
        return self.requests[-1] if self.requests else None

    @property
    def open_request(self) -> ApprovalRequest | None:
        """The request that waits for decisions."""
        newest = self.request
        return newest if newest is not None and newest.status is RequestStatus.OPEN else None


def is_overdue(campaign: Campaign, now: datetime, grace: timedelta) -> bool:
    """Whether the campaign counts as EXPIRED, even if no clock has written that down yet."""
    if campaign.due_at is None:
        return False
    if campaign.status is CampaignStatus.PENDING_REVIEW:
        return campaign.due_at <= now
    return campaign.status is CampaignStatus.APPROVED and campaign.due_at + grace < now
