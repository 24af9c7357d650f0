"""Save a campaign's change with all that belongs to it: audit entries and outbox rows, in one transaction."""

from collections.abc import Mapping
from dataclasses import replace

from gql_approvals.persistence import audit, campaigns, outbox
from gql_approvals.persistence.audit import Entry
from gql_approvals.persistence.outbox import Message
from gql_approvals.service.recipients import recipients
from gql_approvals.service.scene import Scene
from gql_approvals.workflow.case import Change, Event
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.model import Campaign


async def with_comment(campaign: Campaign | None, change: Change) -> Change:
    """The change with its comment written down, so that audit entry and answer can name it."""
    if change.comment is None or campaign is None or campaign.id is None:
        return change
    return replace(change, comment=await campaigns.add_comment(campaign.id, change.comment))


async def record(scene: Scene, before: Campaign | None, change: Change, actor: int | None) -> Campaign:
    """Write the change; afterwards it is either all there or, if the transaction fails, not at all."""
    if not change.events:
        return change.campaign
    saved = await campaigns.save(before, change)
    entries = [
        Entry(
            kind=event.kind,
            at=scene.now,
            actor=actor,
            campaign=saved.id,
            detail=_detail(event, change, saved),
            policy_version=scene.policy.version,
        )
        for event in change.events
    ]
    numbers = await audit.append(scene.account.id, *entries)
    # who contributed is asked of the campaign before: sending starts the contributors anew
    reviewed = saved if before is None or before.contributors <= saved.contributors else before
    messages = [
        message
        for event, seq in zip(change.events, numbers, strict=True)
        for message in _messages(scene, event, seq, recipients(scene, event, reviewed, actor), saved)
    ]
    await outbox.write(messages)
    return saved


def _detail(event: Event, change: Change, saved: Campaign) -> Mapping[str, Json]:
    if change.comment is not None:
        return {**event.detail, "comment": change.comment.id}
    request = saved.request
    if event.request is None or request is None:
        return event.detail
    return {**event.detail, "request": request.id}


def _messages(
    scene: Scene, event: Event, seq: int, told: dict[int, list[str]], saved: Campaign
) -> list[Message]:
    request = None if saved.request is None else saved.request.id
    mails = [
        Message(
            account_id=scene.account.id,
            key=f"{scene.account.slug}-{seq}-{user}",
            kind="mail",
            payload={
                "event": event.kind,
                "seq": seq,
                "campaign": saved.id,
                "revision": event.detail.get("revision"),
                "request": request,
                "recipient": user,
                "groups": groups,
                "reason": event.reason,
            },
            created_at=scene.now,
        )
        for user, groups in told.items()
    ]
    return mails if event.hands_over is None else [*mails, _hand_over(scene, saved)]


def _hand_over(scene: Scene, saved: Campaign) -> Message:
    if saved.live is None or saved.live.id is None:
        raise LookupError(saved.id)  # what is handed over was just stored
    return Message(
        account_id=scene.account.id,
        key=f"publication-{saved.live.id}",
        kind="handover",
        payload={"campaign": saved.id, "publication": saved.live.id},
        created_at=scene.now,
    )
