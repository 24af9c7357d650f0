"""The clock driver: what falls due is done once, whatever else fails."""

import asyncio
from datetime import timedelta

import pytest
from tests.relay.world import World, until

from gql_approvals.clock import BATCH, Clock, clock
from gql_approvals.persistence import lookups
from gql_approvals.persistence.models import CampaignRow, PublicationRow, RevisionRow
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Action, CampaignStatus


@pytest.fixture
async def world(database) -> World:
    return await World.open(database)


async def scheduled(world, **fields):
    campaign = await world.submitted(scheduled_at=world.clock() + timedelta(hours=1), **fields)
    await world.act("chen", Action.APPROVE, campaign)
    return campaign


async def status(world, campaign):
    return (await world.campaign(campaign)).status


async def test_what_is_due_is_sent_and_what_is_not_is_left(world):
    campaign = await scheduled(world)
    driver = Clock(world.office)
    assert await driver.round() == 0
    assert await status(world, campaign) is CampaignStatus.APPROVED
    world.clock.forward(hours=1)
    assert await driver.round() == 1
    assert await status(world, campaign) is CampaignStatus.SENT
    assert await driver.round() == 0
    assert [m.key for m in await world.messages("handover")] == [
        f"publication-{(await world.campaign(campaign)).live.id}"
    ]


async def test_a_review_that_nobody_decided_expires(world):
    campaign = await world.submitted()
    world.clock.forward(days=14)
    await Clock(world.office).round()
    assert await status(world, campaign) is CampaignStatus.EXPIRED


@pytest.mark.wide
async def test_a_schedule_missed_by_more_than_the_grace_is_not_sent(world):
    campaign = await scheduled(world)
    world.clock.forward(hours=1, seconds=301)
    await Clock(world.office).round()
    assert await status(world, campaign) is CampaignStatus.EXPIRED
    assert await PublicationRow.all().count() == 0


@pytest.mark.wide
async def test_content_that_was_changed_behind_the_back_is_held(world):
    campaign = await scheduled(world)
    await RevisionRow.filter(campaign_id=campaign).update(segment="Everybody")
    world.clock.forward(hours=1)
    driver = Clock(world.office)
    assert await driver.round() == 1
    assert await PublicationRow.all().count() == 0
    assert await driver.round() == 0, "what is held is not due"


async def test_two_clocks_at_once_make_one_publication(world):
    for place in range(5):
        await scheduled(world, name=f"Sale {place}")
    world.clock.forward(hours=1)
    await asyncio.gather(*(Clock(world.office).round() for _ in range(4)))
    assert await PublicationRow.all().count() == 5
    assert len(await world.messages("handover")) == 5


@pytest.mark.wide
async def test_a_campaign_that_cannot_be_moved_stops_no_other(world, caplog):
    broken, sound = await scheduled(world), await scheduled(world)
    await RevisionRow.filter(campaign_id=broken).update(content={"not": "a content"})
    world.clock.forward(hours=1)
    driver = Clock(world.office)
    assert await driver.round() == 1
    assert await status(world, sound) is CampaignStatus.SENT
    assert await driver.round() == 0
    assert caplog.text.count("clock:campaign_failed") == 1, "it is left alone for a while"


@pytest.mark.wide
async def test_many_that_cannot_be_moved_do_not_fill_the_batch(world, caplog, monkeypatch):
    monkeypatch.setattr("gql_approvals.clock.BATCH", 2)
    broken = [await scheduled(world) for _ in range(3)]
    world.clock.forward(seconds=1)
    sound = await scheduled(world)
    await RevisionRow.filter(campaign_id__in=broken).update(content={"not": "a content"})
    world.clock.forward(hours=1)
    driver = Clock(world.office)
    for _ in range(3):
        await driver.round()
    assert await status(world, sound) is CampaignStatus.SENT
    assert caplog.text.count("clock:campaign_failed") == 3
    assert BATCH > 2


@pytest.mark.wide
async def test_due_campaigns_come_longest_overdue_first(world):
    late = await scheduled(world)
    world.clock.forward(minutes=1)
    later = await scheduled(world)
    await CampaignRow.filter(id=late).update(name="renamed")
    world.clock.forward(hours=1)
    assert [campaign for _, campaign in await lookups.due(world.clock(), 10)] == [late, later]


@pytest.mark.wide
async def test_the_loop_works_until_it_is_stopped(world):
    campaign = await scheduled(world)
    world.clock.forward(hours=1)
    stop = asyncio.Event()
    running = asyncio.create_task(clock(world.office, Settings(poll_s=0.01), stop))

    async def is_sent():
        return await status(world, campaign) is CampaignStatus.SENT

    await until(is_sent)
    stop.set()
    await running


async def test_an_idle_loop_ends_at_once(world):
    stop = asyncio.Event()
    running = asyncio.create_task(clock(world.office, Settings(poll_s=3600), stop))
    stop.set()
    async with asyncio.timeout(1):
        await running
