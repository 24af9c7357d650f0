"""The table of webhooks, as a Tortoise model; see `models.py`."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from gql_approvals.persistence.models import AccountRow


class WebhookRow(Model):
    """A receiver of an account's events. `secrets`: the one that signs, then the one that it replaced.

    They are stored as they are, since they sign. `events`: a JSON list of kinds; null: every event.
    """

    id: fields.Field[int] = fields.BigIntField(primary_key=True)
    account_id: int
    account: fields.ForeignKeyRelation[AccountRow] = fields.ForeignKeyField(
        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
    )
    url: fields.Field[str] = fields.TextField()
    description: fields.Field[str] = fields.CharField(max_length=200)
    events: fields.Field[list[str] | None] = fields.JSONField(null=True)
    secrets: fields.Field[list[str]] = fields.JSONField()
    created_at: fields.Field[datetime] = fields.DatetimeField()
    rotated_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    disabled_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    disabled_why: fields.Field[str | None] = fields.TextField(null=True)  # type: ignore[assignment]  # its type ignores null

    class Meta(Model.Meta):
        table = "webhook"
