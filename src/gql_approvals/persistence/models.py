"""The tables, as Tortoise models: columns and references, no behaviour.

Rows never leave this package. What must be unique is declared by the migrations in plain SQL (Tortoise
drops `Meta.constraints` silently) and listed in `constraints.py`; a test reads the catalogue.
Times are aware UTC. Enumerations are stored by the words of `workflow.vocabulary`.
"""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from gql_approvals.persistence.any_json import AnyJsonField


class AccountRow(Model):
    """A tenant; its row is the lock that every mutation takes first, and heads its audit chain."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    slug: fields.Field[str] = fields.CharField(max_length=63)
    name: fields.Field[str] = fields.CharField(max_length=200)
    time_zone: fields.Field[str] = fields.CharField(max_length=64)
    approvals_enabled: fields.Field[bool] = fields.BooleanField()
    notify_scope: fields.Field[str] = fields.CharField(max_length=16)
    audit_seq: fields.Field[int] = fields.BigIntField(default=0)
    audit_hash: fields.Field[str] = fields.CharField(max_length=64)
    policy_version: fields.Field[str | None] = fields.CharField(max_length=64, null=True)  # last told of
    head_told: fields.Field[str | None] = fields.CharField(max_length=64, null=True)  # the chain's, last told
    head_told_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    created_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "account"


class UserRow(Model):
    """A person; one row however many accounts they belong to. `email` is kept in lower case."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    name: fields.Field[str] = fields.CharField(max_length=200)
    email: fields.Field[str] = fields.CharField(max_length=320)
    created_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "app_user"  # `user` is a reserved word in PostgreSQL


class MemberRow(Model):
    """A person in an account. `roles` is a sorted JSON list of role names."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    user_id: int
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    roles: fields.Field[list[str]] = fields.JSONField()
    active: fields.Field[bool] = fields.BooleanField(default=True)
    created_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "member"


class TokenRow(Model):
    """An API token of a person; only the SHA-256 of it is stored. `scopes`: words with blanks between."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    user_id: int
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    hash: fields.Field[str] = fields.CharField(max_length=64)
    name: fields.Field[str] = fields.CharField(max_length=200)
    is_demo: fields.Field[bool] = fields.BooleanField(default=False)
    scopes: fields.Field[str | None] = fields.CharField(max_length=64, null=True)  # null: every scope
    created_at: fields.Field[datetime] = fields.DatetimeField()
    expires_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    revoked_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    last_used_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "api_token"


class CampaignRow(Model):
    """A campaign; `head_number` names its newest revision that is not discarded."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    name: fields.Field[str] = fields.CharField(max_length=200)
    # case-folded: what search and order by name read, since SQLite folds ASCII only
    folded_name: fields.Field[str] = fields.CharField(max_length=1000)
    channel: fields.Field[str] = fields.CharField(max_length=16)
    status: fields.Field[str] = fields.CharField(max_length=16)
    version: fields.Field[int] = fields.IntField()
    head_number: fields.Field[int] = fields.IntField()
    newest_number: fields.Field[int] = fields.IntField()
    live_publication_id: fields.Field[int | None] = fields.BigIntField(null=True)
    authorisation: fields.Field[str | None] = fields.CharField(max_length=16, null=True)
    authorised_hash: fields.Field[str | None] = fields.CharField(max_length=64, null=True)
    due_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    audience: fields.Field[int] = fields.BigIntField()  # of the head revision: what the inbox filter compares
    created_by_id: int
    created_by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    duplicated_from_id: fields.Field[int | None] = fields.BigIntField(null=True)
    created_at: fields.Field[datetime] = fields.DatetimeField()
    updated_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "campaign"


class RevisionRow(Model):
    """A numbered content of a campaign; amended only while its state is DRAFT."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    campaign_id: int
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    number: fields.Field[int] = fields.IntField()
    state: fields.Field[str] = fields.CharField(max_length=16)
    content: fields.Field[dict[str, object]] = fields.JSONField()
    segment: fields.Field[str] = fields.TextField()
    definition: fields.Field[object] = AnyJsonField(null=True)
    estimated_size: fields.Field[int] = fields.BigIntField()
    publish_mode: fields.Field[str] = fields.CharField(max_length=16)
    scheduled_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    copy_hash: fields.Field[str] = fields.CharField(max_length=64)
    audience_hash: fields.Field[str] = fields.CharField(max_length=64)
    schedule_hash: fields.Field[str] = fields.CharField(max_length=64)
    content_hash: fields.Field[str] = fields.CharField(max_length=64)
    created_by_id: int
    created_by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    created_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "revision"


