"""Pages of ids: filtered, ordered, with keyset cursors; what a page shows is loaded by its ids.

A cursor is the URL-safe base64 of the JSON list of the last row's sort values, its id last. Counts stop
at `COUNT_LIMIT`.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from tortoise.expressions import Q, RawSQL
from tortoise.queryset import QuerySet

from gql_approvals.errors import BadUserInput
from gql_approvals.persistence import conditions
from gql_approvals.persistence.conditions import Moment, where
from gql_approvals.persistence.models import (
    AuditRow,
    CampaignRow,
    CommentRow,
    MemberRow,
    PublicationRow,
    RequestRow,
    RevisionRow,
)
from gql_approvals.persistence.statements import moment, rows_of
from gql_approvals.workflow.content import is_storable, utc_text
from gql_approvals.workflow.identity import MAX_KEY
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, RequestStatus

COUNT_LIMIT = 1000
MAX_TEXT = 1000  # of a folded name
NO_CURSOR = "`after` is not a cursor of this list: send an `endCursor` that it gave, unchanged"


@dataclass(frozen=True, slots=True)
class Page:
    """The sort values of each entry, its id last, in order: `cursor` makes a cursor of them."""

    entries: tuple[tuple[Any, ...], ...]
    has_next: bool
    has_previous: bool

    @property
    def ids(self) -> tuple[int, ...]:
        """What is shown."""
        return tuple(entry[-1] for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Sort by `column` and then by id, so that every row has one place."""

    column: str
    descending: bool


