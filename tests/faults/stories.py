"""What people do all day: they make campaigns, edit, comment, submit and decide, alone and all at once.

Every text is written once in a run, so that the checks find what became of each request.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults.clients import Answer, Desk, GaveUp, content_hash
from tests.server.server_client import draft, exactly, sms

Campaign = dict[str, Any]
MAKERS = ("maya", "max")
CHECKERS = ("chen", "cleo")
RENAMED = " / "  # stands between a campaign's first name and the rest
NEWEST = 12  # campaigns that a client still cares for


# ------------------------------------------------------------------------------------------- the words
async def created(desk: Desk, who: str = "maya", mode: str = "ON_APPROVAL", in_s: float = 0) -> Campaign:
    """A new campaign; `in_s`: scheduled for then."""
    name, body = desk.mark("campaign"), desk.mark("body")
    at = _time(in_s) if in_s else None
    more = {"publishMode": mode} | ({"scheduledAt": at} if at else {})
    made = await desk.act(
        who, "createCampaign", mark=name, hashed=content_hash(body, mode, at),
        **draft(name, content=sms(body), **more),
    )  # fmt: skip
    desk.account.schedules[made.campaign["id"]] = (mode, at)
    return made.campaign


async def edit(desk: Desk, campaign: Campaign, who: str = "maya", **more: Any) -> Answer:
    """Give a campaign other content, whatever becomes of its review."""
    body = desk.mark("body")
    mode, at = desk.account.schedules.get(campaign["id"], ("ON_APPROVAL", None))
    given = {
        "campaignId": campaign["id"],
        "content": sms(body),
        "expectedVersion": campaign["version"],
        "ifPending": "WITHDRAW",
    }
    return await desk.ask(who, "updateCampaign", hashed=content_hash(body, mode, at), **{**given, **more})


async def rename(desk: Desk, campaign: Campaign, who: str = "maya") -> Answer:
    return await desk.ask(
        who, "updateCampaign", campaignId=campaign["id"], expectedVersion=campaign["version"],
        name=other_name(desk, campaign),
    )  # fmt: skip


def other_name(desk: Desk, campaign: Campaign) -> str:
    """A name that is nowhere else, and still tells what the campaign was called at first."""
    return f"{campaign['name'].split(RENAMED)[0]}{RENAMED}{desk.mark('name')}"


async def submit(desk: Desk, campaign: Campaign, who: str = "maya", **more: Any) -> Answer:
    note = desk.mark("note")
    return await desk.ask(who, "submitCampaign", mark=note, note=note, campaignId=campaign["id"], **more)


async def approve(desk: Desk, campaign: Campaign, who: str = "chen", **more: Any) -> Answer:
    comment = desk.mark("comment")
    return await desk.ask(
        who, "approveCampaign", mark=comment, comment=comment, **{**exactly(campaign), **more}
    )


async def reject(desk: Desk, campaign: Campaign, who: str = "cleo", **more: Any) -> Answer:
    reason = desk.mark("reason")
    return await desk.ask(who, "rejectCampaign", mark=reason, reason=reason, **{**exactly(campaign), **more})


async def comment(desk: Desk, campaign: Campaign, who: str = "maya", **more: Any) -> Answer:
    body = desk.mark("remark")
    return await desk.ask(who, "addComment", mark=body, body=body, campaignId=campaign["id"], **more)


async def publish(desk: Desk, campaign: Campaign, who: str = "maya", **more: Any) -> Answer:
    return await desk.ask(who, "publishCampaign", **{**exactly(campaign), **more})


async def revoke(desk: Desk, campaign: Campaign, who: str = "chen") -> Answer:
    return await desk.ask(who, "revokeApproval", campaignId=campaign["id"], reason=desk.mark("reason"))


async def submitted(desk: Desk, who: str = "maya", **more: Any) -> Campaign:
    """A campaign under review."""
    return sure(await submit(desk, await created(desk, who, **more), who)).campaign


async def approved(desk: Desk, who: str = "maya", by: str = "chen", **more: Any) -> Campaign:
    """A campaign that was approved; sent, too, unless its mode says otherwise."""
    return sure(await approve(desk, await submitted(desk, who, **more), by)).campaign


def sure(answer: Answer) -> Answer:
    """The answer, which the story needs to be a success."""
    if not answer.ok:
        raise GaveUp(answer.code)
    return answer


def _time(in_s: float) -> str:
    at = (datetime.now(UTC) + timedelta(seconds=in_s)).replace(microsecond=0)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# ------------------------------------------------------------------------------------------ the stories
async def review(desk: Desk) -> None:
    """A campaign's life from the first draft to its end."""
    rng, (maker, other) = desk.rng, desk.rng.sample(MAKERS, 2)
    mode = rng.choice(("ON_APPROVAL", "ON_APPROVAL", "MANUAL"))
    campaign = await created(desk, maker, mode)
    for _ in range(rng.randint(0, 2)):
        campaign = sure(await edit(desk, campaign, rng.choice(MAKERS))).campaign
    await comment(desk, campaign, other)
    campaign = sure(await submit(desk, campaign, maker)).campaign
    if rng.random() < 0.2:
        await desk.ask(maker, "withdrawCampaign", campaignId=campaign["id"])
        return
    if rng.random() < 0.25:
        await reject(desk, campaign, rng.choice(CHECKERS))
        return
    campaign = sure(await approve(desk, campaign, rng.choice(CHECKERS))).campaign
    if campaign["status"] == "APPROVED":
        await (publish if rng.random() < 0.7 else revoke)(desk, campaign)


