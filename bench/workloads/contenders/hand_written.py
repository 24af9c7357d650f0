"""The limit: the same answers written by hand with Starlette, plain SQL, dicts and orjson.

Every request authenticates its token by one statement and reads all it answers; nothing is kept between them.
What it leaves out is what a schema is for: no documents, no choice of fields, one route for each answer.
"""

import base64
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.workloads.contenders import plain_writes
from bench.workloads.contenders.ids import id_of, key_of
from bench.workloads.contenders.plain_sql import Sql, opened
from bench.workloads.contenders.rights import ACTIONS
from bench.workloads.operations import INBOX_SIZE, LIST_SIZE

Data = dict[str, Any]
Answer = Callable[[Sql, plain_writes.Caller, Data], Awaitable[Data]]

CALLER = """
SELECT t.user_id, m.account_id, m.roles FROM api_token t
JOIN member m ON m.user_id = t.user_id AND m.active
WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)"""
ONE = """
SELECT c.id, c.name, c.channel, c.status, v.publish_mode, c.version, c.authorisation, c.created_at,
       c.updated_at, u.name, v.number, v.content_hash, c.due_at
FROM campaign c JOIN app_user u ON u.id = c.created_by_id
JOIN revision v ON v.campaign_id = c.id AND v.number = c.head_number
WHERE c.id = $1 AND c.account_id = $2"""
INBOX = """
SELECT r.id, r.submitted_at, r.expires_at, c.id, c.name, c.channel, c.status, c.updated_at, u.name, v.number,
       v.content_hash, v.segment, v.estimated_size
FROM approval_request r JOIN campaign c ON c.id = r.campaign_id
JOIN app_user u ON u.id = c.created_by_id
JOIN revision v ON v.campaign_id = c.id AND v.number = c.head_number
WHERE r.account_id = $1 AND r.status = 'OPEN' AND r.expires_at > $3 AND c.status = 'PENDING_REVIEW'
  AND c.created_by_id <> $2
  AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.request_id = r.id AND d.by_id = $2 AND NOT d.voided)
  AND NOT EXISTS (SELECT 1 FROM contributor k LEFT JOIN publication p ON p.id = c.live_publication_id
                  WHERE k.campaign_id = c.id AND k.user_id = $2 AND k.number > coalesce(p.revision_number, 0))
ORDER BY r.submitted_at, r.id LIMIT $4"""
DECISIONS = """
SELECT d.request_id, d.verdict, d.at, d.reason, u.name FROM decision d JOIN app_user u ON u.id = d.by_id
WHERE d.request_id IN ({keys}) ORDER BY d.id"""
LIST = """
SELECT c.id, c.name, c.channel, c.status, c.version, c.updated_at, u.name
FROM campaign c JOIN app_user u ON u.id = c.created_by_id
WHERE c.account_id = $1 AND c.status IN ({statuses}) AND c.channel IN ({channels})
  AND NOT (c.status = 'PENDING_REVIEW' AND c.due_at <= $2)
ORDER BY c.updated_at DESC, c.id DESC LIMIT $3"""


async def one(sql: Sql, caller: plain_writes.Caller, given: Data) -> Data:
    """W1."""
    key = key_of(given["id"])
    rows = await sql.read(ONE, key, caller.account)
    if not rows:
        return {"campaign": None}
    [row] = rows
    overdue = row[3] == "PENDING_REVIEW" and row[12] is not None and sql.is_past(row[12])
    return {
        "campaign": {
            "id": id_of("Campaign", row[0]),
            "name": row[1],
            "channel": row[2],
            "status": "EXPIRED" if overdue else row[3],
            "publishMode": row[4],
            "version": row[5],
            "authorisation": row[6],
            "createdAt": sql.time(row[7]),
            "updatedAt": sql.time(row[8]),
            "createdBy": {"name": row[9]},
            "head": {"number": row[10], "contentHash": row[11]},
        }
    }


