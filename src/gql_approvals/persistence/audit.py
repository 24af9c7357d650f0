"""The audit chain: one sequence an account, each entry hashed over what a client can read of it.

The hash is the SHA-256 (lower-case hex) of the canonical form (RFC 8785) of

    {"actor": id | null, "at": time, "campaign": id | null, "detail": …, "kind": …,
     "policyVersion": … | null, "previousHash": …, "seq": n}

with the ids, times and texts that `auditLog` answers (docs/hashes.md). The first entry's previous hash is
64 zeros. The caller holds the lock on the account's row.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gql_approvals.persistence.announcing import announce
from gql_approvals.persistence.models import AccountRow, AuditRow
from gql_approvals.workflow.content import Json, canonical, digest, utc_text
from gql_approvals.workflow.identity import global_id

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened. `actor` is a user id, None for the system; `detail`: ids and hashes only."""

    kind: str
    at: datetime
    actor: int | None
    campaign: int | None = None
    detail: Mapping[str, Json] = field(default_factory=dict[str, Json])
    policy_version: str | None = None


async def append(account_id: int, *entries: Entry) -> list[int]:
    """Append to the account's chain, tell its webhooks, and return the sequence numbers given."""
    account = await AccountRow.get(id=account_id)
    seq, previous = account.audit_seq, account.audit_hash
    rows: list[AuditRow] = []
    for entry in entries:
        seq += 1
        text = entry_hash(entry, seq=seq, previous=previous)
        rows.append(
            AuditRow(
                account_id=account_id,
                seq=seq,
                kind=entry.kind,
                at=entry.at,
                actor_id=entry.actor,
                campaign_id=entry.campaign,
                detail=canonical(entry.detail).decode(),
                policy_version=entry.policy_version,
                previous_hash=previous,
                hash=text,
            )
        )
        previous = text
    await AuditRow.bulk_create(rows)
    await AccountRow.filter(id=account_id).update(audit_seq=seq, audit_hash=previous)
    await announce(account, rows)
    return [row.seq for row in rows]


def entry_hash(entry: Entry, *, seq: int, previous: str) -> str:
    """The hash that binds an entry to all before it."""
    return digest(
        {
            "actor": None if entry.actor is None else global_id("User", entry.actor),
            "at": utc_text(entry.at),
            "campaign": None if entry.campaign is None else global_id("Campaign", entry.campaign),
            "detail": entry.detail,
            "kind": entry.kind,
            "policyVersion": entry.policy_version,
            "previousHash": previous,
            "seq": seq,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A stored entry with its place in the chain."""

    id: int
    seq: int
    entry: Entry
    hash: str
    previous_hash: str


def event_of(row: AuditRow) -> AuditEvent:
    """A row as a value."""
    entry = Entry(
        kind=row.kind,
        at=row.at,
        actor=row.actor_id,
        campaign=row.campaign_id,
        detail=json.loads(row.detail),
        policy_version=row.policy_version,
    )
    return AuditEvent(id=row.id, seq=row.seq, entry=entry, hash=row.hash, previous_hash=row.previous_hash)
