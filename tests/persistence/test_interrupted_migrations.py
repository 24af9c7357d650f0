"""A migration that is killed, or fails, at each of its statements leaves nothing, and the next one works."""

import os
import signal
import subprocess
import sys

import pytest
from tests.persistence.steps import ACCOUNT, migrate_to, picture
from tortoise.connection import get_connection

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import asyncpg_backend, sqlite_backend
from gql_approvals.persistence.database import Database, migration_names

# Forks a process for each number it is given, which migrates and kills itself before that statement.
FORKS = """
import asyncio, os, signal, sys
from gql_approvals.persistence import asyncpg_backend, sqlite_backend
from gql_approvals.persistence.database import Database

async def migrate(url, last):
    done = 0

    def counted(statement):
        async def run(*values):
            nonlocal done
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return await statement(*values)
        return run

    async with Database.open(url) as database:
        for backend in (asyncpg_backend, sqlite_backend):
            for name in NAMES:
                setattr(backend.Transaction, name, counted(getattr(backend.Transaction, name)))
        await database.migrate()

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        asyncio.run(migrate(sys.argv[1], int(line)))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
NAMES = ("execute_query", "execute_query_dict", "execute_insert", "commit")
FORKS = FORKS.replace("NAMES", repr((*NAMES, "execute_script")))
# With 100 rounds, at every statement; with fewer, at every second, fourth, …
STRIDE = max(1, 100 // int(os.environ.get("APPROVALS_TEST_ROUNDS", "100")))
pytestmark = pytest.mark.slow


async def look(url):
    async with Database.open(url) as database:
        return await picture(database)


@pytest.fixture
async def of_before(empty_database_url, monkeypatch):
    """A database with data of an older release."""
    async with Database.open(empty_database_url) as database:
        await migrate_to(database, "0003_append_only_audit", monkeypatch)
        await get_connection(database.dialect).execute_script(ACCOUNT)
        assert (await picture(database))[3]["account"] == 1
    return empty_database_url


async def test_a_migration_killed_before_any_of_its_statements_leaves_nothing_and_the_next_completes(
    of_before,
):
    before, killed = await look(of_before), 0
    forks = subprocess.Popen(  # noqa: ASYNC220  # a line is awaited, not the process
        [sys.executable, "-c", FORKS, of_before],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    with forks:
        while end_of(forks, killed) == -signal.SIGKILL:
            assert await look(of_before) == before, f"killed before statement {killed}"
            killed += STRIDE
    assert killed > 10
    async with Database.open(of_before) as database:
        await database.require_migrated()
        assert await database.migrate() == []
    sys.stdout.write(f"killed before {killed // STRIDE} of {killed} statements\n")


def end_of(forks, number):
    forks.stdin.write(f"{number}\n")
    end = int(forks.stdout.readline())
    assert end in {0, -signal.SIGKILL}
    return end


async def test_a_migration_that_fails_at_any_of_its_statements_leaves_nothing_and_the_next_completes(
    of_before, monkeypatch
):
    left, failing, before = -1, 0, await look(of_before)

    def counted(statement):
        async def run(self, *values):
            nonlocal left
            if left == 0:
                raise Unavailable("planted: the disk is full")
            left -= 1
            return await statement(self, *values)

        return run

    backend = asyncpg_backend if of_before.startswith("postgresql") else sqlite_backend
    with monkeypatch.context() as planted:
        for name in (*NAMES, "execute_script"):
            planted.setattr(backend.Transaction, name, counted(getattr(backend.Transaction, name)))
        async with Database.open(of_before) as database:
            while True:
                left = failing
                try:
                    applied = await database.migrate()
                except Unavailable:
                    left = -1
                    assert await picture(database) == before, f"failed at statement {failing}"
                    failing += STRIDE
                else:
                    break
            assert applied[-1] == migration_names()[-1]
            await database.require_migrated()
    assert failing > 10
    sys.stdout.write(f"failed at {failing // STRIDE} of {failing} statements\n")
