"""What the database holds when everything is over, read past the server, and what the audit log makes of it.

The judge follows the log entry by entry, with tables of its own, and notes whatever must never happen.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tests.faults.clients import content_hash, digest
from tests.faults.town import ROLES, Account, Town
from tests.server.server_history import LEGAL, VOTING, Illegal, Life, rows

from gql_approvals.workflow.identity import global_id

Row = dict[str, Any]
TABLES = {
    "account": "id, slug, approvals_enabled, audit_seq, audit_hash",
    "app_user": "id, email",
    "member": "id, account_id, user_id, roles, active",
    "campaign": "id, account_id, name, status, version, head_number, authorised_hash, created_by_id",
    "revision": "id, campaign_id, number, state, content_hash, content, publish_mode, scheduled_at, segment,"
    " estimated_size",
    "approval_request": "id, campaign_id, content_hash, status, note, submitted_by_id",
    "decision": "id, request_id, by_id, verdict, reason, content_hash",
    "comment": "id, campaign_id, by_id, body",
    "publication": "id, campaign_id, revision_number, content_hash, authorisation, handed_over_at",
    "audit_event": "id, account_id, seq, kind, at, actor_id, campaign_id, detail, policy_version,"
    " previous_hash, hash",
    "outbox_message": "id, account_id, key, kind, payload, attempts, leased_until, next_at, delivered_at,"
    " dropped_at, last_error",
}
GENESIS = "0" * 64
WRITES = frozenset({"campaign:created", "campaign:duplicated", "campaign:edited"})
DECIDERS = frozenset({"checker", "admin"})
MAKERS = frozenset({"maker", "admin"})
# Whoever did this must have had one of these roles at that moment, by the shipped policy.
RIGHTS = {
    **dict.fromkeys(VOTING, DECIDERS),
    "campaign:revoked": DECIDERS,
    "campaign:created": MAKERS,
    "campaign:duplicated": MAKERS,
    "campaign:edited": MAKERS,
    "campaign:renamed": MAKERS,
    "campaign:submitted": MAKERS,
    "campaign:archived": MAKERS,
    "member:roles_assigned": frozenset({"admin"}),
    "account:approvals_disabled": frozenset({"admin"}),
}


@dataclass(frozen=True)
class Violation:
    """What must never happen: its kind, and what shows that it did."""

    kind: str
    evidence: str


@dataclass(frozen=True)
class Effect:
    """An audit entry, as what somebody did.

    `version`: of the campaign afterwards. `goes_on`: whether it belongs to the change of the entry before.
    """

    account: str
    seq: int
    kind: str
    actor: int | None
    campaign: int | None
    detail: Row
    policy: str | None
    version: int = 0
    goes_on: bool = False


@dataclass
class _People:
    """Who is in an account and may do what, as the log has it so far."""

    roles: dict[int, set[str]]
    active: dict[int, bool]
    revoked: set[int] = field(default_factory=set)
    on: bool = True

    def follow(self, effect: Effect) -> None:
        kind, detail = effect.kind, effect.detail
        user = detail.get("user", 0)
        match kind:
            case "member:roles_assigned":
                self.roles[user] = (self.roles[user] | set(detail["added"])) - set(detail["removed"])
            case "member:added":
                self.roles[user], self.active[user] = set(detail["roles"]), True
            case "member:disabled" | "member:enabled":
                self.active[user] = kind == "member:enabled"
            case "token:revoked":
                self.revoked.add(user)
            case "token:created":
                self.revoked.discard(user)
            case "account:approvals_disabled" | "account:approvals_enabled":
                self.on = kind == "account:approvals_enabled"
            case _:
                return


@dataclass
class Ledger:
    """`tables`: rows by table. `effects`: every entry, by account and sequence. `lives`: by campaign id."""

    tables: dict[str, list[Row]]
    without_checkers: set[str] = field(default_factory=set)
    effects: list[Effect] = field(default_factory=list)
    lives: dict[int, Life] = field(default_factory=dict)
    states: dict[tuple[int, int], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    found: list[Violation] = field(default_factory=list)
    eligible: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    @cached_property
    def revisions(self) -> dict[tuple[int, int], Row]:
        """By campaign and number."""
        return {(row["campaign_id"], row["number"]): row for row in self.tables["revision"]}

    @cached_property
    def of_campaign(self) -> dict[tuple[str, int], list[Row]]:
        """The rows of a table that belong to a campaign."""
        found: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for table in ("approval_request", "publication"):
            for row in self.tables[table]:
                found[table, row["campaign_id"]].append(row)
        return found

    def wrong(self, kind: str, evidence: object) -> None:
        """Note what must never happen."""
        self.found.append(Violation(kind, str(evidence)[:600]))

    def by_id(self, table: str) -> dict[int, Row]:
        return {row["id"]: row for row in self.tables[table]}

    def count(self, kind: str) -> int:
        return sum(effect.kind == kind for effect in self.effects)


async def read_ledger(database_url: str, town: Town) -> Ledger:
    """Read every table, and follow every account's log from its first entry to its last."""
    tables: dict[str, list[Row]] = {}
    for table, columns in TABLES.items():
        found = await rows(database_url, f"SELECT {columns} FROM {table} ORDER BY id")  # noqa: S608  # above
        names = [name.strip() for name in columns.split(",")]
        tables[table] = [dict(zip(names, row, strict=True)) for row in found]
    return replayed(tables, town)


