"""What must be true of a database whatever happened to its server: read through the API and from the tables.

The judge has a table of its own of what may follow what; it does not ask the product's.
"""

import asyncio
import hashlib
import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from tests.server.server_client import Client

from gql_approvals.persistence.address import parse

IDLE = frozenset({"DRAFT", "REJECTED", "EXPIRED"})
PENDING = frozenset({"PENDING_REVIEW"})
ANY = IDLE | PENDING | {"APPROVED", "SENT", "ARCHIVED"}
# kind → (statuses it may happen in, status afterwards; None: the same)
LEGAL: dict[str, tuple[frozenset[str], str | None]] = {
    "campaign:created": (frozenset({""}), "DRAFT"),
    "campaign:duplicated": (frozenset({""}), "DRAFT"),
    "campaign:edited": (IDLE | PENDING | {"APPROVED", "SENT"}, "DRAFT"),
    "campaign:submitted": (frozenset({"DRAFT", "REJECTED"}), "PENDING_REVIEW"),
    "campaign:voted": (PENDING, None),
    "campaign:approved": (PENDING, "APPROVED"),
    "campaign:auto_approved": (PENDING, "APPROVED"),
    "campaign:rejected": (PENDING, "REJECTED"),
    "campaign:withdrawn": (PENDING, "DRAFT"),
    "campaign:expired": (PENDING, "EXPIRED"),
    "campaign:sent": (frozenset({"APPROVED"}), "SENT"),
    "campaign:schedule_missed": (frozenset({"APPROVED"}), "EXPIRED"),
    "campaign:renamed": (ANY - {"ARCHIVED"}, None),
    "campaign:revoked": (frozenset({"APPROVED"}), "DRAFT"),
    "campaign:released": (IDLE, "APPROVED"),
    "campaign:archived": (ANY - {"SENT", "ARCHIVED"}, "ARCHIVED"),
    "campaign:discarded": (IDLE, "SENT"),
    "comment:added": (ANY, None),
    "delivery:metrics_recorded": (ANY, None),
}
# They raise no version: the clock's, and what changes nothing of the campaign itself.
QUIET = frozenset(
    {"campaign:expired", "campaign:schedule_missed", "comment:added", "delivery:metrics_recorded"}
)
MAKING = frozenset(
    {
        "campaign:created",
        "campaign:duplicated",
        "campaign:edited",
        "campaign:submitted",
        "campaign:released",
    }
)
VOTING = frozenset({"campaign:voted", "campaign:approved", "campaign:rejected"})
GRANTS = {
    "campaign:approved": "QUORUM",
    "campaign:auto_approved": "AUTO_DISABLED",
    "campaign:released": "NOT_REQUIRED",
}
VOIDING = frozenset({"campaign:edited", "campaign:revoked", "campaign:archived", "campaign:schedule_missed"})

_LOG = """query($after: String) { auditLog(first: 100, after: $after) {
  pageInfo { hasNextPage endCursor }
  edges { node { seq kind at actor { id } campaign { id } detail policyVersion previousHash hash } } } }"""
_CAMPAIGNS = """query($after: String) { campaigns(first: 100, after: $after) {
  pageInfo { hasNextPage endCursor }
  edges { node { id name status version authorisation head { contentHash }
    openRequest { status }
    requests(first: 20) { edges { node { status contentHash decisions { by { id name } verdict voided } } } }
    publications(first: 20) { edges { node {
      id contentHash authorisation handedOverAt revision { number } } } }
  } } } }"""

Entry = dict[str, Any]


class Illegal(AssertionError):
    """What must never happen, by the name of its kind."""

    def __init__(self, kind: str, evidence: object) -> None:
        super().__init__(f"{kind}: {evidence}")
        self.kind = kind


def demand(truth: bool, kind: str, evidence: object) -> None:  # noqa: FBT001  # as `assert` takes it
    """Raise Illegal unless it is true."""
    if not truth:
        raise Illegal(kind, evidence)


