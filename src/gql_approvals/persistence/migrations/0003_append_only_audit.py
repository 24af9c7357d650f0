"""The audit trail only grows: the database itself refuses to change or remove an entry."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

_SQLITE = """
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
"""

# ENABLE ALWAYS: in force for replication roles, too. RESTRICT violations are integrity errors to the driver.
_POSTGRESQL = """
CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_change;
ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_no_truncate;
"""

_SQL = {"sqlite": _SQLITE, "postgres": _POSTGRESQL}  # by Tortoise's names


async def _create_triggers(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_script(_SQL[editor.client.capabilities.dialect])


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_constraints")]
    operations = [ops.RunPython(_create_triggers)]