def replayed(tables: dict[str, list[Row]], town: Town) -> Ledger:
    """The tables with what their audit log makes of them."""
    ledger = Ledger(tables, town.without_checkers)
    by_account: dict[int, list[Row]] = defaultdict(list)
    for row in tables["audit_event"]:
        by_account[row["account_id"]].append(row)
    for account in town.accounts:
        log = sorted(by_account[account.number], key=lambda row: row["seq"])
        _check_chain(ledger, account, log)
        _follow(ledger, account, log)
    for campaign in tables["campaign"]:
        _check_campaign(ledger, campaign)
    return ledger


# ------------------------------------------------------------------------------------------- the chain
def _check_chain(ledger: Ledger, account: Account, log: Iterable[Row]) -> None:
    """Every entry hashes to what it says, over the entry before, as docs/hashes.md has it."""
    previous, number = GENESIS, 0
    for number, row in enumerate(log, 1):
        hashed = {
            "actor": _global("User", row["actor_id"]),
            "at": utc_text(row["at"]),
            "campaign": _global("Campaign", row["campaign_id"]),
            "detail": json.loads(row["detail"]),
            "kind": row["kind"],
            "policyVersion": row["policy_version"],
            "previousHash": previous,
            "seq": number,
        }
        if (row["seq"], row["hash"]) != (number, digest(hashed)):
            ledger.wrong("broken chain", f"{account.slug} {row['seq']}: {row['kind']}")
            return
        previous = row["hash"]
    head = next(row for row in ledger.tables["account"] if row["id"] == account.number)
    if (head["audit_seq"], head["audit_hash"]) != (number, previous):
        ledger.wrong("broken chain", f"{account.slug}: the account says {head}, the last entry is {number}")


def _global(kind: str, key: int | None) -> str | None:
    return None if key is None else global_id(kind, key)


def utc_text(value: datetime | str) -> str:
    """A time as the API writes it."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = at.astimezone(UTC).replace(tzinfo=None)
    return at.isoformat() + "Z"


# ------------------------------------------------------------------------------------------- the replay
def _follow(ledger: Ledger, account: Account, log: list[Row]) -> None:
    people = _people(ledger, account)
    moment, before = "", set[int]()
    for row in log:
        effect = _effect(account, row)
        if effect.kind == "account:approvals_disabled":
            before = {key for key, life in _of(ledger, account) if life.status == "PENDING_REVIEW"}
            moment = utc_text(row["at"])
        elif moment and (utc_text(row["at"]) != moment or effect.kind.startswith("account:")):
            _nothing_waits(ledger, account, before)
            moment = ""
        _check_right(ledger, people, effect)
        people.follow(effect)
        if effect.campaign is not None:
            effect = _lived(ledger, account, row, effect, people)
        ledger.effects.append(effect)
    if moment:
        _nothing_waits(ledger, account, before)


def _people(ledger: Ledger, account: Account) -> _People:
    ids = {user["email"]: user["id"] for user in ledger.tables["app_user"]}
    members = {ids[f"{name}@{account.slug}.test"]: set(roles) for name, roles in ROLES.items()}
    return _People(members, dict.fromkeys(members, True))


def _of(ledger: Ledger, account: Account) -> list[tuple[int, Life]]:
    return [(key, life) for key, life in ledger.lives.items() if life.account == account.slug]


def _effect(account: Account, row: Row) -> Effect:
    return Effect(
        account=account.slug,
        seq=row["seq"],
        kind=row["kind"],
        actor=row["actor_id"],
        campaign=row["campaign_id"],
        detail=json.loads(row["detail"]),
        policy=row["policy_version"],
    )


def _lived(ledger: Ledger, account: Account, row: Row, effect: Effect, people: _People) -> Effect:
    """The campaign's life with one more entry."""
    key = row["campaign_id"]
    life = ledger.lives.setdefault(key, Life(account=account.slug))
    if effect.kind == "campaign:submitted" and not people.on:
        ledger.wrong("switch", f"submitted while approvals were off: {effect}")
    if effect.kind == "campaign:auto_approved" and people.on:
        ledger.wrong("switch", f"auto-approved while approvals were on: {effect}")
    entry = {
        "kind": effect.kind,
        "seq": effect.seq,
        "at": utc_text(row["at"]),
        "actor": None if effect.actor is None else {"id": str(effect.actor)},
        "detail": effect.detail,
    }
    try:
        life.follow(entry)
    except Illegal as illegal:
        ledger.wrong(illegal.kind, f"{account.slug} {illegal}")
        life.status = LEGAL.get(effect.kind, (None, None))[1] or life.status
    if effect.kind in WRITES:
        life.content = effect.detail["contentHash"]
    elif effect.kind == "campaign:discarded" and life.sent:
        life.content = life.sent[-1][0]
    ledger.states[key, life.changes].add((life.status, life.content))
    if effect.kind == "campaign:submitted":
        deciders = DECIDERS - ({"checker"} if effect.policy in ledger.without_checkers else set())
        ledger.eligible[account.slug, effect.seq] = {
            user
            for user, roles in people.roles.items()
            if people.active[user] and roles & deciders and str(user) not in life.makers | {life.creator}
        }
    return Effect(**{**effect.__dict__, "version": life.changes, "goes_on": life.goes_on})


