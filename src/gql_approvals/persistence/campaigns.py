"""Campaigns in the database: load whole values, save the difference. The caller holds the transaction.

Reads that take no lock may fall between two commits of somebody else; `load` notices a campaign whose
parts do not fit together and reads it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from tortoise.expressions import Q

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import mapping
from gql_approvals.persistence.models import (
    CampaignRow,
    CommentRow,
    ContributorRow,
    DecisionRow,
    PublicationRow,
    RequestRow,
    RevisionRow,
)
from gql_approvals.workflow.case import Change
from gql_approvals.workflow.content import SectionHashes
from gql_approvals.workflow.model import ApprovalRequest, Campaign, Comment, Revision
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, RevisionState

ATTEMPTS = 5


async def lock(account_id: int, campaign_id: int) -> Campaign | None:
    """Lock one campaign of the account and load it; None when the account has no such campaign."""
    row = await CampaignRow.filter(id=campaign_id, account_id=account_id).select_for_update().get_or_none()
    return None if row is None else (await _assemble([row]))[campaign_id]


async def load(account_id: int, campaign_ids: Sequence[int]) -> dict[int, Campaign]:
    """Load campaigns of one account by id; those it does not have are left out.

    Raises:
        Unavailable: when a campaign changed under every one of several attempts.
    """
    found: dict[int, Campaign] = {}
    wanted = set(campaign_ids)
    for _ in range(ATTEMPTS):
        if not wanted:
            break
        rows = await CampaignRow.filter(id__in=wanted, account_id=account_id)
        assembled = await _assemble(rows)
        found |= assembled
        wanted = {row.id for row in rows} - set(assembled)
    else:
        if wanted:
            raise Unavailable("the campaign is changing faster than it can be read: try again")
    return found


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
    campaign_id = await (_insert(after) if before is None else _update(before, after))
    await _save_revisions(campaign_id, before, change)
    await _save_requests(campaign_id, before, after)
    await _save_publication(campaign_id, after)
    row = await CampaignRow.get(id=campaign_id)
    return (await _assemble([row]))[campaign_id]


async def add_comment(campaign_id: int, comment: Comment) -> Comment:
    """Write down what somebody said, and return it with its id."""
    row = await CommentRow.create(campaign_id=campaign_id, **mapping.comment_columns(comment))
    return mapping.comment_of(row)


# ----------------------------------------------------------------------------------------------- loading
async def _assemble(rows: Sequence[CampaignRow]) -> dict[int, Campaign]:
    """Put campaigns together; one that another commit tore apart is left out."""
    if not rows:
        return {}
    ids = [row.id for row in rows]
    publications = [row.live_publication_id for row in rows if row.live_publication_id is not None]
    live = {row.id: row for row in await PublicationRow.filter(id__in=publications)}
    revisions = await _revisions(rows, live)
    contributors = {row.id: defaultdict[int, set[int]](set) for row in rows}  # by campaign and revision
    for c in await ContributorRow.filter(campaign_id__in=ids).values_list("campaign_id", "number", "user_id"):
        contributors[c[0]][c[1]].add(c[2])
    requests = await _requests(ids)
    found: dict[int, Campaign] = {}
    for row in rows:
        publication = live.get(row.live_publication_id or 0)
        live_number = 0 if publication is None else publication.revision_number
        head = revisions.get((row.id, row.head_number))
        shown = revisions.get((row.id, live_number))
        if head is None or (publication is not None and shown is None):
            continue
        channel = Channel(row.channel)
        people = contributors[row.id]
        since_sent = [users for number, users in people.items() if number > live_number]
        campaign = mapping.campaign_of(
            row,
            head=mapping.revision_of(head, channel, people[head.number]),
            live=None if publication is None else mapping.publication_of(publication),
            live_revision=None if shown is None else mapping.revision_of(shown, channel, people[live_number]),
            requests=requests[row.id],
            contributors={row.created_by_id, *chain.from_iterable(since_sent)},
        )
        if _is_whole(campaign):
            found[row.id] = campaign
    return found


def _is_whole(campaign: Campaign) -> bool:
    waits = campaign.status is CampaignStatus.PENDING_REVIEW
    return waits == (campaign.open_request is not None)


async def _revisions(
    rows: Sequence[CampaignRow], live: dict[int, PublicationRow]
) -> dict[tuple[int, int], RevisionRow]:
    wanted = [(row.id, row.head_number) for row in rows]
    wanted += [
        (row.id, live[row.live_publication_id].revision_number)
        for row in rows
        if row.live_publication_id in live
    ]
    query = Q(*(Q(campaign_id=campaign, number=number) for campaign, number in set(wanted)), join_type="OR")
    return {(row.campaign_id, row.number): row for row in await RevisionRow.filter(query)}


async def _requests(campaign_ids: Sequence[int]) -> defaultdict[int, list[ApprovalRequest]]:
    rows = await RequestRow.filter(campaign_id__in=campaign_ids).order_by("id")
    votes: defaultdict[int, list[DecisionRow]] = defaultdict(list)
    for vote in await DecisionRow.filter(request_id__in=[row.id for row in rows]).order_by("id"):
        votes[vote.request_id].append(vote)
    found: defaultdict[int, list[ApprovalRequest]] = defaultdict(list)
    for row in rows:
        found[row.campaign_id].append(mapping.request_of(row, votes[row.id]))
    return found


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


async def _save_revisions(campaign_id: int, before: Campaign | None, change: Change) -> None:
    head = change.campaign.head
    old = None if before is None else before.head
    if head.id is None:
        await RevisionRow.create(
            campaign_id=campaign_id,
            number=head.number,
            created_by_id=head.created_by,
            created_at=head.created_at,
            **mapping.revision_columns(head),
        )
    elif old is None or mapping.revision_columns(head) != mapping.revision_columns(old):
        await RevisionRow.filter(id=head.id).update(**_without_discarded(change, head))
    known = old.contributors if old is not None and old.number == head.number else frozenset[int]()
    if change.discarded_above is None:
        await _add_contributors(campaign_id, head, head.contributors - known)
    else:
        dropped = RevisionRow.filter(campaign_id=campaign_id, number__gt=change.discarded_above)
        await dropped.update(state=RevisionState.DISCARDED.value)


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


async def _save_requests(campaign_id: int, before: Campaign | None, after: Campaign) -> None:
    known = {} if before is None else {request.id: request for request in before.requests}
    for request in after.requests:
        old = known.get(request.id)
        if request.id is None:
            await RequestRow.create(
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
        elif old is not None and old != request:
            await _update_request(request.id, old, request)


async def _update_request(request_id: int, old: ApprovalRequest, request: ApprovalRequest) -> None:
    if mapping.request_columns(old) != mapping.request_columns(request):
        await RequestRow.filter(id=request_id).update(**mapping.request_columns(request))
    for decision in request.decisions:
        if decision.id is None:
            await DecisionRow.create(
                request_id=request_id,
                by_id=decision.by,
                at=decision.at,
                verdict=decision.verdict.value,
                reason=decision.reason,
                content_hash=decision.content_hash,
                policy_version=decision.policy_version,
                voided=decision.voided,
            )
    now_void = [new.id for new in request.decisions if new.voided and new.id is not None]
    if now_void:
        await DecisionRow.filter(id__in=now_void, voided=False).update(voided=True)


async def _save_publication(campaign_id: int, after: Campaign) -> None:
    live = after.live
    if live is None or live.id is not None:
        return
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
