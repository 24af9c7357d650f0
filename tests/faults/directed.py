"""One story for each class of mistakes that approval systems are known for; chance alone finds few of them.

What must be answered is told where it is certain; all else is judged afterwards, from the audit log.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Any

from tests.faults.clients import Answer, Desk, GaveUp, content_hash
from tests.faults.stories import (
    CHECKERS,
    Campaign,
    approve,
    approved,
    comment,
    created,
    edit,
    other_name,
    publish,
    reject,
    submit,
    submitted,
    sure,
)
from tests.server.server_client import draft, sms

# What may be in the way of a decision, whoever makes it; FORBIDDEN, while the policy is another.
GONE_ON = frozenset(
    {"WRONG_STATUS", "STALE_REVISION", "ALREADY_DECIDED", "ALREADY_VOTED", "APPROVALS_OFF", "FORBIDDEN"}
)
NO_RIGHT = frozenset({"FORBIDDEN", "UNAUTHENTICATED", "ACCOUNT_REQUIRED"})


async def own_work(desk: Desk) -> None:
    """Somebody who may both make and decide approves what they made."""
    refused = GONE_ON | {"SELF_REVIEW"}
    campaign = await submitted(desk, "ada")
    await approve(desk, campaign, "ada", expected=refused)
    campaign = await created(desk, "maya")
    campaign = sure(await edit(desk, campaign, "ada")).campaign
    campaign = sure(await submit(desk, campaign, "maya")).campaign
    await approve(desk, campaign, "ada", expected=refused)
    await reject(desk, campaign, "ada", expected=refused)


async def promoted_maker(desk: Desk) -> None:
    """Somebody makes a campaign, is made a checker, and approves it."""
    async with desk.account.busy:
        await assign(desk, "rita", ["maker"])
        try:
            campaign = await submitted(desk, "rita")
        finally:
            await assign(desk, "rita", ["checker"])
        await approve(desk, campaign, "rita", expected=GONE_ON | NO_RIGHT | {"SELF_REVIEW"})


async def stale_decision(desk: Desk) -> None:
    """The content changes between the checker's look and the decision."""
    campaign = await submitted(desk)
    newer = sure(await edit(desk, campaign, "max")).campaign
    await approve(desk, campaign, expected=GONE_ON)
    sure(await submit(desk, newer, "max"))
    await approve(desk, campaign, expected=GONE_ON)
    await reject(desk, campaign, expected=GONE_ON)


async def decision_and_edit(desk: Desk) -> None:
    """Approval and edit at one instant: one of them comes first."""
    campaign = await submitted(desk)
    await together(
        approve(desk, campaign, wire=0, manner="once"),
        edit(desk, campaign, wire=1, manner="once"),
        comment(desk, campaign, wire=2),
    )


async def two_decisions(desk: Desk) -> None:
    """Two checkers decide at one instant, one of them twice."""
    campaign = await submitted(desk)
    await together(
        approve(desk, campaign, "chen", wire=0, manner="once"),
        reject(desk, campaign, "cleo", wire=1, manner="once"),
        approve(desk, campaign, "cleo", wire=2, manner="once"),
        approve(desk, campaign, "chen", wire=3, manner="once"),
    )


EVERYBODY = ("maya", "max", "ada", "maya")


async def double_publish(desk: Desk) -> None:
    """Everybody publishes the same campaign at one instant, each under a key of their own."""
    campaign = await approved(desk, mode="MANUAL")
    await together(
        *(
            publish(desk, campaign, who, wire=i, manner="once")
            for i, who in enumerate(("maya", "max", "ada", "maya"))
        )
    )
    again = sure(await edit(desk, (await desk.look(campaign["id"])) or campaign)).campaign
    await publish(desk, again, expected=GONE_ON)


async def due_at_once(desk: Desk) -> None:
    """Several campaigns come due at one instant, for the clocks of all workers."""
    made = [await created(desk, mode="SCHEDULED", in_s=4) for _ in range(2)]
    for campaign in made:
        pending = sure(await submit(desk, campaign)).campaign
        await approve(desk, pending, desk.rng.choice(CHECKERS))
    await asyncio.sleep(3)
    await desk.look(made[0]["id"])


