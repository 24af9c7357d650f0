"""What must be unique, and the indexes: Tortoise would drop them silently from `CreateModel`."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]
    operations = [ops.RunSQL(statements("0002_constraints"))]
