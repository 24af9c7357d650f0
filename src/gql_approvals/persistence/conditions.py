"""Conditions on campaigns, as SQL: the effective status, and what the policy opens to somebody.

`via` is the path to the campaign from the rows that are filtered: "" for campaigns, "campaign__" for what
belongs to one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import F, Q, Subquery

from gql_approvals.persistence.models import ContributorRow
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel

NOTHING = Q(id__in=[])
EVERYTHING = Q()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a status is asked for, and how late a scheduled campaign may still be sent."""

    now: datetime
    grace: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A class of campaigns that the policy opens to somebody, as plain values.

    `own`, `involved`: None does not matter. `audience_from` <= size < `audience_to`; None is unbounded.
    """

    channels: frozenset[Channel]
    statuses: frozenset[CampaignStatus]
    own: bool | None
    involved: bool | None
    audience_from: int
    audience_to: int | None


def where(path: str, value: Any) -> Q:  # noqa: ANN401  # whatever the column holds
    """One condition whose path is put together."""
    return Q(**{path: value})


def any_of(conditions: Iterable[Q]) -> Q:
    """What meets at least one of the conditions; nothing does when there is none."""
    found = list(conditions)
    return Q(*found, join_type="OR") if found else NOTHING


def status_in(statuses: Collection[CampaignStatus], moment: Moment, via: str = "") -> Q:
    """The effective status: the SQL twin of `workflow.model.is_overdue`."""
    return any_of(_status_is(status, moment, via) for status in statuses)


def _status_is(status: CampaignStatus, moment: Moment, via: str) -> Q:
    late = {
        CampaignStatus.PENDING_REVIEW: where(f"{via}due_at__lte", moment.now),
        CampaignStatus.APPROVED: where(f"{via}due_at__lt", moment.now - moment.grace),
    }
    stored = where(f"{via}status", status.value)
    if status in late:
        # "not late" spelt out, since NOT over a null due_at is null
        return stored & (where(f"{via}due_at", None) | ~late[status])
    if status is CampaignStatus.EXPIRED:
        return any_of([stored, *(where(f"{via}status", s.value) & is_late for s, is_late in late.items())])
    return stored


def granted(grants: Iterable[Grant], account_id: int, user_id: int, moment: Moment, via: str = "") -> Q:
    """What any of the grants opens to this person."""
    found = list(grants)
    if any(_opens_everything(grant) for grant in found):
        return EVERYTHING
    return any_of(_grant(grant, account_id, user_id, moment, via) for grant in found)


def contributed(account_id: int, user_id: int, via: str = "") -> Q:
    """The campaigns to whose head this person contributed."""
    heads = ContributorRow.filter(
        campaign__account_id=account_id, user_id=user_id, number=F("campaign__head_number")
    )
    return where(f"{via}id__in", Subquery(heads.values("campaign_id")))


def _opens_everything(grant: Grant) -> bool:
    full = (frozenset(Channel), frozenset(CampaignStatus), None, None, 0, None)
    return full == (
        grant.channels,
        grant.statuses,
        grant.own,
        grant.involved,
        grant.audience_from,
        grant.audience_to,
    )


def _grant(grant: Grant, account_id: int, user_id: int, moment: Moment, via: str) -> Q:
    parts = where(f"{via}audience__gte", grant.audience_from)
    if grant.audience_to is not None:
        parts &= where(f"{via}audience__lt", grant.audience_to)
    if grant.channels != frozenset(Channel):
        parts &= where(f"{via}channel__in", [channel.value for channel in grant.channels])
    if grant.statuses != frozenset(CampaignStatus):
        parts &= status_in(grant.statuses, moment, via)
    if grant.own is not None:
        own = where(f"{via}created_by_id", user_id)
        parts &= own if grant.own else ~own
    if grant.involved is not None:
        involved = contributed(account_id, user_id, via)
        parts &= involved if grant.involved else ~involved
    return parts
