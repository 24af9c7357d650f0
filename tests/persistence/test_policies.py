"""What the database keeps about the policy: texts for ever, workers while they live, who was told what."""

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from tortoise.exceptions import IntegrityError

from gql_approvals.persistence import outbox, people, policies
from gql_approvals.persistence.models import MemberRow, OutboxRow, PolicyVersionRow, UserRow
from gql_approvals.persistence.people import Holding
from gql_approvals.persistence.policies import PolicyText, WorkerReport

T = TypeVar("T")
AT = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD = PolicyText("aaaaaaaaaaaa", "[model]\n", "p, everyone, *, view, any, always, allow\n", AT)
NEW = PolicyText("0123456789ab", "[model]\n", "# Grüße ❄\n", AT + HOUR)
WORKER = WorkerReport(
    id="mars:/srv/policies:7",
    node="mars",
    version=OLD.version,
    loaded_at=AT,
    refused=("policy.csv:3:1: unknown action `veiw`", "policy.csv:9:1: ❄"),
    seen_at=AT,
)
pytestmark = [pytest.mark.wide, pytest.mark.usefixtures("database")]


# ---------------------------------------------------------------- versions


async def test_the_text_of_a_version_comes_back_as_it_was_kept():
    await policies.keep(NEW)

    assert await policies.text_of(NEW.version) == NEW
    assert await policies.text_of("ffffffffffff") is None


async def test_keeping_a_version_again_changes_nothing():
    await policies.keep(OLD)
    await policies.keep(replace(OLD, first_at=AT + HOUR))

    assert await policies.known_versions() == ((OLD.version, AT),)


@pytest.mark.parametrize("other", [{"model": "other"}, {"policy": "other"}])
async def test_another_text_under_a_known_version_is_refused(other):
    await policies.keep(OLD)

    with pytest.raises(ValueError, match="policy version `aaaaaaaaaaaa` is stored with another text"):
        await policies.keep(replace(OLD, **other))

    assert await policies.text_of(OLD.version) == OLD


async def test_the_newest_version_is_the_one_first_kept_last():
    assert (await policies.newest(), await policies.known_versions()) == (None, ())

    await policies.keep(NEW)
    await policies.keep(OLD)
    assert await policies.newest() == NEW
    assert await policies.known_versions() == ((NEW.version, NEW.first_at), (OLD.version, OLD.first_at))


async def test_of_versions_of_the_same_moment_the_newest_came_last():
    for name in ("bb", "cc", "aa"):
        await policies.keep(replace(OLD, version=name))

    assert (await policies.newest() or OLD).version == "aa"
    assert [name for name, _ in await policies.known_versions()] == ["aa", "cc", "bb"]


async def test_a_version_can_be_kept_ten_times_at_once(database):
    async def outside():
        await policies.keep(OLD)

    async def inside():
        await database.transaction(outside)

    await asyncio.gather(*(work() for _ in range(5) for work in (outside, inside)))

    assert await policies.known_versions() == ((OLD.version, AT),)


async def test_of_two_texts_kept_at_once_under_one_version_one_is_refused():
    results = await asyncio.gather(
        policies.keep(OLD), policies.keep(replace(OLD, policy="other")), return_exceptions=True
    )

    assert sorted(str(type(result).__name__) for result in results) == ["NoneType", "ValueError"]
    assert await PolicyVersionRow.all().count() == 1


async def test_a_transaction_that_fails_keeps_no_version(database):
    async def work():
        await policies.keep(OLD)
        raise KeyError

    with pytest.raises(KeyError):
        await database.transaction(work)

    assert await policies.newest() is None


KEEPER = """
import asyncio, sys
from datetime import UTC, datetime
from gql_approvals.persistence import policies
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.policies import PolicyText, WorkerReport

AT = datetime(2030, 1, 1, tzinfo=UTC)

async def main():
    async with Database.open(sys.argv[1]) as database:
        print("open", flush=True)
        sys.stdin.readline()
        for number in range(50):
            text = PolicyText(str(number), "model", f"policy {number}", AT)
            keep = lambda: policies.keep(text)
            await (database.transaction(keep) if number % 2 else keep())
            await policies.report(WorkerReport(
                id="same", node="n", version=str(number), loaded_at=AT, refused=(), seen_at=AT))

asyncio.run(main())
"""


