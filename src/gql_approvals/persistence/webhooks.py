"""Webhooks: who is told of an account's events, and what each of them is told.

Whoever writes holds the lock on the account's row.
"""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gql_approvals.persistence.models import OutboxRow
from gql_approvals.persistence.webhook_row import WebhookRow

SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)  # how long the secret before a rotation signs beside the new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver. `events`: the kinds it is told of; None = every event. `secrets`: the newest first."""

    id: int
    account_id: int
    url: str
    description: str
    events: tuple[str, ...] | None
    secrets: tuple[str, ...] = field(repr=False)
    created_at: datetime
    rotated_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None

    def wants(self, kind: str) -> bool:
        """Whether it is told of events of this kind."""
        return self.events is None or kind in self.events

    def signing(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now: after a rotation two, for a day."""
        overlaps = self.rotated_at is not None and now < self.rotated_at + OVERLAP
        return self.secrets if overlaps else self.secrets[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """How deliveries to a webhook went. `error`: the newest that was not overcome. `dead`: dead letters."""

    waiting: int
    dead: int
    delivered_at: datetime | None
    error: str | None


async def add(
    account_id: int, url: str, *, description: str, events: Iterable[str] | None, now: datetime
) -> Webhook:
    """Make a webhook with a new secret; it is told of what happens from now on."""
    row = await WebhookRow.create(
        account_id=account_id,
        url=url,
        description=description,
        events=None if events is None else sorted(set(events)),
        secrets=[_new_secret()],
        created_at=now,
    )
    return _webhook(row)


async def one(webhook_id: int) -> Webhook | None:
    """The webhook with that id, disabled or not."""
    row = await WebhookRow.get_or_none(id=webhook_id)
    return None if row is None else _webhook(row)


async def of_account(account_id: int) -> list[Webhook]:
    """The account's webhooks, oldest first, disabled ones included."""
    return [_webhook(row) for row in await WebhookRow.filter(account_id=account_id).order_by("id")]


async def active(account_id: int) -> list[Webhook]:
    """The account's webhooks that are told of events, oldest first."""
    rows = await WebhookRow.filter(account_id=account_id, disabled_at=None).order_by("id")
    return [_webhook(row) for row in rows]


async def rotate(webhook: Webhook, now: datetime) -> Webhook:
    """Give it a new secret; the one before signs, too, for `OVERLAP`."""
    await WebhookRow.filter(id=webhook.id).update(secrets=[_new_secret(), webhook.secrets[0]], rotated_at=now)
    return _webhook(await WebhookRow.get(id=webhook.id))


async def turn_off(webhook_id: int, *, why: str, now: datetime) -> None:
    """Tell it of nothing any more."""
    await WebhookRow.filter(id=webhook_id).update(disabled_at=now, disabled_why=why)


async def turn_on(webhook_id: int) -> None:
    """Tell it of what happens from now on."""
    await WebhookRow.filter(id=webhook_id).update(disabled_at=None, disabled_why=None)


async def remove(webhook_id: int) -> None:
    """Forget it, with its secrets."""
    await WebhookRow.filter(id=webhook_id).delete()


async def deliveries(webhook_id: int) -> Deliveries:
    """How deliveries to it went so far."""
    rows = OutboxRow.filter(webhook_id=webhook_id)
    arrived = await rows.filter(delivered_at__not_isnull=True).order_by("-delivered_at").first()
    failed = await rows.filter(delivered_at=None, last_error__not_isnull=True).order_by("-id").first()
    return Deliveries(
        waiting=await rows.filter(delivered_at=None, given_up_at=None).count(),
        dead=await rows.filter(given_up_at__not_isnull=True).count(),
        delivered_at=None if arrived is None else arrived.delivered_at,
        error=None if failed is None else failed.last_error,
    )


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        account_id=row.account_id,
        url=row.url,
        description=row.description,
        events=None if row.events is None else tuple(row.events),
        secrets=tuple(row.secrets),
        created_at=row.created_at,
        rotated_at=row.rotated_at,
        disabled_at=row.disabled_at,
        disabled_why=row.disabled_why,
    )
