"""All tables. Constraints and indexes follow in the next migration."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AccountRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("slug", fields.CharField(max_length=63)),
                ("name", fields.CharField(max_length=200)),
                ("time_zone", fields.CharField(max_length=64)),
                ("approvals_enabled", fields.BooleanField()),
                ("notify_scope", fields.CharField(max_length=16)),
                ("audit_seq", fields.BigIntField(default=0)),
                ("audit_hash", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "account"},
        ),
        ops.CreateModel(
            name="AuditRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("seq", fields.BigIntField()),
                ("kind", fields.CharField(max_length=64)),
                ("at", fields.DatetimeField()),
                ("actor_id", fields.BigIntField(null=True)),
                ("campaign_id", fields.BigIntField(null=True)),
                ("detail", fields.TextField()),
                ("policy_version", fields.CharField(null=True, max_length=64)),
                ("previous_hash", fields.CharField(max_length=64)),
                ("hash", fields.CharField(max_length=64)),
            ],
            options={"table": "audit_event"},
        ),
        ops.CreateModel(
            name="OutboxRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("key", fields.CharField(max_length=100)),
                ("kind", fields.CharField(max_length=16)),
                ("payload", fields.JSONField()),
                ("created_at", fields.DatetimeField()),
                ("next_at", fields.DatetimeField()),
                ("leased_until", fields.DatetimeField(null=True)),
                ("attempts", fields.IntField(default=0)),
                ("delivered_at", fields.DatetimeField(null=True)),
                ("dropped_at", fields.DatetimeField(null=True)),
                ("last_error", fields.TextField(null=True)),
            ],
            options={"table": "outbox_message"},
        ),
        ops.CreateModel(
            name="UserRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(max_length=320)),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "app_user"},
        ),
        ops.CreateModel(
            name="CampaignRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("folded_name", fields.CharField(max_length=1000)),
                ("channel", fields.CharField(max_length=16)),
                ("status", fields.CharField(max_length=16)),
                ("version", fields.IntField()),
                ("head_number", fields.IntField()),
                ("newest_number", fields.IntField()),
                ("live_publication_id", fields.BigIntField(null=True)),
                ("authorisation", fields.CharField(null=True, max_length=16)),
                ("authorised_hash", fields.CharField(null=True, max_length=64)),
                ("due_at", fields.DatetimeField(null=True)),
                ("audience", fields.BigIntField()),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("duplicated_from_id", fields.BigIntField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("updated_at", fields.DatetimeField()),
            ],
            options={"table": "campaign"},
        ),
        ops.CreateModel(
            name="ContributorRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("number", fields.IntField()),
                (
                    "user",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
            ],
            options={"table": "contributor"},
        ),
        ops.CreateModel(
            name="IdempotencyRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("key", fields.CharField(max_length=255)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("result", fields.JSONField()),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "idempotency_key"},
        ),
        ops.CreateModel(
            name="MemberRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("roles", fields.JSONField()),
                ("active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "member"},
        ),
        ops.CreateModel(
            name="PublicationRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("revision_number", fields.IntField()),
                ("content_hash", fields.CharField(max_length=64)),
                ("authorisation", fields.CharField(max_length=16)),
                ("request_id", fields.BigIntField(null=True)),
                ("sent_at", fields.DatetimeField()),
                ("handed_over_at", fields.DatetimeField(null=True)),
                ("sent", fields.BigIntField(default=0)),
                ("delivered", fields.BigIntField(default=0)),
                ("opened", fields.BigIntField(default=0)),
                ("clicked", fields.BigIntField(default=0)),
                ("failed", fields.BigIntField(default=0)),
                ("metrics_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "publication"},
        ),
        ops.CreateModel(
            name="RequestRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "approvals.AccountRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("revision_number", fields.IntField()),
                ("content_hash", fields.CharField(max_length=64)),
                ("status", fields.CharField(max_length=16)),
                ("requirements", fields.JSONField()),
                ("policy_version", fields.CharField(max_length=64)),
                (
                    "submitted_by",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("submitted_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
                ("note", fields.TextField(null=True)),
            ],
            options={"table": "approval_request"},
        ),
        ops.CreateModel(
            name="DecisionRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "request",
                    fields.ForeignKeyField(
                        "approvals.RequestRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                (
                    "by",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("at", fields.DatetimeField()),
                ("verdict", fields.CharField(max_length=16)),
                ("reason", fields.TextField(null=True)),
                ("content_hash", fields.CharField(max_length=64)),
                ("policy_version", fields.CharField(max_length=64)),
                ("voided", fields.BooleanField(default=False)),
            ],
            options={"table": "decision"},
        ),
        ops.CreateModel(
            name="RevisionRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "approvals.CampaignRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("number", fields.IntField()),
                ("state", fields.CharField(max_length=16)),
                ("content", fields.JSONField()),
                ("segment", fields.TextField()),
                ("definition", fields.JSONField(null=True)),
                ("estimated_size", fields.BigIntField()),
                ("publish_mode", fields.CharField(max_length=16)),
                ("scheduled_at", fields.DatetimeField(null=True)),
                ("copy_hash", fields.CharField(max_length=64)),
                ("audience_hash", fields.CharField(max_length=64)),
                ("schedule_hash", fields.CharField(max_length=64)),
                ("content_hash", fields.CharField(max_length=64)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "revision"},
        ),
        ops.CreateModel(
            name="TokenRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "approvals.UserRow", related_name=False, on_delete=fields.RESTRICT
                    ),
                ),
                ("hash", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=200)),
                ("is_demo", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField(null=True)),
                ("revoked_at", fields.DatetimeField(null=True)),
                ("last_used_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "api_token"},
        ),
    ]
