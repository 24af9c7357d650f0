"""Queries, mutations, and the server."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlsplit

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from tortoise.contrib.starlette import RegisterTortoise
from tortoise.expressions import Q

from bench.workloads.contenders.idiomatic import models, writing
from bench.workloads.contenders.idiomatic.context import Context, context_of
from bench.workloads.contenders.idiomatic.policy import enforcer
from bench.workloads.contenders.idiomatic.types import (
    ApprovalRequest,
    ApprovalRequestConnection,
    ApprovalRequestEdge,
    ApproveCampaignResult,
    Campaign,
    CampaignConnection,
    CampaignEdge,
    CampaignStatus,
    Channel,
    Info,
    PageInfo,
    SubmitCampaignResult,
    utc_text,
)
from bench.workloads.contenders.ids import key_of
from bench.workloads.filling import file_of, is_sqlite


@strawberry.enum
class OrderDirection(Enum):
    """Which way."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum
class CampaignOrderField(Enum):
    """By what."""

    CREATED_AT = "id"
    UPDATED_AT = "updated_at"
    NAME = "name"


@strawberry.input
class CampaignFilter:
    """What to list."""

    status: list[CampaignStatus] | None = None
    channel: list[Channel] | None = None


@strawberry.input
class CampaignOrder:
    """How to sort."""

    field: CampaignOrderField
    direction: OrderDirection


@strawberry.input
class SubmitCampaignInput:
    """What to submit."""

    campaign_id: strawberry.ID


@strawberry.input
class ApproveCampaignInput:
    """What to approve."""

    campaign_id: strawberry.ID
    content_hash: str


@strawberry.type
class Query:
    """What can be read."""

    @strawberry.field
    async def campaign(self, info: Info, id: strawberry.ID) -> Campaign | None:
        """W1."""
        row = await models.Campaign.get_or_none(id=key_of(id), account_id=info.context.member.account_id)
        return None if row is None else Campaign.of(row)

    @strawberry.field
    async def review_inbox(self, info: Info, first: int = 20) -> ApprovalRequestConnection:
        """W2."""
        user, now = info.context.member.user_id, datetime.now(UTC)
        voted = models.Decision.filter(by_id=user, voided=False).values_list("request_id", flat=True)
        written = models.Contributor.filter(user_id=user).values_list("campaign_id", flat=True)
        rows = (
            await models.ApprovalRequest.filter(
                ~Q(id__in=await voted),
                ~Q(campaign_id__in=await written),
                ~Q(campaign__created_by_id=user),
                account_id=info.context.member.account_id,
                status=models.RequestStatus.OPEN,
                expires_at__gt=now,
                campaign__status=models.CampaignStatus.PENDING_REVIEW,
            )
            .order_by("submitted_at", "id")
            .limit(first + 1)
        )
        return ApprovalRequestConnection(
            edges=[ApprovalRequestEdge(node=ApprovalRequest.of(row)) for row in rows[:first]],
            page_info=_page_info([(row.submitted_at, row.id) for row in rows], first),
        )

    @strawberry.field
    async def campaigns(
        self,
        info: Info,
        first: int = 20,
        filter: CampaignFilter | None = None,
        order_by: CampaignOrder | None = None,
    ) -> CampaignConnection:
        """W5."""
        query = models.Campaign.filter(account_id=info.context.member.account_id)
        if filter is not None and filter.status is not None:
            query = query.filter(status__in=filter.status)
        if filter is not None and filter.channel is not None:
            query = query.filter(channel__in=filter.channel)
        late = Q(status=models.CampaignStatus.PENDING_REVIEW, due_at__lte=datetime.now(UTC))
        field = "id" if order_by is None else order_by.field.value
        sign = "" if order_by is not None and order_by.direction is OrderDirection.ASC else "-"
        rows = await query.filter(~late).order_by(f"{sign}{field}", f"{sign}id").limit(first + 1)
        return CampaignConnection(
            edges=[CampaignEdge(node=Campaign.of(row)) for row in rows[:first]],
            page_info=_page_info([(getattr(row, field), row.id) for row in rows], first),
        )


@strawberry.type
class Mutation:
    """What can be done."""

    @strawberry.mutation
    async def submit_campaign(self, info: Info, input: SubmitCampaignInput) -> SubmitCampaignResult:
        """W3."""
        return await writing.submit(info.context, key_of(input.campaign_id))

    @strawberry.mutation
    async def approve_campaign(self, info: Info, input: ApproveCampaignInput) -> ApproveCampaignResult:
        """W4."""
        return await writing.approve(info.context, key_of(input.campaign_id), input.content_hash)


def _page_info(places: list[tuple[datetime, int]], first: int) -> PageInfo:
    if not places:
        return PageInfo(has_next_page=False, end_cursor=None)
    at, key = places[:first][-1]
    text = json.dumps([utc_text(at), key])
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return PageInfo(has_next_page=len(places) > first, end_cursor=cursor)


DATE_TIME = strawberry.scalar(name="DateTime", serialize=utc_text, parse_value=datetime.fromisoformat)
schema = strawberry.Schema(
    query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map={datetime: DATE_TIME})
)


class View(GraphQL[Context, None]):
    """Strawberry's view with our context."""

    rules = enforcer()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Who asks."""
        del response
        return await context_of(request, self.rules)


def application(url: str) -> Starlette:
    """The server."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        module = "bench.workloads.contenders.idiomatic.models"
        kind = "bench-" + url.partition(":")[0]  # Tortoise remembers statements by the connection's name
        apps = {"bench": {"models": [module], "default_connection": kind}}
        async with RegisterTortoise(app, config={"connections": {kind: _connection(url)}, "apps": apps}):
            yield

    made = Starlette(lifespan=lifespan)
    made.mount("/graphql", View(schema))
    return made


def _connection(url: str) -> dict[str, Any]:
    if is_sqlite(url):
        given: dict[str, Any] = {"file_path": file_of(url), "journal_mode": "WAL", "synchronous": "FULL"}
        return {"engine": "tortoise.backends.sqlite", "credentials": given}
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    given = {
        "host": host,
        "port": parts.port or 5432,
        "user": parts.username,
        "password": parts.password,
        "database": parts.path.lstrip("/"),
        "minsize": 10,
        "maxsize": 10,
    }
    return {"engine": "tortoise.backends.asyncpg", "credentials": given}