async def swapped_after_approval(desk: Desk) -> None:
    """What was approved is edited, then published under either hash."""
    campaign = await approved(desk, mode="MANUAL")
    newer = sure(await edit(desk, campaign, "max")).campaign
    if not desk.account.toggles:  # while approvals are off, drafts may be published
        await publish(desk, campaign, expected=GONE_ON)
        await publish(desk, newer, expected=GONE_ON)


async def two_submissions(desk: Desk) -> None:
    """Submitted by several at one instant."""
    campaign = await created(desk)
    await together(
        *(
            submit(desk, campaign, who, wire=i, manner="once")
            for i, who in enumerate(("maya", "max", "ada", "max"))
        )
    )


async def same_version(desk: Desk) -> None:
    """Several edit what they all read in the same version."""
    campaign = await created(desk)
    await together(
        *(
            edit(desk, campaign, who, wire=i, manner="once")
            for i, who in enumerate(("maya", "max", "ada", "max"))
        )
    )


async def twins(desk: Desk) -> None:
    """Everything is sent twice at once, under one key."""
    name, body = desk.mark("campaign"), desk.mark("body")
    made = await desk.act(
        "maya", "createCampaign", manner="twin", mark=name,
        hashed=content_hash(body, "MANUAL", None), **draft(name, content=sms(body), publishMode="MANUAL"),
    )  # fmt: skip
    desk.account.schedules[made.campaign["id"]] = ("MANUAL", None)
    await comment(desk, made.campaign, manner="twin")
    newer = sure(await edit(desk, made.campaign, manner="twin")).campaign
    pending = sure(await submit(desk, newer, manner="twin")).campaign
    done = sure(await approve(desk, pending, manner="twin")).campaign
    await publish(desk, done, manner="twin")


async def key_reused(desk: Desk) -> None:
    """One key for two different things."""
    campaign = _known(desk) or await created(desk)
    key = desk.mark("key")
    if (await comment(desk, campaign, key=key, manner="patient")).ok:
        await comment(desk, campaign, key=key, expected={"IDEMPOTENCY_MISMATCH"})
        await rename_with(desk, campaign, key)


async def rename_with(desk: Desk, campaign: Campaign, key: str) -> None:
    """Another mutation under a key that is used."""
    await desk.ask(
        "maya", "updateCampaign", key=key, expected={"IDEMPOTENCY_MISMATCH"}, campaignId=campaign["id"],
        name=other_name(desk, campaign), expectedVersion=campaign["version"],
    )  # fmt: skip


async def deserters(desk: Desk) -> None:
    """Clients hang up in the middle and never come back."""
    campaign = await created(desk)
    for _ in range(3):
        await comment(desk, campaign, manner="deserter")
        await edit(desk, campaign, manner="deserter")
    sure(await comment(desk, campaign))


async def other_account(desk: Desk) -> None:
    """Ids of another account lead nowhere."""
    other = next(one for one in desk.town.accounts if one is not desk.account)
    campaign = _known(replace(desk, account=other)) or await created(replace(desk, account=other))
    none = {"NOT_FOUND"}
    await comment(desk, campaign, expected=none)
    await edit(desk, campaign, expected=none)
    await submit(desk, campaign, expected=none)
    await approve(desk, campaign, expected=none)
    await publish(desk, campaign, expected=none)
    await desk.ask("maya", "duplicateCampaign", campaignId=campaign["id"], expected=none)
    member = other.people["chen"].member
    await desk.ask("ada", "assignRoles", memberId=member, roles=["admin"], expected=none)


# --------------------------------------------------------------------------------------- rights that end
async def role_taken_away(desk: Desk) -> None:
    """A role ends while its holder decides; afterwards nothing is decided, on whatever connection."""
    async with desk.account.busy:
        pending = [await submitted(desk) for _ in range(3)]
        early = [approve(desk, one, "rita", wire=i + 1, manner="once") for i, one in enumerate(pending[:2])]
        taken, *_ = await together(assign(desk, "rita", []), *early)
        try:
            if taken.ok:
                await _all_refused(desk, pending[2], NO_RIGHT)
        finally:
            await assign(desk, "rita", ["checker"])


async def member_disabled(desk: Desk) -> None:
    """A member is disabled while they decide."""
    async with desk.account.busy:
        pending = [await submitted(desk) for _ in range(3)]
        member = desk.account.people["rita"].member
        early = [approve(desk, one, "rita", wire=i + 1, manner="once") for i, one in enumerate(pending[:2])]
        off, *_ = await together(desk.ask("ada", "disableMember", memberId=member, manner="patient"), *early)
        try:
            if off.ok:
                await _all_refused(desk, pending[2], NO_RIGHT)
        finally:
            await desk.ask("ada", "enableMember", memberId=member, manner="patient")


