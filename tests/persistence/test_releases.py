"""Old and new releases beside one database: what a migration may do, and who may no longer work with it."""

from itertools import pairwise

import pytest
from tests.persistence.steps import columns, migrate_to, one_more, unique_indexes

from gql_approvals.errors import BadDatabase
from gql_approvals.persistence.database import Database, migration_names
from gql_approvals.persistence.releases import APPLIED, NEEDED, misfit, needs_of

# Before it there was no release: these three came at once.
FIRST = "0003_append_only_audit"
KNOWN = ("0001_a", "0002_b")


def applied(*names):
    return [(APPLIED, name) for name in names]


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (applied(*KNOWN), None),
        (applied(*KNOWN, "0003_c"), None),
        ([*applied(*KNOWN, "0003_c"), (NEEDED, "0002_b")], None),
        ([("another", "0001_a")], "the database is not migrated: run gql-approvals migrate"),
        (
            applied("0001_a"),
            "the database lacks this release's migration `0002_b`: run gql-approvals migrate",
        ),
        (
            [*applied(*KNOWN, "0003_c", "0004_d"), (NEEDED, "0003_c")],
            (
                "a newer release has changed the database, and only releases with the migration `0003_c` can "
                "work with it: install one of these"
            ),
        ),
    ],
)
def test_a_release_works_with_what_it_knows_and_with_what_newer_ones_have_added(recorded, told):
    assert misfit(KNOWN, recorded) == told


def test_a_database_that_lacks_several_migrations_names_the_first():
    assert misfit(("0001_a", "0002_b", "0003_c"), applied("0001_a")) == (
        "the database lacks this release's migration `0002_b` and 1 more: run gql-approvals migrate"
    )


@pytest.mark.wide
async def test_an_older_release_is_refused_after_a_migration_that_takes_something_away(
    database, tmp_path, monkeypatch
):
    known = migration_names()
    with one_more(
        tmp_path, monkeypatch, sql="ALTER TABLE api_token DROP COLUMN scopes", needs="9000_later"
    ) as newer:
        assert await database.migrate() == [newer]
        assert await database.migrate() == []
        await database.require_migrated()

    assert migration_names() == known
    assert await database.migrate() == []  # whatever an older release runs, it changes nothing
    with pytest.raises(BadDatabase, match="only releases with the migration `9000_later`"):
        await database.require_migrated()


@pytest.mark.wide
async def test_an_older_release_goes_on_beside_a_newer_one_whose_migration_adds_something(
    database, tmp_path, monkeypatch
):
    with one_more(
        tmp_path, monkeypatch, sql="ALTER TABLE api_token ADD COLUMN colour TEXT NULL", needs=None
    ) as newer:
        assert await database.migrate() == [newer]

    assert await database.migrate() == []
    await database.require_migrated()


@pytest.mark.wide
async def test_what_is_needed_is_what_a_migration_names_and_may_be_an_older_one(
    database, tmp_path, monkeypatch
):
    newest = migration_names()[-1]
    with one_more(tmp_path, monkeypatch, sql="ALTER TABLE api_token DROP COLUMN scopes", needs=newest):
        await database.migrate()

    await database.require_migrated()  # this release is the one before, and is told to be good enough


@pytest.mark.slow
async def test_every_migration_only_adds_what_the_release_before_need_not_know(
    empty_database_url, monkeypatch
):
    async with Database.open(empty_database_url) as database:
        for name in migration_names():
            before = await columns(database), await unique_indexes(database)
            await migrate_to(database, name, monkeypatch)
            after = await columns(database), await unique_indexes(database)
            if name > FIRST:
                assert (narrowed(before, after) != []) == (needs_of(name) is not None), name


def test_what_narrows_a_database_is_found():
    old = {("t", "id"): ("INT", False, False), ("t", "a"): ("TEXT", True, False)}
    free, bound = ("TEXT", True, False), ("TEXT", False, False)

    def told(new, indexes=None):
        return narrowed((old, {}), ({**old, **new} if isinstance(new, dict) else dict(new), indexes or {}))

    assert told({}) == told({("t", "b"): free}) == told({("new", "id"): bound}, {"key": "new"}) == []
    assert told({("t", "b"): ("TEXT", False, True)}) == []  # old releases leave it out, and it has a default
    assert told({("t", "b"): bound}) == ["t.b must be filled in"]
    assert told({("t", "a"): bound}) == ["t.a is otherwise"]
    assert told(list(old.items())[:1]) == ["t.a is gone"]
    assert told({}, {"key": "t"}) == ["key allows less in t"]


def narrowed(before, after):
    """What a release that knows the database of before would stumble over."""
    (old, old_keys), (new, new_keys) = before, after
    tables = {table for table, _ in old}
    gone = [f"{table}.{name} is gone" for table, name in old if (table, name) not in new]
    other = [
        f"{table}.{name} is otherwise"
        for (table, name), shape in old.items()
        if new.get((table, name), shape) != shape
    ]
    bound = [
        f"{table}.{name} must be filled in"
        for (table, name), (_, nullable, filled) in new.items()
        if (table, name) not in old and table in tables and not nullable and not filled
    ]
    fresh = [key for key in new_keys if key not in old_keys and new_keys[key] in tables]
    return [*gone, *other, *bound, *(f"{key} allows less in {new_keys[key]}" for key in fresh)]


def test_migrations_follow_each_other_in_one_line():
    numbers = [int(name[:4]) for name in migration_names()]

    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
    assert {needs_of(name) for name in migration_names()} - {None} <= set(migration_names())
