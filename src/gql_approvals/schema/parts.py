"""Small values that several types answer."""

from datetime import datetime

import strawberry

from gql_approvals import errors
from gql_approvals.schema.context import Info
from gql_approvals.schema.enums import CampaignAction
from gql_approvals.schema.fields import about, field
from gql_approvals.schema.people import User, user
from gql_approvals.schema.scalars import JSON
from gql_approvals.service.eligibility import Eligibility as Elector
from gql_approvals.workflow import model
from gql_approvals.workflow.quorum import Tally
from gql_approvals.workflow.vocabulary import Section


@strawberry.type(description="Why something may or may not be done.")
class Reason:
    """Answers `errors.Reason`."""

    code: str = about("A stable code: an ErrorCode, or a code of the policy.")
    message: str = about("A sentence for people.")
    source: str | None = about("The policy line that decided, for those who may see the policy.")


@strawberry.type(description="Whether the viewer may do something to a campaign now.")
class ActionVerdict:
    """Answers `service.reading.ActionVerdict`."""

    action: CampaignAction = about("What would be done.")
    allowed: bool = about("Whether the mutation would be accepted.")
    reasons: list[Reason] = about("Why not; the first has the code that the mutation would answer.")


@strawberry.type(description="The hash of one section of a revision.")
class SectionHash:
    """One of a revision's three."""

    section: Section = about("The section.")
    hash: str = about("SHA-256 of its canonical form, in lower-case hex.")


@strawberry.type(description="Who gets a campaign.")
class Audience:
    """Answers `workflow.content.Audience`."""

    segment: str = about("The segment's name.")
    definition: JSON | None = about("How the segment is defined, as the client knows it.")
    estimated_size: int = about("How many people that is.")


@strawberry.type(description="Absolute totals as the sending system last reported them.")
class Metrics:
    """Answers `workflow.model.Metrics`."""

    sent: int = about("Messages sent.")
    delivered: int = about("Messages delivered.")
    opened: int = about("Messages opened.")
    clicked: int = about("Messages clicked.")
    failed: int = about("Messages that failed.")
    updated_at: datetime | None = about("When these figures came in; null before the first report.")


@strawberry.type(description="How many people holding a role must approve.")
class Requirement:
    """Answers `workflow.quorum.Tally`."""

    value: strawberry.Private[Tally]

    @field
    def role(self) -> str:
        """The role whose holders count; `anyone` means anyone who may approve."""
        return self.value.requirement.role

    @field
    def needed(self) -> int:
        """How many different people."""
        return self.value.requirement.needed

    @field
    async def approved_by(self, info: Info) -> list[User]:
        """Whose approvals count so far; fixed once the request has ended."""
        return [await user(info, key) for key in self.value.approved_by]

    @field
    def left(self) -> int:
        """How many are missing."""
        return self.value.left

    @field
    def satisfied(self) -> bool:
        """Whether none is missing."""
        return self.value.left == 0


@strawberry.type(description="Whether one member's approval would count.")
class Eligibility:
    """Answers `service.eligibility.Eligibility`."""

    user_id: strawberry.Private[int]
    eligible: bool = about("Whether nothing is in the way.")
    reasons: list[Reason] = about("What is in the way.")

    @field
    async def user(self, info: Info) -> User:
        """The person."""
        return await user(info, self.user_id)


def reasons(values: tuple[errors.Reason, ...]) -> list[Reason]:
    """Reasons as the API answers them."""
    return [Reason(code=value.code, message=value.message, source=value.source) for value in values]


def eligibility(value: Elector) -> Eligibility:
    """An elector as the API answers them."""
    return Eligibility(user_id=value.user_id, eligible=value.eligible, reasons=reasons(value.reasons))


def metrics(value: model.Metrics) -> Metrics:
    """Figures as the API answers them."""
    return Metrics(
        sent=value.sent,
        delivered=value.delivered,
        opened=value.opened,
        clicked=value.clicked,
        failed=value.failed,
        updated_at=value.updated_at,
    )
