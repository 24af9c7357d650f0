"""What the live feed reads: how far audit chains have come, what was appended, and who still may listen.

Reads only. Entries of one account become visible in the order of their numbers, because whoever appends holds
the account's lock until the commit: nothing smaller can appear behind what was read.
"""

# asyncpg is typed in part only.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import AsyncGenerator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import asyncpg  # type: ignore[import-untyped]  # it has no types
from tortoise.connection import get_connections
from tortoise.expressions import Q

from gql_approvals.errors import Unavailable
from gql_approvals.persistence.asyncpg_backend import Client
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.faults import translating
from gql_approvals.persistence.models import AccountRow, AuditRow, MemberRow, TokenRow
from gql_approvals.persistence.pages import Listing

CHANNEL = "gql_approvals_audit"  # migration 0006 notifies it, with the account's id
BATCH = 500
_VALUES = 5000  # in one IN list; PostgreSQL takes 32767 parameters, SQLite 32766


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one transaction did to one campaign, or, without one, to the account. `seq`: its last entry's."""

    seq: int
    campaign_id: int | None


async def positions(account_ids: Iterable[int]) -> dict[int, int]:
    """The number of the newest audit entry of each account; 0 when there is none."""
    rows = AccountRow.filter(id__in=list(account_ids))
    return dict(await rows.values_list("id", "audit_seq"))


async def changes_after(account_id: int, seq: int, limit: int = BATCH) -> tuple[list[Change], int]:
    """What happened behind an entry, from at most `limit` entries, and the number of the last one read.

    A transaction's entries carry one time, and no two transactions of an account carry the same.
    """
    rows = AuditRow.filter(account_id=account_id, seq__gt=seq).order_by("seq").limit(limit)
    last, found = seq, dict[tuple[int | None, datetime], int]()
    for number, campaign_id, at in await rows.values_list("seq", "campaign_id", "at"):
        last = found[campaign_id, at] = number
    changes = [Change(seq=number, campaign_id=campaign) for (campaign, _), number in found.items()]
    return sorted(changes, key=lambda change: change.seq), last


async def standing_tokens(hashes: Collection[str], now: datetime) -> set[tuple[str, int]]:
    """Which of these API tokens are good, as (hash, account id) for each account their owner is active in."""
    found: set[tuple[str, int]] = set()
    for some in _parts(hashes):
        good = TokenRow.filter(Q(expires_at=None) | Q(expires_at__gt=now), hash__in=some, revoked_at=None)
        owners: dict[str, int] = dict(await good.values_list("hash", "user_id"))
        active = await active_members(set(owners.values()))
        found |= {(text, account) for text, owner in owners.items() for account in active.get(owner, ())}
    return found


async def active_members(user_ids: Collection[int]) -> dict[int, set[int]]:
    """The accounts in which people are active members, by user id."""
    found: dict[int, set[int]] = {}
    for some in _parts(user_ids):
        rows = MemberRow.filter(user_id__in=some, active=True)
        for user, account in await rows.values_list("user_id", "account_id"):
            found.setdefault(user, set()).add(account)
    return found


async def ids_of(listing: Listing, limit: int) -> frozenset[int]:
    """The first `limit` ids of a listing."""
    return frozenset(cast("list[int]", await listing.sorted(limit).values_list("id", flat=True)))


@asynccontextmanager
async def news(
    database: Database, heard: Callable[[int], None], lost: Callable[[], None]
) -> AsyncGenerator[bool]:
    """While inside, `heard` is called with the account of every commit that appends to an audit chain.

    `lost` is called when that has ended before its time. Gives whether anything will be heard: SQLite tells
    nobody, and a pool of one connection has none to spare. Commits may go unheard: it only saves waiting.

    Raises:
        Unavailable: when the database cannot be reached.
    """
    client = get_connections().get(database.dialect)
    if not isinstance(client, Client) or client.pool_maxsize <= 1:
        yield False
        return
    with translating():
        connection: Any = await client.lease()

    def on_notify(_connection: object, _pid: int, _channel: str, payload: str) -> None:
        heard(int(payload))

    def on_end(_connection: object) -> None:
        lost()

    try:
        connection.add_termination_listener(on_end)
        with translating():
            await connection.add_listener(CHANNEL, on_notify)
        yield True
    finally:
        with suppress(Unavailable, asyncpg.InterfaceError):  # the connection is gone
            connection.remove_termination_listener(on_end)
            with translating():
                await connection.remove_listener(CHANNEL, on_notify)
        await client.give_back(connection)


def _parts(values: Collection[Any]) -> Iterable[list[Any]]:
    whole = list(values)
    return (whole[start : start + _VALUES] for start in range(0, len(whole), _VALUES))
