"""`outbox`: what is to be delivered outside, and what could not be."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, show
from gql_approvals.settings import from_environment
from gql_approvals.workflow.identity import global_id

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.undelivered import OutboxMessage

Answer = TypeVar("Answer")
_HEADINGS = ("id", "kind", "account", "state", "failed", "about", "last error")


@click.group(cls=Commands)
def outbox() -> None:
    """List what is to be delivered, and have it tried again."""


@outbox.command(name="list")
@click.option(
    "--state",
    type=click.Choice(["waiting", "delivered", "dead", "untold"]),
    help="dead: dead letters; untold: the recipient may not be told any more. By default all.",
)
@click.option("--kind", help="Such as mail, handover or webhook.")
@click.option("--account", "slug", metavar="SLUG", help="The account that it is about.")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many, at most."
)
@format_option
def list_messages(state: str | None, kind: str | None, slug: str | None, limit: int, form: str) -> None:
    """List messages, newest first."""
    from gql_approvals.cli.tables import show_table
    from gql_approvals.persistence import undelivered
    from gql_approvals.persistence.message_state import State
    from gql_approvals.service.finding import account_called

    async def run(now: datetime) -> "tuple[datetime, list[OutboxMessage], int]":
        if slug is not None:
            await account_called(slug)
        known = [] if kind is None else await undelivered.kinds()
        if known and kind not in known:
            raise click.ClickException(f"there is no message of kind `{kind}`: there are {', '.join(known)}")
        chosen = None if state is None else State(state)
        return now, *await undelivered.listed(now, state=chosen, kind=kind, account=slug, limit=limit)

    now, found, total = _with_database(run)
    data = {"messages": [_as_data(one) for one in found], "total": total}
    show_table(data, _HEADINGS, [_row(one, now) for one in found], form, nothing="none")
    if form == "text" and total > len(found):
        click.echo(f"{total - len(found)} more: raise --limit")


@outbox.command()
@click.argument("ids", nargs=-1, type=click.IntRange(1, 2**63 - 1), metavar="[ID]...")
@click.option("--all-dead", is_flag=True, help="Every dead letter.")
@format_option
def retry(ids: tuple[int, ...], *, all_dead: bool, form: str) -> None:
    """Have messages tried at once, dead letters too.

    From then on they are tried as often as new ones. What was delivered is not sent again. Exits with 1 when
    an ID is unknown; the others are tried.
    """
    from gql_approvals.persistence import undelivered

    if all_dead == bool(ids):
        raise click.UsageError("name messages by the IDs that `outbox list` shows, or all with --all-dead")

    async def run(now: datetime) -> "list[OutboxMessage]":
        before = await undelivered.by_id(await undelivered.dead_ids() if all_dead else ids, now)
        await undelivered.make_due([one.id for one in before if _may_go(one)], now)
        return before

    before = _with_database(run, transaction=True)
    unknown = sorted(set(ids) - {one.id for one in before})
    data = {"messages": [{"id": one.id, "did": _did(one)} for one in before], "unknown": unknown}
    lines = [f"{one.id} ({one.kind}): {_did(one)}" for one in before]
    show(data, "\n".join(lines) or "nothing to try", form)
    if unknown:
        names = ", ".join(map(str, unknown))
        raise click.ClickException(f"there is no message {names}: `gql-approvals outbox list` has the IDs")


def _may_go(one: "OutboxMessage") -> bool:
    return one.state != "delivered" and not one.leased


def _did(one: "OutboxMessage") -> str:
    if one.state == "delivered":
        return "was delivered before; it is not sent again"
    if one.leased:
        return "is being tried at this moment"
    return f"was {one.state}, and is due at once"


def _with_database(work: Callable[[datetime], Awaitable[Answer]], *, transaction: bool = False) -> Answer:
    """Have this done at the database's time, by which leases are taken: this machine's may differ."""
    from gql_approvals.cli.existing import NoDatabase, existing_database
    from gql_approvals.cli.output import CannotStart

    async def run() -> Answer:
        async with existing_database(from_environment().database_url) as database:
            at_this_time = partial(work, await database.clock())
            return await (database.transaction(at_this_time) if transaction else at_this_time())

    try:
        return asyncio.run(run())
    except NoDatabase as error:
        raise CannotStart(f"the outbox is in the database: {error}") from error


def _row(one: "OutboxMessage", now: datetime) -> tuple[str, ...]:
    about = " ".join(part for part in (one.event, one.to and f"to {one.to}") if part) or _campaign(one)
    state = f"{one.state}{_when(one, now)}"
    return (str(one.id), one.kind, one.account, state, str(one.attempts), about or "", one.last_error or "")


def _when(one: "OutboxMessage", now: datetime) -> str:
    if one.leased:
        return ", being tried"
    if one.next_at and (one.attempts == 0 or one.next_at <= now):
        return ", due"
    at = one.next_at or one.ended_at
    word = "until" if one.next_at else "since"
    return "" if at is None else f" {word} {at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _campaign(one: "OutboxMessage") -> str | None:
    return None if one.campaign is None else global_id("Campaign", one.campaign)


def _as_data(one: "OutboxMessage") -> dict[str, object]:
    times = {"createdAt": one.created_at, "nextAt": one.next_at, "endedAt": one.ended_at}
    return {
        "id": one.id,
        "kind": one.kind,
        "state": one.state.value,
        "account": one.account,
        "event": one.event,
        "campaign": _campaign(one),
        "to": one.to,
        "attempts": one.attempts,
        "lastError": one.last_error,
        **{name: None if at is None else at.isoformat(timespec="seconds") for name, at in times.items()},
    }
