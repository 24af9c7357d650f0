"""Indexes by which what is over is found and deleted, and what is undelivered is counted."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0009_webhooks")]
    operations = [ops.RunSQL(statements("0010_retention"))]
