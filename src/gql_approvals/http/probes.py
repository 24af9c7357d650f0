"""`/healthz/live`, `/healthz/ready`, `/metrics`: what load balancers and those on call ask.

Live: the process answers; no database is asked. Ready: 503 only where this worker cannot serve. What is wrong
everywhere alike, and what serving does not need, is `degraded` with 200: it must not take every node out.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gql_approvals.errors import Unavailable
from gql_approvals.http.answers import refused, written
from gql_approvals.http.graphql_view import bearer
from gql_approvals.http.measuring import found_samples
from gql_approvals.observability import meters
from gql_approvals.persistence.outbox import KINDS
from gql_approvals.service.perform import Office
from gql_approvals.service.standing import Standing, Standings

OK, DEGRADED, UNAVAILABLE = "ok", "degraded", "unavailable"
LATE = timedelta(minutes=5)  # that a message is due, and no relay has taken it
STUCK = timedelta(hours=1)  # that a message waits although it is tried
LITTLE = 100 * 1024 * 1024  # bytes on SQLite's disk
Part = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Probing:
    """How a server may be asked. `kinds`: what it delivers. `token`: reads figures; empty: anybody may."""

    kinds: frozenset[str] = frozenset(KINDS)
    metrics: bool = False
    token: str = ""
    standings: Standings = field(default_factory=Standings)


def probe_routes(office: Callable[[], Office], probing: Probing) -> list[BaseRoute]:
    """The addresses for probes."""

    async def ready(_: Request) -> Response:
        parts = await _parts(office(), probing)
        states = {part["status"] for part in parts.values()}
        status = next((one for one in (UNAVAILABLE, DEGRADED) if one in states), "ready")
        return written({"status": status, **parts}, 503 if status == UNAVAILABLE else 200)

    async def metrics(request: Request) -> Response:
        given = bearer(request.headers.get("authorization")) or ""
        if not hmac.compare_digest(given.encode(), probing.token.encode()) and probing.token:
            message = "figures need `Authorization: Bearer` with what GQL_APPROVALS_METRICS_TOKEN says"
            return refused(HTTPStatus.UNAUTHORIZED, message, headers={"WWW-Authenticate": "Bearer"})
        if not meters.counts():
            return refused(503, "nothing is counted here: the log says why, at the start", "UNAVAILABLE")
        samples = await found_samples(office(), probing.standings)
        return Response(meters.text(samples), media_type=meters.CONTENT_TYPE)

    return [
        Route("/healthz/live", _live),
        Route("/healthz/ready", ready),
        *([Route("/metrics", metrics)] if probing.metrics else []),
    ]


async def _live(_: Request) -> Response:
    return written({"status": "live"}, 200)


async def _parts(office: Office, probing: Probing) -> Mapping[str, Part]:
    try:
        await office.database.ping()
        standing = await probing.standings.now(office)
    except Unavailable as error:
        database: Part = {"status": UNAVAILABLE, "detail": error.message}
        return {"database": database, "policy": _policy(office, ())}
    return {
        "database": {"status": OK, "detail": None},
        "migrations": _migrations(standing),
        "policy": _policy(office, standing.policies),
        "outbox": _outbox(standing, probing.kinds),
        **_disk(office),
    }


def _migrations(standing: Standing) -> Part:
    return {"status": UNAVAILABLE if standing.unfit else OK, "detail": standing.unfit}


def _policy(office: Office, everywhere: tuple[str, ...]) -> Part:
    """What anybody may know: which version decides here and elsewhere, and where refused files are wrong."""
    policy = office.policy
    detail = "the policy files were refused: the version before stays in force" if policy.refused else None
    return {
        "status": DEGRADED if policy.refused else OK,
        "detail": detail,
        "version": policy().version,
        "loadedAt": policy().loaded_at,
        "refused": None if policy.refused is None else policy.refused.version,
        "problems": [] if policy.refused is None else policy.refused.places,
        "everywhere": everywhere,
    }


def _outbox(standing: Standing, kinds: frozenset[str]) -> Part:
    watched = {kind: one for kind, one in standing.backlog.items() if kind in kinds}
    overdue = max((one.overdue for one in watched.values()), default=timedelta(0))
    oldest = max((one.oldest for one in watched.values()), default=timedelta(0))
    detail = None
    if overdue > LATE:
        detail = "messages are due, and no relay takes them: is one running?"
    elif oldest > STUCK:
        detail = "messages are tried, and nobody takes them: see `gql-approvals outbox list --state waiting`"
    return {
        "status": OK if detail is None else DEGRADED,
        "detail": detail,
        "waiting": sum(one.waiting for one in watched.values()),
        "dead": sum(one.dead for one in watched.values()),
        "oldestS": round(oldest.total_seconds()),
        "overdueS": round(overdue.total_seconds()),
    }


def _disk(office: Office) -> Mapping[str, Part]:
    free = office.database.free_bytes()
    if free is None:
        return {}
    detail = "the disk of the database is almost full: soon nothing can be written" if free < LITTLE else None
    return {"disk": {"status": DEGRADED if detail else OK, "detail": detail, "freeBytes": free}}
