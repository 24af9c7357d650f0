"""Whole campaigns, as one statement reads them: everything of a campaign is of one moment.

The statement is one for every reader and for every mutation; only what it looks for differs.
"""
# ruff: noqa: S608  # the names of our own columns
# pyright: reportIncompatibleVariableOverride=false
# A part that is made when it is asked for reads like one that is there.

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any

from typing_extensions import override

from gql_approvals.persistence import mapping
from gql_approvals.persistence.mapping import CAMPAIGN, DECISION, PUBLICATION, REQUEST, REVISION
from gql_approvals.persistence.people import User
from gql_approvals.persistence.statements import Record, Statement, Words, columns, unpacked
from gql_approvals.workflow.model import ApprovalRequest, Campaign, Publication, Revision


@dataclass(frozen=True, slots=True)
class Found:
    """Campaigns by id; and who created, submitted and decided, by user id."""

    campaigns: dict[int, Campaign]
    people: dict[int, User]


def _ends(*sizes: int) -> list[int]:
    return [sum(sizes[: place + 1]) for place in range(len(sizes))]


# Where the columns of a row's parts end; behind them stand the creator's, and two aggregates.
_OWN, _HEAD, _LIVE, _SHOWN, _CREATOR = _ends(len(CAMPAIGN), len(REVISION), len(PUBLICATION), len(REVISION), 2)


# Who submitted and decided is joined from the left: so SQLite begins with the campaign's own rows.
def _campaigns(words: Words, which: str, locking: str = "") -> str:
    return f"""
SELECT {columns("c", CAMPAIGN)}, {columns("h", REVISION)}, {columns("p", PUBLICATION)},
  {columns("s", REVISION)}, u.name, u.email,
  (SELECT {words.rows}({words.row}(k.number, k.user_id)) FROM contributor k WHERE k.campaign_id = c.id),
  (SELECT {words.rows}({words.row}({columns("q", REQUEST)}, b.name, b.email, {words.json}(q.requirements),
     {words.json}((SELECT {words.rows}({words.row}({columns("d", DECISION)}, v.name, v.email))
       FROM decision d LEFT JOIN app_user v ON v.id = d.by_id WHERE d.request_id = q.id))))
   FROM approval_request q LEFT JOIN app_user b ON b.id = q.submitted_by_id WHERE q.campaign_id = c.id)
FROM campaign c
JOIN app_user u ON u.id = c.created_by_id
JOIN revision h ON h.campaign_id = c.id AND h.number = c.head_number
LEFT JOIN publication p ON p.id = c.live_publication_id
LEFT JOIN revision s ON s.campaign_id = c.id AND s.number = p.revision_number
WHERE c.account_id = $1 AND c.id {which} {locking}"""


# PostgreSQL keeps a plan for one id, and one for many: of a list it thinks ten long it would plan each time.
BY_ID = Statement(lambda words: _campaigns(words, "= $2"))
BY_IDS = Statement(lambda words: _campaigns(words, words.among.format("$2")))
LOCKED = Statement(lambda words: _campaigns(words, "= $2", words.locking.format("c")))
BY_REQUESTS = Statement(
    lambda words: _campaigns(
        words, f"IN (SELECT campaign_id FROM approval_request WHERE id {words.among.format('$2')})"
    )
)


def read(rows: Iterable[Record]) -> Found:
    """What these statements give."""
    found = seen(rows)
    made = ({name: getattr(one, name) for name in _PARTS} for one in found.campaigns.values())
    return Found({parts["id"]: Campaign(**parts) for parts in made}, found.people)


def seen(rows: Iterable[Record]) -> Found:
    """The same for readers: of a campaign only those parts are made that somebody looks at.

    Who submitted and decided is among the people once `requests` was looked at.
    """
    people: dict[int, User] = {}
    return Found({row[0]: _Seen.of(row, people) for row in rows}, people)


class _Seen(Campaign):
    """A campaign that stands before its row; what `replace` makes of it has all its parts, and no row."""

    _row: Record
    _people: dict[int, User]
    _involved: Mapping[int, set[int]]

    @classmethod
    def of(cls, row: Record, people: dict[int, User]) -> "_Seen":
        self = object.__new__(cls)
        involved = _contributors(unpacked(row[_CREATOR]))
        sent = row[_SENT] or 0
        own = mapping.campaign_parts(row[:_OWN])
        since_sent = (users for number, users in involved.items() if number > sent)
        own["contributors"] = frozenset({own["created_by"], *chain.from_iterable(since_sent)})
        for name, value in own.items():
            object.__setattr__(self, name, value)
        vars(self).update(_row=row, _people=people, _involved=involved)
        _meet(people, self.created_by, row[_SHOWN], row[_SHOWN + 1])
        return self

    @property
    @override
    def reach(self) -> int:
        return self._row[_REACH] if "_row" in vars(self) else super().reach

    @cached_property
    @override
    def head(self) -> Revision:
        return self._revision(self._row[_OWN:_HEAD])

    @cached_property
    @override
    def live(self) -> Publication | None:
        return None if self._row[_HEAD] is None else mapping.publication_of(self._row[_HEAD:_LIVE])

    @cached_property
    @override
    def live_revision(self) -> Revision | None:
        return None if self._row[_LIVE] is None else self._revision(self._row[_LIVE:_SHOWN])

    @cached_property
    @override
    def requests(self) -> tuple[ApprovalRequest, ...]:
        return tuple(_requests(unpacked(self._row[_CREATOR + 1]) or (), self._people))

    def _revision(self, values: Record) -> Revision:
        return mapping.revision_of(values, self.channel, self._involved.get(values[_NUMBER], ()))


_PARTS = [part.name for part in fields(Campaign)]
_NUMBER = REVISION.index("number")
_REACH, _SENT = _OWN + REVISION.index("estimated_size"), _HEAD + PUBLICATION.index("revision_number")
_SUBMITTED_BY = REQUEST.index("submitted_by_id")
_REQUEST_END = len(REQUEST)
_BY = DECISION.index("by_id")


def _contributors(rows: Iterable[tuple[int, int]] | None) -> Mapping[int, set[int]]:
    """User ids by the revision's number."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for number, user in rows or ():
        found[number].add(user)
    return found


def _requests(rows: Iterable[Any], people: dict[int, User]) -> list[ApprovalRequest]:
    """Oldest first."""
    found: list[ApprovalRequest] = []
    for row in sorted(rows, key=itemgetter(0)):
        own, (name, email, requirements, decisions) = row[:_REQUEST_END], row[_REQUEST_END:]
        _meet(people, own[_SUBMITTED_BY], name, email)
        votes = sorted(decisions or (), key=itemgetter(0))
        for vote in votes:
            _meet(people, vote[_BY], vote[-2], vote[-1])
        found.append(mapping.request_of(own, requirements, (vote[:-2] for vote in votes)))
    return found


def _meet(people: dict[int, User], key: int, name: str, email: str) -> None:
    if key not in people:
        people[key] = User(id=key, name=name, email=email)
