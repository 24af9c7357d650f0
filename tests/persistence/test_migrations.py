"""Migrating: from nothing, twice, at once, and not at all."""

import asyncio
import sys

import pytest
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationTarget

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence import database as module
from gql_approvals.persistence.database import Database, migration_names
from gql_approvals.persistence.models import AccountRow

MIGRATE = """
import asyncio, sys
from gql_approvals.persistence.database import Database

async def main():
    async with Database.open(sys.argv[1]) as database:
        print("open", flush=True)
        sys.stdin.readline()
        print(",".join(await database.migrate()))

asyncio.run(main())
"""


async def test_a_database_without_tables_is_refused_with_the_way_out(empty_database_url):
    async with Database.open(empty_database_url) as database:
        with pytest.raises(BadDatabase) as refusal:
            await database.require_migrated()

    assert refusal.value.message == "the database is not migrated: run gql-approvals migrate"


@pytest.mark.wide
@pytest.mark.slow
async def test_migrating_applies_everything_once(empty_database_url):
    async with Database.open(empty_database_url) as database:
        assert await database.migrate() == migration_names()
        assert await database.migrate() == []
        await database.require_migrated()


async def test_a_database_that_misses_one_migration_is_refused(database):
    await get_connection(database.dialect).execute_query(
        "DELETE FROM tortoise_migrations WHERE name = '0003_append_only_audit'"
    )

    with pytest.raises(BadDatabase):
        await database.require_migrated()


async def test_a_database_that_a_newer_release_has_migrated_is_accepted(database):
    await get_connection(database.dialect).execute_script(
        "INSERT INTO tortoise_migrations (app, name, applied_at) "
        "VALUES ('approvals', '9999_next', '2030-01-01')"
    )

    await database.require_migrated()


@pytest.mark.slow
async def test_a_database_with_data_from_before_the_policy_tables_is_migrated(
    empty_database_url, monkeypatch
):
    async with Database.open(empty_database_url) as database:
        with monkeypatch.context() as older:
            older.setattr(module._Executor, "migrate", _migrate_to(module._Executor.migrate, "0003"))
            assert [name[:4] for name in await database.migrate()] == ["0001", "0002", "0003"]
        await get_connection(database.dialect).execute_script(
            "INSERT INTO account (slug, name, time_zone, approvals_enabled, notify_scope, audit_seq, "
            "audit_hash, created_at) VALUES ('acme', 'Acme', 'UTC', true, 'INVOLVED', 3, 'h', '2030-01-01')"
        )

        assert await database.migrate() == migration_names()[3:]
        account = await AccountRow.get(slug="acme")

    assert (account.name, account.audit_seq, account.policy_version) == ("Acme", 3, None)


@pytest.mark.slow
async def test_processes_that_migrate_at_once_all_succeed_and_one_does_the_work(empty_database_url):
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", MIGRATE, empty_database_url,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        await process.stdout.readline()

    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert [errors for _, errors in ends] == [b"", b"", b""]
    assert sorted(output.decode().strip() for output, _ in ends) == ["", "", ",".join(migration_names())]


@pytest.mark.slow
async def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url, monkeypatch):
    async with Database.open(empty_database_url) as database:
        with monkeypatch.context() as planted:
            planted.setattr(module._Executor, "migrate", _migrate_and_fail(module._Executor.migrate))
            with pytest.raises(ZeroDivisionError):
                await database.migrate()

        table = "sqlite_master" if database.dialect == "sqlite" else "pg_tables WHERE schemaname = 'public'"
        assert await get_connection(database.dialect).execute_query_dict(f"SELECT * FROM {table}") == []  # noqa: S608
        assert await database.migrate() == migration_names()


def _migrate_and_fail(migrate):
    async def both(self, **arguments):
        await migrate(self, **arguments)
        raise ZeroDivisionError

    return both


def _migrate_to(migrate, number):
    async def partly(self, **arguments):
        last = next(name for name in migration_names() if name.startswith(number))
        await migrate(self, targets=[MigrationTarget("approvals", last)], **arguments)

    return partly
