"""Twins: one mutation sent many times at once under one idempotency key, over two workers, and a restart.

Every mutation of the schema takes part, each in a situation in which it succeeds.
"""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
import pytest
from tests.schema.client import ACCOUNTS, Api, Clock, api_schema, document, settle
from tests.schema.natural import SITUATIONS, Ask
from tests.server.server_client import Client, NoAnswer
from tests.server.server_history import check_outbox, figures, rows, until
from tests.server.server_process import ServerProcess, running

from gql_approvals.persistence.address import parse
from gql_approvals.persistence.database import Database

pytestmark = pytest.mark.alone
TWINS = 20
MUTATIONS = sorted(api_schema().mutation_type.fields)
TOKENS = {name: f"demo-insecure-{name}" for people in ACCOUNTS.values() for name in people}
# The audit entries of one effect: two effects would have more.
EFFECTS = {
    "addComment": ["comment:added"],
    "addMember": ["member:added"],
    "approveCampaign": ["campaign:approved", "campaign:sent"],
    "archiveCampaign": ["campaign:archived"],
    "assignRoles": ["member:roles_assigned"],
    "createCampaign": ["campaign:created"],
    "disableApprovals": ["account:approvals_disabled", "campaign:auto_approved", "campaign:sent"],
    "disableMember": ["member:disabled"],
    "discardDraft": ["campaign:discarded"],
    "duplicateCampaign": ["campaign:duplicated"],
    "enableApprovals": ["account:approvals_enabled"],
    "enableMember": ["member:enabled"],
    "publishCampaign": ["campaign:sent"],
    "recordDeliveryMetrics": ["delivery:metrics_recorded"],
    "rejectCampaign": ["campaign:rejected"],
    "revokeApproval": ["campaign:revoked"],
    "submitCampaign": ["campaign:submitted"],
    "updateAccount": ["account:updated"],
    "updateCampaign": ["campaign:edited"],
    "withdrawCampaign": ["campaign:withdrawn"],
}
# What identifies the effect, and stays what it is whatever happens afterwards.
CAMPAIGN = "campaign { id name createdBy { id } }"
IDENTITY = {
    "addComment": "comment { id at body }",
    "addMember": "member { id user { id } }",
    "approveCampaign": f"{CAMPAIGN} decision {{ id at verdict }}",
    "assignRoles": "member { id user { id } }",
    "disableApprovals": "approved expired account { id }",
    "disableMember": "member { id user { id } }",
    "enableApprovals": "account { id }",
    "enableMember": "member { id user { id } }",
    "publishCampaign": f"{CAMPAIGN} publication {{ id sentAt }}",
    "recordDeliveryMetrics": "publication { id metrics { sent updatedAt } }",
    "rejectCampaign": f"{CAMPAIGN} decision {{ id at verdict }}",
    "submitCampaign": f"{CAMPAIGN} request {{ id submittedAt }}",
    "updateAccount": "account { id }",
}
# A situation of the one excludes that of the other; the rest can be under way together.
ALONE = ("disableApprovals", "enableApprovals", "disableMember")
GROUPS = (*((name,) for name in ALONE), tuple(name for name in MUTATIONS if name not in ALONE))


@dataclass(frozen=True)
class Twin:
    """One mutation that is to be sent many times."""

    mutation: str
    who: str
    given: dict[str, Any]
    other: dict[str, Any]

    @classmethod
    def of(cls, mutation: str, ask: Ask) -> "Twin":
        return cls(mutation, ask.who, {**ask.given, "idempotencyKey": f"twin {mutation}"}, ask.other)


