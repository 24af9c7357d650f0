"""`webhook`: who is told of an account's events."""

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.commands import Commands
from gql_approvals.cli.output import format_option, printable, show
from gql_approvals.settings import from_environment

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.webhooks import Webhook
    from gql_approvals.relay.webhook_trial import Tried
    from gql_approvals.service.webhooks import Shown

_ID = click.IntRange(1, 2**63 - 1)
_KEPT = "shown only now"


@click.group(cls=Commands)
def webhook() -> None:
    """Make, list, try, rotate and remove webhooks."""


@webhook.command()
@click.argument("slug")
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="KIND",
    help="What it is told of, such as campaign:approved; may be given several times. By default everything.",
)
@click.option("--description", default="", help="What the receiver is.")
@format_option
def add(slug: str, url: str, events: tuple[str, ...], description: str, form: str) -> None:
    """Tell URL of the events of the account SLUG.

    From now on, and of all of them unless --event names some, which `webhook events` lists. The secret that
    signs them is printed, once.
    """
    from gql_approvals.app import open_office
    from gql_approvals.service import webhooks
    from gql_approvals.service.reach import reach_of

    async def run() -> "Webhook":
        settings = from_environment()
        async with open_office(settings) as office:
            reach = reach_of(settings)
            return await webhooks.add(office, reach, slug, url, description=description, events=events)

    made = asyncio.run(run())
    data = {"id": made.id, "account": slug, **_as_data(made), "secret": made.secrets[0]}
    what = "every event" if made.events is None else ", ".join(made.events)
    show(data, f"webhook {made.id}: {url} is told of {what}; its secret, {_KEPT}: {made.secrets[0]}", form)


@webhook.command(name="list")
@click.argument("slug", required=False)
@format_option
def list_webhooks(slug: str | None, form: str) -> None:
    """List webhooks, and how their deliveries went.

    Those of the account SLUG, or of every account.
    """
    from gql_approvals.app import open_office
    from gql_approvals.service import webhooks

    async def run() -> "list[Shown]":
        async with open_office(from_environment()):
            return await webhooks.listed(slug)

    found = asyncio.run(run())
    whose = f"`{slug}` has" if slug else "there is"
    data = {"webhooks": [_listed_as_data(one) for one in found]}
    show(data, "\n".join(_listed(one) for one in found) or f"{whose} no webhook", form)


@webhook.command()
@click.argument("which", metavar="ID", type=_ID)
@format_option
def rotate(which: int, form: str) -> None:
    """Give the webhook ID a new secret, and print it once.

    For a day the secret before signs, too, so that the receiver can be changed meanwhile.
    """
    from gql_approvals.app import open_office
    from gql_approvals.persistence.webhooks import OVERLAP
    from gql_approvals.service import webhooks

    async def run() -> "Webhook":
        async with open_office(from_environment()) as office:
            return await webhooks.rotate(office, which)

    rotated = asyncio.run(run())
    until = (rotated.rotated_at or rotated.created_at) + OVERLAP
    data = {"id": which, "secret": rotated.secrets[0], "oldSignsUntil": until.isoformat(timespec="seconds")}
    text = f"new secret of webhook {which}, {_KEPT}; the old one signs, too, until {until:%Y-%m-%d %H:%M} UTC"
    show(data, f"{text}: {rotated.secrets[0]}", form)


@webhook.command()
@click.argument("which", metavar="ID", type=_ID)
@format_option
def enable(which: int, form: str) -> None:
    """Tell the webhook ID of events again.

    Of those from now on; its receiver had disabled it.
    """
    from gql_approvals.app import open_office
    from gql_approvals.service import webhooks

    async def run() -> bool:
        async with open_office(from_environment()) as office:
            return await webhooks.enable(office, which)

    done = asyncio.run(run())
    said = "is enabled" if done else "was enabled before"
    show({"id": which, "already": not done}, f"webhook {which} {said}", form)


@webhook.command()
@click.argument("which", metavar="ID", type=_ID)
@format_option
def remove(which: int, form: str) -> None:
    """Remove the webhook ID with its secrets.

    What waits for it is not delivered any more, and kept as dead letters.
    """
    from gql_approvals.app import open_office
    from gql_approvals.service import webhooks

    async def run() -> int:
        async with open_office(from_environment()) as office:
            return await webhooks.remove(office, which)

    dead = asyncio.run(run())
    letters = "1 dead letter" if dead == 1 else f"{dead} dead letters"
    show({"id": which, "deadLetters": dead}, f"webhook {which} is removed, and leaves {letters}", form)


@webhook.command(name="test")
@click.argument("which", metavar="ID", type=_ID)
@format_option
def send_test(which: int, form: str) -> None:
    """Send the webhook ID a test, and say what it answers.

    The event is a signed `webhook:test`.
    """
    from gql_approvals.app import open_office
    from gql_approvals.relay.webhook_trial import try_out

    async def run() -> "Tried":
        settings = from_environment()
        async with open_office(settings) as office:
            return await try_out(office, settings, which)

    tried = asyncio.run(run())
    took = round(tried.took / timedelta(milliseconds=1))
    data = {"id": which, "taken": tried.taken, "answer": tried.answer, "milliseconds": took}
    said = "has taken it" if tried.taken else "has not taken it"
    show(data, printable(f"webhook {which} {said}: {tried.answer}, after {took} ms"), form)
    if not tried.taken:
        sys.exit(1)


@webhook.command()
@format_option
def events(form: str) -> None:
    """List the kinds of events that there are."""
    from gql_approvals.service.events import EVENTS

    width = max(map(len, EVENTS))
    show(dict(EVENTS), "\n".join(f"{kind:<{width}}  {text}" for kind, text in EVENTS.items()), form)


def _listed(one: "Shown") -> str:
    made, went = one.webhook, one.deliveries
    what = "every event" if made.events is None else ", ".join(made.events)
    state = (
        "active" if made.disabled_at is None else f"disabled {made.disabled_at.date()}, {made.disabled_why}"
    )
    last = f"last {went.delivered_at:%Y-%m-%d %H:%M} UTC" if went.delivered_at else "nothing delivered"
    counts = f"{last}, {went.waiting} waiting, {went.dead} dead"
    more = [text for text in (made.description, f"last error: {went.error}" if went.error else "") if text]
    first = f"{made.id:>5}  {one.account}  {made.url}  {what}, {state}; {counts}"
    return "\n".join(map(printable, [first, *(f"       {text}" for text in more)]))


def _listed_as_data(one: "Shown") -> dict[str, object]:
    went = one.deliveries
    last = None if went.delivered_at is None else went.delivered_at.isoformat(timespec="seconds")
    return {
        "id": one.webhook.id,
        "account": one.account,
        **_as_data(one.webhook),
        "waiting": went.waiting,
        "dead": went.dead,
        "lastDeliveredAt": last,
        "lastError": went.error,
    }


def _as_data(made: "Webhook") -> dict[str, object]:
    times = {
        "createdAt": made.created_at,
        "rotatedAt": made.rotated_at,
        "disabledAt": made.disabled_at,
    }
    return {
        "url": made.url,
        "description": made.description,
        "events": None if made.events is None else list(made.events),
        "state": "active" if made.disabled_at is None else "disabled",
        "disabledWhy": made.disabled_why,
        **{name: None if at is None else at.isoformat(timespec="seconds") for name, at in times.items()},
    }
