"""Webhooks of accounts, and which of them a message of the outbox is for."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0008_token_scopes")]

    operations = [
        ops.CreateModel(
            name="WebhookRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("url", fields.TextField()),
                ("description", fields.CharField(max_length=200)),
                ("events", fields.JSONField(null=True)),
                ("secrets", fields.JSONField()),
                ("created_at", fields.DatetimeField()),
                ("rotated_at", fields.DatetimeField(null=True)),
                ("disabled_at", fields.DatetimeField(null=True)),
                ("disabled_why", fields.TextField(null=True)),
            ],
            options={"table": "webhook"},
        ),
        ops.AddField(model_name="OutboxRow", name="webhook_id", field=fields.BigIntField(null=True)),
        ops.RunSQL(statements("0009_webhooks")),
    ]