NEWEST_FIRST = Order(column="id", descending=True)
OLDEST_FIRST = Order(column="id", descending=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A filtered and ordered set of rows, of which pages and a capped count can be taken."""

    rows: QuerySet[Any]
    order: Order
    is_time: bool = False

    async def page(self, first: int, after: str | None) -> Page:
        """One page of at most `first` ids behind the cursor.

        Raises:
            BadUserInput: when the cursor is none of this listing's.
        """
        found = await rows_of(self.sorted(first + 1, after).values_list(*self._names))
        return Page(
            entries=tuple((*map(self._value, row[:-1]), row[-1]) for row in found[:first]),
            has_next=len(found) > first,
            has_previous=after is not None,
        )

    def _value(self, value: Any) -> Any:  # noqa: ANN401  # what the column holds
        return moment(value) if self.is_time else value

    def sorted(self, limit: int, after: str | None = None) -> QuerySet[Any]:
        """The rows behind the cursor, in order."""
        rows = self.rows if after is None else self.rows.filter(self._behind(after))
        sign = "-" if self.order.descending else ""
        return rows.order_by(*(sign + name for name in self._names)).limit(limit)

    @property
    def _names(self) -> tuple[str, ...]:
        return ("id",) if self.order.column == "id" else (self.order.column, "id")

    async def count(self) -> int:
        """How many rows there are, counted up to `COUNT_LIMIT`."""
        return len(await self.rows.limit(COUNT_LIMIT).values_list("id", flat=True))

    def _behind(self, cursor: str) -> Q:
        values = _read_cursor(cursor, 1 if self.order.column == "id" else 2)
        compare = "lt" if self.order.descending else "gt"
        if self.order.column == "id":
            return where(f"id__{compare}", values[0])
        value = _read_time(values[0]) if self.is_time else values[0]
        if not isinstance(value, datetime if self.is_time else str) or not _is_value(str(value)):
            raise BadUserInput(NO_CURSOR)
        # spelt so that an index finds where to begin: PostgreSQL reads past `a > x OR (a = x AND id > y)`
        further = where(f"{self.order.column}__{compare}", value) | where(f"id__{compare}", values[1])
        return where(f"{self.order.column}__{compare}e", value) & further


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFilter:
    """What a list of campaigns is narrowed to; None does not narrow, an empty set matches nothing."""

    statuses: frozenset[CampaignStatus] | None = None
    channels: frozenset[Channel] | None = None
    created_by: int | None = None
    search: str | None = None


class CampaignOrder(Enum):
    """What campaigns can be sorted by: (column, whether it is a time)."""

    CREATED_AT = ("id", False)  # ids grow as campaigns are created
    UPDATED_AT = ("updated_at", True)
    NAME = ("folded_name", False)


def campaigns(
    account_id: int,
    visible: Q,
    wanted: CampaignFilter,
    moment: Moment,
    *,
    order: CampaignOrder = CampaignOrder.CREATED_AT,
    descending: bool = True,
) -> Listing:
    """Campaigns of an account that are visible and wanted; newest first unless said otherwise."""
    rows = CampaignRow.filter(visible, account_id=account_id)
    if wanted.statuses is not None:
        rows = rows.filter(conditions.status_in(wanted.statuses, moment))
    if wanted.channels is not None:
        rows = rows.filter(channel__in=[channel.value for channel in wanted.channels])
    if wanted.created_by is not None:
        rows = rows.filter(created_by_id=wanted.created_by)
    if wanted.search:
        part = wanted.search.casefold()
        found = where("folded_name__contains", part) if _is_value(part) else conditions.NOTHING
        rows = rows.filter(found)
    column, is_time = order.value
    return Listing(rows=rows, order=Order(column=column, descending=descending), is_time=is_time)


# Asked of one request after the other, so that a page costs the same however much somebody has done: of
# EXISTS, PostgreSQL would first gather all that they ever did. The revision under review is the head.
_VOTED = """coalesce((SELECT true FROM decision d
    WHERE d.request_id = approval_request.id AND d.by_id = {} AND NOT d.voided), false)"""
_MADE = """coalesce((SELECT true FROM contributor k WHERE k.campaign_id = approval_request.campaign_id
    AND k.number = approval_request.revision_number AND k.user_id = {}), false)"""


def _asks(question: str, user_id: int) -> RawSQL:
    return RawSQL(question.format(int(user_id)))


def inbox(account_id: int, user_id: int, may_decide: Q, now: datetime) -> Listing:
    """Open requests this person may decide on and neither contributed to nor voted on; oldest first.

    `may_decide` speaks of the request's campaign through "campaign__".
    """
    rows = RequestRow.annotate(voted=_asks(_VOTED, user_id), made=_asks(_MADE, user_id)).filter(
        may_decide,
        voted=False,
        made=False,
        account_id=account_id,
        status=RequestStatus.OPEN.value,
        expires_at__gt=now,
        campaign__status=CampaignStatus.PENDING_REVIEW.value,
    )
    return Listing(rows=rows, order=Order(column="submitted_at", descending=False), is_time=True)


def requests(campaign_id: int) -> Listing:
    """A campaign's requests, newest first."""
    return Listing(rows=RequestRow.filter(campaign_id=campaign_id), order=NEWEST_FIRST)


def revisions(campaign_id: int) -> Listing:
    """A campaign's revisions, discarded ones included, newest first."""
    return Listing(rows=RevisionRow.filter(campaign_id=campaign_id), order=NEWEST_FIRST)


def publications(campaign_id: int) -> Listing:
    """A campaign's publications, newest first."""
    return Listing(rows=PublicationRow.filter(campaign_id=campaign_id), order=NEWEST_FIRST)


def comments(campaign_id: int) -> Listing:
    """A campaign's comments, oldest first."""
    return Listing(rows=CommentRow.filter(campaign_id=campaign_id), order=OLDEST_FIRST)


def members(account_id: int) -> Listing:
    """An account's members, disabled ones included, newest first."""
    return Listing(rows=MemberRow.filter(account_id=account_id), order=NEWEST_FIRST)


def audit(account_id: int, campaign_id: int | None) -> Listing:
    """An account's audit log, or what of it concerns one campaign; newest first."""
    rows = AuditRow.filter(account_id=account_id)
    rows = rows if campaign_id is None else rows.filter(campaign_id=campaign_id)
    return Listing(rows=rows, order=NEWEST_FIRST)


def cursor(values: Sequence[Any]) -> str:
    """What stands for the place of an entry with these sort values."""
    shown = [utc_text(value) if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(shown, ensure_ascii=False).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, length: int) -> list[Any]:
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        *_, key = values
        fits = len(values) == length and type(key) is int and 0 <= key <= MAX_KEY
    except (binascii.Error, ValueError, TypeError, RecursionError):
        fits, values = False, []
    if not fits:
        raise BadUserInput(NO_CURSOR)
    return list(values)


def _is_value(text: str) -> bool:
    """Whether a column can hold the text: nothing else can be looked for."""
    return is_storable(text) and len(text) <= MAX_TEXT


def _read_time(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadUserInput(NO_CURSOR) from None
