"""A follower's place in an account's chain of changes: nothing is queued, nothing is lost."""

import asyncio
from datetime import UTC, datetime

import pytest

from gql_approvals.persistence import audit, people, tail
from gql_approvals.persistence.audit import Entry
from gql_approvals.persistence.tail import Change
from gql_approvals.service.live import MANY, WINDOW, Feed, Listener, Room

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def changes(first, last, campaigns=10**6):
    return [Change(seq=seq, campaign_id=seq % campaigns) for seq in range(first, last + 1)]


def room_at(seq):
    room = Room(account_id=1, listeners=1)
    room.begin_at(seq)
    return room


async def test_who_is_behind_gets_what_is_new_and_then_waits():
    room = room_at(5)
    listener = Listener(Feed(), room, 5)
    room.grow(changes(6, 8), 8, 1.0)
    assert [one.seq for one in await listener.changes()] == [6, 7, 8]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await listener.changes()
    room.grow(changes(9, 9), 9, 2.0)
    assert [one.seq for one in await listener.changes()] == [9]


async def test_who_began_ahead_of_the_reader_is_told_nothing_older():
    room = room_at(5)
    listener = Listener(Feed(), room, 7)
    room.grow(changes(6, 8), 8, 1.0)
    assert [one.seq for one in await listener.changes()] == [8]


async def test_who_is_far_behind_is_told_of_each_campaign_once_in_the_order_of_the_last_change():
    room = room_at(0)
    listener = Listener(Feed(), room, 0)
    room.grow(changes(1, MANY + 5, campaigns=10), MANY + 5, 1.0)
    told = await listener.changes()
    assert [one.seq for one in told] == list(range(MANY - 4, MANY + 6))
    assert len({one.campaign_id for one in told}) == 10


async def test_only_so_many_changes_are_kept_at_hand():
    room = room_at(0)
    room.grow(changes(1, WINDOW + 10), WINDOW + 10, 1.0)
    assert room.at_hand(9) is None
    assert len(room.at_hand(10)) == WINDOW


async def test_another_policy_wakes_everybody_without_a_change():
    room = room_at(3)
    listener = Listener(Feed(), room, 3)
    room.obey(1.0)
    assert await listener.changes() == []


async def appended(database, *entries):
    account = await people.account_by_slug("acme") or await people.create_account(
        "acme", name="Acme", time_zone="UTC", now=NOW
    )

    async def steps():
        await people.lock_account(account.id)
        await audit.append(account.id, *entries)

    await database.transaction(steps)
    return account.id


def entry(kind, at_second):
    return Entry(kind=kind, at=NOW.replace(second=at_second), actor=None)


async def test_what_is_not_at_hand_any_more_is_read_from_the_audit_log(database):
    account_id = await appended(database, *(entry(f"thing:{number}", number) for number in range(5)))
    feed = Feed()
    listener = await feed.listen(account_id)
    assert (await tail.positions([account_id]), feed.woken.is_set()) == ({account_id: 5}, True)
    late = Listener(feed, listener.room, 1)
    assert [one.seq for one in await late.changes()] == [2, 3, 4, 5]
    listener.close()
    listener.close()
    assert feed.rooms == {}


async def test_one_transaction_is_one_change(database):
    account_id = await appended(database, entry("a", 1), entry("b", 1))
    await appended(database, entry("c", 2))
    found, last = await tail.changes_after(account_id, 0)
    assert ([one.seq for one in found], last) == ([2, 3], 3)
    assert await tail.changes_after(account_id, 0, limit=1) == ([Change(seq=1, campaign_id=None)], 1)
    assert await tail.changes_after(account_id, 3) == ([], 3)


async def test_commits_are_heard_where_the_database_tells_of_them(database):
    heard, lost = asyncio.Queue(), asyncio.Event()
    async with tail.news(database, heard.put_nowait, lost.set) as told:
        account_id = await appended(database, entry("a", 1), entry("b", 1))
        assert told == (database.dialect == "postgresql")
        if told:
            async with asyncio.timeout(5):
                assert await heard.get() == account_id
            assert heard.empty()
    assert not lost.is_set()
