"""Relays as processes: they share the work with servers, take over from the dead, and end in time."""

import asyncio
import os
import signal
from collections import Counter

import pytest
from tests.server.server_history import check_outbox, figures, rows, until
from tests.server.server_relay import relaying

pytestmark = pytest.mark.alone

WAITING = "SELECT count(*) FROM outbox_message WHERE delivered_at IS NULL AND dropped_at IS NULL"


async def are_waiting(database_url, number):
    return (await rows(database_url, WAITING))[0][0] == number


async def all_settled(database_url):
    return await are_waiting(database_url, 0)


async def submit(client, number):
    """Make campaigns that wait for a review: five mails each."""
    return await asyncio.gather(*(client.submitted(f"Campaign {index}") for index in range(number)))


def reaching(world, mails, handovers):
    """The settings by which a relay finds the database and both sinks."""
    return {"DATABASE_URL": world.database_url, "MAIL": mails.url, **handovers.settings}


async def test_servers_that_do_not_deliver_leave_everything_to_relays(
    world, serve, mails, handovers, tmp_path
):
    with serve(MAIL=mails.url, RELAY="off", POLL_S="0.1") as server:
        async with world.client(server) as client:
            campaigns = await submit(client, 3)
            await client.approve(campaigns[0])
        assert (mails.mails, handovers.bodies) == ([], [])
        assert server.faults() == []
    with relaying(tmp_path, "--once", **reaching(world, mails, handovers)) as relay:
        assert await asyncio.to_thread(relay.process.wait, 60) == 0

    assert len(mails.mails) == 3 * 5 + 1
    assert handovers.ids == ["publication-1"]
    told = relay.records("relay:delivered")
    assert Counter(one["kind"] for one in told) == {"mail": 16, "handover": 1}
    assert {f"<{one['key']}@" for one in told if one["kind"] == "mail"} == {
        mail.id.partition("@")[0] + "@" for mail in mails.mails
    }
    [begins] = relay.records("relay:begins")
    assert (begins["mail"], begins["handover"]) == (mails.url, handovers.url)


async def test_two_servers_and_a_relay_share_the_work_and_send_nothing_twice(
    world, serve, mails, handovers, tmp_path
):
    settings = {"MAIL": mails.url, "POLL_S": "0.05"}
    with (
        serve(**settings) as first,
        serve(**settings) as second,
        relaying(tmp_path, **reaching(world, mails, handovers)) as relay,
    ):
        async with world.client(first, 4) as one, world.client(second, 4) as two:
            made = await asyncio.gather(submit(one, 6), submit(two, 6))
            await asyncio.gather(*(one.approve(campaign) for campaign in made[0]))
        await until(lambda: all_settled(world.database_url), within_s=60)
        shared = len(relay.records("relay:delivered"))
        assert (first.faults(), second.faults()) == ([], [])
        code, seconds = relay.end()

    assert len(mails.mails) == len({mail.id for mail in mails.mails}) == 12 * 5 + 6
    assert sorted(handovers.ids) == sorted({f"publication-{number}" for number in range(1, 7)})
    assert 0 < shared < 12 * 5 + 12
    assert (code, seconds <= 6) == (0, True)
    await check_outbox(world.database_url)
    figures(f"{shared} of {12 * 5 + 12} messages by the relay, the rest by two servers, none twice")


async def test_what_a_killed_relay_had_in_hand_is_delivered_by_another_once(
    world, serve, mails, handovers, tmp_path
):
    with serve(MAIL=mails.url, RELAY="off") as server:
        async with world.client(server) as client:
            await submit(client, 4)
    mails.hangs = True
    with relaying(tmp_path, **reaching(world, mails, handovers)) as dies:
        await until(lambda: len(mails.mails) == 8, within_s=20)
        assert dies.end(signal.SIGKILL)[0] == -signal.SIGKILL
    mails.hangs = False
    with relaying(tmp_path, **reaching(world, mails, handovers)):
        await until(lambda: len(mails.mails) == 20, within_s=30)  # 8 of them are leased to the dead one
        await until(lambda: are_waiting(world.database_url, 8), within_s=20)
        await rows(
            world.database_url,
            "UPDATE outbox_message SET leased_until = '2000-01-01 00:00:00.000000+00:00'"
            " WHERE leased_until IS NOT NULL",
        )
        await until(lambda: all_settled(world.database_url), within_s=30)

    times = Counter(mail.id for mail in mails.mails)
    assert (len(times), times.total()) == (20, 28)
    assert max(times.values()) == 2


async def test_a_relay_that_is_told_to_stop_finishes_what_it_sends(world, serve, mails, handovers, tmp_path):
    with serve(MAIL=mails.url, RELAY="off") as server:
        async with world.client(server) as client:
            await submit(client, 4)
    mails.hangs = True
    with relaying(tmp_path, **reaching(world, mails, handovers)) as relay:
        await until(lambda: len(mails.mails) == 8, within_s=20)
        ending = asyncio.create_task(asyncio.to_thread(relay.end))
        await until(lambda: relay.records("relay:stops"), within_s=10)
        mails.hangs = False
        code, seconds = await ending

    assert (code, seconds <= 6) == (0, True)
    assert len(mails.mails) == len(relay.records("relay:delivered")) == 8
    assert (await rows(world.database_url, WAITING))[0][0] == 12


async def test_a_relay_ends_in_time_when_its_mail_server_hangs(world, serve, mails, handovers, tmp_path):
    with serve(MAIL=mails.url, RELAY="off") as server:
        async with world.client(server) as client:
            await submit(client, 1)
    mails.hangs = True
    with relaying(tmp_path, **reaching(world, mails, handovers)) as relay:
        await until(lambda: len(mails.mails) == 5, within_s=20)
        code, seconds = await asyncio.to_thread(relay.end)

    assert (code, seconds <= 6) == (0, True)
    figures(f"stopped within {seconds:.1f} s")


async def test_a_relay_ends_in_time_when_its_database_is_dead(postgresql_url, tmp_path):
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with relaying(tmp_path, DATABASE_URL=postgresql_url) as relay:

        async def is_connected():
            return await rows(postgresql_url, others)

        await until(is_connected, within_s=20)
        backends = [pid for (pid,) in await is_connected()]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(0.5)  # it asks, and gets no answer
            code, seconds = await asyncio.to_thread(relay.end)
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)

    assert (code, seconds <= 6) == (0, True)
    figures(f"stopped within {seconds:.1f} s")


async def test_a_relay_goes_on_when_its_database_is_back(postgresql_url, tmp_path):
    lost = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with relaying(tmp_path, DATABASE_URL=postgresql_url) as relay:

        async def is_lost():
            await rows(postgresql_url, lost)
            return relay.records("relay:database_lost")

        await until(is_lost, within_s=30)
        await until(lambda: relay.records("relay:recovered"), within_s=30)
        assert relay.process.poll() is None
