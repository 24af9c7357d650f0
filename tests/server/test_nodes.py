"""Two nodes on one PostgreSQL, as docs/deploy.md says to run them, and a load balancer in front of them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from tests.live.live_client import CAMPAIGNS, socket
from tests.server.server_balancer import balancing
from tests.server.server_client import exactly, won
from tests.server.server_history import check_outbox, figures, nodes, rows, until, verified
from tests.server.server_patience import PatientLoad
from tests.server.server_policies import PolicyFolder

from gql_approvals.persistence import people
from gql_approvals.persistence.database import Database

STORIES = 5
ROUNDS = 3
AT_ONCE_S = 1
LARGE = {"estimatedSize": 55_000, "segment": "All"}  # too many people for Sofia, until the files say 60k
MEMBERS = "{ members(first: 50) { edges { node { id user { name } } } } }"
MEMBER = (
    """mutation($input: %sInput!) { %s(input: $input) { __typename ... on UserError { code message } } }"""
)
STATUS = "{ policyStatus { version workers { node version } } }"
UNSETTLED = "SELECT count(*) FROM outbox_message WHERE delivered_at IS NULL AND dropped_at IS NULL"
IDLE = "Cancel 0 running task(s)"  # uvicorn, of a connection that asks nothing and is not closed
pytestmark = [
    pytest.mark.alone,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


@pytest.fixture
def policies(tmp_path):
    """A folder of each node's own: nodes share nothing but the database."""
    return [PolicyFolder.made(tmp_path / name) for name in ("one", "other")]


