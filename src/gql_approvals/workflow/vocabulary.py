"""The closed sets of words that the workflow, the policy files and the API share.

Members are spelt as clients see them; policy files use the same words in lower case.
"""

from enum import StrEnum


class Channel(StrEnum):
    """Where a campaign is sent (seed B); fixed when the campaign is created."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    APP_PUSH = "APP_PUSH"
    WHATSAPP = "WHATSAPP"
    WEB_PUSH = "WEB_PUSH"
    ONSITE = "ONSITE"


class CampaignStatus(StrEnum):
    """Where the head revision of a campaign stands."""

    DRAFT = "DRAFT"
    PENDING_REVIEW = "PENDING_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    SENT = "SENT"
    ARCHIVED = "ARCHIVED"


class RequestStatus(StrEnum):
    """How an approval request ended, or OPEN while it waits for decisions."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    AUTO_APPROVED = "AUTO_APPROVED"


class RevisionState(StrEnum):
    """DRAFT may still be amended; every other state is for ever."""

    DRAFT = "DRAFT"
    FROZEN = "FROZEN"
    SENT = "SENT"
    DISCARDED = "DISCARDED"


class PublishMode(StrEnum):
    """What makes an approved campaign go out: the approval, the clock, or a person."""

    ON_APPROVAL = "ON_APPROVAL"
    SCHEDULED = "SCHEDULED"
    MANUAL = "MANUAL"


class Section(StrEnum):
    """The three things a checker reviews (seed A: "segment, time, and campaign copy")."""

    COPY = "COPY"
    AUDIENCE = "AUDIENCE"
    SCHEDULE = "SCHEDULE"


class Verdict(StrEnum):
    """One person's decision on one content."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class Authorisation(StrEnum):
    """What allows a revision to be sent; it stays on the publication for ever."""

    QUORUM = "QUORUM"
    AUTO_DISABLED = "AUTO_DISABLED"
    NOT_REQUIRED = "NOT_REQUIRED"


class IfPending(StrEnum):
    """What an edit does to a review or an approval that it would void."""

    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"


class NotifyScope(StrEnum):
    """Who is told: the people involved, or every maker and checker as well (seed B)."""

    INVOLVED = "INVOLVED"
    ROLE_HOLDERS = "ROLE_HOLDERS"


class Action(StrEnum):
    """What can happen to one campaign; the last four are done by the system only."""

    VIEW = "VIEW"
    COMMENT = "COMMENT"
    CREATE = "CREATE"
    EDIT = "EDIT"
    DUPLICATE = "DUPLICATE"
    SUBMIT = "SUBMIT"
    WITHDRAW = "WITHDRAW"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REVOKE = "REVOKE"
    PUBLISH = "PUBLISH"
    DISCARD = "DISCARD"
    ARCHIVE = "ARCHIVE"
    AUTO_APPROVE = "AUTO_APPROVE"
    SEND = "SEND"
    EXPIRE = "EXPIRE"
    MISS = "MISS"


class AccountAction(StrEnum):
    """What can happen to an account as a whole."""

    ENABLE_APPROVALS = "ENABLE_APPROVALS"
    DISABLE_APPROVALS = "DISABLE_APPROVALS"
    UPDATE_ACCOUNT = "UPDATE_ACCOUNT"
    ADD_MEMBER = "ADD_MEMBER"
    DISABLE_MEMBER = "DISABLE_MEMBER"
    ENABLE_MEMBER = "ENABLE_MEMBER"
    ASSIGN_ROLES = "ASSIGN_ROLES"
    RECORD_METRICS = "RECORD_METRICS"


class Permission(StrEnum):
    """What a policy line can grant: the `action` column of `policy.csv`."""

    VIEW = "view"
    COMMENT = "comment"
    CREATE = "create"
    EDIT = "edit"
    DUPLICATE = "duplicate"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    DISCARD = "discard"
    ARCHIVE = "archive"
    APPROVE = "approve"
    REJECT = "reject"
    REVOKE = "revoke"
    PUBLISH = "publish"
    MANAGE_APPROVALS = "manage_approvals"
    MANAGE_MEMBERS = "manage_members"
    VIEW_AUDIT = "view_audit"
    VIEW_POLICY = "view_policy"
    EXPLAIN_OTHERS = "explain_others"
    RECORD_METRICS = "record_metrics"


class Recipients(StrEnum):
    """The groups that an event is told to (spec rule 12)."""

    ELIGIBLE = "ELIGIBLE"  # who may still decide on this request
    INVOLVED = "INVOLVED"  # creator, contributors, submitter
    VOTERS = "VOTERS"  # whose votes the event made void
    ADMINS = "ADMINS"  # who may manage approvals


ANYONE = "anyone"  # a requirement's role: anyone who may approve
EVERYONE = "everyone"  # a policy line's role: any active member
