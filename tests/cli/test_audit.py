"""`audit`: whatever is done to the trail past the product is found, and the first bad entry named."""
# ruff: noqa: S608  # the SQL of whoever owns the database

import asyncio
import json
import random
import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from tests.cli.keeping import COLUMNS, ZEROS, build, hashed_anew, rows, tamper

from gql_approvals.cli.demo_start import prepare
from gql_approvals.persistence import chain
from gql_approvals.persistence.snapshot import snapshot
from gql_approvals.settings import Settings

SEEN = "account_id, kind, at, actor_id, campaign_id, detail, policy_version, previous_hash, hash"
COPY = f"INSERT INTO audit_event (seq, {SEEN}) SELECT {{}}, {SEEN} FROM audit_event WHERE seq = 5"
TAMPERINGS = {
    "a detail is edited": (["UPDATE audit_event SET detail = '{\"revision\":9}' WHERE seq = 5"], 5, "hash"),
    "a detail gets a blank": (["UPDATE audit_event SET detail = detail || ' ' WHERE seq = 5"], 5, "hash"),
    "another person did it": (["UPDATE audit_event SET actor_id = actor_id + 1 WHERE seq = 5"], 5, "hash"),
    "it was never theirs": (["UPDATE audit_event SET actor_id = NULL WHERE seq = 5"], 5, "hash"),
    "a hash is edited": ([f"UPDATE audit_event SET hash = '{ZEROS}' WHERE seq = 5"], 5, "hash"),
    "a link is edited": ([f"UPDATE audit_event SET previous_hash = '{ZEROS}' WHERE seq = 5"], 5, "hash"),
    "one is put in": (["UPDATE audit_event SET seq = seq + 1 WHERE seq > 5", COPY.format(6)], 6, "hash"),
    "one is there twice": ([COPY.format(5)], 5, "duplicate"),
    "one is appended": ([COPY.format("(SELECT max(seq) + 1 FROM audit_event)")], 12, "hash"),
    "one is taken out": (["DELETE FROM audit_event WHERE seq = 5"], 5, "gap"),
    "the first is taken out": (["DELETE FROM audit_event WHERE seq = 1"], 1, "gap"),
    "one is taken out, and the rest moves up": (
        ["DELETE FROM audit_event WHERE seq = 5", "UPDATE audit_event SET seq = seq - 1 WHERE seq > 5"],
        5,
        "hash",
    ),
    "two change places": (["UPDATE audit_event SET seq = 11 - seq WHERE seq IN (5, 6)"], 5, "hash"),
    "the end is cut off": (["DELETE FROM audit_event WHERE seq > 8"], 9, "end"),
    "all of it is gone": (["DELETE FROM audit_event"], 1, "end"),
    "the account's head is edited": ([f"UPDATE account SET audit_hash = '{ZEROS}'"], 11, "end"),
}


@pytest.fixture
def verify(run, database_url):
    """Run `audit verify`, and give the exit code and what it says of each account."""

    def command(*arguments):
        done = run("audit", "verify", *arguments, "--format", "json", database_url=database_url)
        assert done.code in (0, 1), done
        return done.code, json.loads(done.out)["accounts"]

    return command


def saved_heads(run, url, path):
    path.write_text(run("audit", "head", database_url=url).out)
    return str(path)


def first_bad(answer):
    code, (account,) = answer
    assert code == (account["firstBad"] is not None)
    return account["firstBad"] and (account["firstBad"]["seq"], account["firstBad"]["mismatch"])


@pytest.mark.slow
def test_a_chain_of_real_mutations_is_whole_and_its_end_is_its_head(verify, run, database_url, tmp_path):
    build(database_url)
    stored = rows(database_url)

    code, (account,) = verify("--head", saved_heads(run, database_url, tmp_path / "heads"))

    assert code == 0
    assert account == {
        "account": "acme",
        "entries": len(stored),
        "head": {"seq": len(stored), "hash": stored[-1][8]},
        "savedHeads": 1,
        "firstBad": None,
    }
    assert len(stored) == 11


@pytest.mark.wide
@pytest.mark.parametrize("tampering", TAMPERINGS)
@pytest.mark.sampled
def test_tampering_is_found_and_the_first_bad_entry_named(verify, run, database_url, tampering):
    statements, seq, mismatch = TAMPERINGS[tampering]
    build(database_url)
    tamper(database_url, *statements)

    assert first_bad(verify()) == (seq, mismatch)
    told = run("audit", "verify", database_url=database_url)
    assert (told.code, told.out.startswith(f"acme: TAMPERED at entry {seq} ({mismatch}): ")) == (1, True)


