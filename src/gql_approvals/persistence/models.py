"""The tables, as Tortoise models: columns and references, no behaviour.

Rows never leave this package. What must be unique is declared by the migrations in plain SQL (Tortoise
drops `Meta.constraints` silently) and listed in `constraints.py`; a test reads the catalogue.
Times are aware UTC. Enumerations are stored by the words of `workflow.vocabulary`.
"""

from tortoise import fields
from tortoise.models import Model


class AccountRow(Model):
    """A tenant; its row is the lock that every mutation takes first, and holds the head of its audit chain."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=63)
    name = fields.CharField(max_length=200)
    time_zone = fields.CharField(max_length=64)
    approvals_enabled = fields.BooleanField()
    notify_scope = fields.CharField(max_length=16)
    audit_seq = fields.BigIntField(default=0)
    audit_hash = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "account"


class UserRow(Model):
    """A person; one row however many accounts they belong to. `email` is kept in lower case."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=320)
    created_at = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "app_user"  # `user` is a reserved word in PostgreSQL


class MemberRow(Model):
    """A person in an account. `roles` is a sorted JSON list of role names."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    roles: fields.Field[list[str]] = fields.JSONField()
    active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "member"


class TokenRow(Model):
    """An API token of a person; only the SHA-256 of it is stored."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    hash = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    is_demo = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "api_token"


class CampaignRow(Model):
    """A campaign; `head_number` names its newest revision that is not discarded."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=200)
    channel = fields.CharField(max_length=16)
    status = fields.CharField(max_length=16)
    version = fields.IntField()
    head_number = fields.IntField()
    newest_number = fields.IntField()
    live_publication_id = fields.BigIntField(null=True)
    authorisation = fields.CharField(max_length=16, null=True)
    authorised_hash = fields.CharField(max_length=64, null=True)
    due_at = fields.DatetimeField(null=True)
    audience = fields.BigIntField()  # of the head revision: what the inbox filter compares
    created_by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    duplicated_from_id = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "campaign"


class RevisionRow(Model):
    """A numbered content of a campaign; amended only while its state is DRAFT."""

    id = fields.BigIntField(primary_key=True)
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    number = fields.IntField()
    state = fields.CharField(max_length=16)
    content: fields.Field[dict[str, object]] = fields.JSONField()
    segment = fields.TextField()
    definition: fields.Field[object] = fields.JSONField(null=True)
    estimated_size = fields.BigIntField()
    publish_mode = fields.CharField(max_length=16)
    scheduled_at = fields.DatetimeField(null=True)
    copy_hash = fields.CharField(max_length=64)
    audience_hash = fields.CharField(max_length=64)
    schedule_hash = fields.CharField(max_length=64)
    content_hash = fields.CharField(max_length=64)
    created_by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    created_at = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "revision"


class ContributorRow(Model):
    """Who contributed to a revision: recorded from events, never from what a client says."""

    id = fields.BigIntField(primary_key=True)
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    number = fields.IntField()  # the revision's
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )

    class Meta(Model.Meta):
        table = "contributor"


class RequestRow(Model):
    """One review of one revision. `requirements` is a JSON list of {role, needed, approved_by | null}."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    revision_number = fields.IntField()
    content_hash = fields.CharField(max_length=64)
    status = fields.CharField(max_length=16)
    requirements: fields.Field[list[dict[str, object]]] = fields.JSONField()
    policy_version = fields.CharField(max_length=64)
    submitted_by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    submitted_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    note = fields.TextField(null=True)

    class Meta(Model.Meta):
        table = "approval_request"


class DecisionRow(Model):
    """One person's vote on one content hash."""

    id = fields.BigIntField(primary_key=True)
    request: fields.ForeignKeyRelation[RequestRow] = fields.ForeignKeyField(
        "approvals.RequestRow", related_name=False, on_delete=fields.RESTRICT
    )
    by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    at = fields.DatetimeField()
    verdict = fields.CharField(max_length=16)
    reason = fields.TextField(null=True)
    content_hash = fields.CharField(max_length=64)
    policy_version = fields.CharField(max_length=64)
    voided = fields.BooleanField(default=False)

    class Meta(Model.Meta):
        table = "decision"


class PublicationRow(Model):
    """A revision that went out, with the sending system's latest figures."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    revision_number = fields.IntField()
    content_hash = fields.CharField(max_length=64)
    authorisation = fields.CharField(max_length=16)
    request_id = fields.BigIntField(null=True)
    sent_at = fields.DatetimeField()
    handed_over_at = fields.DatetimeField(null=True)
    sent = fields.BigIntField(default=0)
    delivered = fields.BigIntField(default=0)
    opened = fields.BigIntField(default=0)
    clicked = fields.BigIntField(default=0)
    failed = fields.BigIntField(default=0)
    metrics_at = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "publication"


class AuditRow(Model):
    """One entry of an account's hash chain. `detail` is the canonical text that was hashed: ids and hashes only."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    actor_id = fields.BigIntField(null=True)  # null: the system
    campaign_id = fields.BigIntField(null=True)
    detail = fields.TextField()
    policy_version = fields.CharField(max_length=64, null=True)
    previous_hash = fields.CharField(max_length=64)
    hash = fields.CharField(max_length=64)

    class Meta(Model.Meta):
        table = "audit_event"


class OutboxRow(Model):
    """Something to be delivered outside: one mail to one person, or one hand-over. Written with its cause.

    `key` is the stable id of the delivery: a consumer that sees it twice has seen one message.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    key = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=16)  # mail | handover
    payload: fields.Field[dict[str, object]] = fields.JSONField()
    created_at = fields.DatetimeField()
    next_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    delivered_at = fields.DatetimeField(null=True)
    dropped_at = fields.DatetimeField(null=True)  # not to be told any more, or given up
    last_error = fields.TextField(null=True)

    class Meta(Model.Meta):
        table = "outbox_message"


class IdempotencyRow(Model):
    """The first success under a key, kept at least 24 hours: payload type and ids, never an answer's text."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    key = fields.CharField(max_length=255)
    fingerprint = fields.CharField(max_length=64)
    result: fields.Field[dict[str, object]] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "idempotency_key"
