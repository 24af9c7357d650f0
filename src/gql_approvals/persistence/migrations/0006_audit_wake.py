"""Whoever follows an account hears of its new audit entries at the commit; SQLite has nobody to tell."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

# One notice a transaction and account: PostgreSQL leaves out repetitions. The channel: persistence/tail.py.
_POSTGRESQL = """
CREATE FUNCTION audit_event_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('gql_approvals_audit', NEW.account_id::text); RETURN NULL; END $$;
CREATE TRIGGER audit_event_told AFTER INSERT ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_tell();
"""


async def _create_trigger(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    if editor.client.capabilities.dialect == "postgres":
        await editor.client.execute_script(_POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0005_comments")]
    operations = [ops.RunPython(_create_trigger)]
