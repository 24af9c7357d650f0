"""How a database is: what an operator is told about it. Nothing is changed."""

# Tortoise and asyncpg are typed in part only.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import asyncpg  # type: ignore[import-untyped]  # it has no types
from tortoise.connection import get_connections
from tortoise.exceptions import BaseORMException

from gql_approvals.errors import Unavailable
from gql_approvals.persistence.database import Database
from gql_approvals.persistence.message_state import STATES, State
from gql_approvals.persistence.models import OutboxRow, TokenRow
from gql_approvals.persistence.outbox import HANDOVER

_ASK = {
    "sqlite": "SELECT sqlite_version() AS version",
    "postgresql": "SELECT current_setting('server_version') AS version, clock_timestamp() AS now",
}
_SYNCS = "SELECT current_setting('fsync') AS fsync"
_CHANGE_NOTHING = "UPDATE account SET slug = slug WHERE id = -1"


@dataclass(frozen=True, slots=True)
class Server:
    """`version` as the server tells it. `now`: its clock; None where it has none of its own."""

    version: str
    now: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxState:
    """`dead`: dead letters; `last_error`: why the newest is one. `waiting`: since when the oldest waits."""

    dead: int
    last_error: str
    waiting: datetime | None
    waiting_error: str
    unsent_publications: int


async def server(database: Database) -> Server:
    """Ask the database who it is.

    Raises:
        Unavailable: when it does not answer.
    """
    found = await get_connections().get(database.dialect).execute_query_dict(_ASK[database.dialect])
    [row] = cast("list[dict[str, object]]", found)
    now = cast("datetime | None", row.get("now"))
    return Server(str(row["version"]), None if now is None else now.astimezone(UTC))


async def why_not_durable(database: Database) -> str | None:
    """Why a power cut could take back what was acknowledged; None when it cannot.

    SQLite's files are opened durably or not at all, and so is every session of PostgreSQL; whether the
    server itself syncs is its operator's choice.

    Raises:
        Unavailable: when the database does not answer.
    """
    if database.dialect == "sqlite":
        return None
    found = await get_connections().get("postgresql").execute_query_dict(_SYNCS)
    [row] = cast("list[dict[str, object]]", found)
    if row["fsync"] == "on":
        return None
    return "PostgreSQL runs with fsync=off: a power cut takes back what was acknowledged"


async def why_not_writable(database: Database) -> str | None:
    """Why nothing can be written, found with a change of no row in a transaction; None when it can."""

    async def steps() -> None:
        await get_connections().get(database.dialect).execute_query(_CHANGE_NOTHING)

    try:
        await database.transaction(steps)
    except (Unavailable, BaseORMException, asyncpg.PostgresError) as error:
        return str(error.__cause__ or error).partition("\n")[0]
    return None


async def outbox_state() -> OutboxState:
    """What lies in the outbox."""
    dead, waiting = OutboxRow.filter(STATES[State.DEAD]), OutboxRow.filter(STATES[State.WAITING])
    newest = await dead.order_by("-id").first()
    oldest = await waiting.order_by("id").first()
    return OutboxState(
        dead=await dead.count(),
        last_error=(newest.last_error or "") if newest else "",
        waiting=oldest.created_at if oldest else None,
        waiting_error=(oldest.last_error or "") if oldest else "",
        unsent_publications=await waiting.filter(kind=HANDOVER).count(),
    )


async def last_token_expiry(user_id: int, now: datetime) -> datetime | None:
    """When the last of a person's good tokens expires: `now` if there is none, None if one never does."""
    rows = await TokenRow.filter(user_id=user_id, revoked_at=None).values_list("expires_at")
    ends = [expires_at for (expires_at,) in rows]
    if None in ends:
        return None
    return max([now, *cast("list[datetime]", ends)])
