"""The types of the slice."""

from datetime import UTC, datetime
from typing import Annotated, NewType

import strawberry

from bench.workloads.contenders.idiomatic import models
from bench.workloads.contenders.idiomatic.context import Context
from bench.workloads.contenders.idiomatic.policy import may
from bench.workloads.contenders.ids import id_of
from bench.workloads.contenders.rights import ACTIONS

Info = strawberry.Info[Context, None]
Channel = strawberry.enum(models.Channel)
CampaignStatus = strawberry.enum(models.CampaignStatus)
RequestStatus = strawberry.enum(models.RequestStatus)
PublishMode = strawberry.enum(models.PublishMode)
Verdict = strawberry.enum(models.Verdict)
DateTime = NewType("DateTime", datetime)


def utc_text(moment: datetime) -> str:
    """As the product answers a time."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@strawberry.type
class User:
    """A person."""

    name: str


@strawberry.type
class Audience:
    """Who gets it."""

    segment: str
    estimated_size: int


@strawberry.type
class Revision:
    """A content."""

    number: int
    content_hash: str
    audience: Audience


@strawberry.type
class ActionVerdict:
    """Whether something may be done."""

    action: str
    allowed: bool


@strawberry.type
class Campaign:
    """A campaign."""

    row: strawberry.Private[models.Campaign]
    id: strawberry.ID
    name: str
    channel: Channel
    version: int
    authorisation: str | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    def status(self) -> CampaignStatus:
        """Overdue counts as expired."""
        due = self.row.due_at
        late = due is not None and due <= datetime.now(UTC)
        if late and self.row.status is models.CampaignStatus.PENDING_REVIEW:
            return models.CampaignStatus.EXPIRED
        return self.row.status

    @strawberry.field
    async def created_by(self, info: Info) -> User:
        """Who created it."""
        return User(name=(await info.context.users.load(self.row.created_by_id)).name)

    @strawberry.field
    async def head(self, info: Info) -> Revision:
        """The newest revision."""
        found = await info.context.revisions.load((self.row.id, self.row.head_number))
        audience = Audience(segment=found.segment, estimated_size=found.estimated_size)
        return Revision(number=found.number, content_hash=found.content_hash, audience=audience)

    @strawberry.field
    async def publish_mode(self, info: Info) -> PublishMode:
        """What makes it go out."""
        return (await info.context.revisions.load((self.row.id, self.row.head_number))).publish_mode

    @strawberry.field
    def viewer_actions(self, info: Info) -> list[ActionVerdict]:
        """What the viewer may do."""
        context = info.context
        return [
            ActionVerdict(
                action=action, allowed=may(context.rules, context.member.roles, action, self.row.status)
            )
            for action in ACTIONS
        ]

    @classmethod
    def of(cls, row: models.Campaign) -> "Campaign":
        """From its row."""
        return cls(
            row=row,
            id=strawberry.ID(id_of("Campaign", row.id)),
            name=row.name,
            channel=row.channel,
            version=row.version,
            authorisation=row.authorisation,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type
class Decision:
    """A vote."""

    row: strawberry.Private[models.Decision]
    verdict: Verdict
    at: datetime
    reason: str | None
    content_hash: str

    @strawberry.field
    async def by(self, info: Info) -> User:
        """Who decided."""
        return User(name=(await info.context.users.load(self.row.by_id)).name)

    @classmethod
    def of(cls, row: models.Decision) -> "Decision":
        """From its row."""
        return cls(row=row, verdict=row.verdict, at=row.at, reason=row.reason, content_hash=row.content_hash)


@strawberry.type
class ApprovalRequest:
    """A review."""

    row: strawberry.Private[models.ApprovalRequest]
    id: strawberry.ID
    submitted_at: datetime
    expires_at: datetime
    status: RequestStatus
    content_hash: str

    @strawberry.field
    async def campaign(self, info: Info) -> Campaign:
        """What is reviewed."""
        return Campaign.of(await info.context.campaigns.load(self.row.campaign_id))

    @strawberry.field
    async def decisions(self, info: Info) -> list[Decision]:
        """The votes."""
        return [Decision.of(row) for row in await info.context.decisions.load(self.row.id)]

    @classmethod
    def of(cls, row: models.ApprovalRequest) -> "ApprovalRequest":
        """From its row."""
        return cls(
            row=row,
            id=strawberry.ID(id_of("ApprovalRequest", row.id)),
            submitted_at=row.submitted_at,
            expires_at=row.expires_at,
            status=row.status,
            content_hash=row.content_hash,
        )


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class CampaignEdge:
    """An entry."""

    node: Campaign


@strawberry.type
class CampaignConnection:
    """A page."""

    edges: list[CampaignEdge]
    page_info: PageInfo


@strawberry.type
class ApprovalRequestEdge:
    """An entry."""

    node: ApprovalRequest


@strawberry.type
class ApprovalRequestConnection:
    """A page."""

    edges: list[ApprovalRequestEdge]
    page_info: PageInfo


@strawberry.interface
class UserError:
    """Why not."""

    code: str
    message: str


@strawberry.type
class Refused(UserError):
    """A refusal."""


@strawberry.type
class SubmitCampaignPayload:
    """Submitted."""

    campaign: Campaign
    request: ApprovalRequest


@strawberry.type
class ApproveCampaignPayload:
    """Approved."""

    campaign: Campaign
    decision: Decision


SubmitCampaignResult = Annotated[SubmitCampaignPayload | Refused, strawberry.union("SubmitCampaignResult")]
ApproveCampaignResult = Annotated[ApproveCampaignPayload | Refused, strawberry.union("ApproveCampaignResult")]
