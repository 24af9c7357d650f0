"""A database with real mutations, and somebody who changes it past the product and its triggers."""
# ruff: noqa: S608  # the SQL of whoever owns the database

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
from tests.relay.world import World

from gql_approvals.persistence.chain import hash_of
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.snapshot import snapshot
from gql_approvals.workflow.vocabulary import Action

ZEROS = "0" * 64
COLUMNS = "seq, kind, at, actor_id, campaign_id, detail, policy_version, previous_hash, hash"
OPENED = {
    "sqlite": [f"DROP TRIGGER audit_event_no_{change}" for change in ("update", "delete", "replace")],
    "postgresql": ["ALTER TABLE audit_event DISABLE TRIGGER ALL"],
}


_built: dict[str, bytes] = {}  # slug → the SQLite file that was empty before


def build(url, slug="acme"):
    """An account whose chain has a dozen entries of campaigns that were reviewed."""
    if not url.startswith("sqlite"):
        _build(url, slug)
        return
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        [(accounts,)] = connection.execute("SELECT count(*) FROM account")
    if accounts:
        _build(url, slug)
        return
    if slug not in _built:
        _build(url, slug)
        with closing(sqlite3.connect(path)) as connection:
            _built[slug] = connection.serialize()
    path.write_bytes(_built[slug])


def _build(url, slug):
    async def work():
        async with Database.open(url) as database:
            world = await World.open(database, slug=slug, account_name=slug.title())
            await world.act("chen", Action.APPROVE, await world.submitted())
            await world.act("cleo", Action.REJECT, await world.submitted(), reason="a typo: “Selle”")
            await world.create()
            await world.act("maya", Action.WITHDRAW, await world.submitted(), reason="later")

    asyncio.run(work())


def tamper(url, *statements):
    """Run statements as somebody would who owns the database."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    every = [*OPENED[kind], "DROP INDEX audit_event_seq_key", *statements]
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            for statement in every:
                connection.execute(statement)
        return

    async def work():
        connection = await asyncpg.connect(url)
        for statement in every:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(work())


def rows(url):
    """Every audit entry of the only account, in order."""

    async def work():
        async with snapshot(url) as reading:
            return [
                list(row) for row in await reading.rows(f"SELECT {COLUMNS} FROM audit_event ORDER BY seq")
            ]

    return asyncio.run(work())


def hashed_anew(entries):
    """Statements that make a chain fit in itself again, its account included."""
    previous, statements = ZEROS, []
    for row in entries:
        row[7] = previous
        previous = hash_of(row)
        statements.append(
            f"UPDATE audit_event SET previous_hash = '{row[7]}', hash = '{previous}' WHERE seq = {row[0]}"
        )
    head = f"UPDATE account SET audit_seq = {len(entries)}, audit_hash = '{previous}'"
    return [*statements, head]
