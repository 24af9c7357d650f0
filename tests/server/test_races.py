"""Races between two worker processes: exactly one winner, and a history that verifies.

Every test runs `ROUNDS` rounds. Campaigns are made beforehand; a round is the race itself, over connections
that lead to different workers.
"""

import asyncio
import os
from collections import Counter

import pytest
from tests.server.server_client import draft, exactly, sms, won
from tests.server.server_history import check_outbox, figures, until, verified

ROUNDS = int(os.environ.get("APPROVALS_TEST_ROUNDS", "100"))
pytestmark = pytest.mark.alone


async def prepared(make, **more):
    """A campaign for each round, made over all connections at once."""
    return await asyncio.gather(*(make(f"Round {index}", **more) for index in range(ROUNDS)))


async def race(client, number, *calls):
    """Call mutations at one instant, over neighbouring connections; odd rounds swap the workers."""
    wires = [client.wires[(number + index) % len(client.wires)] for index in range(len(calls))]
    return await asyncio.gather(
        *(
            client.mutate(who, mutation, over=wire, **given)
            for (who, mutation, given), wire in zip(calls, wires, strict=True)
        )
    )


def accepted(results):
    """The campaigns that mutations answered with."""
    return [result["campaign"] for result in results if won(result)]


async def handed_over_once(handovers, world, campaigns):
    """Wait until the sending system has what was sent, and check that nothing came twice."""
    sent = sum(len(campaign["publications"]["edges"]) for campaign in campaigns.values())
    await until(lambda: len(handovers.ids) >= sent, within_s=20)
    assert len(set(handovers.ids)) == len(handovers.ids) == sent
    assert handovers.forged == 0
    assert (await check_outbox(world.database_url))["handover"] == sent
    return sent


# ---------------------------------------------------------------------------------------------- one winner
@pytest.mark.parametrize("mode", ["ON_APPROVAL", "MANUAL"])
async def test_of_an_approval_and_an_edit_at_the_same_instant_one_wins(world, racers, handovers, mode):
    campaigns = await prepared(racers.submitted, publishMode=mode)
    known, outcomes = list(campaigns), Counter()
    for number, campaign in enumerate(campaigns):
        edit = {
            "campaignId": campaign["id"],
            "expectedVersion": campaign["version"],
            "content": sms("Buy two!"),
            "ifPending": "WITHDRAW",
        }
        results = await race(
            racers, number, ("chen", "approveCampaign", exactly(campaign)), ("maya", "updateCampaign", edit)
        )
        approval, editing = results
        assert won(approval) != won(editing), results
        if won(approval):
            assert approval["campaign"]["status"] == ("SENT" if mode == "ON_APPROVAL" else "APPROVED")
            assert editing["code"] == "STALE_VERSION"
        else:
            assert editing["campaign"]["status"] == "DRAFT"
            assert approval["code"] in {"WRONG_STATUS", "STALE_REVISION"}
        outcomes["approval" if won(approval) else "edit"] += 1
        known += accepted(results)
    history = await verified(racers, *known)
    assert history.count("campaign:approved") == outcomes["approval"]
    sent = await handed_over_once(handovers, world, history.campaigns)
    assert sent == (outcomes["approval"] if mode == "ON_APPROVAL" else 0)
    figures(f"{ROUNDS} rounds: {dict(outcomes)}")


async def test_of_two_checkers_at_once_the_first_decides_and_the_other_is_told_who(world, racers, handovers):
    campaigns = await prepared(racers.submitted)
    known, outcomes = list(campaigns), Counter()
    for number, campaign in enumerate(campaigns):
        hers = ("rejectCampaign", {"reason": "Too short."}) if number % 2 else ("approveCampaign", {})
        results = await race(
            racers,
            number,
            ("chen", "approveCampaign", exactly(campaign)),
            ("cleo", hers[0], {**exactly(campaign), **hers[1]}),
        )
        assert [won(result) for result in results].count(True) == 1, results
        first, name = (0, "Chen") if won(results[0]) else (1, "Cleo")
        verdict = "REJECTED" if first and number % 2 else "APPROVED"
        late = results[1 - first]
        assert (late["code"], late["by"]["name"], late["verdict"]) == ("ALREADY_DECIDED", name, verdict)
        outcomes[f"{name} {verdict}"] += 1
        known += accepted(results)
    history = await verified(racers, *known)
    decisions = [
        decision
        for campaign in history.campaigns.values()
        for request in campaign["requests"]["edges"]
        for decision in request["node"]["decisions"]
    ]
    assert len(decisions) == ROUNDS
    await handed_over_once(handovers, world, history.campaigns)
    figures(f"{ROUNDS} rounds: {dict(outcomes)}")


