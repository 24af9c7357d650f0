"""Campaigns in the database: load whole values, save the difference. The caller holds the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import mapping, whole
from gql_approvals.persistence.models import (
    CampaignRow,
    CommentRow,
    ContributorRow,
    DecisionRow,
    PublicationRow,
    RequestRow,
    RevisionRow,
)
from gql_approvals.persistence.whole import Found
from gql_approvals.workflow.case import Change
from gql_approvals.workflow.content import SectionHashes
from gql_approvals.workflow.model import ApprovalRequest, Campaign, Comment, Decision, Publication, Revision
from gql_approvals.workflow.vocabulary import RevisionState


async def lock(account_id: int, campaign_id: int) -> Campaign | None:
    """Lock one campaign of the account and load it; None when the account has no such campaign.

    INVARIANT: whoever changes a campaign holds its account's lock, so nobody waits for this one: of what is
    read beside it, a statement that had to wait would see what was before.
    """
    rows = await whole.LOCKED.rows(account_id, campaign_id)
    return whole.read(rows).campaigns.get(campaign_id)


async def load(account_id: int, campaign_ids: Sequence[int]) -> dict[int, Campaign]:
    """Load campaigns of one account by id; those it does not have are left out."""
    return (await find(account_id, campaign_ids)).campaigns


async def find(account_id: int, campaign_ids: Sequence[int]) -> Found:
    """The same, with the people whom they name; parts that nobody looks at are not made."""
    if len(campaign_ids) == 1:
        return whole.seen(await whole.BY_ID.rows(account_id, campaign_ids[0]))
    return whole.seen(await whole.BY_IDS.rows(account_id, list(campaign_ids)) if campaign_ids else ())


async def find_by_requests(account_id: int, request_ids: Sequence[int]) -> Found:
    """The campaigns that these requests are about."""
    return whole.seen(await whole.BY_REQUESTS.rows(account_id, list(request_ids)) if request_ids else ())


async def hashes_of(campaign_id: int, content_hash: str) -> SectionHashes | None:
    """The section hashes of that content, if a stored revision of the campaign has it."""
    row = (
        await RevisionRow.filter(campaign_id=campaign_id, content_hash=content_hash)
        .order_by("-number")
        .first()
    )
    return None if row is None else SectionHashes(row.copy_hash, row.audience_hash, row.schedule_hash)


async def save(before: Campaign | None, change: Change) -> Campaign:
    """Write what the change made different and return the campaign as stored, with all ids."""
    after = change.campaign
    key = await (_insert(after) if before is None else _update(before, after))
    return replace(
        after,
        id=key,
        head=await _save_head(key, before, change),
        requests=await _save_requests(key, before, after),
        live=await _save_publication(key, after),
    )


async def add_comment(campaign_id: int, comment: Comment) -> Comment:
    """Write down what somebody said, and return it with its id."""
    row = await CommentRow.create(campaign_id=campaign_id, **mapping.comment_columns(comment))
    return replace(comment, id=row.id)


# ------------------------------------------------------------------------------------------------ saving
async def _insert(campaign: Campaign) -> int:
    row = await CampaignRow.create(
        account_id=campaign.account_id,
        channel=campaign.channel.value,
        created_by_id=campaign.created_by,
        created_at=campaign.created_at,
        duplicated_from_id=campaign.duplicated_from,
        **mapping.campaign_columns(campaign),
    )
    return row.id


async def _update(before: Campaign, after: Campaign) -> int:
    if before.id is None:
        raise LookupError(before.name)  # what was loaded has an id
    if mapping.campaign_columns(before) != mapping.campaign_columns(after):
        # the version is a second line of defence: the row lock has already made this the only writer
        rows = CampaignRow.filter(id=before.id, version=before.version)
        if await rows.update(**mapping.campaign_columns(after)) != 1:
            raise Unavailable("the campaign was changed at the same moment: try again")
    return before.id


async def _save_head(campaign_id: int, before: Campaign | None, change: Change) -> Revision:
    head = change.campaign.head
    old = None if before is None else before.head
    if head.id is None:
        row = await RevisionRow.create(
            campaign_id=campaign_id,
            number=head.number,
            created_by_id=head.created_by,
            created_at=head.created_at,
            **mapping.revision_columns(head),
        )
        head = replace(head, id=row.id)
    elif old is None or mapping.revision_columns(head) != mapping.revision_columns(old):
        await RevisionRow.filter(id=head.id).update(**_without_discarded(change, head))
    known = old.contributors if old is not None and old.number == head.number else frozenset[int]()
    if change.discarded_above is None:
        await _add_contributors(campaign_id, head, head.contributors - known)
    else:
        dropped = RevisionRow.filter(campaign_id=campaign_id, number__gt=change.discarded_above)
        await dropped.update(state=RevisionState.DISCARDED.value)
    return head


def _without_discarded(change: Change, head: Revision) -> dict[str, object]:
    """A revision that becomes the head again is as it was; only its own state may be written."""
    columns = mapping.revision_columns(head)
    return {"state": columns["state"]} if change.discarded_above is not None else columns


async def _add_contributors(campaign_id: int, head: Revision, users: Iterable[int]) -> None:
    rows = [
        ContributorRow(campaign_id=campaign_id, number=head.number, user_id=user) for user in sorted(users)
    ]
    if rows:
        await ContributorRow.bulk_create(rows)


async def _save_requests(
    campaign_id: int, before: Campaign | None, after: Campaign
) -> tuple[ApprovalRequest, ...]:
    known = {} if before is None else {request.id: request for request in before.requests}
    return tuple([await _save_request(campaign_id, known, after, request) for request in after.requests])


async def _save_request(
    campaign_id: int,
    known: Mapping[int | None, ApprovalRequest],
    after: Campaign,
    request: ApprovalRequest,
) -> ApprovalRequest:
    old = known.get(request.id)
    if request.id is None:
        row = await RequestRow.create(
            account_id=after.account_id,
            campaign_id=campaign_id,
            revision_number=request.revision_number,
            content_hash=request.content_hash,
            policy_version=request.policy_version,
            submitted_by_id=request.submitted_by,
            submitted_at=request.submitted_at,
            expires_at=request.expires_at,
            note=request.note,
            **mapping.request_columns(request),
        )
        return replace(request, id=row.id)
    if old is None or old == request:
        return request
    if mapping.request_columns(old) != mapping.request_columns(request):
        await RequestRow.filter(id=request.id).update(**mapping.request_columns(request))
    decisions = tuple([await _save_decision(request.id, one) for one in request.decisions])
    void = [new.id for new in request.decisions if new.voided and new.id is not None]
    if void:
        await DecisionRow.filter(id__in=void, voided=False).update(voided=True)
    return replace(request, decisions=decisions)


async def _save_decision(request_id: int, decision: Decision) -> Decision:
    if decision.id is not None:
        return decision
    row = await DecisionRow.create(
        request_id=request_id,
        by_id=decision.by,
        at=decision.at,
        verdict=decision.verdict.value,
        reason=decision.reason,
        content_hash=decision.content_hash,
        policy_version=decision.policy_version,
        voided=decision.voided,
    )
    return replace(decision, id=row.id)


async def _save_publication(campaign_id: int, after: Campaign) -> Publication | None:
    live = after.live
    if live is None or live.id is not None:
        return live
    row = await PublicationRow.create(
        account_id=after.account_id,
        campaign_id=campaign_id,
        revision_number=live.revision_number,
        content_hash=live.content_hash,
        authorisation=live.authorisation.value,
        request_id=live.request_id,
        sent_at=live.sent_at,
        **mapping.metrics_columns(live.metrics),
    )
    await CampaignRow.filter(id=campaign_id).update(live_publication_id=row.id)
    return replace(live, id=row.id)
