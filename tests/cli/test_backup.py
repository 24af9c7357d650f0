"""`backup` and `restore`: a database in use goes into one file, and comes back with all that was promised."""

import asyncio
import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from tests.cli.keeping import build, tamper
from tests.relay.world import World

from gql_approvals.errors import BadDatabase, Unavailable
from gql_approvals.persistence import postgres_programs
from gql_approvals.persistence.database import Database, migration_names

LIE = "UPDATE audit_event SET kind = 'campaign:approved' WHERE seq = 4"

pytestmark = pytest.mark.wide


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request, tmp_path) -> Iterator[tuple[str, str]]:
    """A migrated database, and an empty one of the same kind."""
    kind = request.param
    full = request.getfixturevalue(f"{kind}_url")
    if kind == "sqlite":
        yield full, f"sqlite:///{tmp_path / 'new.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = server.create(migrated=False)
    yield full, server.url(name)
    server.drop(name)


def ask(url, query):
    """The rows of a query."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return [tuple(row) for row in connection.execute(query)]

    async def work():
        connection = await asyncpg.connect(url)
        found = [tuple(row) for row in await connection.fetch(query)]
        await connection.close()
        return found

    return asyncio.run(work())


def test_a_backup_is_checked_and_restores_everything(run, urls, tmp_path):
    full, empty = urls
    build(full)
    tables = ("account", "campaign", "revision", "audit_event", "outbox_message", "decision", "member")
    file = tmp_path / "backup"

    made = run("backup", str(file), "--format", "json", database_url=full)
    looked = run("restore", str(file), "--verify", "--format", "json", database_url="sqlite:////nowhere/x")
    back = run("restore", str(file), "--format", "json", database_url=empty)

    assert (made.code, looked.code, back.code) == (0, 0, 0), (made, looked, back)
    told = json.loads(made.out)
    assert (told["bytes"], told["release"]) == (file.stat().st_size, migration_names()[-1])
    assert [one["entries"] for one in told["accounts"]] == [11]
    for other in (looked, back):
        assert json.loads(other.out)["accounts"] == told["accounts"]
    assert json.loads(back.out)["applied"] == []
    for table in tables:
        query = f"SELECT * FROM {table} ORDER BY id"  # noqa: S608  # constants
        assert ask(empty, query) == ask(full, query), table
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".backup")] == []
    assert file.stat().st_mode & 0o077 == 0
    build(empty, "globex")  # it goes on working, keys included


def test_nothing_is_overwritten(run, urls, tmp_path):
    full, _ = urls
    build(full)
    file = tmp_path / "backup"
    file.write_text("mine")

    backup = run("backup", str(file), database_url=full)
    file.unlink()
    run("backup", str(file), database_url=full)
    restore = run("restore", str(file), database_url=full)

    assert (backup.code, f"`{file}` is there already and is not overwritten" in backup.err) == (1, True)
    assert restore.code == 1
    assert " is not empty: it has the tables " in restore.err
    assert "name a new database in GQL_APPROVALS_DATABASE_URL" in restore.err


def test_a_backup_of_a_tampered_trail_is_kept_and_told(run, urls, tmp_path):
    full, empty = urls
    build(full)
    tamper(full, LIE)

    made = run("backup", str(tmp_path / "backup"), database_url=full)
    looked = run("restore", str(tmp_path / "backup"), "--verify", database_url=full)
    back = run("restore", str(tmp_path / "backup"), database_url=empty)

    assert (tmp_path / "backup").exists()
    for done in (made, looked, back):
        assert (done.code, "acme: TAMPERED at entry 4 (hash): " in done.out) == (1, True), done


def test_a_backup_of_a_newer_release_is_refused(run, urls, tmp_path):
    full, empty = urls
    build(full)
    run("backup", str(tmp_path / "good"), database_url=full)
    ours = migration_names()
    with pytest.MonkeyPatch.context() as older:
        older.setattr("gql_approvals.persistence.backups.migration_names", lambda: ours[:-1])
        done = run("restore", str(tmp_path / "good"), database_url=empty)

    assert done.code == 2
    assert (
        f"`{tmp_path / 'good'}` has the migration `{ours[-1]}`, which this release does not know" in done.err
    )
    assert not empty.startswith("sqlite") or not Path(empty.removeprefix("sqlite:///")).exists()


def test_a_damaged_backup_is_refused_and_leaves_nothing(run, urls, tmp_path):
    full, empty = urls
    build(full)
    file = tmp_path / "backup"
    run("backup", str(file), database_url=full)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])

    looked = run("restore", str(file), "--verify", database_url=empty)
    back = run("restore", str(file), database_url=empty)
    file.write_bytes(whole)
    again = run("restore", str(file), database_url=empty)

    assert (looked.code, back.code, again.code) == (2, 2, 0), (looked, back, again)


@pytest.mark.parametrize("junk", [b"", b"SQLite", b"PGDM", b"\x1f\x8b" * 40, b"{}"])
def test_a_file_that_is_no_backup_is_refused(run, tmp_path, junk):
    (tmp_path / "junk").write_bytes(junk)

    done = run("restore", str(tmp_path / "junk"), database_url=f"sqlite:///{tmp_path / 'new.db'}")

    assert (done.code, done.err) == (
        2,
        f"Error: `{tmp_path / 'junk'}` is no backup: `gql-approvals backup` writes them\n",
    )


def test_a_backup_is_restored_into_its_own_kind_of_database_only(run, sqlite_url, postgresql_url, tmp_path):
    for url, other, name in (
        (sqlite_url, postgresql_url, "sqlite"),
        (postgresql_url, sqlite_url, "postgresql"),
    ):
        run("backup", str(tmp_path / name), database_url=url)
        done = run("restore", str(tmp_path / name), database_url=other)
        assert (done.code, f"is a backup from {name}, and " in done.err) == (1, True), done


def test_a_database_of_others_is_neither_backed_up_nor_restored(run, tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE thing (id)")
    other = f"sqlite:///{tmp_path / 'other.db'}"

    backup = run("backup", str(tmp_path / "backup"), database_url=other)
    looked = run("restore", str(tmp_path / "other.db"), "--verify", database_url=other)
    back = run("restore", str(tmp_path / "other.db"), database_url=f"sqlite:///{tmp_path / 'new.db'}")

    assert [one.code for one in (backup, looked, back)] == [2, 2, 2]
    assert f"`{other}` has no tables of gql-approvals" in backup.err
    for done in (looked, back):
        assert (
            done.err
            == f"Error: `{tmp_path / 'other.db'}` is no backup of gql-approvals: it lacks its tables\n"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


def test_a_database_that_is_not_there_is_not_backed_up(run, tmp_path):
    done = run("backup", str(tmp_path / "backup"), database_url=f"sqlite:///{tmp_path / 'none.db'}")

    assert (done.code, list(tmp_path.iterdir())) == (2, [])


# ------------------------------------------------------------------------------ PostgreSQL's programs
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40ss@db:5433/n%20m", ("u", "p@ss", "db", "5433", "n m")),
        ("postgresql://db/name", (None, None, "db", None, "name")),
        ("postgresql://u@[::1]:5/n", ("u", None, "::1", "5", "n")),
        ("postgresql://u@a:1,b:2/n", ("u", None, "a,b", "1,2", "n")),
        ("postgresql://u@/n?host=/tmp/s&password=x", ("u", "x", "/tmp/s", None, "n")),  # noqa: S108
    ],
)
def test_the_programs_are_told_of_the_database_by_their_environment(monkeypatch, url, expected):
    names = ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE")
    for name in names:
        monkeypatch.delenv(name, raising=False)

    environment = postgres_programs.environment_of(url)

    assert tuple(environment.get(name) for name in names) == expected


def test_no_password_is_among_the_arguments(run, postgresql_url, tmp_path, monkeypatch):
    """Programs in between write down how they were called, and call the real ones."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("pg_dump", "pg_restore"):
        real = postgres_programs.find(name)
        spy = tmp_path / name
        spy.write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/calls\nexec {real} "$@"\n')
        spy.chmod(0o755)
    build(postgresql_url)
    secret = postgresql_url.replace("postgres@", "postgres:geheim@")

    assert run("backup", str(tmp_path / "backup"), database_url=secret).code == 0

    calls = (tmp_path / "calls").read_text()
    assert "--format=custom" in calls
    assert "pg_restore --list" in calls or "pg_restore --file" in calls
    assert "geheim" not in calls


