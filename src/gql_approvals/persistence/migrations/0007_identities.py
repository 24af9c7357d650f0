"""Who is who at an identity provider, and what their groups gave them."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0006_audit_wake")]

    operations = [
        ops.CreateModel(
            name="IdentityRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("issuer", fields.CharField(max_length=255)),
                ("subject", fields.CharField(max_length=255)),
                ("granted", fields.JSONField()),
                ("issued_at", fields.DatetimeField()),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "identity"},
        ),
        ops.RunSQL(statements("0007_identities")),
    ]