def _check_right(ledger: Ledger, people: _People, effect: Effect) -> None:
    """Whoever did it could: in the account, active, in a role that may, with a token that was good."""
    needed = RIGHTS.get(effect.kind)
    if needed is None or effect.actor is None:
        return
    if not people.active.get(effect.actor, False):
        ledger.wrong("member disabled", f"did what they could not any more: {effect}")
    elif not people.roles[effect.actor] & needed:
        ledger.wrong("role revoked", f"has the roles {people.roles[effect.actor]}: {effect}")
    elif effect.actor in people.revoked:
        ledger.wrong("token revoked", f"after the token was revoked: {effect}")


def _nothing_waits(ledger: Ledger, account: Account, before: set[int]) -> None:
    """When approvals were switched off, everything that waited was approved or had expired."""
    left = [key for key in before if ledger.lives[key].status == "PENDING_REVIEW"]
    if left:
        ledger.wrong("switch", f"{account.slug}: still pending after approvals were switched off: {left}")


# ----------------------------------------------------------------------------------------- rows and log
def _check_campaign(ledger: Ledger, campaign: Row) -> None:
    key = campaign["id"]
    life = ledger.lives.get(key)
    if life is None:
        ledger.wrong("row is not its log", f"no entry speaks of {campaign}")
        return
    if campaign["version"] != life.changes:
        ledger.wrong("version gap", f"version {campaign['version']}, {life.changes} changes: {campaign}")
    if campaign["status"] != life.status:
        ledger.wrong("row is not its log", f"the log says {life.status}: {campaign}")
    if campaign["status"] == "APPROVED" and campaign["authorised_hash"] != life.authorised:
        ledger.wrong("row is not its log", f"authorised is {life.authorised}: {campaign}")
    head = ledger.revisions.get((key, campaign["head_number"]))
    if head is None:
        ledger.wrong("row is not its log", f"its head is not stored: {campaign}")
    elif head["content_hash"] != life.content:
        ledger.wrong("row is not its log", f"its content is not the last one written: {campaign}")
    _check_requests(ledger, campaign, life)
    _check_publications(ledger, campaign, life)


def _check_requests(ledger: Ledger, campaign: Row, life: Life) -> None:
    mine = ledger.of_campaign["approval_request", campaign["id"]]
    if len(mine) != life.kinds.count("campaign:submitted"):
        ledger.wrong("row is not its log", f"{len(mine)} requests: {campaign}")
    if sum(one["status"] == "OPEN" for one in mine) != (life.status == "PENDING_REVIEW"):
        ledger.wrong("row is not its log", f"open requests do not fit {life.status}: {mine}")


def _check_publications(ledger: Ledger, campaign: Row, life: Life) -> None:
    mine = ledger.of_campaign["publication", campaign["id"]]
    numbers = Counter(one["revision_number"] for one in mine)
    if numbers and max(numbers.values()) > 1:
        ledger.wrong("double publication", f"{campaign}: {mine}")
    if [(one["content_hash"], one["authorisation"]) for one in mine] != life.sent:
        ledger.wrong("sent unapproved", f"{mine} are not {life.sent}: {campaign}")
    for one in mine:
        revision = ledger.revisions.get((campaign["id"], one["revision_number"]))
        if revision is None or stored_hash(revision) != one["content_hash"]:
            ledger.wrong("sent unapproved", f"the stored content is another: {one}")


def stored_hash(revision: Row) -> str:
    """The hash of a stored revision's content, computed anew."""
    content = revision["content"]
    content = json.loads(content) if isinstance(content, str) else content
    at = revision["scheduled_at"]
    body = content.get("body", "")
    return content_hash(
        body, revision["publish_mode"], None if at is None else utc_text(at), revision["estimated_size"]
    )
