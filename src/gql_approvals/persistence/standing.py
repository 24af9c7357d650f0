"""How much of everything there is: what figures for operators are made of. No request reads any of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.functions import Count, Min, Sum

from gql_approvals.persistence.models import AccountRow, CampaignRow
from gql_approvals.workflow.vocabulary import CampaignStatus

_WAITS = (CampaignStatus.PENDING_REVIEW.value, CampaignStatus.APPROVED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Campaigns whose time has come and that were not moved yet. `since`: of the one that waits longest."""

    campaigns: int
    since: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Trails:
    """The audit trails: one an account. `entries`: of all of them together."""

    accounts: int
    entries: int


async def overdue(now: datetime) -> Overdue:
    """What the clock has not done yet."""
    rows = CampaignRow.filter(due_at__lte=now, status__in=_WAITS).annotate(n=Count("id"), first=Min("due_at"))
    [(number, first)] = await rows.values_list("n", "first")
    return Overdue(campaigns=number, since=timedelta(0) if first is None else now - first)


async def trails() -> Trails:
    """How many entries the audit trails have."""
    rows = AccountRow.all().annotate(n=Count("id"), entries=Sum("audit_seq"))
    [(accounts, entries)] = await rows.values_list("n", "entries")
    return Trails(accounts=accounts, entries=int(entries or 0))
