"""Transactions that end whatever happens: cancelled callers, busy files, lost servers, other processes."""

import asyncio
import functools
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, TransactionManagementError
from tortoise.transactions import in_transaction

from gql_approvals.errors import Unavailable
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.faults import Contention
from gql_approvals.persistence.models import AccountRow

AT = datetime(2030, 1, 1, tzinfo=UTC)


def row(slug):
    return AccountRow(
        slug=slug, name="Demo", time_zone="UTC", approvals_enabled=True, notify_scope="INVOLVED",
        audit_hash="", created_at=AT,
    )  # fmt: skip


async def add(slug):
    account = row(slug)
    await account.save()
    return account


async def slugs():
    return [account.slug for account in await AccountRow.all().order_by("slug")]


async def increment(slug="counter"):
    """Read, then write: what fails under a deferred BEGIN, and loses updates without a row lock."""
    account = await AccountRow.filter(slug=slug).select_for_update().get()
    account.audit_seq += 1
    await account.save(update_fields=["audit_seq"])


def free_connections(database):
    """How many connections of the pool are free; SQLite: 1 while nobody holds the lock."""
    client = get_connection(database.dialect)
    if database.dialect == "sqlite":
        return 0 if client._lock.locked() or client._connection.in_transaction else 1
    return client._pool._queue.qsize()


# ---------------------------------------------------------------- the promise


async def test_what_a_transaction_returns_comes_back_and_is_stored(database):
    async def work():
        return (await add("a")).slug

    assert await database.transaction(work) == "a"
    assert await slugs() == ["a"]


async def test_an_error_inside_undoes_everything_and_reaches_the_caller(database):
    free = free_connections(database)

    async def work():
        await add("a")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await database.transaction(work)
    assert await slugs() == []
    assert free_connections(database) == free


async def test_a_constraint_violated_inside_undoes_everything(database):
    async def work():
        await add("a")
        await add("a")

    with pytest.raises(IntegrityError):
        await database.transaction(work)
    assert await slugs() == []


async def test_transactions_do_not_nest(database):
    async def work():
        await database.transaction(slugs)

    with pytest.raises(RuntimeError, match="transactions do not nest"):
        await database.transaction(work)


async def test_a_savepoint_inside_may_fail_alone(database):
    async def work():
        await add("a")
        with pytest.raises(IntegrityError):
            async with in_transaction():
                await add("a")
        await add("b")

    await database.transaction(work)

    assert await slugs() == ["a", "b"]


async def test_a_bulk_insert_outside_a_transaction_is_all_or_nothing(database):
    with pytest.raises(IntegrityError):
        await AccountRow.bulk_create([row("x"), row("x")])

    assert await slugs() == []
    await database.transaction(lambda: add("y"))


async def test_a_task_started_inside_cannot_use_the_transaction_afterwards(database):
    over = asyncio.Event()

    async def late():
        await over.wait()
        await add("late")

    async def work():
        return asyncio.create_task(late())

    task = await database.transaction(work)
    over.set()

    with pytest.raises(TransactionManagementError, match="start background work after it"):
        await task


async def test_a_task_started_inside_may_have_a_transaction_of_its_own_afterwards(database):
    over = asyncio.Event()

    async def late():
        await over.wait()
        await database.transaction(lambda: add("late"))

    async def work():
        return asyncio.create_task(late())

    task = await database.transaction(work)
    over.set()
    await task

    assert await slugs() == ["late"]


async def test_a_reader_does_not_wait_for_a_transaction_and_does_not_see_it(database):
    written, seen = asyncio.Event(), asyncio.Event()

    async def work():
        await add("a")
        written.set()
        await seen.wait()

    writing = asyncio.create_task(database.transaction(work))
    await written.wait()
    async with asyncio.timeout(5):
        before = await slugs()
    seen.set()
    await writing

    assert (before, await slugs()) == ([], ["a"])


async def test_a_transaction_holds_the_file_from_its_first_moment(sqlite_url):
    async def work():
        path = sqlite_url.removeprefix("sqlite:///")
        with (
            closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="database is locked"),
        ):
            other.execute("BEGIN IMMEDIATE")

    async with Database.open(sqlite_url) as database:
        await database.transaction(work)


async def test_closing_ends_a_transaction_that_never_would(database_url, monkeypatch):
    monkeypatch.setattr("gql_approvals.persistence.database._CLOSE_S", 0.01)
    written = asyncio.Event()

    async def work():
        await add("a")
        written.set()
        await asyncio.Event().wait()

    async with Database.open(database_url) as database:
        running = asyncio.create_task(database.transaction(work))
        await written.wait()
    with pytest.raises(asyncio.CancelledError):
        await running

    async with Database.open(database_url):
        assert await slugs() == []


