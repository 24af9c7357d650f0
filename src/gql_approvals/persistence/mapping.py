"""Rows to values and back: the one place that knows both."""

from collections.abc import Iterable
from typing import Any

from gql_approvals.persistence.any_json import as_column
from gql_approvals.persistence.models import (
    AccountRow,
    CampaignRow,
    CommentRow,
    DecisionRow,
    MemberRow,
    PublicationRow,
    RequestRow,
    RevisionRow,
)
from gql_approvals.workflow.content import Audience, SectionHashes, as_json, content_from_json
from gql_approvals.workflow.model import (
    Account,
    ApprovalRequest,
    Campaign,
    Comment,
    Decision,
    Member,
    Metrics,
    Publication,
    Requirement,
    Revision,
)
from gql_approvals.workflow.vocabulary import (
    Authorisation,
    CampaignStatus,
    Channel,
    NotifyScope,
    PublishMode,
    RequestStatus,
    RevisionState,
    Section,
    Verdict,
)


def account_of(row: AccountRow) -> Account:
    """A tenant."""
    return Account(
        id=row.id,
        slug=row.slug,
        name=row.name,
        time_zone=row.time_zone,
        approvals_enabled=row.approvals_enabled,
        notify_scope=NotifyScope(row.notify_scope),
    )


def member_of(row: MemberRow) -> Member:
    """A person in an account."""
    return Member(
        id=row.id,
        account_id=row.account_id,
        user_id=row.user_id,
        roles=frozenset(row.roles),
        active=row.active,
    )


def revision_of(row: RevisionRow, channel: Channel, contributors: Iterable[int]) -> Revision:
    """A numbered content."""
    return Revision(
        id=row.id,
        number=row.number,
        state=RevisionState(row.state),
        content=content_from_json(channel, row.content),
        audience=Audience(
            segment=row.segment,
            definition=row.definition,  # type: ignore[arg-type]  # JSON comes back as it went in
            estimated_size=row.estimated_size,
        ),
        publish_mode=PublishMode(row.publish_mode),
        scheduled_at=row.scheduled_at,
        hashes=SectionHashes(row.copy_hash, row.audience_hash, row.schedule_hash),
        contributors=frozenset(contributors),
        created_by=row.created_by_id,
        created_at=row.created_at,
    )


def decision_of(row: DecisionRow) -> Decision:
    """One vote."""
    return Decision(
        id=row.id,
        by=row.by_id,
        at=row.at,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        content_hash=row.content_hash,
        policy_version=row.policy_version,
        voided=row.voided,
    )


def request_of(row: RequestRow, decisions: Iterable[DecisionRow]) -> ApprovalRequest:
    """One review."""
    return ApprovalRequest(
        id=row.id,
        revision_number=row.revision_number,
        content_hash=row.content_hash,
        status=RequestStatus(row.status),
        requirements=tuple(_requirement_of(item) for item in row.requirements),
        policy_version=row.policy_version,
        submitted_by=row.submitted_by_id,
        submitted_at=row.submitted_at,
        expires_at=row.expires_at,
        note=row.note,
        decisions=tuple(decision_of(decision) for decision in decisions),
    )


def publication_of(row: PublicationRow) -> Publication:
    """A revision that went out."""
    return Publication(
        id=row.id,
        revision_number=row.revision_number,
        content_hash=row.content_hash,
        authorisation=Authorisation(row.authorisation),
        request_id=row.request_id,
        sent_at=row.sent_at,
        handed_over_at=row.handed_over_at,
        metrics=Metrics(
            sent=row.sent,
            delivered=row.delivered,
            opened=row.opened,
            clicked=row.clicked,
            failed=row.failed,
            updated_at=row.metrics_at,
        ),
    )


def campaign_of(
    row: CampaignRow,
    *,
    head: Revision,
    live: Publication | None,
    live_revision: Revision | None,
    requests: Iterable[ApprovalRequest],
    contributors: Iterable[int],
) -> Campaign:
    """A campaign with all that its next transition depends on."""
    return Campaign(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        channel=Channel(row.channel),
        status=CampaignStatus(row.status),
        version=row.version,
        head=head,
        newest_number=row.newest_number,
        live=live,
        live_revision=live_revision,
        authorisation=None if row.authorisation is None else Authorisation(row.authorisation),
        authorised_hash=row.authorised_hash,
        requests=tuple(requests),
        contributors=frozenset(contributors),
        created_by=row.created_by_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        duplicated_from=row.duplicated_from_id,
        due_at=row.due_at,
    )


def campaign_columns(campaign: Campaign) -> dict[str, Any]:
    """What changes in a campaign's row; the live publication is set once its id is known."""
    return {
        "name": campaign.name,
        "folded_name": campaign.name.casefold(),
        "status": campaign.status.value,
        "version": campaign.version,
        "head_number": campaign.head.number,
        "newest_number": campaign.newest_number,
        "authorisation": campaign.authorisation,
        "authorised_hash": campaign.authorised_hash,
        "due_at": campaign.due_at,
        "audience": campaign.head.audience.estimated_size,
        "updated_at": campaign.updated_at,
    }


def revision_columns(revision: Revision) -> dict[str, Any]:
    """What changes in a revision's row while it may be amended or frozen."""
    return {
        "state": revision.state.value,
        "content": as_json(revision.content),
        "segment": revision.audience.segment,
        "definition": as_column(revision.audience.definition),
        "estimated_size": revision.audience.estimated_size,
        "publish_mode": revision.publish_mode.value,
        "scheduled_at": revision.scheduled_at,
        "copy_hash": revision.hashes.copy,
        "audience_hash": revision.hashes.audience,
        "schedule_hash": revision.hashes.schedule,
        "content_hash": revision.hashes.content,
    }


def request_columns(request: ApprovalRequest) -> dict[str, Any]:
    """What changes in a request's row when it ends."""
    return {
        "status": request.status.value,
        "requirements": [
            {
                "role": item.role,
                "needed": item.needed,
                "approved_by": None if item.approved_by is None else list(item.approved_by),
            }
            for item in request.requirements
        ],
    }


def comment_of(row: CommentRow) -> Comment:
    """What somebody wrote."""
    section = None if row.section is None else Section(row.section)
    return Comment(id=row.id, by=row.by_id, at=row.at, body=row.body, section=section)


def comment_columns(comment: Comment) -> dict[str, Any]:
    """All of a comment's row but its id and its campaign."""
    section = None if comment.section is None else comment.section.value
    return {"by_id": comment.by, "at": comment.at, "body": comment.body, "section": section}


def metrics_columns(metrics: Metrics) -> dict[str, Any]:
    """The figures of a publication."""
    return {
        "sent": metrics.sent,
        "delivered": metrics.delivered,
        "opened": metrics.opened,
        "clicked": metrics.clicked,
        "failed": metrics.failed,
        "metrics_at": metrics.updated_at,
    }


def _requirement_of(item: dict[str, Any]) -> Requirement:
    approved_by = item["approved_by"]
    return Requirement(
        role=item["role"],
        needed=item["needed"],
        approved_by=None if approved_by is None else tuple(approved_by),
    )