@dataclass
class Site:
    """Two workers, everybody of `ACCOUNTS`, and the database behind them."""

    server: ServerProcess
    database: Database
    url: str

    @asynccontextmanager
    async def api(self) -> AsyncGenerator[Api, None]:
        """Everybody's client, for what comes before the twins."""
        office: Any = SimpleNamespace(database=self.database)
        async with httpx.AsyncClient(base_url=self.server.url, timeout=60, trust_env=False) as client:
            yield Api(client=client, clock=Clock(datetime.now(UTC)), office=office)

    @asynccontextmanager
    async def wires(self, number: int = TWINS) -> AsyncGenerator[Client, None]:
        """Connections, half of them to each worker."""
        client = await Client.open(self.server, TOKENS, number)
        try:
            yield client
        finally:
            await client.close()

    async def prepared(self, mutations: Iterable[str]) -> list[Twin]:
        """Make the situations for these mutations."""
        async with self.api() as api:
            if "disableApprovals" in mutations:
                await api.submitted()  # something waits for it
            return [Twin.of(mutation, await SITUATIONS[mutation](api)) for mutation in mutations]

    async def put_back(self) -> None:
        """Let the next situation begin as the first one did."""
        async with self.api() as api:
            await api.switch_on()
            done = await api.mutate("ada", "enableMember", memberId=await api.member_id("max"))
            assert done["__typename"] == "EnableMemberPayload", done
            await api.assign("vera")

    async def restart(self) -> None:
        await asyncio.to_thread(self.server.terminate)
        await asyncio.to_thread(self.server.start)

    async def effects(self) -> Counter[str]:
        """The kinds of all audit entries; the chain has no gap."""
        found = await rows(self.url, "SELECT account_id, seq, kind FROM audit_event ORDER BY account_id, seq")
        for account in {row[0] for row in found}:
            numbers = [seq for owner, seq, _ in found if owner == account]
            assert numbers == list(range(1, len(numbers) + 1))
        return Counter(kind for _, _, kind in found if not kind.startswith("policy:"))

    async def keys(self) -> int:
        return (await rows(self.url, "SELECT count(*) FROM idempotency_key"))[0][0]


@pytest.fixture
async def site(database_url, handovers, tmp_path):
    async with Database.open(database_url) as database:
        await database.transaction(lambda: settle(datetime.now(UTC)))
        # they are as good as any: a server refuses to start on those that are printed in the documentation
        await rows(database_url, "UPDATE api_token SET is_demo = false")
        given = {"DATABASE_URL": database_url, "POLL_S": "0.2", **handovers.settings}
        with running(tmp_path, 2, **given) as server:
            yield Site(server, database, database_url)
            assert server.faults() == []


async def sent_by(
    client: Client, twins: Iterable[Twin], times: int = TWINS, answered: list[Twin] | None = None
) -> list[tuple[Twin, Any]]:
    """Send each of them so many times, all at once; an answer that never came is None.

    `answered` is told of each answer as it comes.
    """
    wires, answered = client.wires, [] if answered is None else answered

    async def one(number: int, twin: Twin) -> tuple[Twin, Any]:
        text = document(twin.mutation, IDENTITY.get(twin.mutation, CAMPAIGN))
        try:
            wire = wires[number % len(wires)]
            body = await wire.post(client.tokens[twin.who], text, {"input": twin.given})
        except NoAnswer:
            return twin, None
        assert "errors" not in body, body
        answered.append(twin)
        return twin, body["data"][twin.mutation]

    every = [twin for twin in twins for _ in range(times)]
    return await asyncio.gather(*(one(number, twin) for number, twin in enumerate(every)))


def one_answer(twin: Twin, answers: Iterable[tuple[Twin, Any]]) -> dict[str, Any]:
    """The payload that all the twins got that were answered."""
    own = [answer for other, answer in answers if other == twin and answer is not None]
    assert own, twin
    assert all(answer == own[0] for answer in own), (twin.mutation, own)
    assert own[0]["__typename"].endswith("Payload"), own[0]
    return own[0]


def expected(*mutations: str) -> Counter[str]:
    return Counter(kind for mutation in mutations for kind in EFFECTS[mutation])


def test_every_mutation_has_a_twin():
    assert set(EFFECTS) == set(SITUATIONS) == set(MUTATIONS)
    assert sorted(name for group in GROUPS for name in group) == MUTATIONS