@pytest.mark.slow
async def test_three_processes_that_keep_the_same_versions_at_once_all_succeed(database_url):
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", KEEPER, database_url,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        await process.stdout.readline()

    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert [errors for _, errors in ends] == [b"", b"", b""]
    assert len(await policies.known_versions()) == 50
    assert [worker.version for worker in await policies.reports(AT - 366 * 24 * HOUR)] == ["49"]


# ---------------------------------------------------------------- workers


async def test_what_a_worker_reports_comes_back_in_place_of_what_it_said_before():
    await policies.report(WORKER)
    assert await policies.reports(AT) == (WORKER,)

    later = replace(
        WORKER, node="venus", version=NEW.version, loaded_at=AT + HOUR, refused=(), seen_at=AT + HOUR
    )
    await policies.report(later)
    assert await policies.reports(AT) == (later,)


async def test_a_worker_in_a_deep_folder_can_report():
    deep = replace(WORKER, id=f"mars:/{'srv/' * 480}:7", node=f"mars:/{'srv/' * 480}")

    await policies.report(deep)

    assert await policies.reports(AT) == (deep,)


async def test_reports_are_sorted_by_node_then_id_and_leave_out_who_was_not_seen():
    names = [("mars", "b"), ("Venus", "c"), ("mars", "a"), ("earth", "d")]
    for node, worker in names:
        await policies.report(replace(WORKER, id=worker, node=node))
    await policies.report(replace(WORKER, id="gone", seen_at=AT - timedelta(microseconds=1)))

    found = [(worker.node, worker.id) for worker in await policies.reports(since=AT)]
    assert found == sorted(names)


async def test_a_worker_that_ends_is_forgotten_and_no_other():
    await policies.report(WORKER)
    await policies.report(replace(WORKER, id="other"))

    await policies.forget(WORKER.id)
    await policies.forget("never seen")

    assert [worker.id for worker in await policies.reports(AT)] == ["other"]


async def test_workers_that_were_not_seen_since_a_time_are_forgotten():
    for hours in range(3):
        await policies.report(replace(WORKER, id=str(hours), seen_at=AT + hours * HOUR))

    await policies.forget_before(AT + HOUR)

    assert [worker.id for worker in await policies.reports(AT)] == ["1", "2"]


async def test_workers_that_report_at_once_do_not_disturb_each_other():
    await asyncio.gather(*(policies.report(replace(WORKER, id=str(n % 5))) for n in range(20)))

    assert [worker.id for worker in await policies.reports(AT)] == list("01234")


# ---------------------------------------------------------------- accounts


async def account(slug, version=None):
    made = await people.create_account(slug, name=slug, time_zone="UTC", now=AT, policy_version=version)
    return made.id


async def test_an_account_is_to_be_told_of_every_version_but_the_last_it_was_told_of():
    unaware = await account("unaware")
    behind = await account("behind", OLD.version)
    await account("informed", NEW.version)

    assert await policies.accounts_to_tell(NEW.version) == ((unaware, None), (behind, OLD.version))


async def test_telling_one_account_tells_no_other():
    first, second = await account("first"), await account("second")

    assert await policies.tell(first, NEW.version)

    assert await policies.accounts_to_tell(NEW.version) == ((second, None),)
    assert await policies.accounts_to_tell(OLD.version) == ((first, NEW.version), (second, None))


async def test_of_workers_that_tell_an_account_at_once_exactly_one_does(database):
    one = await account("one", OLD.version)

    async def work():
        return await policies.tell(one, NEW.version)

    told = await asyncio.gather(*(database.transaction(work) for _ in range(5)))

    assert sorted(told) == [False] * 4 + [True]


# ---------------------------------------------------------------- people


async def member(account_id, name, *roles, active=True):
    person = await people.create_user(name=name, email=f"{name}@Example.test", now=AT)
    made = await people.create_member(account_id, person.id, roles, AT)
    await people.save_member(replace(made, active=active))
    return person.id


async def test_holdings_are_the_active_members_of_every_account_by_account_then_user():
    last, first = await account("zeta"), await account("alpha")
    ann = await member(first, "ann", "maker", "checker")
    bob = await member(last, "bob")
    await people.create_member(last, ann, ["viewer"], AT)
    await member(first, "carl", "maker", active=False)

    assert await people.holdings() == (
        Holding(
            account="zeta", account_id=last, user_id=ann, name="ann", email="ann@example.test",
            roles=frozenset({"viewer"}),
        ),
        Holding(
            account="zeta", account_id=last, user_id=bob, name="bob", email="bob@example.test",
            roles=frozenset(),
        ),
        Holding(
            account="alpha", account_id=first, user_id=ann, name="ann", email="ann@example.test",
            roles=frozenset({"maker", "checker"}),
        ),
    )  # fmt: skip


