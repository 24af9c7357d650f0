"""Whole campaigns, as one statement reads them: everything of a campaign is of one moment.

The statement is one for every reader and for every mutation; only what it looks for differs.
"""
# ruff: noqa: S608  # the names of our own columns

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from gql_approvals.persistence import mapping
from gql_approvals.persistence.mapping import CAMPAIGN, DECISION, PUBLICATION, REQUEST, REVISION
from gql_approvals.persistence.people import User
from gql_approvals.persistence.statements import Record, Statement, Words, columns, unpacked
from gql_approvals.workflow.model import ApprovalRequest, Campaign
from gql_approvals.workflow.vocabulary import Channel


def _ends(*sizes: int) -> list[int]:
    return [sum(sizes[: place + 1]) for place in range(len(sizes))]


# Where the columns of a row's parts end; behind them stand the creator's, and two aggregates.
_OWN, _HEAD, _LIVE, _SHOWN, _CREATOR = _ends(len(CAMPAIGN), len(REVISION), len(PUBLICATION), len(REVISION), 2)


def _campaigns(words: Words, which: str, locking: str = "") -> str:
    return f"""
SELECT {columns("c", CAMPAIGN)}, {columns("h", REVISION)}, {columns("p", PUBLICATION)},
  {columns("s", REVISION)}, u.name, u.email,
  (SELECT {words.rows}({words.row}(k.number, k.user_id)) FROM contributor k WHERE k.campaign_id = c.id),
  (SELECT {words.rows}({words.row}({columns("q", REQUEST)}, {words.json}(q.requirements), {words.json}((
     SELECT {words.rows}({words.row}({columns("d", DECISION)})) FROM decision d WHERE d.request_id = q.id))))
   FROM approval_request q WHERE q.campaign_id = c.id)
FROM campaign c
JOIN app_user u ON u.id = c.created_by_id
JOIN revision h ON h.campaign_id = c.id AND h.number = c.head_number
LEFT JOIN publication p ON p.id = c.live_publication_id
LEFT JOIN revision s ON s.campaign_id = c.id AND s.number = p.revision_number
WHERE c.account_id = $1 AND c.id {which} {locking}"""


BY_IDS = Statement(lambda words: _campaigns(words, words.among.format("$2")))
LOCKED = Statement(lambda words: _campaigns(words, "= $2", words.locking.format("c")))
BY_REQUESTS = Statement(
    lambda words: _campaigns(
        words, f"IN (SELECT campaign_id FROM approval_request WHERE id {words.among.format('$2')})"
    )
)


def campaign_of(row: Record) -> Campaign:
    """One campaign, from a row of the statements here."""
    own = row[:_OWN]
    channel = Channel(own[CAMPAIGN.index("channel")])
    head, publication, shown = row[_OWN:_HEAD], row[_HEAD:_LIVE], row[_LIVE:_SHOWN]
    live = None if publication[0] is None else mapping.publication_of(publication)
    sent = 0 if live is None else live.revision_number
    people = _contributors(unpacked(row[_CREATOR]))
    since_sent = (users for number, users in people.items() if number > sent)
    return mapping.campaign_of(
        own,
        head=mapping.revision_of(head, channel, people.get(head[_NUMBER], ())),
        live=live,
        live_revision=None if live is None else mapping.revision_of(shown, channel, people.get(sent, ())),
        requests=_requests(unpacked(row[_CREATOR + 1]) or ()),
        contributors={own[_CREATED_BY], *chain.from_iterable(since_sent)},
    )


def creator_of(row: Record) -> tuple[int, User]:
    """Who created it, by their id."""
    key = row[_CREATED_BY]
    name, email = row[_SHOWN:_CREATOR]
    return key, User(id=key, name=name, email=email)


_NUMBER = REVISION.index("number")
_CREATED_BY = CAMPAIGN.index("created_by_id")


def _contributors(rows: Iterable[tuple[int, int]] | None) -> Mapping[int, set[int]]:
    """User ids by the revision's number."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for number, user in rows or ():
        found[number].add(user)
    return found


def _requests(rows: Sequence[Any]) -> list[ApprovalRequest]:
    """Oldest first."""
    size = len(REQUEST)
    return [
        mapping.request_of(row[:size], row[size], row[size + 1] or ())
        for row in sorted(rows, key=itemgetter(0))
    ]
