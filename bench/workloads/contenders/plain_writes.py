"""W3 and W4 by hand: the account's row is the lock; audit chain and outbox are written with it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from bench.workloads.contenders.ids import key_of
from bench.workloads.contenders.plain_sql import Sql, Writing
from bench.workloads.contenders.rights import ACTIONS
from bench.workloads.seed import ACCOUNT, POLICY_VERSION, QUORUM
from gql_approvals.persistence.audit import Entry, entry_hash
from gql_approvals.workflow.content import canonical

REVIEW = timedelta(days=14)

LOCK = "SELECT audit_seq, audit_hash FROM account WHERE id = $1 FOR UPDATE"
CAMPAIGN = """
SELECT c.status, c.version, c.channel, c.head_number, v.content_hash, c.created_by_id
FROM campaign c JOIN revision v ON v.campaign_id = c.id AND v.number = c.head_number
WHERE c.id = $1 AND c.account_id = $2"""
CONTRIBUTORS = "SELECT DISTINCT user_id FROM contributor WHERE campaign_id = $1"
MEMBERS = "SELECT user_id, roles FROM member WHERE account_id = $1 AND active ORDER BY user_id"
REQUEST = (
    "SELECT id, content_hash, expires_at FROM approval_request WHERE campaign_id = $1 AND status = 'OPEN'"
)
VOTERS = "SELECT by_id FROM decision WHERE request_id = $1 AND NOT voided"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    user: int
    account: int
    roles: frozenset[str]

    def may(self, action: str, status: str) -> bool:
        """Whether a table of rules says so."""
        roles, statuses = ACTIONS[action]
        return status in statuses and not self.roles.isdisjoint(roles)


def refused(code: str) -> dict[str, Any]:
    """What is answered instead."""
    return {"code": code, "message": "refused"}


async def submit(sql: Sql, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
    """W3."""
    key, now = key_of(given["id"]), datetime.now(UTC)
    async with sql.writing() as run:
        [(seq, previous)] = await run(LOCK, caller.account)
        found = await run(CAMPAIGN, key, caller.account)
        if not found or not caller.may("SUBMIT", found[0][0]):
            return {"submitCampaign": refused("WRONG_STATUS" if found else "NOT_FOUND")}
        [(_, version, _, number, content_hash, creator)] = found
        people = {creator, caller.user} | {row[0] for row in await run(CONTRIBUTORS, key)}
        told = [
            user
            for user, roles in await run(MEMBERS, caller.account)
            if _decides(roles) and user not in people
        ]
        if len(told) < QUORUM:
            return {"submitCampaign": refused("QUORUM_IMPOSSIBLE")}
        due = now + REVIEW
        at, until = _stored(sql, now), _stored(sql, due)
        await run(
            "UPDATE campaign SET status = 'PENDING_REVIEW', version = $2, due_at = $3, updated_at = $4"
            " WHERE id = $1",
            key, version + 1, until, at,
        )  # fmt: skip
        await run("UPDATE revision SET state = 'FROZEN' WHERE campaign_id = $1 AND number = $2", key, number)
        await run(
            "INSERT INTO contributor (campaign_id, number, user_id) VALUES ($1, $2, $3)"
            " ON CONFLICT DO NOTHING",
            key, number, caller.user,
        )  # fmt: skip
        needed = f'[{{"role":"anyone","needed":{QUORUM},"approved_by":null}}]'
        [(request,)] = await run(
            "INSERT INTO approval_request (account_id, campaign_id, revision_number, content_hash, status,"
            " requirements, policy_version, submitted_by_id, submitted_at, expires_at)"
            " VALUES ($1, $2, $3, $4, 'OPEN', $5, $6, $7, $8, $9) RETURNING id",
            caller.account, key, number, content_hash, needed, POLICY_VERSION, caller.user, at, until,
        )  # fmt: skip
        detail = {"contentHash": content_hash, "request": request, "revision": number}
        entry = _entry(caller, "campaign:submitted", key, now, detail)
        await _audited(run, caller.account, (seq, previous), at, entry)
        said = {"seq": seq + 1, "campaign": key, "revision": number, "request": request}
        await _told(run, caller.account, at, said, told)
    return {
        "submitCampaign": {
            "campaign": {"id": given["id"], "status": "PENDING_REVIEW", "version": version + 1},
            "request": {"status": "OPEN", "contentHash": content_hash},
        }
    }


async def approve(sql: Sql, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
    """W4: a vote that does not meet the quorum."""
    key, now = key_of(given["id"]), datetime.now(UTC)
    async with sql.writing() as run:
        [(seq, previous)] = await run(LOCK, caller.account)
        found = await run(CAMPAIGN, key, caller.account)
        if not found or not caller.may("APPROVE", found[0][0]):
            return {"approveCampaign": refused("WRONG_STATUS" if found else "NOT_FOUND")}
        [(_, version, _, number, _, creator)] = found
        [(request, content_hash, expires)] = await run(REQUEST, key)
        people = {creator} | {row[0] for row in await run(CONTRIBUTORS, key)}
        voters = {row[0] for row in await run(VOTERS, request)}
        if caller.user in people | voters or given["contentHash"] != content_hash or sql.is_past(expires):
            return {"approveCampaign": refused("SELF_REVIEW")}
        at = _stored(sql, now)
        await run(
            "INSERT INTO decision (request_id, by_id, at, verdict, content_hash, policy_version, voided)"
            " VALUES ($1, $2, $3, 'APPROVED', $4, $5, false)",
            request, caller.user, at, content_hash, POLICY_VERSION,
        )  # fmt: skip
        if len(voters) + 1 >= QUORUM:
            raise ValueError("the workload gives each request one vote, which meets no quorum")
        await run("UPDATE campaign SET version = $2, updated_at = $3 WHERE id = $1", key, version + 1, at)
        detail = {"contentHash": content_hash, "request": request, "revision": number}
        entry = _entry(caller, "campaign:voted", key, now, detail)
        await _audited(run, caller.account, (seq, previous), at, entry)
    return {
        "approveCampaign": {
            "campaign": {"id": given["id"], "status": "PENDING_REVIEW", "version": version + 1},
            "decision": {"verdict": "APPROVED", "contentHash": content_hash},
        }
    }


def _entry(caller: Caller, kind: str, campaign: int, now: datetime, detail: dict[str, Any]) -> Entry:
    return Entry(
        kind=kind, at=now, actor=caller.user, campaign=campaign, detail=detail, policy_version=POLICY_VERSION
    )


async def _audited(run: Writing, account: int, place: tuple[int, str], at: object, entry: Entry) -> None:
    """`place`: the number before, and the hash before. `at`: as the column holds it."""
    seq, previous = place[0] + 1, place[1]
    own = entry_hash(entry, seq=seq, previous=previous)
    await run(
        "INSERT INTO audit_event (account_id, seq, kind, at, actor_id, campaign_id, detail, policy_version,"
        " previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        account, seq, entry.kind, at, entry.actor, entry.campaign, canonical(entry.detail).decode(),
        POLICY_VERSION, previous, own,
    )  # fmt: skip
    await run("UPDATE account SET audit_seq = $2, audit_hash = $3 WHERE id = $1", account, seq, own)


async def _told(run: Writing, account: int, at: object, payload: dict[str, Any], people: list[int]) -> None:
    """One message for each who may decide, in one statement."""
    values = list[Any]()
    for user in people:
        said = {
            "event": "campaign:submitted",
            **payload,
            "recipient": user,
            "groups": ["ELIGIBLE"],
            "reason": None,
        }
        key = f"{ACCOUNT}-{payload['seq']}-{user}"
        values += [account, key, "mail", orjson.dumps(said).decode(), at, at, 0]
    width = 7
    rows = ",".join(
        f"({','.join(f'${place * width + column}' for column in range(1, width + 1))})"
        for place in range(len(people))
    )
    names = "account_id, key, kind, payload, created_at, next_at, attempts"
    await run(f"INSERT INTO outbox_message ({names}) VALUES {rows}", *values)  # noqa: S608  # marks only


def _stored(sql: Sql, moment: datetime) -> Any:  # noqa: ANN401  # as the column holds it
    return moment.isoformat(" ", timespec="microseconds") if isinstance(sql.now(), str) else moment


def _decides(roles: str) -> bool:
    return not ACTIONS["APPROVE"][0].isdisjoint(orjson.loads(roles))