class ContributorRow(Model):
    """Who contributed to a revision: recorded from events, never from what a client says."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    campaign_id: int
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    number: fields.Field[int] = fields.IntField()  # the revision's
    user_id: int
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )

    class Meta(Model.Meta):
        table = "contributor"


class RequestRow(Model):
    """One review of one revision. `requirements` is a JSON list of {role, needed, approved_by | null}."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    campaign_id: int
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    revision_number: fields.Field[int] = fields.IntField()
    content_hash: fields.Field[str] = fields.CharField(max_length=64)
    status: fields.Field[str] = fields.CharField(max_length=16)
    requirements: fields.Field[list[dict[str, object]]] = fields.JSONField()
    policy_version: fields.Field[str] = fields.CharField(max_length=64)
    submitted_by_id: int
    submitted_by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    submitted_at: fields.Field[datetime] = fields.DatetimeField()
    expires_at: fields.Field[datetime] = fields.DatetimeField()
    note: fields.Field[str | None] = fields.TextField(null=True)  # type: ignore[assignment]  # its type ignores null

    class Meta(Model.Meta):
        table = "approval_request"


class DecisionRow(Model):
    """One person's vote on one content hash."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    request_id: int
    request: fields.ForeignKeyRelation[RequestRow] = fields.ForeignKeyField(
        "approvals.RequestRow", related_name=False, on_delete=fields.RESTRICT
    )
    by_id: int
    by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    at: fields.Field[datetime] = fields.DatetimeField()
    verdict: fields.Field[str] = fields.CharField(max_length=16)
    reason: fields.Field[str | None] = fields.TextField(null=True)  # type: ignore[assignment]  # its type ignores null
    content_hash: fields.Field[str] = fields.CharField(max_length=64)
    policy_version: fields.Field[str] = fields.CharField(max_length=64)
    voided: fields.Field[bool] = fields.BooleanField(default=False)

    class Meta(Model.Meta):
        table = "decision"


class CommentRow(Model):
    """What somebody wrote about a campaign, or about one section of it."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    campaign_id: int
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    by_id: int
    by: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    at: fields.Field[datetime] = fields.DatetimeField()
    body: fields.Field[str] = fields.TextField()
    section: fields.Field[str | None] = fields.CharField(max_length=16, null=True)

    class Meta(Model.Meta):
        table = "comment"


