"""Copies of a whole database in one file: made while it is in use, looked into, and put back.

SQLite is copied by its backup API at one moment. PostgreSQL is dumped by `pg_dump` in its custom format, at
one moment as well; what is in such a file is read by `pg_restore`, without a server.
"""

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence import postgres_programs as programs
from gql_approvals.persistence.address import Address, Dialect
from gql_approvals.persistence.database import migration_names
from gql_approvals.persistence.snapshot import Snapshot, connect, open_file, snapshot

Reach = Callable[[int, int], None]  # how much is done, and of how much
_STARTS: tuple[tuple[bytes, Dialect], ...] = ((b"SQLite format 3\0", "sqlite"), (b"PGDMP", "postgresql"))
_PAGES = 256  # at a time
MIGRATIONS = "tortoise_migrations"
# What is looked at in a dump, with the columns that are.
_LOOKED_AT: dict[str, tuple[str, ...]] = {
    "account": ("id", "slug", "audit_seq", "audit_hash"),
    "audit_event": (
        "id", "account_id", "seq", "kind", "at", "actor_id", "campaign_id", "detail", "policy_version",
        "previous_hash", "hash",
    ),
    MIGRATIONS: ("app", "name"),
}  # fmt: skip
_NUMBERS = {"id", "account_id", "seq", "actor_id", "campaign_id", "audit_seq"}
_COPY = re.compile(r"COPY (?:\S+\.)?\"?(\w+)\"? \((.*)\) FROM stdin;")
_TABLES = (
    "SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE relkind = 'r' AND nspname !~ '^pg_|^information_schema$' ORDER BY relname"
)
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def kind_of(path: Path) -> Dialect:
    """Which kind of database the file is a backup of.

    Raises:
        BadDatabase: when it is no backup, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise BadDatabase(f"the backup `{path}` cannot be read: {error.strerror}") from error
    for begins, dialect in _STARTS:
        if start.startswith(begins):
            return dialect
    raise BadDatabase(f"`{path}` is no backup: `gql-approvals backup` writes them")


def url_of(path: Path) -> str:
    """The URL of a SQLite file."""
    return "sqlite:///" + quote(str(path))


async def release_in(reading: Snapshot, shown: str) -> str:
    """The newest migration of a database or backup, by which its release is known.

    Raises:
        BadDatabase: when a newer release has made it.
    """
    rows = await reading.rows("SELECT name FROM tortoise_migrations WHERE app = 'approvals' ORDER BY name")
    names = [str(name) for (name,) in rows]
    newer = [name for name in names if name not in migration_names()]
    if newer:
        why = f"`{shown}` has the migration `{newer[0]}`, which this release does not know"
        raise BadDatabase(f"{why}: use the release that made it, or a newer one")
    if not names:
        raise BadDatabase(f"`{shown}` is not of gql-approvals: it has none of its migrations")
    return names[-1]


async def tables_of(address: Address) -> list[str]:
    """The tables that a database has, those of others included; a file that is not there has none.

    Raises:
        BadDatabase: when it cannot be opened.
    """
    if address.dialect == "postgresql":
        connection = await connect(address)
        try:
            return [row["name"] for row in await connection.fetch(_TABLES)]
        finally:
            await connection.close()
    return _tables_of_file(Path(address.target), address.shown)


# ---------------------------------------------------------------------------------------------- SQLite
def _tables_of_file(path: Path, shown: str) -> list[str]:
    if not path.exists():
        return []
    with closing(open_file(str(path), shown)) as file:
        return [str(name) for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def copy_file(source: str, target: Path, shown: str, reach: Reach) -> None:
    """Copy a SQLite database as it is at this moment; others may go on writing.

    `target` becomes one plain file, without a write-ahead log beside it; it may be an empty database.

    Raises:
        BadDatabase: when there is no such database, it is damaged, or the copy cannot be written.
    """

    def progress(_status: int, remaining: int, total: int) -> None:
        reach(total - remaining, total)

    with closing(open_file(source, shown)) as original:
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                # The open transaction of `original` keeps its moment: without it, each write of another
                # process would start the copy over.
                original.backup(copy, pages=_PAGES, progress=progress)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise BadDatabase(f"`{shown}` cannot be copied to `{target}`: {error}") from error


def require_ours(path: Path, shown: str) -> None:
    """Look for our tables in a file.

    Raises:
        BadDatabase: when they are not there, or it is no database.
    """
    if not set(_LOOKED_AT) <= set(_tables_of_file(path, shown)):
        raise BadDatabase(f"`{shown}` is no backup of gql-approvals: it lacks its tables")


def require_whole(path: Path, shown: str) -> None:
    """Let SQLite look through a file.

    Raises:
        BadDatabase: when it is damaged, or a row refers to one that is gone.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            found = [str(text) for (text,) in connection.execute("PRAGMA integrity_check(5)") if text != "ok"]
            lost = connection.execute("PRAGMA foreign_key_check").fetchmany(5)
    except sqlite3.Error as error:
        found, lost = [str(error)], []
    found += [
        f"row {row} of {table} refers to a row of {other} that is gone" for table, row, other, _ in lost
    ]
    if found:
        raise BadDatabase("\n  ".join([f"the file `{shown}` is damaged:", *found]))