async def test_of_two_needed_approvals_at_once_both_count_and_the_second_decides(
    world, strict_racers, handovers
):
    campaigns = await prepared(strict_racers.submitted)
    known, outcomes = list(campaigns), Counter()
    for number, campaign in enumerate(campaigns):
        results = await race(
            strict_racers,
            number,
            ("chen", "approveCampaign", exactly(campaign)),
            ("cleo", "approveCampaign", exactly(campaign)),
            ("chen", "approveCampaign", exactly(campaign)),  # on another connection, perhaps the other worker
        )
        assert won(results[1]), results
        assert won(results[0]) != won(results[2]), results
        again = results[2] if won(results[0]) else results[0]
        assert again["code"] in {"ALREADY_VOTED", "ALREADY_DECIDED"}
        # A payload shows the campaign as it is when it is read: the first voter may see the second's effect.
        statuses = [campaign["status"] for campaign in accepted(results)]
        assert "SENT" in statuses
        outcomes[" and ".join(sorted(statuses))] += 1
        known += accepted(results)
    history = await verified(strict_racers, *known)
    assert (history.count("campaign:voted"), history.count("campaign:approved")) == (ROUNDS, ROUNDS)
    assert await handed_over_once(handovers, world, history.campaigns) == ROUNDS
    figures(f"{ROUNDS} rounds, answered: {dict(outcomes)}")


async def test_of_a_rejection_and_one_of_two_needed_approvals_the_rejection_decides(world, strict_racers):
    campaigns = await prepared(strict_racers.submitted)
    known, outcomes = list(campaigns), Counter()
    for number, campaign in enumerate(campaigns):
        results = await race(
            strict_racers,
            number,
            ("chen", "approveCampaign", exactly(campaign)),
            ("cleo", "rejectCampaign", {**exactly(campaign), "reason": "Too short."}),
        )
        approval, rejection = results
        assert won(rejection), results
        assert rejection["campaign"]["status"] == "REJECTED"
        assert won(approval) or (approval["code"], approval["by"]["name"]) == ("ALREADY_DECIDED", "Cleo")
        outcomes["vote first" if won(approval) else "rejection first"] += 1
        known += accepted(results)
    history = await verified(strict_racers, *known)
    assert history.count("campaign:rejected") == ROUNDS
    assert history.count("campaign:voted") == outcomes["vote first"]
    assert "handover" not in await check_outbox(world.database_url)
    figures(f"{ROUNDS} rounds: {dict(outcomes)}")


async def test_eight_publishes_at_once_send_a_campaign_once(world, racers, handovers):
    campaigns = await prepared(racers.approved, publishMode="MANUAL")
    known, outcomes = list(campaigns), Counter()
    for number, campaign in enumerate(campaigns):
        publish = [(who, "publishCampaign", exactly(campaign)) for who in ("maya", "max", "ada", "maya") * 2]
        results = await race(racers, number, *publish)
        assert [won(result) for result in results].count(True) == 1, results
        assert {result["code"] for result in results if not won(result)} == {"WRONG_STATUS"}
        winner = next(index for index, result in enumerate(results) if won(result))
        outcomes[f"worker {(number + winner) % 2}"] += 1
        known += accepted(results)
    history = await verified(racers, *known)
    assert history.count("campaign:sent") == ROUNDS
    assert await handed_over_once(handovers, world, history.campaigns) == ROUNDS
    figures(f"{ROUNDS} rounds, won by: {dict(outcomes)}")


# -------------------------------------------------------------------------------------------- the switch
PREVIEW = "{ disableApprovalsPreview { confirmToken } }"
PENDING = "{ campaigns(filter: { status: [PENDING_REVIEW] }) { totalCount } }"


async def token(client):
    return (await client.ask("ada", PREVIEW))["disableApprovalsPreview"]["confirmToken"]


async def switched_off(client):
    """Preview and confirm until it is done, as a person would; the number of campaigns that were approved."""
    for _ in range(50):
        done = await client.mutate("ada", "disableApprovals", confirmToken=await token(client))
        if won(done):
            return done["approved"]
        assert done["code"] == "PREVIEW_OUTDATED", done
    raise AssertionError("no preview was ever up to date")


