"""What mutations take: one input each, turned into the workflow's intent here."""

from datetime import datetime

import strawberry

from gql_approvals.schema.content import ContentInput, asked
from gql_approvals.schema.enums import CampaignOrderField, OrderDirection
from gql_approvals.schema.fields import about
from gql_approvals.schema.scalars import JSON
from gql_approvals.workflow import content as values
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.intent import UNSET, Intent
from gql_approvals.workflow.vocabulary import (
    AccountAction,
    Action,
    CampaignStatus,
    Channel,
    IfPending,
    NotifyScope,
    PublishMode,
    Section,
)

CAMPAIGN_ID = "The campaign's id."
MEMBER_ID = "The member's id."
KEY = (
    "Any text of your choice, 1 to 255 characters. Sent again with the same arguments within 24 hours, "
    "the first success is answered and nothing happens twice."
)


@strawberry.input(description="Who gets a campaign.")
class AudienceInput:
    """Asks for `workflow.content.Audience`."""

    segment: str = about("The segment's name.")
    definition: JSON | None = about("How the segment is defined; stored and hashed as it is.", default=None)
    estimated_size: int = about("How many people that is, 0 or more.")

    def value(self) -> values.Audience:
        """The audience asked for."""
        definition: Json = self.definition  # type: ignore[assignment]  # the scalar has checked it
        return values.Audience(
            segment=self.segment, definition=definition, estimated_size=self.estimated_size
        )


@strawberry.input(description="A new campaign.")
class CreateCampaignInput:
    """Asks for CREATE."""

    name: str = about("What people call it, up to 200 characters.")
    content: ContentInput = about("Its copy; which member is given decides the channel.")
    audience: AudienceInput = about("Who gets it.")
    scheduled_at: datetime | None = about("When it goes out, for SCHEDULED.", default=None)
    publish_mode: PublishMode | None = about(
        "What makes it go out; omitted: SCHEDULED when a time is given, else ON_APPROVAL.", default=None
    )
    idempotency_key: str | None = about(KEY, default=None)

    def intent(self) -> Intent:
        """What is asked for."""
        return Intent(
            action=Action.CREATE,
            name=self.name,
            content=asked(self.content),
            audience=self.audience.value(),
            scheduled_at=self.scheduled_at,
            publish_mode=self.publish_mode,
        )


@strawberry.input(description="A change of a campaign: an absent field keeps its value.")
class UpdateCampaignInput:
    """Asks for EDIT."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    expected_version: int = about("The `version` you read; another one answers StaleVersion.")
    name: str | None = about("A new name; votes stay, since it is not content.", default=None)
    content: ContentInput | None = about("A new copy, of the campaign's own channel.", default=None)
    audience: AudienceInput | None = about("A new audience.", default=None)
    scheduled_at: strawberry.Maybe[datetime | None] = about("A new time; null clears it.")
    publish_mode: PublishMode | None = about("A new publish mode.", default=None)
    if_pending: IfPending | None = about(
        "What to do about a review or an approval that the edit would void.", default=IfPending.REFUSE
    )
    idempotency_key: str | None = about(KEY, default=None)

    def intent(self) -> Intent:
        """What is asked for."""
        return Intent(
            action=Action.EDIT,
            expected_version=self.expected_version,
            name=self.name,
            content=None if self.content is None else asked(self.content),
            audience=None if self.audience is None else self.audience.value(),
            scheduled_at=UNSET if self.scheduled_at is None else self.scheduled_at.value,
            publish_mode=self.publish_mode,
            if_pending=self.if_pending or IfPending.REFUSE,
        )


@strawberry.input(description="Ask for approval.")
class SubmitCampaignInput:
    """Asks for SUBMIT."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    expected_version: int | None = about("The `version` you read, to be sure.", default=None)
    note: str | None = about(
        "A word to the checkers; needed when a rejected content comes again.", default=None
    )
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Take a submission back.")
class WithdrawCampaignInput:
    """Asks for WITHDRAW."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    reason: str | None = about("Why it is taken back.", default=None)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Approve exactly this content.")
class ApproveCampaignInput:
    """Asks for APPROVE."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    content_hash: str = about("The `contentHash` of the request you looked at.")
    comment: str | None = about("A remark, kept with the decision.", default=None)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Reject exactly this content.")
class RejectCampaignInput:
    """Asks for REJECT."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    content_hash: str = about("The `contentHash` of the request you looked at.")
    reason: str = about("Why; the makers read it in their mail.")
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Take an approval back before it is sent.")
class RevokeApprovalInput:
    """Asks for REVOKE."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    reason: str = about("Why; makers and voters read it in their mail.")
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Send exactly this content now.")
class PublishCampaignInput:
    """Asks for PUBLISH."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    content_hash: str = about("The `contentHash` of the head you looked at.")
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Give up what came after the live revision.")
class DiscardDraftInput:
    """Asks for DISCARD."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Put a campaign away.")