@pytest.mark.wide
def test_a_cut_end_that_the_account_does_not_tell_of_is_found_by_a_saved_head(
    verify, run, database_url, tmp_path
):
    build(database_url)
    heads = saved_heads(run, database_url, tmp_path / "heads")
    kept = rows(database_url)[:8]
    tamper(database_url, "DELETE FROM audit_event WHERE seq > 8", *hashed_anew(kept))

    assert first_bad(verify()) is None
    assert first_bad(verify("--head", heads)) == (9, "head")


@pytest.mark.wide
def test_a_chain_that_was_written_anew_is_found_at_the_first_saved_head_behind_the_lie(
    verify, database_url, tmp_path
):
    build(database_url)
    entries = rows(database_url)
    heads = tmp_path / "heads"
    lines = [{"account": "acme", "seq": n, "hash": entries[n - 1][8]} for n in (3, 7, 11)]
    heads.write_text("\n".join(map(json.dumps, lines)))
    entries[4][1] = "campaign:approved"
    lie = "UPDATE audit_event SET kind = 'campaign:approved' WHERE seq = 5"
    tamper(database_url, lie, *hashed_anew(entries))

    assert first_bad(verify()) is None
    assert first_bad(verify("--head", str(heads))) == (7, "head")


def test_an_account_that_is_gone_with_all_its_entries_is_found_by_a_saved_head(run, sqlite_url, tmp_path):
    build(sqlite_url)
    heads = saved_heads(run, sqlite_url, tmp_path / "heads")
    tamper(sqlite_url, "DELETE FROM audit_event", "DELETE FROM account")

    done = run("audit", "verify", "--head", heads, database_url=sqlite_url)

    assert (done.code, done.out) == (
        1,
        "acme: TAMPERED at entry 1 (head): the account is gone: a saved head is at entry 11\n",
    )


@pytest.mark.wide
def test_entries_of_no_account_are_found(verify, database_url):
    build(database_url)
    if database_url.startswith("postgresql"):
        tamper(database_url, "ALTER TABLE audit_event DROP CONSTRAINT " + foreign_key(database_url))
    else:
        tamper(database_url)
    execute(database_url, COPY.format(1).replace("SELECT 1, account_id", "SELECT 1, 77"))

    code, (acme, stray) = verify()

    assert (code, acme["firstBad"], stray["account"]) == (1, None, "#77")
    assert stray["firstBad"]["mismatch"] == "stray"


def foreign_key(url):
    query = "SELECT conname FROM pg_constraint WHERE conrelid = 'audit_event'::regclass AND contype = 'f'"

    async def ask():
        connection = await asyncpg.connect(url)
        found = await connection.fetchval(query)
        await connection.close()
        return found

    return f'"{asyncio.run(ask())}"'


def execute(url, statement):
    async def work():
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    if url.startswith("postgresql"):
        asyncio.run(work())
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute(statement)


@pytest.mark.parametrize("count", [24, pytest.param(200, marks=pytest.mark.slow)])
def test_a_byte_that_flips_anywhere_is_found_at_its_entry(sqlite_url, count):
    build(sqlite_url)
    tamper(sqlite_url)
    chance = random.Random(7)  # noqa: S311  # the same bytes in every run
    places = [(seq, name) for seq in range(1, 12) for name in COLUMNS.split(", ")[1:]]

    async def first():
        async with snapshot(sqlite_url) as reading:
            (verdict,) = [one async for one in chain.check(reading)]
        return verdict.finding and verdict.finding.seq

    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        flipped = 0
        while flipped < count:
            seq, name = chance.choice(places)
            ((before,),) = connection.execute(f"SELECT {name} FROM audit_event WHERE seq = ?", (seq,))
            if before is None:
                continue
            value = "?" if isinstance(before, int) else "CAST(? AS TEXT)"
            update = f"UPDATE audit_event SET {name} = {value} WHERE seq = ?"
            connection.execute(update, (flip(before, chance), seq))
            assert asyncio.run(first()) == seq, (seq, name, before)
            connection.execute(update, (before, seq))
            flipped += 1
    assert asyncio.run(first()) is None