async def test_role_sets_are_what_active_members_hold_each_once():
    acme, globex = await account("acme"), await account("globex")
    await member(acme, "ann", "maker", "checker")
    await member(acme, "bob", "checker", "maker")
    await member(acme, "carl", "viewer", active=False)
    await member(globex, "dora", "maker")
    await member(globex, "emil")

    assert await people.role_sets() == {
        ("acme", frozenset({"maker", "checker"})),
        ("globex", frozenset({"maker"})),
        ("globex", frozenset()),
    }


async def test_accounts_are_listed_by_sorted_slug_and_by_id():
    assert (await people.account_slugs(), await people.account_ids()) == ((), ())

    ids = [await account(slug) for slug in ("b", "a-1", "a")]

    assert await people.account_slugs() == ("a", "a-1", "b")
    assert await people.account_ids() == tuple(ids)


@pytest.mark.alone
async def test_ten_thousand_holdings_cost_less_than_half_of_as_many_objects():
    count = 10_000
    accounts = [await account(f"a{number}") for number in range(10)]
    await UserRow.bulk_create(
        [UserRow(name=f"Person {n}", email=f"p{n}@example.test", created_at=AT) for n in range(count)],
        batch_size=1000,
    )
    users = sorted(row[0] for row in await UserRow.all().values_list("id"))
    await MemberRow.bulk_create(
        [
            MemberRow(
                account_id=accounts[user % 10],
                user_id=user,
                roles=["checker", "maker"],
                active=True,
                created_at=AT,
            )
            for user in users
        ],
        batch_size=1000,
    )

    objects_s, objects = await cpu_of(MemberRow.filter(active=True).prefetch_related("user", "account"))
    used_s, found = await cpu_of(people.holdings())

    assert len(found) == len(objects) == count
    assert found == tuple(sorted(found, key=lambda holding: (holding.account_id, holding.user_id)))
    assert used_s <= objects_s / 2


async def cpu_of(work: Awaitable[T]) -> tuple[float, T]:
    """CPU seconds, and what came of it; going through the test suite's own objects would be counted, too."""
    gc.collect()
    gc.disable()
    try:
        before = time.process_time()
        done = await work
        return time.process_time() - before, done
    finally:
        gc.enable()


# ---------------------------------------------------------------- what is told by mail


def mail(account_id, key, text="first"):
    return outbox.Message(account_id=account_id, key=key, kind="mail", payload={"text": text}, created_at=AT)


async def stored():
    return {row.key: row.payload["text"] for row in await OutboxRow.all()}


async def test_a_message_is_refused_when_its_key_is_in_the_outbox():
    one, other = await account("one"), await account("other")
    await outbox.write([mail(one, "k")])

    for sender in (one, other):
        with pytest.raises(IntegrityError):
            await outbox.write([mail(sender, "k", "second")])

    assert await stored() == {"k": "first"}


async def test_a_message_written_once_is_left_as_it_is_when_its_key_is_in_the_outbox():
    one = await account("one")
    await outbox.write([mail(one, "b")])

    await outbox.write_once([])
    await outbox.write_once([mail(one, key, "second") for key in ("c", "b", "a", "a")])

    assert await stored() == {"a": "second", "b": "first", "c": "second"}


async def test_a_message_written_once_must_belong_to_an_account():
    with pytest.raises(IntegrityError):
        await outbox.write_once([mail(12345, "k")])


async def test_workers_that_write_the_same_messages_at_once_send_each_of_them_once(database):
    one = await account("one")
    keys = [f"policy:{number}" for number in range(20)]

    def worker(order):
        return database.transaction(lambda: outbox.write_once([mail(one, key) for key in order]))

    async with asyncio.timeout(30):
        await asyncio.gather(*(worker(order) for order in (keys, keys[::-1], keys[10:] + keys[:10])))

    claimed = await database.transaction(lambda: outbox.claim(AT, limit=100))
    assert [message.key for message in claimed] == sorted(keys)
