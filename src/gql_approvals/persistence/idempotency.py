"""Remembered successes: what a repeated mutation answers instead of happening twice.

The row is written in the business transaction, under the account's lock, so a concurrent twin waits for
the lock and then finds it. Refusals are not stored.
"""

from datetime import datetime, timedelta

from gql_approvals.errors import IdempotencyMismatch
from gql_approvals.persistence.models import IdempotencyRow
from gql_approvals.workflow.content import Json

KEPT = timedelta(hours=24)


async def replay(
    account_id: int, user_id: int, key: str, *, fingerprint: str, now: datetime
) -> dict[str, Json] | None:
    """The result stored under this key, or None when it is new or was used longer than `KEPT` ago.

    Raises:
        IdempotencyMismatch: when the key came with another mutation or other arguments.
    """
    row = await IdempotencyRow.get_or_none(account_id=account_id, user_id=user_id, key=key)
    if row is None or row.created_at < now - KEPT:
        return None
    if row.fingerprint != fingerprint:
        raise IdempotencyMismatch(
            f"the idempotency key `{key}` came with other arguments before: use another"
        )
    return row.result  # type: ignore[return-value]  # JSON comes back as it went in


async def remember(
    account_id: int, user_id: int, key: str, *, fingerprint: str, result: dict[str, Json], now: datetime
) -> None:
    """Store a success under its key, and forget what is older than `KEPT` of the same person."""
    await IdempotencyRow.filter(account_id=account_id, user_id=user_id, created_at__lt=now - KEPT).delete()
    await IdempotencyRow.create(
        account_id=account_id,
        user_id=user_id,
        key=key,
        fingerprint=fingerprint,
        result=result,
        created_at=now,
    )