async def inbox(sql: Sql, caller: plain_writes.Caller, given: Data) -> Data:
    """W2: two statements, and the rights of each campaign by a table."""
    first = given.get("first", INBOX_SIZE)
    rows = await sql.read(INBOX, caller.account, caller.user, sql.now(), first + 1)
    shown = rows[:first]
    decisions: defaultdict[int, list[Data]] = defaultdict(list)
    for d in await sql.read_in(DECISIONS, keys=[row[0] for row in shown]):
        said = {"verdict": d[1], "at": sql.time(d[2]), "reason": d[3], "by": {"name": d[4]}}
        decisions[d[0]].append(said)
    edges = [
        {
            "node": {
                "id": id_of("ApprovalRequest", row[0]),
                "submittedAt": sql.time(row[1]),
                "expiresAt": sql.time(row[2]),
                "campaign": {
                    "id": id_of("Campaign", row[3]),
                    "name": row[4],
                    "channel": row[5],
                    "status": row[6],
                    "updatedAt": sql.time(row[7]),
                    "createdBy": {"name": row[8]},
                    "head": {
                        "number": row[9],
                        "contentHash": row[10],
                        "audience": {"segment": row[11], "estimatedSize": row[12]},
                    },
                    "viewerActions": [
                        {
                            "action": action,
                            "allowed": row[6] in statuses and not caller.roles.isdisjoint(roles),
                        }
                        for action, (roles, statuses) in ACTIONS.items()
                    ],
                },
                "decisions": decisions[row[0]],
            }
        }
        for row in shown
    ]
    last = (shown[-1][1], shown[-1][0]) if shown else None
    return {"reviewInbox": {"edges": edges, "pageInfo": page_info(sql, last, has_next=len(rows) > first)}}


async def listed(sql: Sql, caller: plain_writes.Caller, given: Data) -> Data:
    """W5."""
    first, wanted = given.get("first", LIST_SIZE), given["filter"]
    rows = await sql.read_in(
        LIST, caller.account, sql.now(), first + 1, statuses=wanted["status"], channels=wanted["channel"]
    )
    shown = rows[:first]
    edges = [
        {
            "node": {
                "id": id_of("Campaign", row[0]),
                "name": row[1],
                "channel": row[2],
                "status": row[3],
                "version": row[4],
                "updatedAt": sql.time(row[5]),
                "createdBy": {"name": row[6]},
            }
        }
        for row in shown
    ]
    last = (shown[-1][5], shown[-1][0]) if shown else None
    return {"campaigns": {"edges": edges, "pageInfo": page_info(sql, last, has_next=len(rows) > first)}}


def page_info(sql: Sql, last: tuple[Any, int] | None, *, has_next: bool) -> Data:
    """Where a page ends, as the product writes it."""
    if last is None:
        return {"hasNextPage": has_next, "endCursor": None}
    text = orjson.loads(orjson.dumps(sql.time(last[0]), option=orjson.OPT_UTC_Z))
    cursor = base64.urlsafe_b64encode(f'["{text}", {last[1]}]'.encode()).decode().rstrip("=")
    return {"hasNextPage": has_next, "endCursor": cursor}


def _route(name: str, answer: Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        sql: Sql = request.app.state.sql
        token = request.headers["authorization"].removeprefix("Bearer ")
        found = await sql.read(CALLER, sha256(token.encode()).hexdigest(), sql.now())
        if not found:
            return Response(status_code=401)
        user, account, roles = found[0]
        caller = plain_writes.Caller(user, account, frozenset(orjson.loads(roles)))
        data = await answer(sql, caller, orjson.loads(await request.body()))
        return Response(orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z), media_type="application/json")

    return Route(f"/{name}", endpoint, methods=["POST"])


ANSWERS: dict[str, Answer] = {
    "one": one,
    "inbox": inbox,
    "list": listed,
    "submit": plain_writes.submit,
    "approve": plain_writes.approve,
}


def application(url: str) -> Starlette:
    """The server."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with opened(url) as sql:
            app.state.sql = sql
            yield

    return Starlette(routes=[_route(name, answer) for name, answer in ANSWERS.items()], lifespan=lifespan)