class PublicationRow(Model):
    """A revision that went out, with the sending system's latest figures."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    campaign_id: int
    campaign: fields.ForeignKeyRelation[CampaignRow] = fields.ForeignKeyField(
        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
    )
    revision_number: fields.Field[int] = fields.IntField()
    content_hash: fields.Field[str] = fields.CharField(max_length=64)
    authorisation: fields.Field[str] = fields.CharField(max_length=16)
    request_id: fields.Field[int | None] = fields.BigIntField(null=True)
    sent_at: fields.Field[datetime] = fields.DatetimeField()
    handed_over_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    sent: fields.Field[int] = fields.BigIntField(default=0)
    delivered: fields.Field[int] = fields.BigIntField(default=0)
    opened: fields.Field[int] = fields.BigIntField(default=0)
    clicked: fields.Field[int] = fields.BigIntField(default=0)
    failed: fields.Field[int] = fields.BigIntField(default=0)
    metrics_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "publication"


class AuditRow(Model):
    """One entry of an account's hash chain. `detail`: the canonical text that was hashed."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    seq: fields.Field[int] = fields.BigIntField()
    kind: fields.Field[str] = fields.CharField(max_length=64)
    at: fields.Field[datetime] = fields.DatetimeField()
    actor_id: fields.Field[int | None] = fields.BigIntField(null=True)  # null: the system
    campaign_id: fields.Field[int | None] = fields.BigIntField(null=True)
    detail: fields.Field[str] = fields.TextField()
    policy_version: fields.Field[str | None] = fields.CharField(max_length=64, null=True)
    previous_hash: fields.Field[str] = fields.CharField(max_length=64)
    hash: fields.Field[str] = fields.CharField(max_length=64)

    class Meta(Model.Meta):
        table = "audit_event"


class OutboxRow(Model):
    """Something to be delivered outside: a mail, a hand-over, or a webhook's event. Written with its cause.

    `key` is the stable id of the delivery: a consumer that sees it twice has seen one message.
    """

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    key: fields.Field[str] = fields.CharField(max_length=100)
    kind: fields.Field[str] = fields.CharField(max_length=16)  # mail | handover | webhook
    webhook_id: fields.Field[int | None] = fields.BigIntField(null=True)  # of a webhook that may be gone
    payload: fields.Field[dict[str, object]] = fields.JSONField()
    created_at: fields.Field[datetime] = fields.DatetimeField()
    next_at: fields.Field[datetime] = fields.DatetimeField()
    leased_until: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    attempts: fields.Field[int] = fields.IntField(default=0)
    delivered_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    # not to be told any more, or a dead letter
    given_up_at: fields.Field[datetime | None] = fields.DatetimeField(null=True, source_field="dropped_at")
    last_error: fields.Field[str | None] = fields.TextField(null=True)  # type: ignore[assignment]  # its type ignores null

    class Meta(Model.Meta):
        table = "outbox_message"


class IdempotencyRow(Model):
    """The first success under a key, kept at least 24 hours: payload type and ids, never an answer's text."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    user_id: int
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    key: fields.Field[str] = fields.CharField(max_length=255)
    fingerprint: fields.Field[str] = fields.CharField(max_length=64)
    result: fields.Field[dict[str, object]] = fields.JSONField()
    created_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "idempotency_key"


class PolicyVersionRow(Model):
    """The text of a policy that was in force; never changed, never deleted. `id` is the order of arrival."""

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    version: fields.Field[str] = fields.CharField(max_length=64)
    model: fields.Field[str] = fields.TextField()  # of model.conf
    policy: fields.Field[str] = fields.TextField()  # of policy.csv
    first_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "policy_version"


class PolicyWorkerRow(Model):
    """What one worker process last said of its policy. `refused`: why its folder's files are not in force."""

    id: fields.Field[str] = fields.CharField(max_length=2000, primary_key=True)  # it may contain a path
    node: fields.Field[str] = fields.TextField()
    version: fields.Field[str] = fields.CharField(max_length=64)
    loaded_at: fields.Field[datetime] = fields.DatetimeField()
    refused: fields.Field[list[str]] = fields.JSONField()
    seen_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "policy_worker"


class IdentityRow(Model):
    """A person as an identity provider knows them: its issuer, and their subject there.

    `granted`: account's slug → the roles that groups gave there last. `issued_at`: of the newest token.
    """

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    user_id: int
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
    )
    issuer: fields.Field[str] = fields.CharField(max_length=255)
    subject: fields.Field[str] = fields.CharField(max_length=255)
    granted: fields.Field[dict[str, list[str]]] = fields.JSONField()
    issued_at: fields.Field[datetime] = fields.DatetimeField()
    created_at: fields.Field[datetime] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "identity"
