"""Which head of an account's audit chain was last told outside the database, and when."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("approvals", "0010_append_only")]

    operations = [
        ops.AddField(
            model_name="AccountRow",
            name="head_told",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="AccountRow",
            name="head_told_at",
            field=fields.DatetimeField(null=True),
        ),
    ]
