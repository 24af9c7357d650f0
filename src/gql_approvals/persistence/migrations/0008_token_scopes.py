"""What a token may be used for; the tokens that there are may be used for everything."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("approvals", "0007_identities")]

    operations = [
        ops.AddField(
            model_name="TokenRow",
            name="scopes",
            field=fields.CharField(null=True, max_length=64),
        ),
    ]
