"""W3 and W4 with models in a transaction."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from bench.workloads.contenders.idiomatic import models
from bench.workloads.contenders.idiomatic.context import Context
from bench.workloads.contenders.idiomatic.policy import may
from bench.workloads.contenders.idiomatic.types import (
    ApprovalRequest,
    ApproveCampaignPayload,
    Campaign,
    Decision,
    Refused,
    SubmitCampaignPayload,
)
from bench.workloads.seed import ACCOUNT, POLICY_VERSION, QUORUM
from gql_approvals.persistence.audit import Entry, entry_hash
from gql_approvals.workflow.content import canonical

REVIEW = timedelta(days=14)
TRIES = 5
P = ParamSpec("P")
T = TypeVar("T")


def again_when_locked(write: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Begin a transaction again that SQLite refuses, since another server has written after it had read."""

    @wraps(write)
    async def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return await write(*args, **kwargs)
            except OperationalError as error:
                if "locked" not in str(error):
                    raise
        return await write(*args, **kwargs)

    return again


@again_when_locked
async def submit(context: Context, key: int) -> SubmitCampaignPayload | Refused:
    """Freeze the revision, open a request, and tell the checkers."""
    now, member = datetime.now(UTC), context.member
    async with in_transaction():
        account = await models.Account.select_for_update().get(id=member.account_id)
        campaign = await models.Campaign.get_or_none(id=key, account_id=account.id)
        if campaign is None or not may(context.rules, member.roles, "SUBMIT", campaign.status):
            return Refused(code="WRONG_STATUS" if campaign else "NOT_FOUND", message="refused")
        revision = await models.Revision.get(campaign_id=key, number=campaign.head_number)
        people = {campaign.created_by_id, member.user_id}
        people |= {row.user_id for row in await models.Contributor.filter(campaign_id=key)}
        told = [
            one.user_id
            for one in await models.Member.filter(account_id=account.id, active=True).order_by("user_id")
            if one.user_id not in people and may(context.rules, one.roles, "APPROVE", "PENDING_REVIEW")
        ]
        if len(told) < QUORUM:
            return Refused(code="QUORUM_IMPOSSIBLE", message="refused")
        revision.state = "FROZEN"
        await revision.save(update_fields=["state"])
        await models.Contributor.get_or_create(
            campaign_id=key, number=revision.number, user_id=member.user_id
        )
        request = await models.ApprovalRequest.create(
            account_id=account.id,
            campaign_id=key,
            revision_number=revision.number,
            content_hash=revision.content_hash,
            status=models.RequestStatus.OPEN,
            requirements=[{"role": "anyone", "needed": QUORUM, "approved_by": None}],
            policy_version=POLICY_VERSION,
            submitted_by_id=member.user_id,
            submitted_at=now,
            expires_at=now + REVIEW,
        )
        campaign.status, campaign.due_at = models.CampaignStatus.PENDING_REVIEW, now + REVIEW
        await _saved(campaign, now)
        detail = {"contentHash": revision.content_hash, "request": request.id, "revision": revision.number}
        await _audited(account, _entry(context, "campaign:submitted", key, now, detail))
        await _tell(account, now, {"campaign": key, "revision": revision.number, "request": request.id}, told)
    return SubmitCampaignPayload(campaign=Campaign.of(campaign), request=ApprovalRequest.of(request))


@again_when_locked
async def approve(context: Context, key: int, content_hash: str) -> ApproveCampaignPayload | Refused:
    """Record a vote that does not meet the quorum."""
    now, member = datetime.now(UTC), context.member
    async with in_transaction():
        account = await models.Account.select_for_update().get(id=member.account_id)
        campaign = await models.Campaign.get_or_none(id=key, account_id=account.id)
        if campaign is None or not may(context.rules, member.roles, "APPROVE", campaign.status):
            return Refused(code="WRONG_STATUS" if campaign else "NOT_FOUND", message="refused")
        request = await models.ApprovalRequest.get(campaign_id=key, status=models.RequestStatus.OPEN)
        votes = await models.Decision.filter(request_id=request.id, voided=False)
        people = {campaign.created_by_id} | {vote.by_id for vote in votes}
        people |= {row.user_id for row in await models.Contributor.filter(campaign_id=key)}
        if member.user_id in people or content_hash != request.content_hash or request.expires_at <= now:
            return Refused(code="SELF_REVIEW", message="refused")
        if len(votes) + 1 >= QUORUM:
            raise ValueError("the workload gives each request one vote, which meets no quorum")
        decision = await models.Decision.create(
            request_id=request.id,
            by_id=member.user_id,
            at=now,
            verdict=models.Verdict.APPROVED,
            content_hash=content_hash,
            policy_version=POLICY_VERSION,
        )
        await _saved(campaign, now)
        detail = {"contentHash": content_hash, "request": request.id, "revision": request.revision_number}
        await _audited(account, _entry(context, "campaign:voted", key, now, detail))
    return ApproveCampaignPayload(campaign=Campaign.of(campaign), decision=Decision.of(decision))


async def _saved(campaign: models.Campaign, now: datetime) -> None:
    campaign.version += 1
    campaign.updated_at = now
    await campaign.save(update_fields=["status", "due_at", "version", "updated_at"])


def _entry(context: Context, kind: str, key: int, now: datetime, detail: dict[str, Any]) -> Entry:
    actor = context.member.user_id
    return Entry(kind=kind, at=now, actor=actor, campaign=key, detail=detail, policy_version=POLICY_VERSION)


async def _audited(account: models.Account, entry: Entry) -> None:
    previous, seq = account.audit_hash, account.audit_seq + 1
    account.audit_seq, account.audit_hash = seq, entry_hash(entry, seq=seq, previous=previous)
    await models.AuditEvent.create(
        account_id=account.id,
        seq=seq,
        kind=entry.kind,
        at=entry.at,
        actor_id=entry.actor,
        campaign_id=entry.campaign,
        detail=canonical(entry.detail).decode(),
        policy_version=entry.policy_version,
        previous_hash=previous,
        hash=account.audit_hash,
    )
    await account.save(update_fields=["audit_seq", "audit_hash"])


async def _tell(account: models.Account, now: datetime, payload: dict[str, Any], people: list[int]) -> None:
    said = {"event": "campaign:submitted", "seq": account.audit_seq, **payload, "groups": ["ELIGIBLE"]}
    messages = [
        models.OutboxMessage(
            account_id=account.id,
            key=f"{ACCOUNT}-{account.audit_seq}-{user}",
            kind="mail",
            payload={**said, "recipient": user, "reason": None},
            created_at=now,
            next_at=now,
        )
        for user in people
    ]
    await models.OutboxMessage.bulk_create(messages)
