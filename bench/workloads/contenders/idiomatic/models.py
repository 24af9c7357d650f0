"""The tables that the slice needs."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Channel(StrEnum):
    """Where a campaign is sent."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    APP_PUSH = "APP_PUSH"
    WHATSAPP = "WHATSAPP"
    WEB_PUSH = "WEB_PUSH"
    ONSITE = "ONSITE"


class CampaignStatus(StrEnum):
    """Where it stands."""

    DRAFT = "DRAFT"
    PENDING_REVIEW = "PENDING_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    SENT = "SENT"
    ARCHIVED = "ARCHIVED"


class RequestStatus(StrEnum):
    """How a request ended."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    AUTO_APPROVED = "AUTO_APPROVED"


class PublishMode(StrEnum):
    """What makes it go out."""

    ON_APPROVAL = "ON_APPROVAL"
    SCHEDULED = "SCHEDULED"
    MANUAL = "MANUAL"


class Verdict(StrEnum):
    """A decision."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class Account(Model):
    """A tenant."""

    id = fields.BigIntField(primary_key=True)
    audit_seq = fields.BigIntField()
    audit_hash = fields.CharField(max_length=64)

    class Meta:
        table = "account"


class User(Model):
    """A person."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)

    class Meta:
        table = "app_user"


class Member(Model):
    """A person in an account."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("bench.Account", related_name=False)
    user = fields.ForeignKeyField("bench.User", related_name=False)
    roles = fields.JSONField()
    active = fields.BooleanField()

    class Meta:
        table = "member"


class Token(Model):
    """An API token."""

    id = fields.BigIntField(primary_key=True)
    user = fields.ForeignKeyField("bench.User", related_name=False)
    hash = fields.CharField(max_length=64)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"


class Campaign(Model):
    """A campaign."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("bench.Account", related_name=False)
    name = fields.CharField(max_length=200)
    channel = fields.CharEnumField(Channel, max_length=16)
    status = fields.CharEnumField(CampaignStatus, max_length=16)
    version = fields.IntField()
    head_number = fields.IntField()
    authorisation = fields.CharField(max_length=16, null=True)
    due_at = fields.DatetimeField(null=True)
    created_by = fields.ForeignKeyField("bench.User", related_name=False)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "campaign"


class Revision(Model):
    """Its content."""

    id = fields.BigIntField(primary_key=True)
    campaign = fields.ForeignKeyField("bench.Campaign", related_name="revisions")
    number = fields.IntField()
    state = fields.CharField(max_length=16)
    segment = fields.TextField()
    estimated_size = fields.BigIntField()
    publish_mode = fields.CharEnumField(PublishMode, max_length=16)
    content_hash = fields.CharField(max_length=64)

    class Meta:
        table = "revision"


class Contributor(Model):
    """Who wrote it."""

    id = fields.BigIntField(primary_key=True)
    campaign = fields.ForeignKeyField("bench.Campaign", related_name="contributors")
    number = fields.IntField()
    user = fields.ForeignKeyField("bench.User", related_name=False)

    class Meta:
        table = "contributor"


class ApprovalRequest(Model):
    """A review of it."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("bench.Account", related_name=False)
    campaign = fields.ForeignKeyField("bench.Campaign", related_name="requests")
    revision_number = fields.IntField()
    content_hash = fields.CharField(max_length=64)
    status = fields.CharEnumField(RequestStatus, max_length=16)
    requirements = fields.JSONField()
    policy_version = fields.CharField(max_length=64)
    submitted_by = fields.ForeignKeyField("bench.User", related_name=False)
    submitted_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "approval_request"


class Decision(Model):
    """A vote."""

    id = fields.BigIntField(primary_key=True)
    request = fields.ForeignKeyField("bench.ApprovalRequest", related_name="decisions")
    by = fields.ForeignKeyField("bench.User", related_name=False)
    at = fields.DatetimeField()
    verdict = fields.CharEnumField(Verdict, max_length=16)
    reason = fields.TextField(null=True)
    content_hash = fields.CharField(max_length=64)
    policy_version = fields.CharField(max_length=64)
    voided = fields.BooleanField(default=False)

    class Meta:
        table = "decision"


class AuditEvent(Model):
    """An entry of the audit chain."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("bench.Account", related_name=False)
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    actor_id = fields.BigIntField(null=True)
    campaign_id = fields.BigIntField(null=True)
    detail = fields.TextField()
    policy_version = fields.CharField(max_length=64, null=True)
    previous_hash = fields.CharField(max_length=64)
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit_event"


class OutboxMessage(Model):
    """A mail to be sent."""

    id = fields.BigIntField(primary_key=True)
    account = fields.ForeignKeyField("bench.Account", related_name=False)
    key = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=16)
    payload = fields.JSONField()
    created_at = fields.DatetimeField()
    next_at = fields.DatetimeField()
    attempts = fields.IntField(default=0)

    class Meta:
        table = "outbox_message"