def test_a_missing_or_older_program_is_told_with_what_to_install(run, postgresql_url, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_programs, "_INSTALLED", tmp_path)
    monkeypatch.setattr(postgres_programs, "_HOMEBREW", ())
    monkeypatch.setenv("PATH", str(tmp_path))

    missing = run("backup", str(tmp_path / "backup"), database_url=postgresql_url)
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    (tmp_path / "pg_dump").chmod(0o755)
    older = run("backup", str(tmp_path / "backup"), database_url=postgresql_url)

    assert (missing.code, "there is no `pg_dump` on this machine: install" in missing.err) == (2, True)
    assert (older.code, "is of version 9, which is older than the server's, " in older.err) == (2, True)
    assert not (tmp_path / "backup").exists()


def test_a_program_that_fails_says_why():
    with pytest.raises(BadDatabase, match="pg_restore failed: could not open input file"):
        postgres_programs.run(
            postgres_programs.find("pg_restore"), ["--list", "/nowhere"], dict(os.environ), print
        )


# -------------------------------------------------------------------------------------------- under load
# Twenty with the 100 rounds of `make test-all`.
BACKUPS = max(3, int(os.environ.get("APPROVALS_TEST_ROUNDS", "100")) // 5)


@pytest.fixture
def empties(urls, request):
    """Makes empty databases of the same kind, and drops them one after the other."""
    full, first = urls
    if full.startswith("sqlite"):
        folder = Path(first.removeprefix("sqlite:///")).parent
        return lambda number: contextlib.nullcontext(f"sqlite:///{folder / f'restored-{number}.db'}")
    server = request.getfixturevalue("postgres")

    @contextlib.contextmanager
    def made(_number):
        name = server.create(migrated=False)
        yield server.url(name)
        server.drop(name)

    return made


@pytest.mark.slow
def test_what_was_acknowledged_before_a_backup_began_is_in_it_while_others_write(run, start, urls, empties):
    full, _ = urls

    async def write(world, acknowledged):
        while True:
            with contextlib.suppress(Unavailable):
                acknowledged.append(await world.submitted())

    async def work():
        kept = []
        async with Database.open(full) as database:
            world = await World.open(database)
            acknowledged: list[int] = []
            writers = [asyncio.create_task(write(world, acknowledged)) for _ in range(4)]
            for number in range(BACKUPS):
                floor = len(acknowledged) + 5
                while len(acknowledged) < floor:  # noqa: ASYNC110  # the writers have no event
                    await asyncio.sleep(0.02)
                before = tuple(acknowledged)
                done = await asyncio.to_thread(start, "backup", f"{number}.backup", database_url=full)
                assert done.code == 0, done
                kept.append((before, len(acknowledged)))
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)
        return kept

    kept = asyncio.run(work())

    every = len(ask(full, "SELECT id FROM approval_request"))
    for number, (before, after) in enumerate(kept):
        assert after > len(before), "nobody wrote meanwhile"
        with empties(number) as empty:
            done = run("restore", f"{number}.backup", "--format", "json", database_url=empty)
            assert done.code == 0, done  # 1, were an account's audit log not whole
            assert [account["entries"] > 0 for account in json.loads(done.out)["accounts"]] == [True]
            restored = {key for (key,) in ask(empty, "SELECT campaign_id FROM approval_request")}
        assert set(before) - restored == set()
        assert len(restored) < every
