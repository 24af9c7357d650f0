"""Servers that are killed, stopped or deserted: what was acknowledged stays, what is due still happens."""

import asyncio
import os
import signal
import sqlite3
import time
from collections import Counter
from contextlib import asynccontextmanager

import asyncpg
import pytest
from tests.server.server_client import NoAnswer, Wire, document_of, draft, exactly, sms, won
from tests.server.server_history import check_outbox, figures, rows, until, verified

from gql_approvals.persistence.address import parse

TOLD_OF_SUBMISSION = ("ada", "chen", "cleo", "leo", "sofia")
pytestmark = pytest.mark.alone


# ---------------------------------------------------------------------------- between commit and sending
async def sent_and_rejected(client, number):
    """Make campaigns that are sent, and ones that are rejected; return the former, and the mails due."""
    sent = await asyncio.gather(*(client.approved(f"Sent {index}") for index in range(number)))
    pending = await asyncio.gather(*(client.submitted(f"Rejected {index}", "max") for index in range(number)))
    for campaign in pending:
        await client.act("cleo", "rejectCampaign", **exactly(campaign), reason=f"Not {campaign['name']}.")
    due = Counter({("campaign:approved", "maya"): number, ("campaign:rejected", "max"): number})
    due.update({("campaign:submitted", name): 2 * number for name in TOLD_OF_SUBMISSION})
    return sent, due


def told(mails):
    """How many different mails each person got of each event."""
    known = {mail.id: (mail.event, mail.to.partition("@")[0]) for mail in mails}
    return Counter(known.values())


async def all_settled(database_url):
    left = "SELECT count(*) FROM outbox_message WHERE delivered_at IS NULL AND dropped_at IS NULL"
    return (await rows(database_url, left))[0][0] == 0


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_was_committed_before_a_kill_is_sent_once_after_the_restart(
    world, serve, mails, handovers, workers
):
    with serve(
        workers=workers, MAIL=mails.url, POLL_S="3600"
    ) as server:  # it looks once, before there is anything
        async with world.client(server) as client:
            sent, due = await sent_and_rejected(client, 5)
        assert (mails.mails, handovers.bodies) == ([], [])
        server.kill()
        server.start(POLL_S="0.2")
        await until(lambda: all_settled(world.database_url), within_s=30)
        async with world.client(server) as client:
            history = await verified(client, *sent)
        assert server.faults() == []
    assert told(mails.mails) == due
    assert len(mails.mails) == due.total()  # none twice: nothing was under way when the server died
    assert sorted(handovers.ids) == sorted(f"publication-{number}" for number in range(1, 6))
    assert {body["contentHash"] for _, body in handovers.bodies} == {c["head"]["contentHash"] for c in sent}
    for campaign in history.campaigns.values():
        for edge in campaign["publications"]["edges"]:
            assert edge["node"]["handedOverAt"] is not None
    reasons = [mail for mail in mails.mails if mail.event == "campaign:rejected"]
    assert all("Not Rejected" in mail.text for mail in reasons)


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_was_under_way_at_a_kill_comes_again_under_the_same_id(
    world, serve, mails, handovers, workers
):
    mails.hangs = handovers.hangs = True
    with serve(workers=workers, MAIL=mails.url, POLL_S="3600") as server:
        async with world.client(server) as client:
            sent, due = await sent_and_rejected(client, 3)
        server.kill()
        server.start(POLL_S="0.2")
        await until(lambda: len(mails.mails) >= 8 * workers and len(handovers.bodies) == 3, within_s=20)
        server.kill()
        before = (Counter(mail.id for mail in mails.mails), Counter(handovers.ids))
        mails.hangs = handovers.hangs = False
        await leases_run_out(world.database_url)
        server.start(POLL_S="0.2")
        await until(lambda: all_settled(world.database_url), within_s=30)
        async with world.client(server) as client:
            await verified(client, *sent)
        assert server.faults() == []
    assert told(mails.mails) == due  # counted by id
    assert set(handovers.ids) == {f"publication-{number}" for number in range(1, 4)}
    again = (Counter(mail.id for mail in mails.mails) - before[0], Counter(handovers.ids) - before[1])
    assert (again[0].total(), again[1].total()) == (due.total(), 3)  # all of it, since nothing was answered
    assert max(again[0].values()) == max(again[1].values()) == 1


