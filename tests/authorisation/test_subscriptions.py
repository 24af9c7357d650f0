"""Every role and every subscription: a follower is told of what they may see, and of nothing else."""

import asyncio
from contextlib import AsyncExitStack, aclosing

import pytest
from graphql import ExecutionResult
from strawberry.types.graphql import OperationType
from tests.authorisation import rows
from tests.authorisation.expected import Cell
from tests.authorisation.test_accounts import CALLERS
from tests.authorisation.test_mutations import EVERYBODY
from tests.authorisation.trying import words
from tests.authorisation.world import FOREIGN, ON, token

from gql_approvals.feed import tell_followers
from gql_approvals.http.answers import body_of
from gql_approvals.schema.execution import prepare, subscribe
from gql_approvals.schema.subscriptions import LiveContext
from gql_approvals.service.live import Presence

pytestmark = pytest.mark.slow
SOON_S = 20
GRACE_S = 0.3
CHANGED = "subscription($id: ID) { campaignChanged(campaignId: $id) { id name } }"
INBOX = "subscription { reviewInboxChanged { change request { campaign { id name } } } }"
DOCUMENTS = {"campaignChanged": CHANGED, "reviewInboxChanged": INBOX}


async def begun(world, who, account, text, **variables):
    """Follow something as somebody: the events, or the codes of what is in the way; and how to stop."""
    presence = Presence(leave=lambda _: None)
    context = LiveContext(
        office=world.office, token=who, account_slug=account, request_id="r", presence=presence
    )
    operation = prepare(text, variables, None, allowed={OperationType.SUBSCRIPTION}, gate=world.gate)
    outcome = await subscribe(operation, context)
    if isinstance(outcome, ExecutionResult):
        context.close()
        return [error["extensions"]["code"] for error in body_of(outcome, "r")["errors"]], context
    return outcome, context


class Following:
    """What somebody is told."""

    def __init__(self, events):
        self.events = events
        self.told = []
        self.more = asyncio.Event()
        self.task = asyncio.create_task(self.read())

    async def read(self):
        async with aclosing(self.events) as events:
            async for result in events:
                body = body_of(result, "r")
                assert "errors" not in body, body
                told = next(iter(body["data"].values()))
                change = told.get("change", "")
                campaign = told if "id" in told else told["request"]["campaign"]
                self.told.append((getattr(change, "value", change), campaign["id"]))
                self.more.set()

    async def until(self, last):
        """Wait for the event that everybody gets at last, and give those before it."""
        async with asyncio.timeout(SOON_S):
            while last not in self.told:
                self.more.clear()
                await self.more.wait()
        return self.told[: self.told.index(last)]


def test_every_subscription_is_tried():
    assert DOCUMENTS.keys() == rows.SUBSCRIPTIONS.keys()


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("root", DOCUMENTS)
async def test_who_is_nobody_here_follows_nothing(world, caller, root):
    who, account, code = CALLERS[caller]
    ids = [None, world.known.states[ON]["DRAFT"].id] if root == "campaignChanged" else [None]

    for key in ids:
        found, _ = await begun(world, who, account, DOCUMENTS[root], **({"id": key} if key else {}))
        assert found == [code]
    assert not world.office.feed.rooms


@pytest.mark.parametrize("roles", EVERYBODY, ids=words)
async def test_everybody_is_told_of_what_they_may_see(world, roles):
    """At last the follower is made an administrator, who is told of everything: that is how they know."""
    await world.hold(roles)
    cell, mine = Cell(world.known.rulebook, ON, roles, "other"), world.known.states[ON]
    theirs, stop, who = world.known.states[FOREIGN], asyncio.Event(), token(f"other-{ON}")
    feed = asyncio.create_task(tell_followers(world.office, None, stop))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(stopped, feed, stop)

        async def follow(text, person=who, **variables):
            events, context = await begun(world, person, ON, text, **variables)
            following = Following(events)
            stack.callback(context.close)
            stack.callback(following.task.cancel)
            return following

        all_, inbox = await follow(CHANGED), await follow(INBOX)
        witness = await follow(CHANGED, token(f"ada-{ON}"))
        last, sent = mine["TEXT_DRAFT"], mine["SENT"]
        foreign = await follow(CHANGED, id=theirs["PENDING_REVIEW"].id)
        one = await follow(CHANGED, id=last.id)
        await asyncio.sleep(0)

        await commented(world, FOREIGN, theirs["PENDING_REVIEW"], theirs["SENT"])
        await withdrawn(world, FOREIGN, theirs["PENDING_REVIEW"])
        await commented(world, ON, sent, mine["DRAFT"])
        await withdrawn(world, ON, mine["PENDING_REVIEW"])
        seen = [state.id for state in (sent, mine["DRAFT"]) if cell.may("view", state.seen_by("other"))]
        withdrew = mine["PENDING_REVIEW"]
        drafted = type(withdrew.facts)(status="DRAFT")
        seen += [withdrew.id] if cell.may("view", drafted) else []
        decides = cell.may("approve", withdrew.facts) or cell.may("reject", withdrew.facts)
        await settled(all_, len(seen))
        await settled(inbox, int(decides))
        await settled(witness, 3)
        await asyncio.sleep(GRACE_S)  # woken together with the witness: rights are those of the moment
        chief = {"memberId": world.known.members[ON][f"other-{ON}"], "roles": ["admin"]}
        assert "code" not in await world.mutate(f"ada-{ON}", "assignRoles", ON, **chief)
        given = {"campaignId": last.id}
        assert "code" not in await world.mutate(f"ada-{ON}", "submitCampaign", ON, **given)

        assert [key for _, key in await all_.until(("", last.id))] == seen
        assert await one.until(("", last.id)) == []
        told = await inbox.until(("ADDED", last.id))
        assert [key for change, key in told if change == "REMOVED"] == ([withdrew.id] if decides else [])
        assert foreign.told == []
        ours = {state.id for state in mine.values()}
        assert {key for following in (all_, inbox, one) for _, key in following.told} <= ours
    world.put_back()


async def stopped(feed, stop):
    stop.set()
    await feed


async def settled(following, number):
    """Wait until somebody has been told of this many things."""
    async with asyncio.timeout(SOON_S):
        while len(following.told) < number:
            following.more.clear()
            await following.more.wait()


async def commented(world, account, *states):
    for state in states:
        given = {"campaignId": state.id, "body": "Hm."}
        assert "code" not in await world.mutate(f"ada-{account}", "addComment", account, **given)


async def withdrawn(world, account, state):
    given = {"campaignId": state.id}
    assert "code" not in await world.mutate(f"ada-{account}", "withdrawCampaign", account, **given)
