"""What people write about campaigns."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_policy")]

    operations = [
        ops.CreateModel(
            name="CommentRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                (
                    "by",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("at", fields.DatetimeField()),
                ("body", fields.TextField()),
                ("section", fields.CharField(null=True, max_length=16)),
            ],
            options={"table": "comment"},
        ),
        ops.RunSQL(statements("0005_comments")),
    ]