@pytest.fixture
def pair(serve, policies, mails):
    """Two nodes with two workers each."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(serve(workers=2, MAIL=mails.url, POLL_S="0.2", POLICIES=str(one.path)))
            for one in policies
        ]
        yield started
        found = [line for node in started for line in node.faults()]
        assert [line for line in found if IDLE not in line] == []


async def settled(url):
    """Wait until nothing is left to be told to anybody."""

    async def is_settled():
        return (await rows(url, UNSETTLED))[0][0] == 0

    await until(is_settled, within_s=30)


async def test_a_story_is_told_across_two_nodes(world, pair, mails, handovers):
    one, other = pair
    delays = []
    async with world.client(one, 2) as here, world.client(other, 2) as there, socket(other.port) as listening:
        await listening.init("vera", token=world.tokens["vera"])
        told = await listening.follow(CAMPAIGNS)

        async def heard(doing, status):
            campaign = await doing
            answered = time.monotonic()
            while (change := await told.campaign())["version"] < campaign["version"]:
                pass
            assert (change["id"], change["status"]) == (campaign["id"], status)
            delays.append(time.monotonic() - answered)
            return campaign

        sent = []
        for number in range(STORIES):
            made = await heard(here.create(f"Story {number}"), "DRAFT")
            pending = await heard(
                there.act("maya", "submitCampaign", campaignId=made["id"]), "PENDING_REVIEW"
            )
            sent.append(await heard(here.approve(pending), "SENT"))
            late = await there.mutate("cleo", "approveCampaign", **exactly(pending))
            assert late["code"] == "ALREADY_DECIDED"
        await settled(world.database_url)
        history = await verified(there, *sent)
    messages = await check_outbox(world.database_url)
    assert history.count("campaign:sent") == len(handovers.ids) == len(set(handovers.ids)) == STORIES
    assert len(mails.mails) == len({mail.id for mail in mails.mails}) == messages["mail"]
    assert max(delays) <= AT_ONCE_S
    figures(
        f"heard on the other node within {1000 * max(delays):.0f} ms of the answer; "
        f"{len(mails.mails)} mails and {len(handovers.ids)} hand-overs by 4 workers, none twice"
    )


async def test_due_times_are_kept_once_by_the_clocks_of_two_nodes(world, pair, handovers):
    async with world.client(pair[0], 2) as here, world.client(pair[1], 2) as there:
        before = time.monotonic()
        await asyncio.gather(*(here.submitted(f"Pace {number}") for number in range(10)))
        due = datetime.now(UTC) + timedelta(seconds=4 + 4 * (time.monotonic() - before))
        campaigns = await asyncio.gather(
            *(
                (here, there)[number % 2].approved(f"Due {number}", scheduledAt=due.isoformat())
                for number in range(10)
            )
        )
        assert {campaign["status"] for campaign in campaigns} == {"APPROVED"}
        await until(lambda: len(set(handovers.ids)) >= 10, within_s=30)
        await settled(world.database_url)
        history = await verified(here, *campaigns)
    assert history.count("campaign:sent") == len(handovers.ids) == 10
    late = [
        datetime.fromisoformat(entry["at"]) - due for entry in history.log if entry["kind"] == "campaign:sent"
    ]
    assert timedelta(0) <= min(late) <= max(late) <= timedelta(seconds=10)
    figures(f"10 due times, 4 clocks: each kept once, at most {max(late).total_seconds():.1f} s late")


async def test_what_is_taken_away_on_one_node_is_gone_on_the_other_at_once(world, pair):
    one, other = pair
    closed = []
    async with world.client(one, 2) as here, world.client(other, 4) as there:
        found = await here.ask("ada", MEMBERS)
        members = {node["user"]["name"].lower(): node["id"] for node in nodes(found["members"])}

        async def change(mutation, who, **given):
            name = mutation[0].upper() + mutation[1:]
            body = await here.wire().post(
                world.tokens["ada"], MEMBER % (name, mutation), {"input": {"memberId": members[who], **given}}
            )
            assert body["data"][mutation]["__typename"] == f"{name}Payload", body

        for number in range(ROUNDS):  # a role
            campaign = await there.submitted(f"Role {number}")
            await change("assignRoles", "chen", roles=[])
            refused = [
                await there.mutate("chen", "approveCampaign", over=wire, **exactly(campaign))
                for wire in there.wires
            ]
            assert {answer["code"] for answer in refused} == {"FORBIDDEN"}
            await change("assignRoles", "chen", roles=["checker"])
            assert won(await there.mutate("chen", "approveCampaign", **exactly(campaign)))

        async def closes(who, revoke):
            async with socket(other.port) as listening:
                await listening.init(who, token=world.tokens[who])
                await listening.follow(CAMPAIGNS)
                await revoke
                began = time.monotonic()
                assert (await listening.closed())[0] == 4403
                closed.append(time.monotonic() - began)
            for wire in there.wires:
                assert "errors" in await wire.post(world.tokens[who], "{ viewer { roles } }", {})

        async def revoke():
            async with Database.open(world.database_url, pool_size=1):
                assert await people.revoke_token(world.tokens["vera"], datetime.now(UTC))

        await closes("cleo", change("disableMember", "cleo"))
        await closes("vera", revoke())
        await verified(here)
    assert max(closed) <= AT_ONCE_S
    figures(f"sockets on the other node closed within {1000 * max(closed):.0f} ms; no decision afterwards")


async def test_each_node_obeys_its_own_files_and_everybody_can_see_that_they_differ(world, pair, policies):
    narrow = policies[0].version
    async with world.client(pair[0], 2) as here, world.client(pair[1], 2) as there:

        async def obeyed(client, version):
            async def is_obeyed():
                found = [
                    (await wire.post(world.tokens["ada"], STATUS, {}))["data"]["policyStatus"]["version"]
                    for wire in client.wires
                ]
                return set(found) == {version}

            await until(is_obeyed, within_s=10)

        campaign = await there.submitted("Large", audience=LARGE)
        wide = policies[0].limit("60k")
        began = time.monotonic()
        await obeyed(here, wide)
        await obeyed(there, narrow)
        assert (await there.mutate("sofia", "approveCampaign", **exactly(campaign)))["code"] == "FORBIDDEN"
        assert won(await here.mutate("sofia", "approveCampaign", **exactly(campaign)))
        both = sorted([narrow, wide])
        await until(lambda: all(sorted(n.readiness()["everywhere"]) == both for n in pair), within_s=20)
        found = (await there.ask("ada", STATUS))["policyStatus"]["workers"]
        assert Counter(one["version"] for one in found) == {narrow: 2, wide: 2}
        assert len({one["node"] for one in found}) == 2
        warned = doctor(world, policies[0])
        assert (warned["state"], "different policies" in warned["what"]) == ("warning", True), warned

        policies[1].limit("60k")
        await obeyed(there, wide)
        await until(lambda: all(n.readiness()["everywhere"] == [wide] for n in pair), within_s=20)
        assert doctor(world, policies[0])["state"] == "fine"
        changes = "SELECT detail FROM audit_event WHERE kind = 'policy:changed'"
        announced = [json.loads(detail)["to"] for (detail,) in await rows(world.database_url, changes)]
        assert announced == [wide]
        history = await verified(here)
    sent = [one for one in history.log if one["kind"] == "campaign:approved"]
    assert [one["policyVersion"] for one in sent] == [wide]
    figures(f"told apart and brought together again within {time.monotonic() - began:.1f} s")


def doctor(world, policies):
    """What the doctor says of the nodes."""
    given = {"DATABASE_URL": world.database_url, "POLICIES": str(policies.path)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    done = subprocess.run(
        [sys.executable, "-m", "gql_approvals", "doctor", "--format", "json"],
        capture_output=True, text=True, timeout=60, check=False, cwd=policies.path.parent,
        env={**environment, **{f"GQL_APPROVALS_{name}": value for name, value in given.items()}},
    )  # fmt: skip
    [found] = [one for one in json.loads(done.stdout)["findings"] if one["check"] == "nodes"]
    return found


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
async def test_a_node_that_goes_loses_nothing_and_the_other_one_goes_on(world, pair, mails, end):
    one, _ = pair
    async with balancing(*pair) as balancer:
        load = PatientLoad(balancer.port, world.tokens)
        async with load.running():
            await load.reaches(20)
            assert min(balancer.taken.values()) > 0
            before = time.monotonic()
            await asyncio.to_thread(one.kill if end == signal.SIGKILL else one.terminate)
            alone = balancer.taken[one.port]
            await load.reaches(20)
            longest = time.monotonic() - before
            asked_again = load.again
            await asyncio.to_thread(one.start)
            await until(lambda: balancer.taken[one.port] > alone, within_s=20)
            await load.reaches(20)
        async with world.client(balancer, 2) as client:
            history = await verified(client, *load.acknowledged)
        load.check(history)
    past = "UPDATE outbox_message SET leased_until = '2000-01-01' WHERE leased_until IS NOT NULL"
    await rows(world.database_url, past)  # what a killed node had in hand comes again
    await settled(world.database_url)
    messages = await check_outbox(world.database_url)
    assert len({mail.id for mail in mails.mails}) == messages["mail"]
    figures(
        f"{len(load.acknowledged)} acknowledged, {asked_again} asked again, 20 more by one node "
        f"within {longest:.1f} s"
    )