class ArchiveCampaignInput:
    """Asks for ARCHIVE."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Make a new draft of a campaign.")
class DuplicateCampaignInput:
    """Asks for DUPLICATE."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    name: str | None = about("The new campaign's name; omitted: `Copy of …`.", default=None)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Say something about a campaign.")
class AddCommentInput:
    """Asks for COMMENT."""

    campaign_id: strawberry.ID = about(CAMPAIGN_ID)
    body: str = about("What to say, 1 to 10000 characters, and not only blanks.")
    section: Section | None = about("What of the campaign it is about.", default=None)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Switch approvals on.")
class EnableApprovalsInput:
    """Asks for ENABLE_APPROVALS."""

    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Switch approvals off, as previewed.")
class DisableApprovalsInput:
    """Asks for DISABLE_APPROVALS."""

    confirm_token: str = about("The `confirmToken` of `disableApprovalsPreview`.")
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="A change of the account: an absent field, or null, keeps its value.")
class UpdateAccountInput:
    """Asks for UPDATE_ACCOUNT."""

    name: str | None = about("A new name for people, up to 200 characters.", default=None)
    time_zone: str | None = about("An IANA time zone, such as Europe/Berlin.", default=None)
    notify_scope: NotifyScope | None = about("Who is told of submissions and decisions.", default=None)
    idempotency_key: str | None = about(KEY, default=None)

    def intent(self) -> AccountIntent:
        """What is asked for."""
        return AccountIntent(
            action=AccountAction.UPDATE_ACCOUNT,
            name=self.name,
            time_zone=self.time_zone,
            notify_scope=self.notify_scope,
        )


@strawberry.input(description="Let a person into the account.")
class AddMemberInput:
    """Asks for ADD_MEMBER."""

    email: str = about("The person's address, whatever its case.")
    name: str = about("The person's name, up to 200 characters; ignored if somebody has the address already.")
    roles: list[str] = about("All the roles the member shall have; empty: none.")
    idempotency_key: str | None = about(KEY, default=None)

    def intent(self) -> AccountIntent:
        """What is asked for."""
        return AccountIntent(
            action=AccountAction.ADD_MEMBER, email=self.email, name=self.name, roles=frozenset(self.roles)
        )


@strawberry.input(description="Take every right in the account away from a member.")
class DisableMemberInput:
    """Asks for DISABLE_MEMBER."""

    member_id: strawberry.ID = about(MEMBER_ID)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Let a disabled member act again.")
class EnableMemberInput:
    """Asks for ENABLE_MEMBER."""

    member_id: strawberry.ID = about(MEMBER_ID)
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Give a member exactly these roles.")
class AssignRolesInput:
    """Asks for ASSIGN_ROLES."""

    member_id: strawberry.ID = about(MEMBER_ID)
    roles: list[str] = about("All the roles the member shall have; empty: none.")
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="Absolute totals of a publication; the later report wins.")
class RecordDeliveryMetricsInput:
    """Asks for RECORD_METRICS."""

    publication_id: strawberry.ID = about("The publication's id.")
    sent: int = about("Messages sent, 0 or more.")
    delivered: int = about("Messages delivered, 0 or more.")
    opened: int = about("Messages opened, 0 or more.")
    clicked: int = about("Messages clicked, 0 or more.")
    failed: int = about("Messages that failed, 0 or more.")
    idempotency_key: str | None = about(KEY, default=None)


@strawberry.input(description="What a list of campaigns is narrowed to; an empty list matches nothing.")
class CampaignFilter:
    """Asks for `persistence.pages.CampaignFilter`."""

    status: list[CampaignStatus] | None = about("Any of these statuses.", default=None)
    channel: list[Channel] | None = about("Any of these channels.", default=None)
    created_by: strawberry.ID | None = about("The id of the user who created it.", default=None)
    search: str | None = about("A part of the name, whatever its case.", default=None)


@strawberry.input(description="How a list of campaigns is sorted.")
class CampaignOrder:
    """Asks for `persistence.pages.CampaignOrder`."""

    field: CampaignOrderField = about("What to sort by.")
    direction: OrderDirection = about("Ascending or descending.")


@strawberry.input(description="What to explain.")
class ExplainInput:
    """Asks for `service.reading.explain`."""

    action: str = about("A permission of the policy file, such as `approve`.")
    campaign_id: strawberry.ID | None = about(
        "For this campaign; omitted: for none in particular.", default=None
    )
    user_id: strawberry.ID | None = about("About this user; omitted: about yourself.", default=None)
