"""Broken and half-written policy files under load: no door opens, nobody gets a failed answer."""

import asyncio
import os
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from tests.policy.test_refused_files import MISTAKES, MODEL_MISTAKES
from tests.server.server_client import exactly, won
from tests.server.server_history import figures, until
from tests.server.test_policy_reload import LARGE, Flood

from gql_approvals.policy import read_policy

ROUNDS = int(os.environ.get("APPROVALS_TEST_ROUNDS", "100"))
STRIDE = max(1, 40 // ROUNDS)  # where rounds are few, every so many of the files and of the bytes
LASTING_S = 0.6  # long enough that two workers load or refuse what stands there
MAY_NOT = ("vera", "maya", "max", "dora", "gina")
only_sqlite = pytest.mark.parametrize("shared_site", ["sqlite"], indirect=True)
pytestmark = pytest.mark.alone


class Doors:
    """People who try without end what they may not, over connections to both workers."""

    def __init__(self, client, campaign):
        self.client = client
        self.campaign = campaign
        self.refusals = Counter()

    @asynccontextmanager
    async def tried(self):
        over = asyncio.Event()
        tasks = [asyncio.create_task(self._try(who, over)) for who in MAY_NOT]
        try:
            yield self
        finally:
            over.set()
            await asyncio.gather(*tasks)

    async def _try(self, who, over):
        while not over.is_set():
            for wire in self.client.wires[:2]:
                done = await self.client.mutate(who, "approveCampaign", over=wire, **exactly(self.campaign))
                assert not won(done), (who, done)
                self.refusals[done["code"]] += 1


def broken(policies):
    """(file, text) of files with one mistake each, made from the shipped ones."""
    shipped = policies.file.read_text()
    for text, _ in MISTAKES.values():
        policies.file.write_text(f"{shipped}{text}\n")
        if read_policy(policies.path, now=datetime.now(UTC))[0] is None:
            yield "policy.csv", f"{shipped}{text}\n"
    policies.file.write_text(shipped)
    for text, _ in MODEL_MISTAKES.values():
        yield "model.conf", text


@only_sqlite
async def test_files_with_every_mistake_open_no_door_and_stop_nobody(site):
    files = list(broken(site.policies))
    assert len(files) >= 40
    files = files[::STRIDE]
    site.policies.restore()
    good = site.policies.version
    async with site.world.client(site.server, 2) as watch, site.world.client(site.server, 10) as client:
        await site.obeyed(watch, good, within_s=40)
        large = (await client.submitted("Large", audience=LARGE))["id"]
        doors = Doors(client, await client.submitted("Wanted"))
        async with Flood(client, large).running() as flood, doors.tried():
            for name, text in files:
                site.policies.exchange(name, text)
                bad = site.policies.version
                await until(lambda bad=bad: refused(site, watch, bad), within_s=40, every_s=0.05)
                assert {one["version"] for one in await statuses(site, watch)} == {good}
            await flood.goes_on()
        site.policies.restore()
        await site.obeyed(watch, good, within_s=40)
    assert {(one.version, one.allowed) for one in flood.answers} == {(good, False)}
    assert sum(doors.refusals.values()) > len(files)
    tries = sum(doors.refusals.values())
    figures(
        f"{len(files)} broken files; meanwhile {len(flood.answers)} answers and {len(flood.made)} mutations, "
        f"none failed; {tries} tries at a door, none opened"
    )


async def statuses(site, client):
    return [await site.status(client, wire) for wire in client.wires[:2]]


async def everywhere(site):
    """The versions that workers obey; readiness tells them to anybody, whatever the policy says."""
    return (await asyncio.to_thread(site.server.readiness))["everywhere"]


async def everywhere_is(site, version):
    return await everywhere(site) == [version]


async def refused(site, client, version):
    return {one["refusedVersion"] for one in await statuses(site, client)} == {version}


@only_sqlite
async def test_a_file_that_is_cut_off_at_every_byte_opens_no_door_and_stops_nobody(site):
    whole = site.policies.file.read_bytes()
    good, lasting = site.policies.version, max(4, ROUNDS // 2)
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    stops = {*ends[:: max(1, 2 * len(ends) // lasting)], *range(0, len(whole), 2 * len(whole) // lasting)}
    async with site.world.client(site.server, 8) as client:
        doors = Doors(client, await client.submitted("Wanted"))
        seen = Counter()
        async with doors.tried():
            for length in sorted({*range(0, len(whole), STRIDE), *stops, len(whole)}):
                site.policies.file.write_bytes(whole[:length])
                await asyncio.sleep(LASTING_S if length in stops else 0.001)
                if length in stops:
                    seen.update(await everywhere(site))
            await until(lambda: everywhere_is(site, good), within_s=40)
        approved = await client.approved("Afterwards")
    assert approved["status"] == "SENT"
    figures(
        f"cut off at each of {len(whole)} bytes, {len(seen)} versions in force meanwhile; "
        f"{sum(doors.refusals.values())} tries at a door, none opened"
    )