async def test_twenty_twins_of_every_mutation_have_one_effect_and_one_answer_before_and_after_a_restart(site):
    done: list[tuple[Twin, dict[str, Any]]] = []
    for mutation in MUTATIONS:
        [twin] = await site.prepared([mutation])
        before, keys = await site.effects(), await site.keys()
        async with site.wires() as client:
            answer = one_answer(twin, await sent_by(client, [twin]))
            assert await site.effects() - before == expected(mutation), mutation
            assert await site.keys() == keys + 1
            if twin.other:
                changed = Twin(twin.mutation, twin.who, {**twin.given, **twin.other}, {})
                refused = [result["code"] for _, result in await sent_by(client, [changed], times=4)]
                assert refused == ["IDEMPOTENCY_MISMATCH"] * 4, mutation
            assert one_answer(twin, await sent_by(client, [twin])) == answer
        assert await site.effects() - before == expected(mutation), mutation
        done.append((twin, answer))
        await site.put_back()

    before, keys = await site.effects(), await site.keys()
    await site.restart()
    async with site.wires() as client:
        for twin, answer in done:
            assert one_answer(twin, await sent_by(client, [twin])) == answer
            if twin.other:
                changed = Twin(twin.mutation, twin.who, {**twin.given, **twin.other}, {})
                [(_, refused)] = await sent_by(client, [changed], times=1)
                assert refused["code"] == "IDEMPOTENCY_MISMATCH"
    assert (await site.effects(), await site.keys()) == (before, keys)
    await check_outbox(site.url)
    figures(f"{len(done)} mutations, {TWINS} twins, three times")


async def test_twins_that_a_kill_interrupts_have_one_effect_when_they_are_sent_again(site):
    lost = Counter()
    for group in GROUPS:
        twins = await site.prepared(group)
        before, keys = await site.effects(), await site.keys()
        early = await interrupted(site, twins)
        async with site.wires() as client:
            late = await sent_by(client, twins)
        for twin in twins:
            one_answer(twin, [*early, *late])
        assert await site.effects() - before == expected(*group)
        assert await site.keys() == keys + len(group)
        lost.update(answer is None for _, answer in early)
        await site.put_back()
    assert min(lost[True], lost[False]) > 0  # the kill came in between
    await check_outbox(site.url)
    figures(f"{lost[True]} of {lost.total()} requests lost by the kills")


async def interrupted(site: Site, twins: list[Twin]) -> list[tuple[Twin, Any]]:
    """Send twins, kill the server when some of them are answered, and start it again."""
    async with site.wires(2 * TWINS) as client:
        answered: list[Twin] = []
        sending = asyncio.create_task(sent_by(client, twins, answered=answered))
        enough = len(twins) * TWINS // 3
        await until(lambda: len(answered) > enough, within_s=30, every_s=0.001)
        await asyncio.to_thread(site.server.kill)
        answers = await sending
    await asyncio.to_thread(site.server.start)
    return answers


async def test_twins_wait_while_the_first_of_them_is_under_way(site):
    [twin] = await site.prepared(["submitCampaign"])
    before = await site.effects()
    async with site.wires() as client:
        async with held(site.url) as waiting:
            answered: list[Twin] = []
            sending = asyncio.create_task(sent_by(client, [twin], answered=answered))
            await until(waiting, within_s=20)
            await asyncio.wait([sending], timeout=1)
            assert answered == []
        one_answer(twin, await sending)
    assert await site.effects() - before == expected("submitCampaign")


@asynccontextmanager
async def held(url: str):
    """Keep the first twin from storing its key; gives a question whether all the others wait for it."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(parse(url).target, timeout=30, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")  # one lock is all there is: the first waits for it as well
            yield lambda: True
            file.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(url)
    watcher = await asyncpg.connect(url)
    try:
        await connection.execute("BEGIN; LOCK TABLE idempotency_key IN EXCLUSIVE MODE")

        async def waiting() -> bool:
            kinds = Counter(
                row["wait_event"]
                for row in await watcher.fetch(
                    "SELECT wait_event FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                )
            )
            return kinds["relation"] == 1 and kinds.total() == TWINS

        yield waiting
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()
        await watcher.close()
