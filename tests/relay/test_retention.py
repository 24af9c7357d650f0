"""What is deleted once its time is over, and what never is."""

import asyncio
from datetime import timedelta

import pytest
from tortoise.connection import get_connections

from gql_approvals.persistence import idempotency, outbox, retention
from gql_approvals.persistence.message_state import NOT_TOLD
from gql_approvals.persistence.models import AuditRow, IdempotencyRow, OutboxRow
from gql_approvals.retention import delete_old
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

DAY = timedelta(days=1)


async def delete(world, **settings):
    await delete_old(world.office, Settings(**settings), asyncio.Event())


async def aged(world):
    """Mails that ended in each way, 31 days ago, and one that was delivered 29 days ago."""
    for _ in range(2):
        await world.submitted()
    delivered, untold, dead, waiting, recent, *_ = await world.messages("mail")
    now = await world.office.database.clock()
    old = now - 31 * DAY

    async def end():
        await outbox.mark_delivered(delivered.id, old)
        await outbox.give_up(untold.id, why=NOT_TOLD, now=old)
        await outbox.give_up(dead.id, why="550 no such mailbox", now=old)
        await OutboxRow.filter(id=waiting.id).update(created_at=old)
        await outbox.mark_delivered(recent.id, now - 29 * DAY)

    await world.office.database.transaction(end)
    return {delivered.id, untold.id}, {message.id for message in await world.messages()}


async def test_what_was_delivered_or_untold_goes_after_30_days_and_nothing_else(world):
    over, every = await aged(world)
    before = await AuditRow.all().count()

    await delete(world)

    assert {message.id for message in await world.messages()} == every - over
    assert await AuditRow.all().count() == before


async def test_the_setting_says_after_how_many_days_and_0_keeps_everything(world):
    over, every = await aged(world)
    await delete(world, outbox_days=0)
    assert {message.id for message in await world.messages()} == every
    await delete(world, outbox_days=32)
    assert {message.id for message in await world.messages()} == every
    await delete(world, outbox_days=28)
    assert len(every) - len(await world.messages()) == len(over) + 1


async def test_batches_go_on_until_nothing_is_over(world, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(3):
        await world.submitted()
    old = await world.office.database.clock() - 31 * DAY
    await OutboxRow.all().update(delivered_at=old)

    await delete(world)

    assert await world.messages() == []


async def test_answers_go_when_twice_their_time_is_over(world):
    now = await world.office.database.clock()
    ages = (timedelta(hours=1), idempotency.KEPT, 2 * idempotency.KEPT, 9 * DAY)
    user = world.members["maya"].user_id

    async def store():
        for number, age in enumerate(ages):
            await IdempotencyRow.create(
                account_id=world.account.id, user_id=user, key=str(number), fingerprint="", result={},
                created_at=now - age,
            )  # fmt: skip

    await world.office.database.transaction(store)
    await delete(world)

    left = await IdempotencyRow.all().order_by("key").values_list("key", flat=True)
    assert left == ["0", "1"]


async def test_a_campaign_lives_on_without_the_messages_of_its_past(world):
    campaign = await world.submitted()
    await OutboxRow.all().update(delivered_at=await world.office.database.clock() - 31 * DAY)
    await delete(world)

    await world.act("chen", Action.APPROVE, campaign)

    assert {message.kind for message in await world.messages()} == {"mail", "handover"}


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("outbox_message_delivered_idx", "DELETE FROM outbox_message WHERE delivered_at < {old}"),
        ("outbox_message_undelivered_idx", "SELECT count(*) FROM outbox_message WHERE delivered_at IS NULL"),
        ("idempotency_key_created_idx", "DELETE FROM idempotency_key WHERE created_at < {old}"),
    ],
)
async def test_what_is_over_is_found_by_an_index(world, index, query):
    dialect = world.office.database.dialect
    old = "'2000-01-01 00:00:00+00:00'"
    explain = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "

    async def plan():
        if dialect == "postgresql":  # an empty table would be read as a whole
            await get_connections().get(dialect).execute_query("SET LOCAL enable_seqscan = off")
        return await get_connections().get(dialect).execute_query_dict(explain + query.format(old=old))

    assert index in str(await world.office.database.transaction(plan))
