"""What somebody asks for: one value for every action on a campaign, with the fields that action reads."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gql_approvals.workflow.content import Audience, Content
from gql_approvals.workflow.vocabulary import Action, IfPending, PublishMode, Section


class Unset(Enum):
    """An absent field of an update, which keeps its value; null would clear it."""

    UNSET = "UNSET"


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A request to perform `action`.

    Left at their defaults, the fields are what `viewerActions` asks about: the head's own hash, no note,
    no consent to void a review.
    """

    action: Action
    expected_version: int | None = None
    content_hash: str | None = None
    reason: str | None = None
    note: str | None = None
    comment: str | None = None
    body: str | None = None
    section: Section | None = None
    if_pending: IfPending = IfPending.REFUSE
    name: str | None = None
    content: Content | None = None
    audience: Audience | None = None
    scheduled_at: datetime | Unset | None = UNSET
    publish_mode: PublishMode | None = None