async def test_closing_waits_for_a_running_transaction(database_url):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work():
        begun.set()
        await go_on.wait()
        await add("a")

    async with Database.open(database_url) as database:
        running = asyncio.create_task(database.transaction(work))
        await begun.wait()
        running.cancel()
        asyncio.get_running_loop().call_soon(go_on.set)

    async with Database.open(database_url):
        assert await slugs() == ["a"]


async def test_a_transaction_whose_caller_is_cancelled_still_commits(database):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work():
        begun.set()
        await go_on.wait()
        await add("a")

    caller = asyncio.create_task(database.transaction(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await asyncio.gather(*database._running)

    assert await slugs() == ["a"]


# ---------------------------------------------------------------- leaks

ROUNDS = 400
LEAK_S = 60  # a leak shows as waiting for ever


def in_time(test):
    @functools.wraps(test)
    async def timed(**fixtures):
        async with asyncio.timeout(LEAK_S):
            await test(**fixtures)

    return timed


@pytest.mark.slow
@in_time
async def test_400_cancelled_callers_leave_the_database_usable(database):
    free = free_connections(database)
    await add("counter")
    for turn in range(ROUNDS):
        caller = asyncio.create_task(database.transaction(increment))
        for _ in range(turn % 12):
            await asyncio.sleep(0)
        caller.cancel()
    await asyncio.gather(*database._running)

    assert free_connections(database) == free
    await database.transaction(lambda: add("after"))


@pytest.mark.slow
@in_time
async def test_400_transactions_cancelled_from_within_leave_the_database_usable(database, caplog):
    """The backends alone, without the task that shields: what a server shutting down does."""
    free = free_connections(database)
    await add("counter")

    async def bare():
        async with in_transaction():
            await increment()

    committed = 0
    for turn in range(ROUNDS):
        task = asyncio.create_task(bare())
        for _ in range(turn % 40):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # again, while it rolls back
        committed += await asyncio.gather(task, return_exceptions=True) == [None]

    assert free_connections(database) == free
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    await database.transaction(increment)
    assert (await AccountRow.get(slug="counter")).audit_seq >= committed + 1


@pytest.mark.slow
@in_time
async def test_400_statements_cancelled_outside_transactions_leave_the_database_usable(database):
    free = free_connections(database)
    for turn in range(ROUNDS):
        task = asyncio.create_task(slugs())
        for _ in range(turn % 12):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert free_connections(database) == free
    assert await slugs() == []


@in_time
async def test_a_begin_that_fails_leaks_nothing(sqlite_url):
    async with Database.open(sqlite_url, lock_timeout_s=0.01) as database:
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                with pytest.raises(Contention, match="busy with other changes"):
                    await database.transaction(lambda: add("a"))
            assert await slugs() == []  # reading goes on
        assert free_connections(database) == 1

        await database.transaction(lambda: add("a"))
        assert await slugs() == ["a"]


@in_time
async def test_a_begin_that_is_cancelled_while_it_waits_leaks_nothing(sqlite_url):
    async with Database.open(sqlite_url) as database:

        async def bare():
            async with in_transaction():
                await add("a")

        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            task = asyncio.create_task(bare())
            await slugs()  # by now BEGIN waits in the connection's thread
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert free_connections(database) == 1
        await database.transaction(lambda: add("b"))
        assert await slugs() == ["b"]


async def test_a_pool_that_is_used_up_makes_others_wait_and_heals(postgresql_url):
    async with Database.open(postgresql_url, pool_size=2) as database:
        await add("counter")

        await asyncio.gather(*(database.transaction(increment) for _ in range(20)))

        assert (await AccountRow.get(slug="counter")).audit_seq == 20
        assert free_connections(database) == 2


# ---------------------------------------------------------------- other processes

WORKER = """
import asyncio, sys
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.models import AccountRow

async def increment():
    row = await AccountRow.filter(slug="counter").select_for_update().get()
    row.audit_seq += 1
    await row.save(update_fields=["audit_seq"])

async def main():
    async with Database.open(sys.argv[1]) as database:
        print("open", flush=True)
        sys.stdin.readline()
        for _ in range(50):
            await database.transaction(increment)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.usefixtures("database")
async def test_three_processes_read_and_write_150_times_without_error_or_loss(database_url):
    await add("counter")
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", WORKER, database_url,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        await process.stdout.readline()

    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert [errors for _, errors in ends] == [b"", b"", b""]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert (await AccountRow.get(slug="counter")).audit_seq == 150


# ---------------------------------------------------------------- retries


async def test_a_deadlock_is_run_again_and_both_succeed(postgresql_url):
    async with Database.open(postgresql_url) as database:
        await add("left")
        await add("right")
        calls = []
        meeting = asyncio.Barrier(2)

        def crossing(first, second):
            async def work():
                calls.append(first)
                await increment(first)
                if calls.count(first) == 1:
                    await meeting.wait()
                await increment(second)

            return work

        await asyncio.gather(
            database.transaction(crossing("left", "right")), database.transaction(crossing("right", "left"))
        )

        assert len(calls) == 3
        assert [account.audit_seq for account in await AccountRow.all()] == [2, 2]


async def test_a_serialization_failure_is_run_again(postgresql_url):
    async with Database.open(postgresql_url) as database:
        await add("counter")
        calls = []

        async def work():
            calls.append(1)
            await get_connection("postgresql").execute_query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            account = await AccountRow.get(slug="counter")
            if len(calls) == 1:
                other = await asyncpg.connect(postgresql_url)
                await other.execute("UPDATE account SET audit_seq = 10")
                await other.close()
            account.audit_seq += 1
            await account.save(update_fields=["audit_seq"])

        await database.transaction(work)

        assert len(calls) == 2
        assert (await AccountRow.get(slug="counter")).audit_seq == 11


async def test_a_lock_that_stays_taken_is_given_up_after_three_retries(postgresql_url):
    async with Database.open(postgresql_url, lock_timeout_s=0.01) as database:
        await add("counter")
        calls = []

        async def work():
            calls.append(1)
            await increment()

        other = await asyncpg.connect(postgresql_url)
        held = other.transaction()
        await held.start()
        await other.execute("SELECT * FROM account FOR UPDATE")
        with pytest.raises(Unavailable, match="busy with other changes"):
            await database.transaction(work)
        await held.rollback()
        await other.close()

        assert len(calls) == 4
        await database.transaction(work)


@pytest.mark.parametrize("error", [KeyError, OSError, TimeoutError, IntegrityError, Unavailable])
async def test_no_other_error_is_run_again(database, error):
    calls = []

    async def work():
        calls.append(1)
        raise error("once")

    with pytest.raises(error, match="once"):
        await database.transaction(work)
    assert calls == [1]


# ---------------------------------------------------------------- lost servers

KILL = """SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def kill_all(url):
    other = await asyncpg.connect(url)
    await other.execute(KILL)
    await other.close()


async def test_a_backend_killed_inside_a_transaction_is_unavailable_and_heals(postgresql_url):
    async with Database.open(postgresql_url, pool_size=2) as database:

        async def work():
            await add("a")
            await kill_all(postgresql_url)
            await add("b")

        for _ in range(3):
            with pytest.raises(Unavailable):
                await database.transaction(work)

        assert await slugs() == []
        assert free_connections(database) == 2
        await database.transaction(lambda: add("c"))
        await database.ping()


async def test_a_backend_killed_before_commit_is_unavailable_and_heals(postgresql_url):
    async with Database.open(postgresql_url, pool_size=2) as database:

        async def work():
            await add("a")
            await kill_all(postgresql_url)

        with pytest.raises(Unavailable):
            await database.transaction(work)

        assert await slugs() == []
        assert free_connections(database) == 2


async def test_a_connection_lost_between_pool_and_begin_is_unavailable_and_heals(postgresql_url, monkeypatch):
    async with Database.open(postgresql_url, pool_size=2) as database:
        lease = database._client.lease

        async def lost():
            connection = await lease()
            connection.terminate()
            return connection

        with monkeypatch.context() as patch:
            patch.setattr(database._client, "lease", lost)
            with pytest.raises(Unavailable):
                await database.transaction(functools.partial(add, "lost"))
        await database.transaction(functools.partial(add, "kept"))
        assert await slugs() == ["kept"]


async def test_idle_connections_that_were_killed_heal_by_themselves(postgresql_url):
    async with Database.open(postgresql_url, pool_size=3) as database:
        await asyncio.gather(*(database.transaction(slugs) for _ in range(3)))
        await kill_all(postgresql_url)

        outcomes = await asyncio.gather(*(slugs() for _ in range(6)), return_exceptions=True)

        assert {type(outcome) for outcome in outcomes} <= {list, Unavailable}
        await database.transaction(lambda: add("a"))
        assert free_connections(database) == 3


async def test_a_database_that_is_gone_is_unavailable(postgres, postgresql_url):
    async with Database.open(postgresql_url) as database:
        name = urlsplit(postgresql_url).path.removeprefix("/")
        other = await asyncpg.connect(postgres.url("postgres"))
        await other.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await other.close()

        for ask in (database.ping, slugs, database.require_migrated, lambda: database.transaction(slugs)):
            with pytest.raises(Unavailable):
                await ask()


async def test_ping_answers(database):
    await database.ping()


async def test_ping_gives_up_when_no_connection_is_free(postgresql_url, monkeypatch):
    async with Database.open(postgresql_url, pool_size=1) as database:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def work():
            begun.set()
            await go_on.wait()

        busy = asyncio.create_task(database.transaction(work))
        await begun.wait()
        with monkeypatch.context() as patched:
            patched.setattr("gql_approvals.persistence.database._PING_S", 0.01)
            with pytest.raises(Unavailable, match=r"has not answered for 0\.01 s"):
                await database.ping()
        go_on.set()
        await busy
        await database.ping()
