"""What a request knows: who asks, and a DataLoader for every relation."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from casbin import Enforcer
from starlette.requests import HTTPConnection
from strawberry.dataloader import DataLoader
from tortoise.expressions import Q

from bench.workloads.contenders.idiomatic import models


@dataclass
class Context:
    """One for a request."""

    member: models.Member
    rules: Enforcer
    users: DataLoader[int, models.User]
    campaigns: DataLoader[int, models.Campaign]
    revisions: DataLoader[tuple[int, int], models.Revision]
    decisions: DataLoader[int, list[models.Decision]]


async def context_of(request: HTTPConnection, rules: Enforcer) -> Context:
    """Authenticate the token, and make the loaders.

    Raises:
        PermissionError: when the token is not good.
    """
    token = request.headers["authorization"].removeprefix("Bearer ")
    now = datetime.now(UTC)
    found = await models.Token.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), hash=sha256(token.encode()).hexdigest(), revoked_at=None
    ).first()
    member = None if found is None else await models.Member.filter(user_id=found.user_id, active=True).first()
    if member is None:
        raise PermissionError("sign in")
    return Context(
        member=member,
        rules=rules,
        users=DataLoader(load_fn=_users),
        campaigns=DataLoader(load_fn=_campaigns),
        revisions=DataLoader(load_fn=_revisions),
        decisions=DataLoader(load_fn=_decisions),
    )


async def _users(keys: list[int]) -> list[models.User]:
    found = await models.User.in_bulk(keys, "id")
    return [found[key] for key in keys]


async def _campaigns(keys: list[int]) -> list[models.Campaign]:
    found = await models.Campaign.in_bulk(keys, "id")
    return [found[key] for key in keys]


async def _revisions(places: list[tuple[int, int]]) -> list[models.Revision]:
    rows = await models.Revision.filter(campaign_id__in=[campaign for campaign, _ in places])
    found = {(row.campaign_id, row.number): row for row in rows}
    return [found[place] for place in places]


async def _decisions(requests: list[int]) -> list[list[models.Decision]]:
    found: defaultdict[int, list[models.Decision]] = defaultdict(list)
    for row in await models.Decision.filter(request_id__in=requests).order_by("id"):
        found[row.request_id].append(row)
    return [found[key] for key in requests]