async def bustle(desk: Desk) -> None:
    """Many small changes to whatever campaigns there are, by whoever comes."""
    for _ in range(6):
        campaign = _any(desk)
        if campaign is None:
            await created(desk)
            continue
        if desk.rng.random() < 0.15:
            await desk.look(campaign["id"])
        await _draw(desk)(desk, campaign)


async def _withdraw(desk: Desk, campaign: Campaign) -> Answer:
    return await desk.ask("ada", "withdrawCampaign", campaignId=campaign["id"])


async def _archive(desk: Desk, campaign: Campaign) -> Answer:
    answer = await desk.ask("max", "archiveCampaign", campaignId=campaign["id"])
    if answer.ok:
        desk.account.campaigns.pop(campaign["id"], None)
    return answer


async def _discard(desk: Desk, campaign: Campaign) -> Answer:
    return await desk.ask("max", "discardDraft", campaignId=campaign["id"])


async def _duplicate(desk: Desk, campaign: Campaign) -> Answer:
    name = desk.mark("copy")
    mode, _ = desk.account.schedules.get(campaign["id"], ("ON_APPROVAL", None))
    answer = await desk.ask("maya", "duplicateCampaign", mark=name, name=name, campaignId=campaign["id"])
    if answer.ok:
        desk.account.schedules[answer.campaign["id"]] = (
            "ON_APPROVAL" if mode == "SCHEDULED" else mode,
            None,
        )
    return answer


_SMALL: tuple[tuple[int, Callable[[Desk, Campaign], Awaitable[Answer]]], ...] = (
    (30, comment),
    (24, edit),
    (8, rename),
    (8, submit),
    (8, approve),
    (3, reject),
    (3, publish),
    (3, revoke),
    (2, _withdraw),
    (1, _archive),
    (2, _discard),
    (3, _duplicate),
)


def _draw(desk: Desk) -> Callable[[Desk, Campaign], Awaitable[Answer]]:
    weights, things = zip(*_SMALL, strict=True)
    return desk.rng.choices(things, weights)[0]


def _any(desk: Desk) -> Campaign | None:
    newest = list(desk.account.campaigns.values())[-NEWEST:]
    return desk.rng.choice(newest) if newest and desk.rng.random() < 0.95 else None
