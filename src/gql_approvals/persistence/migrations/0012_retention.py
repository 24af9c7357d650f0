"""Indexes by which what is over is found and deleted, and what is undelivered is counted."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from gql_approvals.persistence.constraints import statements


class Migration(migrations.Migration):
    dependencies = [("approvals", "0011_audit_heads")]
    operations = [ops.RunSQL(statements("0012_retention"))]
