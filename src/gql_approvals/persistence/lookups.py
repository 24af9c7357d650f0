"""Parts of campaigns by their own ids, always within one account."""
# ruff: noqa: S608  # the names of our own columns

from collections.abc import Iterable
from datetime import datetime

from gql_approvals.persistence import mapping
from gql_approvals.persistence.audit import AuditEvent, event_of
from gql_approvals.persistence.fitting import EMAIL, can_be
from gql_approvals.persistence.models import (
    AuditRow,
    CampaignRow,
    CommentRow,
    DecisionRow,
    MemberRow,
    PublicationRow,
    RequestRow,
    RevisionRow,
)
from gql_approvals.persistence.statements import Statement, columns, unpacked
from gql_approvals.workflow.model import Comment, Member, Publication, Revision
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, RequestStatus


async def campaigns_of_requests(account_id: int, request_ids: Iterable[int]) -> dict[int, int]:
    """Request id → campaign id."""
    rows = RequestRow.filter(id__in=list(request_ids), account_id=account_id)
    return dict(await rows.values_list("id", "campaign_id"))


async def campaigns_of_decisions(account_id: int, decision_ids: Iterable[int]) -> dict[int, int]:
    """Decision id → campaign id."""
    rows = DecisionRow.filter(id__in=list(decision_ids), request__account_id=account_id)
    return dict(await rows.values_list("id", "request__campaign_id"))


async def revision_places(account_id: int, revision_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Revision id → (campaign id, number)."""
    rows = RevisionRow.filter(id__in=list(revision_ids), campaign__account_id=account_id)
    return {row[0]: (row[1], row[2]) for row in await rows.values_list("id", "campaign_id", "number")}


_REVISIONS = Statement(
    lambda words: (
        f"""
SELECT r.campaign_id, r.number, c.channel,
  (SELECT {words.rows}(k.user_id) FROM contributor k WHERE k.campaign_id = c.id AND k.number = r.number),
  {columns("r", mapping.REVISION)}
FROM revision r JOIN campaign c ON c.id = r.campaign_id
WHERE c.account_id = $1 AND c.id {words.among.format("$2")} AND r.number {words.among.format("$3")}"""
    )
)


async def revisions(account_id: int, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Revision]:
    """Revisions by (campaign id, number)."""
    wanted = set(places)
    rows = await _REVISIONS.rows(
        account_id, sorted({campaign for campaign, _ in wanted}), sorted({number for _, number in wanted})
    )
    return {
        (row[0], row[1]): mapping.revision_of(row[4:], Channel(row[2]), unpacked(row[3]) or ())
        for row in rows
        if (row[0], row[1]) in wanted
    }


async def publications(account_id: int, publication_ids: Iterable[int]) -> dict[int, tuple[int, Publication]]:
    """Publication id → (campaign id, publication)."""
    rows = PublicationRow.filter(id__in=list(publication_ids), account_id=account_id)
    found = await rows.values_list("campaign_id", *mapping.PUBLICATION)
    return {row[1]: (row[0], mapping.publication_of(row[1:])) for row in found}


async def comments(account_id: int, comment_ids: Iterable[int]) -> dict[int, tuple[int, Comment]]:
    """Comment id → (campaign id, comment)."""
    rows = CommentRow.filter(id__in=list(comment_ids), campaign__account_id=account_id)
    found = await rows.values_list("campaign_id", *mapping.COMMENT)
    return {row[1]: (row[0], mapping.comment_of(row[1:])) for row in found}


async def save_metrics(publication: Publication) -> None:
    """Write a publication's figures."""
    await PublicationRow.filter(id=publication.id).update(**mapping.metrics_columns(publication.metrics))


async def members(account_id: int, member_ids: Iterable[int]) -> dict[int, Member]:
    """Members by id."""
    rows = MemberRow.filter(id__in=list(member_ids), account_id=account_id)
    return {row[0]: mapping.member_of(row) for row in await rows.values_list(*mapping.MEMBER)}


async def member_by_email(account_id: int, email: str) -> Member | None:
    """The account's member with that address, whatever its case."""
    if not can_be(email.lower(), EMAIL):
        return None
    rows = MemberRow.filter(account_id=account_id, user__email=email.lower())
    found = await rows.values_list(*mapping.MEMBER)
    return mapping.member_of(found[0]) if found else None


async def audit_events(account_id: int, event_ids: Iterable[int]) -> dict[int, AuditEvent]:
    """Audit events by id."""
    rows = await AuditRow.filter(id__in=list(event_ids), account_id=account_id)
    return {row.id: event_of(row) for row in rows}


async def audit_event_at(account_id: int, seq: int) -> AuditEvent | None:
    """The audit event at a place of the account's chain."""
    row = await AuditRow.get_or_none(account_id=account_id, seq=seq)
    return None if row is None else event_of(row)


async def waiting(account_id: int) -> list[int]:
    """The campaigns with an OPEN request, overdue ones included, in the order they were submitted."""
    rows = RequestRow.filter(account_id=account_id, status=RequestStatus.OPEN.value).order_by("id")
    return [row[0] for row in await rows.values_list("campaign_id")]


async def due(now: datetime, limit: int) -> list[tuple[int, int]]:
    """The campaigns whose time has come: (account id, campaign id), longest overdue first."""
    waits = [CampaignStatus.PENDING_REVIEW.value, CampaignStatus.APPROVED.value]
    rows = CampaignRow.filter(due_at__lte=now, status__in=waits)
    found = await rows.order_by("due_at").limit(limit).values_list("account_id", "id")
    return [tuple(row) for row in found]


async def hand_over(publication_id: int, now: datetime) -> None:
    """Note when the sending system took a publication."""
    await PublicationRow.filter(id=publication_id, handed_over_at=None).update(handed_over_at=now)
