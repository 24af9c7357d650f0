"""Migrating one step at a time, and what a database then looks like."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationTarget

from gql_approvals.persistence import database as module
from gql_approvals.persistence import migrations, releases
from gql_approvals.persistence.database import Database

ACCOUNT = (
    "INSERT INTO account (slug, name, time_zone, approvals_enabled, notify_scope, audit_seq, audit_hash, "
    "created_at) VALUES ('acme', 'Acme', 'UTC', true, 'INVOLVED', 3, 'h', '2030-01-01')"
)
CONTRACTION = """
from tortoise import migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("approvals", "{after}")]
    operations = [ops.RunSQL(["{sql}"])]
    needs = {needs!r}
"""
_COLUMNS = {
    "sqlite": """SELECT m.name AS place, c.name AS name, c.type AS type, c."notnull" = 0 AS nullable,
        c.dflt_value IS NOT NULL AS filled FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table'""",
    "postgresql": """SELECT table_name AS place, column_name AS name, udt_name AS type,
        is_nullable = 'YES' AS nullable, column_default IS NOT NULL AS filled
        FROM information_schema.columns WHERE table_schema = 'public'""",
}
_UNIQUE = {
    "sqlite": "SELECT tbl_name AS place, name FROM sqlite_master WHERE sql LIKE 'CREATE UNIQUE INDEX%'",
    "postgresql": "SELECT tablename AS place, indexname AS name FROM pg_indexes "
    "WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE INDEX%'",
}


async def migrate_to(database: Database, name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Apply pending migrations up to this one."""
    whole = module._Executor.migrate

    async def partly(self, **arguments):
        await whole(self, targets=[MigrationTarget("approvals", name)], **arguments)

    with monkeypatch.context() as older:
        older.setattr(module._Executor, "migrate", partly)
        return await database.migrate()


async def query(database: Database, sql: str) -> list[dict]:
    return await get_connection(database.dialect).execute_query_dict(sql)


async def columns(database: Database) -> dict[tuple[str, str], tuple]:
    """(table, column) → (type, whether it may be null, whether it has a default)."""
    found = await query(database, _COLUMNS[database.dialect])
    return {
        (row["place"], row["name"]): (row["type"], bool(row["nullable"]), bool(row["filled"]))
        for row in found
    }


async def unique_indexes(database: Database) -> dict[str, str]:
    """Name → table."""
    return {row["name"]: row["place"] for row in await query(database, _UNIQUE[database.dialect])}


async def picture(database: Database) -> tuple:
    """All that there is: columns, unique indexes, triggers, and how many rows each table has."""
    shapes = await columns(database)
    triggers = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.dialect == "sqlite"
        else "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal"
    )
    rows = Counter(
        {
            table: (await query(database, f'SELECT count(*) AS n FROM "{table}"'))[0]["n"]  # noqa: S608
            for table in sorted({table for table, _ in shapes})
        }
    )
    names = sorted(row["name"] for row in await query(database, triggers))
    return shapes, await unique_indexes(database), names, rows


@contextmanager
def one_more(folder: Path, monkeypatch: pytest.MonkeyPatch, *, sql: str, needs: str | None) -> Iterator[str]:
    """A release with one more migration; gives its name."""
    package = folder / "later_migrations"
    shutil.copytree(migrations.__path__[0], package, ignore=shutil.ignore_patterns("__pycache__"))
    newest = module.migration_names()[-1]
    text = CONTRACTION.format(after=newest, sql=sql, needs=needs)
    (package / "9000_later.py").write_text(text)
    with monkeypatch.context() as newer:
        newer.syspath_prepend(folder)
        for name in [name for name in sys.modules if name.startswith(package.name)]:
            del sys.modules[name]
        later = import_module(package.name)
        newer.setattr(module, "migrations", later)
        newer.setattr(releases, "migrations", later)
        yield "9000_later"