# ------------------------------------------------------------------------------------------ PostgreSQL
async def dump(address: Address, target: Path, reach: Reach) -> None:
    """Dump a PostgreSQL database as it is at this moment; others may go on writing.

    Raises:
        BadDatabase: when there is no such database, no fit `pg_dump`, or it fails.
    """
    async with snapshot(address.target) as reading:
        ((version,),) = await reading.rows("SELECT current_setting('server_version_num')::int / 10000")
        tables = len(await reading.rows(_TABLES))
    program = programs.find("pg_dump", at_least=int(version))
    arguments = ["--format=custom", "--encoding=UTF8", "--no-password", "--verbose", f"--file={target}"]
    counted = _counted("dumping contents of table", tables, reach)
    programs.run(program, arguments, programs.environment_of(address.target), counted)


def load(path: Path, address: Address, reach: Reach) -> None:
    """Put a dump into an empty PostgreSQL database: all of it, or nothing.

    Raises:
        BadDatabase: when there is no `pg_restore` that reads it, or it fails.
    """
    environment = programs.environment_of(address.target)
    name = environment.get("PGDATABASE", "").replace("\\", "\\\\").replace("'", "\\'")
    arguments = (
        "--single-transaction", "--no-owner", "--no-privileges", "--no-password", "--verbose",
        f"--dbname=dbname='{name}'", path,
    )  # fmt: skip
    counted = _counted("processing data for table", tables_in(path), reach)
    programs.run(programs.find("pg_restore"), arguments, environment, counted)


def tables_in(path: Path) -> int:
    """How many tables' rows a dump has, by its table of contents.

    Raises:
        BadDatabase: when it cannot be read.
    """
    with programs.output(programs.find("pg_restore"), ["--list", path]) as lines:
        return sum(b" TABLE DATA " in line for line in lines)


def read_through(path: Path) -> None:
    """Unpack all of a dump, and keep nothing of it.

    Raises:
        BadDatabase: when a part of it is damaged.
    """
    with programs.output(programs.find("pg_restore"), ["--file=-", path]) as lines:
        for _ in lines:
            pass


def extract(path: Path, target: Path, tables: Collection[str] = tuple(_LOOKED_AT)) -> None:
    """Write what is looked at in a dump into a SQLite file, so that it can be read like one.

    Raises:
        BadDatabase: when it cannot be read, or does not have these tables.
    """
    chosen = [f"--table={name}" for name in tables]
    with (
        programs.output(programs.find("pg_restore"), ["--data-only", "--file=-", *chosen, path]) as lines,
        closing(sqlite3.connect(target)) as copy,
    ):
        for name, columns in _LOOKED_AT.items():
            copy.execute(f"CREATE TABLE {name} ({', '.join(map(_declared, columns))})")
        copy.execute("CREATE INDEX audit_event_seq ON audit_event (account_id, seq)")
        copy.execute("PRAGMA synchronous = OFF")  # nobody needs it after a power cut
        if _copy_rows(lines, copy) < set(tables):
            raise BadDatabase(f"the backup `{path}` is not of gql-approvals: it lacks its tables")
        copy.commit()


def _declared(column: str) -> str:
    return f"{column} INTEGER" if column in _NUMBERS else column


def _copy_rows(lines: Iterable[bytes], copy: sqlite3.Connection) -> set[str]:
    """Read the COPY blocks of a dump; gives the tables that were there."""
    found: set[str] = set()
    insert, places, time_place = "", list[int](), -1
    for raw in lines:
        line = raw.decode("utf-8", "surrogateescape").removesuffix("\n")
        if insert and line == "\\.":
            insert = ""
        elif insert:
            cells = line.split("\t")
            values = [_value(cells[place]) for place in places]
            if time_place >= 0:
                values[time_place] = _as_sqlite(values[time_place])
            copy.execute(insert, values)
        elif (match := _COPY.fullmatch(line)) and match[1] in _LOOKED_AT:
            there = [name.strip().strip('"') for name in match[2].split(",")]
            columns = _LOOKED_AT[match[1]]
            places = [there.index(name) for name in columns]
            time_place = columns.index("at") if "at" in columns else -1
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT INTO {match[1]} VALUES ({marks})"  # noqa: S608  # a constant's name
            found.add(match[1])
    return found


def _value(cell: str) -> str | int | None:
    if cell == "\\N":
        return None
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), cell) if "\\" in cell else cell


def _as_sqlite(time: str | int | None) -> str:
    return datetime.fromisoformat(str(time)).astimezone(UTC).isoformat(" ", "microseconds")


def _counted(words: str, total: int, reach: Reach) -> programs.Line:
    done = 0

    def heard(line: str) -> None:
        nonlocal done
        if words in line:
            reach(done, total)
            done += 1

    return heard
