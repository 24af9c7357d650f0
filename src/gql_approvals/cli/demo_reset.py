"""`demo --reset`: take the demo's tables out of a database, and never anybody else's data.

The tables are dropped and not the file deleted, so what others keep in the same database stays. SQL is sent
past the ORM, because the audit trail is append-only for everything that goes through it.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

from gql_approvals.cli.demo_data import ACCOUNTS
from gql_approvals.errors import BadDatabase
from gql_approvals.persistence.address import parse

# Those that refer to others come first.
TABLES = (
    "idempotency_key",
    "outbox_message",
    "webhook",
    "audit_event",
    "comment",
    "decision",
    "publication",
    "approval_request",
    "contributor",
    "revision",
    "campaign",
    "identity",
    "api_token",
    "member",
    "app_user",
    "account",
    "policy_version",
    "policy_worker",
)
_MIGRATIONS = "tortoise_migrations"  # may serve other applications, too: only our rows go
_WAIT_S = 10
_SLUGS = "SELECT slug FROM account ORDER BY slug"
_REAL_TOKENS = "SELECT count(*) FROM api_token WHERE NOT is_demo"
_FORGET = f"DELETE FROM {_MIGRATIONS} WHERE app = 'approvals'"  # noqa: S608  # a constant
_TRIGGERED = """
SELECT DISTINCT p.oid::regprocedure::text AS name FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
"""


async def erase(url: str) -> None:
    """Drop the product's tables if they hold nothing but the demo, or nothing.

    Raises:
        BadDatabase: when there are accounts or tokens that are not the demo's, or the database is in use.
    """
    address = parse(url)
    if address.dialect == "sqlite":
        _erase_file(address.target, address.shown)
    else:
        await _erase_schema(address.target, address.shown)


def foreign(slugs: Collection[str], real_tokens: int, shown: str) -> BadDatabase | None:
    """Why the database must be left alone, or None."""
    others = ", ".join(f"`{slug}`" for slug in slugs if slug not in ACCOUNTS)
    if not others and not real_tokens:
        return None
    what = f"holds {others}" if others else "holds API tokens that are not the demo's"
    return BadDatabase(
        f"the database `{shown}` {what}: it is left as it is; name another one with --database-url"
    )


def _erase_file(path: str, shown: str) -> None:
    if not Path(path).is_file():
        return
    with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("BEGIN EXCLUSIVE")
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            present = {str(name) for (name,) in rows}
            if "account" not in present:
                return
            slugs = [str(slug) for (slug,) in connection.execute(_SLUGS).fetchall()]
            refused = foreign(slugs, int(connection.execute(_REAL_TOKENS).fetchone()[0]), shown)
            if refused is not None:
                raise refused
            for name in TABLES:
                if name in present:
                    connection.execute(f'DROP TABLE "{name}"')
            connection.execute(_FORGET)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            message = f"the database `{shown}` cannot be started over: {error}; stop what uses it"
            raise BadDatabase(message) from error


async def _erase_schema(url: str, shown: str) -> None:
    connection = await _connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{_WAIT_S}s'")
            if await connection.fetchval("SELECT to_regclass('account') IS NULL"):
                return
            slugs = [row["slug"] for row in await connection.fetch(_SLUGS)]
            refused = foreign(slugs, await connection.fetchval(_REAL_TOKENS), shown)
            if refused is not None:
                raise refused
            functions = [row["name"] for row in await connection.fetch(_TRIGGERED, TABLES)]
            await connection.execute("DROP TABLE IF EXISTS " + ", ".join(TABLES))
            for function in functions:
                await connection.execute(f"DROP FUNCTION {function}")
            await connection.execute(_FORGET)
    except asyncpg.LockNotAvailableError as error:
        message = f"the database `{shown}` is in use: stop the server that works with it"
        raise BadDatabase(message) from error
    finally:
        await connection.close()


async def _connect(url: str) -> Any:  # noqa: ANN401  # it has no types
    return await asyncpg.connect(url)  # pyright: ignore[reportUnknownVariableType]  # the same