async def test_once_the_switch_is_off_nothing_is_pending_and_nothing_is_approved_twice(
    world, racers, handovers
):
    outcomes, known, automatic = Counter(), [], 0
    never = await racers.create("Never submitted in time")
    drafts = [await prepared(racers.create) for _ in range(3)]
    for number, (first, early, late) in enumerate(zip(*drafts, strict=True)):
        waiting = await racers.act("maya", "submitCampaign", campaignId=first["id"])
        switch, approval, submission = await race(
            racers,
            number,
            ("ada", "disableApprovals", {"confirmToken": await token(racers)}),
            ("chen", "approveCampaign", exactly(waiting)),
            ("maya", "submitCampaign", {"campaignId": early["id"]}),
        )
        again = racers.mutate("maya", "submitCampaign", campaignId=late["id"])
        if won(switch):
            approved, second = switch["approved"], await again
        else:
            assert switch["code"] == "PREVIEW_OUTDATED", switch
            approved, second = await asyncio.gather(switched_off(racers), again)
        pending, refused = await asyncio.gather(
            racers.ask("ada", PENDING), racers.mutate("maya", "submitCampaign", campaignId=never["id"])
        )
        assert (pending["campaigns"]["totalCount"], refused["code"]) == (0, "APPROVALS_OFF")
        assert won(approval) or approval["code"] == "WRONG_STATUS", approval
        submitted = [won(submission), won(second)]
        assert {result["code"] for result in (submission, second) if not won(result)} <= {"APPROVALS_OFF"}
        assert approved == sum(submitted) + (not won(approval))
        automatic += approved
        outcomes["approved by chen before"] += won(approval)
        outcomes["switched off first" if won(switch) else f"off after {sum(submitted)} submissions"] += 1
        known += [waiting, early, late, *accepted([approval, submission, second])]
        assert won(await racers.mutate("ada", "enableApprovals"))
    history = await verified(racers, *known)
    assert history.count("campaign:auto_approved") == automatic
    assert history.count("account:approvals_disabled") == history.count("account:approvals_enabled") == ROUNDS
    labels = Counter(
        edge["node"]["authorisation"]
        for campaign in history.campaigns.values()
        for edge in campaign["publications"]["edges"]
    )
    assert labels == Counter(AUTO_DISABLED=automatic, QUORUM=outcomes["approved by chen before"])
    await handed_over_once(handovers, world, history.campaigns)
    figures(f"{ROUNDS} rounds: {dict(outcomes)}, {automatic} approved automatically")


# ------------------------------------------------------------------------------------- same key, many keys
async def test_twenty_requests_with_one_idempotency_key_have_one_effect(world, pair, handovers):
    async with world.client(pair, 20) as client:
        effects = Counter()
        for number in range(ROUNDS):
            effect = ("createCampaign", "submitCampaign", "approveCampaign")[number % 3]
            who, given = await before(client, effect, f"Key {number}")
            key = {"idempotencyKey": f"Key {number}"}
            results = await race(client, number, *[(who, effect, {**given, **key})] * 20)
            assert all(map(won, results)), results
            assert len({campaign["id"] for campaign in accepted(results)}) == 1
            effects[effect] += 1
        history = await verified(client)
        assert len(history.campaigns) == ROUNDS
        assert history.count("campaign:approved") == effects["approveCampaign"]
        assert history.count("campaign:submitted") == effects["submitCampaign"] + effects["approveCampaign"]
        await handed_over_once(handovers, world, history.campaigns)
        figures(f"{ROUNDS} rounds: {dict(effects)}")


async def before(client, mutation, name):
    """Make ready for a mutation; who calls it, and with what."""
    if mutation == "createCampaign":
        return "maya", draft(name)
    if mutation == "submitCampaign":
        return "maya", {"campaignId": (await client.create(name))["id"]}
    return "chen", exactly(await client.submitted(name))


async def test_a_storm_of_creations_is_kept_whole(world, pair):
    async with world.client(pair, 32) as client:
        names = [f"Storm {number}" for number in range(ROUNDS * 6)]
        makers = ("maya", "max", "ada")
        made = await asyncio.gather(*(client.create(name, makers[len(name) % 3]) for name in names))
        assert len({campaign["id"] for campaign in made}) == len(names)
        history = await verified(client, *made)
        assert {campaign["name"] for campaign in history.campaigns.values()} == set(names)
        assert history.count("campaign:created") == len(names)
