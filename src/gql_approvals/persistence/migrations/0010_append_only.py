"""On SQLite, nothing takes the place of an entry: REPLACE deletes, and tells no trigger of it by default.

A connection of ours switches `recursive_triggers` on, and is told; others are stopped before the insertion.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

_SQLITE = """
CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event
WHEN EXISTS (SELECT 1 FROM audit_event
             WHERE id = NEW.id OR (account_id = NEW.account_id AND seq = NEW.seq))
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
CREATE TRIGGER policy_version_no_replace BEFORE INSERT ON policy_version
WHEN EXISTS (SELECT 1 FROM policy_version WHERE id = NEW.id OR version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'policy_version is append-only'); END;
"""


async def _create_triggers(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    if editor.client.capabilities.dialect == "sqlite":
        await editor.client.execute_script(_SQLITE)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0009_webhooks")]
    operations = [ops.RunPython(_create_triggers)]
