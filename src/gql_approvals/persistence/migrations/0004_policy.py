"""The texts of policies, what each worker says of its own, and which one an account was last told of."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

from gql_approvals.persistence.constraints import statements

_SQLITE = """
CREATE TRIGGER policy_version_no_update BEFORE UPDATE ON policy_version
BEGIN SELECT RAISE(ABORT, 'policy_version is append-only'); END;
CREATE TRIGGER policy_version_no_delete BEFORE DELETE ON policy_version
BEGIN SELECT RAISE(ABORT, 'policy_version is append-only'); END;
"""

# As for audit_event in 0003: in force for replication roles, too, and an integrity error to the driver.
_POSTGRESQL = """
CREATE FUNCTION policy_version_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'policy_version is append-only' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER policy_version_no_change BEFORE UPDATE OR DELETE ON policy_version
FOR EACH ROW EXECUTE FUNCTION policy_version_refuse();
CREATE TRIGGER policy_version_no_truncate BEFORE TRUNCATE ON policy_version
FOR EACH STATEMENT EXECUTE FUNCTION policy_version_refuse();
ALTER TABLE policy_version ENABLE ALWAYS TRIGGER policy_version_no_change;
ALTER TABLE policy_version ENABLE ALWAYS TRIGGER policy_version_no_truncate;
"""

_SQL = {"sqlite": _SQLITE, "postgres": _POSTGRESQL}  # by Tortoise's names


async def _create_triggers(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_script(_SQL[editor.client.capabilities.dialect])


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_append_only_audit")]

    operations = [
        ops.AddField(
            model_name="AccountRow",
            name="policy_version",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.CreateModel(
            name="PolicyVersionRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("version", fields.CharField(max_length=64)),
                ("model", fields.TextField()),
                ("policy", fields.TextField()),
                ("first_at", fields.DatetimeField()),
            ],
            options={"table": "policy_version"},
        ),
        ops.CreateModel(
            name="PolicyWorkerRow",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=2000)),
                ("node", fields.TextField()),
                ("version", fields.CharField(max_length=64)),
                ("loaded_at", fields.DatetimeField()),
                ("refused", fields.JSONField()),
                ("seen_at", fields.DatetimeField()),
            ],
            options={"table": "policy_worker"},
        ),
        ops.RunSQL(statements("0004_policy")),
        ops.RunPython(_create_triggers),
    ]