@pytest.mark.slow
def test_a_byte_that_flips_in_postgresql_is_found_at_its_entry(postgresql_url):
    build(postgresql_url)
    tamper(postgresql_url)
    chance = random.Random(7)  # noqa: S311  # the same bytes in every run
    names = COLUMNS.split(", ")[1:]

    async def first():
        async with snapshot(postgresql_url) as reading:
            (verdict,) = [one async for one in chain.check(reading)]
        return verdict.finding and verdict.finding.seq

    async def flipped():
        connection = await asyncpg.connect(postgresql_url)
        found = 0
        while found < 200:  # as promised
            seq, name = chance.randrange(1, 12), chance.choice(names)
            before = await connection.fetchval(f"SELECT {name} FROM audit_event WHERE seq = $1", seq)
            if before is None or (after := storable(before, chance)) is None:
                continue
            update = f"UPDATE audit_event SET {name} = $2 WHERE seq = $1"
            await connection.execute(update, seq, after)
            assert await first() == seq, (name, before, after)
            await connection.execute(update, seq, before)
            found += 1
        await connection.close()
        return await first()

    assert asyncio.run(flipped()) is None


def storable(value, chance):
    """The value with one bit of it changed; None where PostgreSQL would not keep that."""
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1 << chance.randrange(40))
    after = flip(value, chance)
    if isinstance(after, int):
        return after
    try:
        text = after.decode()
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def flip(value, chance):
    """The value with one bit of it changed."""
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(8)
    raw = bytearray(value.encode())
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(raw)


@pytest.mark.wide
def test_verifying_reads_one_moment_and_nobody_waits(database_url):
    build(database_url)

    async def counted():
        async with snapshot(database_url) as reading:
            before = [one.entries async for one in chain.check(reading)]
            await asyncio.to_thread(build, database_url, "globex")  # while it is read
            during = [one.entries async for one in chain.check(reading)]
        async with snapshot(database_url) as reading:
            return before, during, [one.entries async for one in chain.check(reading)]

    assert asyncio.run(counted()) == ([11], [11], [11, 11])


@pytest.mark.slow
def test_the_demo_s_chains_are_whole(run, sqlite_url):
    asyncio.run(prepare(Settings(database_url=sqlite_url, demo=True), reset=False))

    done = run("audit", "verify", database_url=sqlite_url)

    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["acme:", "globex:"]


@pytest.mark.wide
def test_anybody_recomputes_the_chain_from_an_export(run, database_url, tmp_path):
    build(database_url)
    out = tmp_path / "acme.jsonl"

    printed = run("audit", "export", "acme", database_url=database_url).out
    told = run("audit", "export", "acme", "--out", str(out), database_url=database_url)
    again = run("audit", "export", "acme", "--out", str(out), database_url=database_url)

    assert (told.code, told.err) == (0, f"{out}: 11 entries of acme\n")
    assert (again.code, "is there already and is not overwritten" in again.err) == (1, True)
    assert out.read_text("utf-8") == printed
    promised = json.loads(run("audit", "head", database_url=database_url).out)["hash"]
    assert promised == program_of_the_document()(printed.splitlines())
    with pytest.raises(ValueError, match="entry 5 is not as it was written"):
        program_of_the_document()(printed.replace('"seq": 5', '"seq": 55').splitlines())


def program_of_the_document():
    """What docs/hashes.md tells others to do with an export."""
    page = (Path(__file__).parents[2] / "docs" / "hashes.md").read_text("utf-8")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)  # noqa: S102  # our own document
    return names["head"]


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["verify", "acme", "nope", "neither"], (1, "there is no account `nope`, `neither`: there are acme")),
        (["head", "nope"], (1, "there is no account `nope`")),
        (["export", "nope"], (1, "there is no account `nope`")),
        (["verify", "--head", "junk"], (1, "junk, line 2: this is no head: keep there what")),
        (["verify", "--head", "empty"], (1, "empty has no heads: `gql-approvals audit head >> empty` adds")),
        (["verify", "--head", "missing"], (2, "'missing' does not exist")),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(run, sqlite_url, tmp_path, arguments, refusal):
    code, told = refusal
    build(sqlite_url)
    (tmp_path / "empty").write_text("\n")
    good = json.dumps({"account": "acme", "seq": 1, "hash": ZEROS})
    (tmp_path / "junk").write_text(f"{good}\n[1]\n")

    done = run("audit", *arguments, database_url=sqlite_url)

    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_a_database_that_is_not_there_is_not_made(run, tmp_path):
    done = run("audit", "verify", database_url=f"sqlite:///{tmp_path / 'none.db'}")

    assert done.code == 2
    assert "there is no database `sqlite:////" in done.err
    assert not (tmp_path / "none.db").exists()
