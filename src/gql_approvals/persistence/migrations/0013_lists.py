"""Indexes by which lists are narrowed to a channel, a creator, and what somebody contributed to."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0012_retention")]
    operations = [ops.RunSQL(statements("0013_lists"))]