async def leases_run_out(database_url):
    """Let the time pass for which the messages of a dead server stay its own."""
    past = "UPDATE outbox_message SET leased_until = '2000-01-01 00:00:00.000000+00:00' "
    await rows(database_url, past + "WHERE leased_until IS NOT NULL")


# ------------------------------------------------------------------------------------------- under load
class Load:
    """Makers and checkers who never rest, each on a connection of their own.

    `acknowledged`: what was answered. `unknown`: names of campaigns whose creation was not answered.
    """

    def __init__(self, server, tokens, people=8):
        self.server, self.tokens = server, tokens
        self.acknowledged, self.unknown, self.lost = [], set(), 0
        self._people = people
        self._over = asyncio.Event()

    @asynccontextmanager
    async def running(self):
        tasks = [asyncio.create_task(self._work(number)) for number in range(self._people)]
        try:
            yield self
        finally:
            self._over.set()
            await asyncio.gather(*tasks)

    async def _work(self, number):
        wire, round_ = Wire(self.server.port), 0
        while not self._over.is_set():
            round_ += 1
            try:
                await self._story(wire, f"Load {number}.{round_}")
            except NoAnswer:
                self.lost += 1
                await asyncio.sleep(0.05)
        await wire.close()

    async def _story(self, wire, name):
        try:
            campaign = await self._call(wire, "maya", "createCampaign", draft(name))
        except NoAnswer:
            self.unknown.add(name)
            raise
        campaign = await self._call(wire, "maya", "submitCampaign", {"campaignId": campaign["id"]})
        await self._call(wire, "chen", "approveCampaign", exactly(campaign))

    async def _call(self, wire, who, mutation, given):
        body = await wire.post(self.tokens[who], document_of(mutation), {"input": given})
        assert "errors" not in body, body
        result = body["data"][mutation]
        assert won(result), result
        self.acknowledged.append(result["campaign"])
        return result["campaign"]

    async def reaches(self, number):
        """Wait until so many more mutations are acknowledged."""
        goal = len(self.acknowledged) + number
        await until(lambda: len(self.acknowledged) >= goal, within_s=60, every_s=0.02)

    def check(self, history):
        """What was acknowledged is there; what was not is there once or not at all."""
        names = Counter(campaign["name"] for campaign in history.campaigns.values())
        assert {campaign["id"] for campaign in self.acknowledged} <= set(history.campaigns)
        assert set(names.values()) <= {1}
        assert set(names) <= {campaign["name"] for campaign in self.acknowledged} | self.unknown


async def test_nothing_acknowledged_is_lost_when_workers_are_killed(world, serve, handovers):
    with serve(workers=2, POLL_S="0.2") as server:
        async with Load(server, world.tokens).running() as load:
            for killed in range(1, 5):
                await load.reaches(20)
                os.kill(server.worker_pids[killed % 2], signal.SIGKILL)
                await asyncio.to_thread(server.wait_ready, 2 + killed)
            await load.reaches(20)
        assert load.lost > 0
        async with world.client(server) as client:
            history = await verified(client, *load.acknowledged)
            load.check(history)
            await _everything_is_told(world, history)
        await leases_run_out(world.database_url)  # what a killed worker had in hand comes again
        await until(lambda: len(set(handovers.ids)) >= history.count("campaign:sent"), within_s=30)
        figures(f"4 kills, {len(load.acknowledged)} acknowledged, {load.lost} without an answer")


async def test_nothing_acknowledged_is_lost_when_all_is_killed(world, serve):
    with serve(workers=2, POLL_S="0.2") as server:
        async with Load(server, world.tokens).running() as load:
            for _ in range(3):
                await load.reaches(20)
                server.kill()
                await asyncio.to_thread(server.start)
            await load.reaches(20)
        assert load.lost > 0
        async with world.client(server) as client:
            history = await verified(client, *load.acknowledged)
            load.check(history)
            await _everything_is_told(world, history)
        figures(f"3 kills, {len(load.acknowledged)} acknowledged, {load.lost} without an answer")