@dataclass
class Life:
    """What the audit log says of one campaign."""

    status: str = ""
    changes: int = 0
    submitted: str = ""
    authorised: str = ""
    authorisation: str | None = None
    creator: str = ""
    makers: set[str] = field(default_factory=set)
    voters: set[str] = field(default_factory=set)
    sent: list[tuple[str, str | None]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    last: tuple[int, str] = (0, "")
    goes_on: bool = False  # whether the last entry belongs to the change of the one before
    account: str = ""
    content: str = ""

    def follow(self, entry: Entry) -> None:
        """One more entry, which must be legal here.

        Raises:
            Illegal: when it is not.
        """
        kind, content = entry["kind"], entry["detail"].get("contentHash", "")
        demand(kind in LEGAL, "illegal transition", entry)
        before, after = LEGAL[kind]
        demand(self.status in before, "illegal transition", f"{kind} in `{self.status}`: {entry}")
        actor = entry["actor"]["id"] if entry["actor"] else ""
        place = (int(entry["seq"]) - 1, entry["at"])  # of the entry that would be of the same change
        self.goes_on = (
            kind == "campaign:sent" and bool(self.kinds) and self.kinds[-1] in GRANTS and self.last == place
        )
        self.last = (int(entry["seq"]), entry["at"])
        self.changes += kind not in QUIET and not self.goes_on
        self.status = after or self.status
        self.kinds.append(kind)
        self._making(kind, actor, content)
        self._deciding(kind, actor, content, entry)

    def _making(self, kind: str, actor: str, content: str) -> None:
        self.creator = self.creator or actor
        if kind in MAKING:
            self.makers.add(actor)
        if kind == "campaign:submitted":
            self.submitted, self.voters = content, set()
        if kind in VOIDING:
            self.authorised, self.authorisation = "", None
        if kind == "campaign:discarded" and self.sent:
            self.authorised, self.authorisation = self.sent[-1]

    def _deciding(self, kind: str, actor: str, content: str, entry: Entry) -> None:
        if kind in VOTING:
            demand(actor not in self.makers | {self.creator}, "self-approval", entry)
            demand(actor not in self.voters, "double decision", entry)
            self.voters.add(actor)
        if kind in VOTING or kind == "campaign:auto_approved":
            demand(content == self.submitted, "stale decision", entry)
        if kind in GRANTS:
            self.authorised, self.authorisation = content, GRANTS[kind]
        if kind == "campaign:sent":
            demand(content == self.authorised, "sent unapproved", entry)
            demand(entry["detail"]["authorisation"] == self.authorisation, "sent unapproved", entry)
            self.sent.append((content, self.authorisation))
            self.makers = set()


@dataclass(frozen=True)
class History:
    """A log that verifies, and the campaigns that it explains."""

    log: list[Entry]
    lives: dict[str, Life]
    campaigns: dict[str, dict[str, Any]]

    def count(self, kind: str) -> int:
        return sum(entry["kind"] == kind for entry in self.log)


async def verified(client: Client, *acknowledged: dict[str, Any]) -> History:
    """Read everything, and check that the log verifies and explains every campaign exactly as it is.

    `acknowledged`: campaigns as mutations answered them; each must be where the log says it was then.
    """
    campaigns = {node["id"]: node for node in await pages(client, _CAMPAIGNS, "campaigns")}
    log = sorted(await pages(client, _LOG, "auditLog"), key=lambda entry: int(entry["seq"]))
    _check_chain(log)
    lives: dict[str, Life] = {}
    statuses: dict[tuple[str, int], set[str]] = {}
    on = True
    for entry in log:
        if entry["campaign"] is None:
            on = {"account:approvals_disabled": False, "account:approvals_enabled": True}.get(
                entry["kind"], on
            )
            continue
        assert on or entry["kind"] != "campaign:submitted", f"submitted while approvals were off: {entry}"
        assert not on or entry["kind"] != "campaign:auto_approved", (
            f"auto-approved while they were on: {entry}"
        )
        life = lives.setdefault(entry["campaign"]["id"], Life())
        life.follow(entry)
        statuses.setdefault((entry["campaign"]["id"], life.changes), set()).add(life.status)
    assert set(lives) == set(campaigns)
    for key, life in lives.items():
        _check_campaign(campaigns[key], life)
    for known in acknowledged:
        assert known["status"] in statuses.get((known["id"], known["version"]), ()), known
    return History(log, lives, campaigns)


def _check_chain(log: list[Entry]) -> None:
    """Every entry hashes to what it says, over the entry before; as docs/hashes.md tells clients to."""
    previous = "0" * 64
    for number, entry in enumerate(log, 1):
        assert (entry["seq"], entry["previousHash"]) == (number, previous)
        hashed = {
            "actor": entry["actor"] and entry["actor"]["id"],
            "at": entry["at"],
            "campaign": entry["campaign"] and entry["campaign"]["id"],
            **{name: entry[name] for name in ("detail", "kind", "policyVersion", "previousHash", "seq")},
        }
        text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == entry["hash"], entry
        previous = entry["hash"]


def _check_campaign(campaign: dict[str, Any], life: Life) -> None:
    """The campaign is what its entries make of it, in their order."""
    assert (campaign["status"], campaign["version"]) == (life.status, life.changes), (campaign, life)
    publications = nodes(campaign["publications"])
    assert [(p["contentHash"], p["authorisation"]) for p in reversed(publications)] == life.sent, campaign
    numbers = [p["revision"]["number"] for p in publications]
    assert len(set(numbers)) == len(numbers), f"a revision went out twice: {campaign}"
    requests = nodes(campaign["requests"])
    assert len(requests) == life.kinds.count("campaign:submitted")
    assert (campaign["openRequest"] is not None) == (life.status == "PENDING_REVIEW")
    assert sum(one["status"] == "OPEN" for one in requests) == (life.status == "PENDING_REVIEW"), campaign
    if campaign["status"] in {"APPROVED", "SENT"}:
        assert campaign["head"]["contentHash"] == life.authorised
    for one in requests:
        voters = [decision["by"]["id"] for decision in one["decisions"]]
        assert len(set(voters)) == len(voters), one


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


async def pages(client: Client, query: str, name: str) -> list[dict[str, Any]]:
    """All entries of a connection."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.ask("ada", query, after=after))[name]
        found += nodes(page)
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


# ---------------------------------------------------------------------------------------------- tables
async def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    """What the database itself says, past the server."""
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(parse(database_url).target, timeout=30)) as c:
            found = c.execute(query).fetchall()
            c.commit()
            return found
    connection = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def check_outbox(database_url: str) -> Counter[str]:
    """Every key once, and one hand-over a publication; gives how many messages there are of each kind."""
    messages = await rows(database_url, "SELECT key, kind FROM outbox_message")
    keys = [key for key, _ in messages]
    assert len(set(keys)) == len(keys)
    published = await rows(database_url, "SELECT id FROM publication")
    assert {key for key, kind in messages if kind == "handover"} == {
        f"publication-{id_}" for (id_,) in published
    }
    twice = "SELECT campaign_id, revision_number FROM publication GROUP BY 1, 2 HAVING count(*) > 1"
    assert await rows(database_url, twice) == []
    return Counter(kind for _, kind in messages)


async def until(question: Any, *, within_s: float, every_s: float = 0.1) -> Any:
    """Ask again and again until the answer is true, and return it."""
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        answer = question()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"not within {within_s} s: {question}"
        await asyncio.sleep(every_s)


def figures(text: str) -> None:
    """What a test counted, for whoever runs it with `-rP`."""
    sys.stdout.write(f"{text}\n")
