"""Small values that several types answer."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import strawberry

from gql_approvals import errors
from gql_approvals.schema.context import Info
from gql_approvals.schema.enums import CampaignAction
from gql_approvals.schema.fields import about, field
from gql_approvals.schema.node import Node, stored
from gql_approvals.schema.people import User, users
from gql_approvals.schema.relations import relation
from gql_approvals.schema.scalars import JSON
from gql_approvals.service import reading
from gql_approvals.service.eligibility import Eligibility as Elector
from gql_approvals.workflow import changes, model
from gql_approvals.workflow.quorum import Tally
from gql_approvals.workflow.transitions import VIEWER_ACTIONS
from gql_approvals.workflow.vocabulary import Action, Section

_ACTIONS: Mapping[Action, CampaignAction] = {
    action: CampaignAction(action.value) for action in VIEWER_ACTIONS
}


@strawberry.type(description="Why something may or may not be done.")
class Reason:
    """Answers `errors.Reason`."""

    code: str = about("A stable code: an ErrorCode, or a code of the policy.")
    message: str = about("A sentence for people.")
    source: str | None = about("The policy line that decided, for those who may see the policy.")


@strawberry.type(description="Whether the viewer may do something to a campaign now.")
class ActionVerdict:
    """Answers `service.reading.viewer_actions` for one action."""

    of: strawberry.Private[model.Campaign]
    asked: strawberry.Private[Action]
    action: CampaignAction = about("The action in question.")
    allowed: bool = about("Whether the mutation would be accepted.")

    @relation
    @staticmethod
    async def reasons(parents: Sequence["ActionVerdict"], info: Info) -> Sequence[list[Reason]]:
        """Why not; the first has the code that the mutation would answer."""
        caller, scene = await info.context.caller(), await info.context.scene()
        return [
            reasons(reading.reasons_against(scene, caller, parent.of, parent.asked)) for parent in parents
        ]


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
        """How many different people must approve."""
        return self.value.requirement.needed

    @field
    async def approved_by(self, info: Info) -> list[User]:
        """Whose approvals count so far; fixed once the request has ended."""
        return await users(info, self.value.approved_by)

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

    @relation
    @staticmethod
    async def user(parents: Sequence["Eligibility"], info: Info) -> Sequence[User]:
        """The person."""
        return await users(info, [parent.user_id for parent in parents])


@strawberry.type(description="What somebody wrote about a campaign.")
class Comment(Node):
    """Answers `workflow.model.Comment`."""

    user_id: strawberry.Private[int]
    at: datetime = about("When it was said.")
    body: str = about("What was said.")
    section: Section | None = about("What of the campaign it is about; null: all of it.")

    @relation
    @staticmethod
    async def by(parents: Sequence["Comment"], info: Info) -> Sequence[User]:
        """Who said it."""
        return await users(info, [parent.user_id for parent in parents])


@strawberry.type(description="A field that differs between two revisions.")
class FieldChange:
    """Answers `workflow.changes.FieldChange`."""

    section: Section = about("The section that the field belongs to.")
    path: str = about("The way to the field from the revision, such as `content.subject`.")
    before: JSON | None = about("Its value in the revision `from`.")
    after: JSON | None = about("Its value in the revision `to`.")


def reasons(values: tuple[errors.Reason, ...]) -> list[Reason]:
    """Reasons as the API answers them."""
    return [Reason(code=value.code, message=value.message, source=value.source) for value in values]


def action_verdicts(of: model.Campaign, allowed: Collection[Action]) -> list[ActionVerdict]:
    """What may be done and what not, as the API answers it."""
    return [
        ActionVerdict(of=of, asked=asked, action=action, allowed=asked in allowed)
        for asked, action in _ACTIONS.items()
    ]


def eligibility(value: Elector) -> Eligibility:
    """An elector as the API answers them."""
    return Eligibility(user_id=value.user_id, eligible=value.eligible, reasons=reasons(value.reasons))


def comment(value: model.Comment) -> Comment:
    """A comment as the API answers it."""
    return Comment(
        key=stored(value.id),
        user_id=value.by,
        at=value.at,
        body=value.body,
        section=value.section,
    )


def field_change(value: changes.FieldChange) -> FieldChange:
    """A difference as the API answers it."""
    return FieldChange(
        section=value.section,
        path=value.path,
        before=None if value.before is None else JSON(value.before),
        after=None if value.after is None else JSON(value.after),
    )


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
