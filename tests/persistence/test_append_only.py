"""What is kept for ever can be added only, whatever SQL is sent, and over whichever connection."""
# ruff: noqa: S608  # the SQL of whoever may write to the database

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import asyncpg
import pytest
from tests.persistence.test_catalogue import ROWS, account, audit, version

from gql_approvals.persistence.database import Database

AT = datetime(2030, 1, 2, tzinfo=UTC)

# Every other table holds what changes; a new table needs a place in one of both.
APPEND_ONLY = {
    "audit_event": {
        "text": "detail",
        "key": "account_id, seq",
        "others": "account_id, seq, kind, at, previous_hash, hash",
        "same": "other.account_id = {table}.account_id AND other.seq = {table}.seq",
    },
    "policy_version": {
        "text": "policy",
        "key": "version",
        "others": "version, model, first_at",
        "same": "other.version = {table}.version",
    },
}
CHANGING = {
    "account", "api_token", "app_user", "approval_request", "campaign", "comment", "contributor", "decision",
    "idempotency_key", "identity", "member", "outbox_message", "policy_worker", "publication", "revision",
    "webhook",
}  # fmt: skip

COPY = "SELECT {others}, 'forged' FROM {table} WHERE true"
INTO = "INTO {table} ({others}, {text})"
ANYWHERE = [
    "UPDATE {table} SET {text} = 'forged'",
    "UPDATE {table} SET id = id + 100",
    "UPDATE {table} SET {text} = 'forged' FROM (SELECT 1) AS one",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})",
    f"INSERT {INTO} {COPY} ON CONFLICT ({{key}}) DO UPDATE SET {{text}} = 'forged'",
    "WITH one AS (SELECT max(id) AS id FROM {table}) DELETE FROM {table} WHERE id IN (SELECT id FROM one)",
]
SQLITE = [
    *ANYWHERE,
    *(f"UPDATE OR {way} {{table}} SET {{text}} = 'forged'" for way in ("REPLACE", "IGNORE", "FAIL", "ABORT")),
    "UPDATE OR REPLACE {table} SET id = (SELECT max(id) FROM {table})",
    f"INSERT OR REPLACE {INTO} {COPY}",
    f"REPLACE {INTO} {COPY}",
    "REPLACE INTO {table} (id, {others}, {text}) SELECT id, {others}, 'forged' FROM {table}",
    f"INSERT {INTO} {COPY} ON CONFLICT DO UPDATE SET {{text}} = 'forged'",
    f"INSERT OR ROLLBACK {INTO} {COPY}",
]
_MERGE = "MERGE INTO {table} USING {table} AS other ON {same} WHEN MATCHED THEN "
_CHANGES = [
    *ANYWHERE,
    "DELETE FROM {table} USING (SELECT 1) AS one",
    _MERGE + "UPDATE SET {text} = 'forged'",
    _MERGE + "DELETE",
    "TRUNCATE {table}",
    "TRUNCATE {table} RESTART IDENTITY CASCADE",
    "TRUNCATE account, {table} CASCADE",
    "WITH gone AS (DELETE FROM {table} RETURNING id) SELECT count(*) FROM gone",
    "CREATE VIEW shown AS SELECT * FROM {table}; UPDATE shown SET {text} = 'forged'",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM {table}; FETCH c; DELETE FROM {table} WHERE CURRENT OF c",
]
POSTGRESQL = [*_CHANGES, *(f"SET session_replication_role = replica; {one}" for one in _CHANGES)]
CASCADED = ["TRUNCATE account CASCADE", "SET session_replication_role = replica; TRUNCATE account CASCADE"]


async def filled(url):
    async with Database.open(url):
        owner = await account()
        for seq in (1, 2, 3):
            await audit(owner, seq=seq)
        await version()


def test_every_table_grows_only_or_is_known_to_change():
    assert {row._meta.db_table for row in ROWS} == {*APPEND_ONLY, *CHANGING}


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
async def test_sqlite_refuses_every_change_over_any_connection(sqlite_url, table, recursive):
    await filled(sqlite_url)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute(f"PRAGMA recursive_triggers = {recursive}")
        before = connection.execute(f"SELECT * FROM {table}").fetchall()
        for statement in SQLITE:
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                connection.execute(sql(statement, table))
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == before, statement
    assert before


@pytest.mark.wide
@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_postgresql_refuses_every_change_also_of_its_owner_and_in_replication(postgresql_url, table):
    await filled(postgresql_url)
    look = await asyncpg.connect(postgresql_url)
    before = await look.fetch(f"SELECT * FROM {table}")
    for statement in [*POSTGRESQL, *(CASCADED if table == "audit_event" else [])]:
        connection = await asyncpg.connect(postgresql_url)
        try:
            with pytest.raises(asyncpg.RestrictViolationError, match="is append-only"):
                await connection.execute(sql(statement, table))
        finally:
            await connection.close()
        assert await look.fetch(f"SELECT * FROM {table}") == before, statement
    await look.close()
    assert before


def sql(statement, table):
    words = APPEND_ONLY[table]
    return statement.format(table=table, **{**words, "same": words["same"].format(table=table)})
