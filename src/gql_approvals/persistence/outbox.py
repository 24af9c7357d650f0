"""What is to be delivered outside: written with its cause, claimed by leases, marked when it arrived.

Delivery is at least once, under one stable key. What can only have been written before the clock was set
back is due at once: a lease or retry further ahead than any may be, a retry whose lease ended in the future.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tortoise.expressions import Q

from gql_approvals.persistence.message_state import State, state_of
from gql_approvals.persistence.models import OutboxRow
from gql_approvals.workflow.content import Json

MAIL = "mail"  # one mail to one person
HANDOVER = "handover"  # one publication
WEBHOOK = "webhook"  # one event to one webhook
KINDS = (MAIL, HANDOVER, WEBHOOK)
LEASE = timedelta(seconds=60)
# Twice a lease: whoever claims may have read the clock before the holder did, and waited for the lock since.
FARTHEST_LEASE = 2 * LEASE
FARTHEST_RETRY = timedelta(hours=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One delivery. `kind`: MAIL, HANDOVER or WEBHOOK. `webhook`: the id of the one it is for.

    `leased_until`: until when it is, or was, in the hands of a relay.
    """

    id: int = 0
    account_id: int
    key: str
    kind: str
    webhook: int | None = None
    payload: dict[str, Json]
    attempts: int = 0
    created_at: datetime
    leased_until: datetime | None = None
    delivered_at: datetime | None = None
    given_up_at: datetime | None = None
    last_error: str | None = None

    @property
    def state(self) -> State:
        """What has become of it."""
        return state_of(self.delivered_at, self.given_up_at, self.last_error)


async def write(messages: Iterable[Message]) -> None:
    """Put messages into the outbox, in the transaction of what caused them.

    Raises:
        tortoise.exceptions.IntegrityError: when a key is in the outbox already.
    """
    rows = [_row(message) for message in messages]
    if rows:
        await OutboxRow.bulk_create(rows)


async def write_once(messages: Iterable[Message]) -> None:
    """Put messages into the outbox whose keys are not in it yet: of several writers the first one counts.

    Keys are unique in all accounts together. They are written in the order of the keys, so that writers
    that meet wait for each other and never in a circle.
    """
    rows = [_row(message) for message in sorted(messages, key=lambda message: message.key)]
    if rows:
        await OutboxRow.bulk_create(rows, ignore_conflicts=True)


async def claim(
    now: datetime, *, limit: int, kinds: Collection[str] = (MAIL, HANDOVER), webhook: int | None = None
) -> list[Message]:
    """Lease due messages to the caller for `LEASE`; needs a transaction of its own. `webhook`: only its own.

    On PostgreSQL rows that another relay is claiming are skipped; SQLite admits one writer at a time.
    """
    found = OutboxRow.filter(due(now), kind__in=list(kinds))
    if webhook is not None:
        found = found.filter(webhook_id=webhook)
    rows = await found.order_by("id").limit(limit).select_for_update(skip_locked=True)
    if rows:
        await OutboxRow.filter(id__in=[row.id for row in rows]).update(leased_until=now + LEASE)
    return [replace(_message(row), leased_until=now + LEASE) for row in rows]


def due(now: datetime) -> Q:
    """What may be claimed."""
    set_back = Q(leased_until__gt=now + FARTHEST_LEASE)  # the clock, since that lease began or ended
    free = Q(leased_until=None) | Q(leased_until__lte=now) | set_back
    # A first attempt is due at once, whatever the clock said when the message was written.
    time = Q(attempts=0) | Q(next_at__lte=now) | Q(next_at__gt=now + FARTHEST_RETRY) | set_back
    return free & time & Q(delivered_at=None, given_up_at=None)


async def due_webhooks(now: datetime) -> list[int]:
    """The ids of the webhooks that something is due for."""
    rows = OutboxRow.filter(due(now), kind=WEBHOOK, webhook_id__not_isnull=True)
    return [webhook_id for (webhook_id,) in await rows.distinct().values_list("webhook_id")]


async def mark_delivered(message_id: int, now: datetime) -> None:
    """Note that the other side has taken the message."""
    await OutboxRow.filter(id=message_id, delivered_at=None).update(
        delivered_at=now, leased_until=None, last_error=None
    )


async def mark_failed(message: Message, *, error: str, now: datetime, next_at: datetime) -> None:
    """Note a failed attempt and when to try again, unless somebody else has the message by now."""
    mine = OutboxRow.filter(id=message.id, delivered_at=None, leased_until=message.leased_until)
    await mine.update(
        attempts=message.attempts + 1, next_at=next_at, leased_until=now, last_error=error[:1000]
    )


async def give_up(message_id: int, *, why: str, now: datetime) -> None:
    """Note that the message is not to be delivered any more."""
    await OutboxRow.filter(id=message_id, delivered_at=None).update(
        given_up_at=now, leased_until=None, last_error=why[:1000]
    )


async def give_up_all(webhook: int, *, why: str, now: datetime) -> int:
    """Note that nothing that waits for this webhook is to be delivered; gives how much that was."""
    waiting = OutboxRow.filter(webhook_id=webhook, delivered_at=None, given_up_at=None)
    return await waiting.update(given_up_at=now, leased_until=None, last_error=why[:1000])


async def newest(limit: int) -> list[Message]:
    """The newest messages of all accounts, for the demo's pages."""
    return [_message(row) for row in await OutboxRow.all().order_by("-id").limit(limit)]


async def one(message_id: int) -> Message | None:
    """A message by its id, for the demo's pages."""
    row = await OutboxRow.get_or_none(id=message_id)
    return None if row is None else _message(row)


def _row(message: Message) -> OutboxRow:
    return OutboxRow(
        account_id=message.account_id,
        key=message.key,
        kind=message.kind,
        webhook_id=message.webhook,
        payload=message.payload,
        created_at=message.created_at,
        next_at=message.created_at,
    )


def _message(row: OutboxRow) -> Message:
    return Message(
        id=row.id,
        account_id=row.account_id,
        key=row.key,
        kind=row.kind,
        webhook=row.webhook_id,
        payload=row.payload,  # type: ignore[arg-type]  # JSON comes back as it went in
        attempts=row.attempts,
        created_at=row.created_at,
        leased_until=row.leased_until,
        delivered_at=row.delivered_at,
        given_up_at=row.given_up_at,
        last_error=row.last_error,
    )
