"""What has become of the outbox's messages, and having them delivered after all.

Whom a message is for, and why, is read from its payload: each kind writes what it has.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.functions import Count, Min

from gql_approvals.persistence.message_state import STATES, State, state_of
from gql_approvals.persistence.models import AccountRow, OutboxRow, UserRow
from gql_approvals.persistence.outbox import KINDS, due


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message as an administrator sees it.

    `account`: its slug. `event`: None of hand-overs. `campaign`: its key. `to`: an e-mail address, if it is
    for one person. `next_at`: when it is tried again, if it is waiting. `ended_at`: when it was delivered or
    given up. `leased`: it is being delivered at this moment.
    """

    id: int
    kind: str
    state: State
    account: str
    event: str | None
    campaign: int | None
    to: str | None
    attempts: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    leased: bool
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much of a kind is not delivered. `waiting`, `due`, `dead`: messages; what is due is waiting, too.

    `oldest`: how long ago the oldest waiting message was written. `overdue`: since when the one that is due
    longest could have been tried; it grows where no relay delivers the kind.
    """

    waiting: int = 0
    due: int = 0
    dead: int = 0
    oldest: timedelta = timedelta(0)
    overdue: timedelta = timedelta(0)


async def backlog(now: datetime) -> dict[str, Backlog]:
    """How much is not delivered, by kind, each of `KINDS` included. What was delivered is not read."""
    rows = OutboxRow.filter(delivered_at=None).annotate(
        waiting=Count("id", _filter=STATES[State.WAITING]),
        due=Count("id", _filter=due(now)),
        dead=Count("id", _filter=STATES[State.DEAD]),
        written=Min("created_at", _filter=STATES[State.WAITING]),
        due_since=Min("next_at", _filter=due(now)),
    )
    found = {kind: Backlog() for kind in KINDS}
    columns = ("kind", "waiting", "due", "dead", "written", "due_since")
    for kind, waiting, ready, dead, written, since in await rows.group_by("kind").values_list(*columns):
        ages = {"oldest": _age(written, now), "overdue": _age(since, now)}
        found[kind] = Backlog(waiting=waiting, due=ready, dead=dead, **ages)
    return found


def _age(at: datetime | None, now: datetime) -> timedelta:
    """How long ago that was; a clock that was set back makes nothing younger than it can be."""
    return timedelta(0) if at is None else max(now - at, timedelta(0))


async def listed(
    now: datetime,
    *,
    state: State | None = None,
    kind: str | None = None,
    account: str | None = None,
    limit: int,
) -> tuple[list[OutboxMessage], int]:
    """The newest messages that fit, and how many fit in all. `account`: a slug."""
    found = OutboxRow.all() if state is None else OutboxRow.filter(STATES[state])
    if kind is not None:
        found = found.filter(kind=kind)
    if account is not None:
        found = found.filter(account__slug=account)
    total = await found.count()
    return await _messages(await found.order_by("-id").limit(limit), now), total


async def kinds() -> list[str]:
    """The kinds of which there are messages."""
    found = await OutboxRow.all().distinct().order_by("kind").values_list("kind", flat=True)
    return [str(kind) for kind in found]


async def by_id(ids: Collection[int], now: datetime) -> list[OutboxMessage]:
    """The messages with these ids, those that are there."""
    return await _messages(await OutboxRow.filter(id__in=list(ids)).order_by("id"), now)


async def dead_ids() -> list[int]:
    """The ids of all dead letters."""
    found = await OutboxRow.filter(STATES[State.DEAD]).order_by("id").values_list("id", flat=True)
    return [int(str(key)) for key in found]


async def make_due(ids: Collection[int], now: datetime) -> None:
    """Have these messages tried at once, and as often as new ones; a lease that somebody holds stays."""
    rows = OutboxRow.filter(id__in=list(ids), delivered_at=None)
    await rows.update(attempts=0, next_at=now, given_up_at=None)


async def _messages(rows: list[OutboxRow], now: datetime) -> list[OutboxMessage]:
    accounts = dict(
        await AccountRow.filter(id__in={row.account_id for row in rows}).values_list("id", "slug")
    )
    recipients = {row.payload.get("recipient") for row in rows}
    people = UserRow.filter(id__in=[key for key in recipients if isinstance(key, int)])
    emails = dict(await people.values_list("id", "email"))
    return [_message(row, accounts[row.account_id], emails, now) for row in rows]


def _message(row: OutboxRow, account: str, emails: dict[int, str], now: datetime) -> OutboxMessage:
    event, campaign, recipient = (row.payload.get(name) for name in ("event", "campaign", "recipient"))
    address = row.payload.get("address")  # of whoever need not be a user
    outsider = None if address is None else str(address)
    state = state_of(row.delivered_at, row.given_up_at, row.last_error)
    return OutboxMessage(
        id=row.id,
        kind=row.kind,
        state=state,
        account=account,
        event=None if event is None else str(event),
        campaign=campaign if isinstance(campaign, int) else None,
        to=emails.get(recipient) if isinstance(recipient, int) else outsider,
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at if state is State.WAITING else None,
        ended_at=row.delivered_at or row.given_up_at,
        leased=state is State.WAITING and row.leased_until is not None and row.leased_until > now,
        last_error=row.last_error,
    )
