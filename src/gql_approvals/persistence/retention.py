"""What is deleted once its time is over: delivered messages, and answers kept under idempotency keys.

Dead letters, the audit trail and versions of the policy are never deleted. Batches are small, and what
another process deletes at the same moment is left to it: nobody waits long for a lock.
"""

from datetime import datetime

from tortoise.expressions import Q

from gql_approvals.persistence.database import Database
from gql_approvals.persistence.message_state import STATES, State
from gql_approvals.persistence.models import IdempotencyRow, OutboxRow

BATCH = 500


async def delete_messages(database: Database, before: datetime) -> int:
    """Delete a batch of the messages that were delivered, or found untold, before then; gives how many."""
    delivered = await _delete(database, OutboxRow, Q(delivered_at__lt=before), "delivered_at")
    untold = STATES[State.UNTOLD] & Q(given_up_at__lt=before)
    return delivered or await _delete(database, OutboxRow, untold, "given_up_at")


async def delete_answers(database: Database, before: datetime) -> int:
    """Delete a batch of the answers that were stored before then; gives how many."""
    return await _delete(database, IdempotencyRow, Q(created_at__lt=before), "created_at")


async def _delete(
    database: Database, rows: type[OutboxRow] | type[IdempotencyRow], which: Q, oldest: str
) -> int:
    # A look first: a transaction would keep SQLite's only writer waiting, mostly for nothing.
    if not await rows.filter(which).exists():
        return 0

    async def steps() -> int:
        found = rows.filter(which).order_by(oldest).limit(BATCH).select_for_update(skip_locked=True)
        ids = await found.values_list("id", flat=True)
        return await rows.filter(id__in=ids).delete() if ids else 0

    return await database.transaction(steps)