async def _everything_is_told(world, history):
    """What must be told was committed with its cause: five mails a submission, one an approval."""
    messages = await check_outbox(world.database_url)
    assert messages["mail"] == 5 * history.count("campaign:submitted") + history.count("campaign:approved")


# --------------------------------------------------------------------------------------------- stopping
@asynccontextmanager
async def locked(database_url):
    """Hold the lock that every mutation needs."""
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(parse(database_url).target, timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            connection.close()
        return
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM account FOR UPDATE")
            yield
    finally:
        await connection.close()


@pytest.mark.parametrize("workers", [1, 2])
async def test_requests_in_flight_are_answered_when_the_server_is_told_to_stop(world, serve, workers):
    with serve(workers=workers, POLL_S="0.2") as server:
        async with world.client(server, 8) as client, world.client(server, 4) as others:
            warm = await asyncio.gather(*(client.create(f"Warm {index}") for index in range(8)))
            async with locked(world.database_url):
                calls = [asyncio.create_task(client.create(f"In flight {index}")) for index in range(8)]
                for _ in range(2):  # whoever answers this has read what came before
                    await asyncio.gather(*(wire.get("/healthz/live") for wire in others.wires))
                ending = asyncio.create_task(asyncio.to_thread(server.terminate))
                await until(lambda: server.log.read_text().count("Shutting down") == workers, within_s=5)
                assert not any(call.done() for call in calls)
            answered = await asyncio.gather(*calls)
            seconds = await ending
        assert seconds <= 6
        server.start()
        async with world.client(server) as client:
            history = await verified(client, *warm, *answered)
        assert len(history.campaigns) == 16
        assert server.faults() == []
        figures(f"stopped within {seconds:.1f} s")


async def test_a_server_under_load_stops_within_six_seconds_and_loses_nothing(world, serve):
    with serve(workers=2, POLL_S="0.2") as server:
        async with Load(server, world.tokens).running() as load:
            await load.reaches(30)
            seconds = await asyncio.to_thread(server.terminate)
        assert seconds <= 6
        server.start()
        async with world.client(server) as client:
            history = await verified(client, *load.acknowledged)
        load.check(history)
        assert server.faults() == []
        figures(f"stopped within {seconds:.1f} s, {len(load.acknowledged)} acknowledged")


# ------------------------------------------------------------------------------------------- deserters
async def test_clients_that_hang_up_in_the_middle_of_a_mutation_do_no_harm(world, serve):
    with serve(workers=2, POLL_S="0.2") as server:
        async with world.client(server) as client:
            kept = await client.submitted("Kept")
            document, names = document_of("createCampaign"), [f"Dropped {index}" for index in range(100)]

            async def desert(index):
                wire = Wire(server.port)
                part = 1 if index % 4 else 0.9  # a quarter does not even finish its request
                await wire.send(world.tokens["maya"], document, {"input": draft(names[index])}, part=part)
                await asyncio.sleep((index % 10) * 0.01)  # at another moment of the mutation each
                wire.drop()

            await asyncio.gather(*map(desert, range(100)))
            before = time.monotonic()
            made = await asyncio.gather(*(client.create(f"After {index}") for index in range(16)))
            await client.act(
                "max", "updateCampaign", campaignId=kept["id"], expectedVersion=kept["version"],
                content=sms("Still here"), ifPending="WITHDRAW",
            )  # fmt: skip
            assert {await wire.get("/healthz/ready") for wire in client.wires} == {200}
            figures(f"16 mutations after 100 drops: {time.monotonic() - before:.1f} s")
            history = await verified(client, kept, *made)
        found = Counter(campaign["name"] for campaign in history.campaigns.values())
        assert set(found.values()) == {1}
        assert set(found) <= {*names, "Kept", *(f"After {index}" for index in range(16))}
        assert not {names[index] for index in range(0, 100, 4)} & set(found)  # half a request does nothing
        assert server.faults() == []