async def token_revoked(desk: Desk) -> None:
    """A token is revoked while its holder decides."""
    async with desk.account.busy:
        pending = [await submitted(desk) for _ in range(3)]
        person = desk.account.people["rita"]
        early = [approve(desk, one, "rita", wire=i, manner="once") for i, one in enumerate(pending[:2])]
        revoked, *_ = await together(desk.offices.revoke_token(person.token), *early)
        if not revoked:
            return
        await _all_refused(desk, pending[2], NO_RIGHT)
        token = await desk.offices.new_token(f"rita@{desk.account.slug}.test")
        desk.account.people["rita"] = replace(person, token=token)


async def policy_changed(desk: Desk) -> None:
    """The policy takes the right to decide from all checkers; once every worker obeys, nobody decides."""
    if desk.offices.policy_lock.locked():
        return
    async with desk.offices.policy_lock:
        pending = await submitted(desk)
        if await desk.offices.without_checkers(desk):
            try:
                await _all_refused(desk, pending, NO_RIGHT, who="cleo")
            finally:
                await desk.offices.as_shipped(desk)
        else:
            await desk.offices.as_shipped(desk)


async def _all_refused(desk: Desk, campaign: Campaign, codes: Iterable[str], who: str = "rita") -> None:
    expected = frozenset(codes) | GONE_ON
    await together(
        *(approve(desk, campaign, who, wire=i, manner="once", expected=expected) for i in range(4))
    )


# ----------------------------------------------------------------------------------------- the switch
async def switched_off_while_pending(desk: Desk) -> None:
    """Approvals are switched off while people submit and decide; nothing waits afterwards."""
    if not desk.account.toggles or desk.account.busy.locked():
        return
    async with desk.account.busy:
        pending = [await submitted(desk) for _ in range(2)]
        drafts = [await created(desk) for _ in range(2)]
        preview = await desk.preview()
        if preview is None:
            return
        try:
            await together(
                desk.ask("ada", "disableApprovals", confirmToken=preview["confirmToken"], manner="patient"),
                approve(desk, pending[0], wire=1, manner="once"),
                submit(desk, drafts[0], wire=2, manner="once"),
                edit(desk, pending[1], wire=3, manner="once"),
            )
            preview = await desk.preview()
            if preview is not None:
                await desk.ask("ada", "disableApprovals", confirmToken=preview["confirmToken"])
            await publish(desk, drafts[1])
        finally:
            sure(await desk.ask("ada", "enableApprovals", manner="patient"))


async def figures_reported(desk: Desk) -> None:
    """The sending system reports, and somebody is let in."""
    query = "query($id: ID!) { campaign(id: $id) { publications(first: 1) { edges { node { id } } } } }"
    campaign = await approved(desk)
    data = await desk.read("dora", query, id=campaign["id"])
    edges = ((data or {}).get("campaign") or {}).get("publications", {}).get("edges", [])
    sent = desk.history.number()
    if edges:
        await desk.ask(
            "dora", "recordDeliveryMetrics", publicationId=edges[0]["node"]["id"], sent=sent, delivered=sent,
            opened=0, clicked=0, failed=0, mark=str(sent),
        )  # fmt: skip
    email = f"new{desk.history.number()}@{desk.account.slug}.test"
    await desk.ask("ada", "addMember", email=email, name="New", roles=[], mark=email)


# ---------------------------------------------------------------------------------------------- parts
async def assign(desk: Desk, name: str, roles: list[str]) -> Answer:
    member = desk.account.people[name].member
    return await desk.ask("ada", "assignRoles", memberId=member, roles=roles, manner="patient")


async def together(*things: Awaitable[Any]) -> list[Any]:
    """Do all of it at once; what one story needs and does not get is told when all have ended."""
    done = await asyncio.gather(*things, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException) and not isinstance(one, GaveUp):
            raise one
    return [Answer("unknown", one.code, {}) if isinstance(one, GaveUp) else one for one in done]


def _known(desk: Desk) -> Campaign | None:
    return next(reversed(desk.account.campaigns.values()), None)
