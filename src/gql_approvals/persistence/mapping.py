"""Rows to values and back: the one place that knows both.

A row comes as the values of its columns, in the order of the tuples here. JSON and times may be texts, as
databases give them.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tortoise.models import Model

from gql_approvals.persistence.any_json import as_column
from gql_approvals.persistence.statements import Record, moment, unpacked
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

ACCOUNT = ("id", "slug", "name", "time_zone", "approvals_enabled", "notify_scope")
MEMBER = ("id", "account_id", "user_id", "roles", "active")
CAMPAIGN = (
    "id", "account_id", "name", "channel", "status", "version", "newest_number", "authorisation",
    "authorised_hash", "created_by_id", "created_at", "updated_at", "duplicated_from_id", "due_at",
)  # fmt: skip
REVISION = (
    "id", "number", "state", "content", "segment", "definition", "estimated_size", "publish_mode",
    "scheduled_at", "copy_hash", "audience_hash", "schedule_hash", "created_by_id", "created_at",
)  # fmt: skip
REQUEST = (
    "id", "revision_number", "content_hash", "status", "policy_version", "submitted_by_id", "submitted_at",
    "expires_at", "note",
)  # fmt: skip
DECISION = ("id", "by_id", "at", "verdict", "reason", "content_hash", "policy_version", "voided")
PUBLICATION = (
    "id", "revision_number", "content_hash", "authorisation", "request_id", "sent_at", "handed_over_at",
    "sent", "delivered", "opened", "clicked", "failed", "metrics_at",
)  # fmt: skip
COMMENT = ("id", "by_id", "at", "body", "section")


def record(row: Model, columns: Sequence[str]) -> Record:
    """Some columns of a row that was just made."""
    return [getattr(row, name) for name in columns]


def account_of(values: Record) -> Account:
    """A tenant."""
    key, slug, name, time_zone, approvals_enabled, notify_scope = values
    return Account(
        id=key,
        slug=slug,
        name=name,
        time_zone=time_zone,
        approvals_enabled=bool(approvals_enabled),
        notify_scope=NotifyScope(notify_scope),
    )


def member_of(values: Record) -> Member:
    """A person in an account."""
    key, account_id, user_id, roles, active = values
    return Member(
        id=key,
        account_id=account_id,
        user_id=user_id,
        roles=frozenset(unpacked(roles)),
        active=bool(active),
    )


def revision_of(values: Record, channel: Channel, contributors: Iterable[int]) -> Revision:
    """A numbered content; its JSON is text."""
    (
        key, number, state, content, segment, definition, estimated_size, publish_mode, scheduled_at,
        copy_hash, audience_hash, schedule_hash, created_by, created_at,
    ) = values  # fmt: skip
    return Revision(
        id=key,
        number=number,
        state=RevisionState(state),
        content=content_from_json(channel, unpacked(content)),
        audience=Audience(segment=segment, definition=unpacked(definition), estimated_size=estimated_size),
        publish_mode=PublishMode(publish_mode),
        scheduled_at=moment(scheduled_at),
        hashes=SectionHashes(copy_hash, audience_hash, schedule_hash),
        contributors=frozenset(contributors),
        created_by=created_by,
        created_at=moment(created_at),
    )


def decision_of(values: Record) -> Decision:
    """One vote."""
    key, by, at, verdict, reason, content_hash, policy_version, voided = values
    return Decision(
        id=key,
        by=by,
        at=moment(at),
        verdict=Verdict(verdict),
        reason=reason,
        content_hash=content_hash,
        policy_version=policy_version,
        voided=bool(voided),
    )


def request_of(values: Record, requirements: Iterable[Any], decisions: Iterable[Record]) -> ApprovalRequest:
    """One review."""
    (
        key, revision_number, content_hash, status, policy_version, submitted_by, submitted_at, expires_at,
        note,
    ) = values  # fmt: skip
    return ApprovalRequest(
        id=key,
        revision_number=revision_number,
        content_hash=content_hash,
        status=RequestStatus(status),
        requirements=tuple(_requirement_of(item) for item in requirements),
        policy_version=policy_version,
        submitted_by=submitted_by,
        submitted_at=moment(submitted_at),
        expires_at=moment(expires_at),
        note=note,
        decisions=tuple(decision_of(one) for one in decisions),
    )


def publication_of(values: Record) -> Publication:
    """A revision that went out."""
    (
        key, revision_number, content_hash, authorisation, request_id, sent_at, handed_over_at,
        sent, delivered, opened, clicked, failed, metrics_at,
    ) = values  # fmt: skip
    return Publication(
        id=key,
        revision_number=revision_number,
        content_hash=content_hash,
        authorisation=Authorisation(authorisation),
        request_id=request_id,
        sent_at=moment(sent_at),
        handed_over_at=moment(handed_over_at),
        metrics=Metrics(
            sent=sent,
            delivered=delivered,
            opened=opened,
            clicked=clicked,
            failed=failed,
            updated_at=moment(metrics_at),
        ),
    )


def campaign_parts(values: Record) -> dict[str, Any]:
    """What a campaign's own row says of it."""
    (
        key, account_id, name, channel, status, version, newest_number, authorisation,
        authorised_hash, created_by, created_at, updated_at, duplicated_from, due_at,
    ) = values  # fmt: skip
    return {
        "id": key,
        "account_id": account_id,
        "name": name,
        "channel": Channel(channel),
        "status": CampaignStatus(status),
        "version": version,
        "newest_number": newest_number,
        "authorisation": None if authorisation is None else Authorisation(authorisation),
        "authorised_hash": authorised_hash,
        "created_by": created_by,
        "created_at": moment(created_at),
        "updated_at": moment(updated_at),
        "duplicated_from": duplicated_from,
        "due_at": moment(due_at),
    }


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
        "audience": campaign.reach,
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


def comment_of(values: Record) -> Comment:
    """What somebody wrote."""
    key, by, at, body, section = values
    return Comment(
        id=key, by=by, at=moment(at), body=body, section=None if section is None else Section(section)
    )


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
