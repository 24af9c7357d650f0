"""Which heads of audit chains are to be told outside, and which were: an account's row remembers the last.

Of several workers and nodes that look at once, one gets to tell a head.
"""

from datetime import datetime, timedelta

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from gql_approvals.persistence.chain import Head
from gql_approvals.persistence.models import AccountRow


async def due(now: datetime, every: timedelta) -> list[int]:
    """The ids of accounts whose head is another than the one last told, if that was `every` ago."""
    found = await _due(now, every).order_by("id").values_list("id", flat=True)
    return [int(str(key)) for key in found]


async def take(account_id: int, now: datetime, every: timedelta) -> Head | None:
    """The account's head, to be told by the caller alone, who holds the lock; None when it is not due."""
    account = await _due(now, every).get_or_none(id=account_id)
    if account is None:
        return None
    head = Head(account=account.slug, seq=account.audit_seq, hash=account.audit_hash)
    await AccountRow.filter(id=account_id).update(head_told=head.hash, head_told_at=now)
    return head


def _due(now: datetime, every: timedelta) -> QuerySet[AccountRow]:
    moved = Q(head_told=None) | ~Q(head_told=F("audit_hash"))
    # Later than any may be: a clock that was set back, or somebody who wants silence.
    time = Q(head_told_at=None) | Q(head_told_at__lte=now - every) | Q(head_told_at__gt=now + every)
    return AccountRow.filter(moved & time, audit_seq__gt=0)
