"""Webhooks, from the outside: made, rotated and removed by the command line, disabled by their receivers.

Each is one transaction with its audit entry, which names no actor: the system did it. An entry says which
webhook, never its address or secret.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from gql_approvals.errors import InvalidInput, Problem
from gql_approvals.persistence import audit, outbox, people, webhooks
from gql_approvals.persistence.audit import Entry
from gql_approvals.persistence.webhooks import Deliveries, Webhook
from gql_approvals.service.events import EVENTS
from gql_approvals.service.finding import account_called
from gql_approvals.service.perform import Office
from gql_approvals.service.reach import Reach, Unreachable
from gql_approvals.workflow.content import Json, is_storable

MAX_DESCRIPTION = 200
MAX_WEBHOOKS = 20  # an account's: each of them makes every event one more message


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A webhook, whose it is, and how its deliveries went."""

    webhook: Webhook
    account: str
    deliveries: Deliveries


async def add(
    office: Office, reach: Reach, slug: str, url: str, *, description: str, events: Collection[str]
) -> Webhook:
    """Make a webhook with a new secret. `events`: none = every event.

    Raises:
        InvalidInput: when there is no such account or event, it may not lead there, or there are too many.
    """
    problems = [*_check_url(reach, url), *_check_events(events), *_check_description(description)]
    if problems:
        raise InvalidInput(problems)

    async def steps() -> Webhook:
        account = await account_called(slug)
        await people.lock_account(account.id)
        if len(await webhooks.of_account(account.id)) >= MAX_WEBHOOKS:
            fix = "remove one with `gql-approvals webhook remove ID`"
            raise _wrong("account", f"`{slug}` has {MAX_WEBHOOKS} webhooks, which is the most: {fix}")
        made = await webhooks.add(
            account.id, url, description=description, events=events or None, now=office.now()
        )
        await _note(office, made, "webhook:added")
        return made

    return await office.database.transaction(steps)


async def listed(slug: str | None) -> list[Shown]:
    """The webhooks of an account, or of all, oldest first.

    Raises:
        InvalidInput: when there is no such account.
    """
    accounts = await people.accounts() if slug is None else (await account_called(slug),)
    return [
        Shown(webhook=webhook, account=account.slug, deliveries=await webhooks.deliveries(webhook.id))
        for account in accounts
        for webhook in await webhooks.of_account(account.id)
    ]


async def rotate(office: Office, webhook_id: int) -> Webhook:
    """Give it a new secret; the one before signs beside it for a day.

    Raises:
        InvalidInput: when there is no such webhook.
    """

    async def steps() -> Webhook:
        rotated = await webhooks.rotate(await _locked(webhook_id), office.now())
        await _note(office, rotated, "webhook:rotated")
        return rotated

    return await office.database.transaction(steps)


async def remove(office: Office, webhook_id: int) -> int:
    """Forget it; what waits for it becomes dead letters: gives how many.

    Raises:
        InvalidInput: when there is no such webhook.
    """

    async def steps() -> int:
        webhook = await _locked(webhook_id)
        dead = await outbox.give_up_all(webhook_id, why="the webhook was removed", now=office.now())
        await webhooks.remove(webhook_id)
        await _note(office, webhook, "webhook:removed", {"deadLetters": dead})
        return dead

    return await office.database.transaction(steps)


async def enable(office: Office, webhook_id: int) -> bool:
    """Tell it of events again, of those from now on; False when it was enabled before.

    Raises:
        InvalidInput: when there is no such webhook.
    """

    async def steps() -> bool:
        webhook = await _locked(webhook_id)
        if webhook.disabled_at is None:
            return False
        await webhooks.turn_on(webhook_id)
        await _note(office, webhook, "webhook:enabled")
        return True

    return await office.database.transaction(steps)


async def disable(office: Office, webhook_id: int, why: str) -> None:
    """Tell it of nothing any more, in the caller's transaction; what waits for it becomes dead letters."""
    found = await webhooks.one(webhook_id)
    if found is None:
        return
    await people.lock_account(found.account_id)
    webhook = await webhooks.one(webhook_id)
    if webhook is None or webhook.disabled_at is not None:
        return
    now = office.now()
    await webhooks.turn_off(webhook_id, why=why, now=now)
    dead = await outbox.give_up_all(webhook_id, why=f"the webhook is disabled: {why}", now=now)
    await _note(office, webhook, "webhook:disabled", {"deadLetters": dead})


async def existing(webhook_id: int) -> Webhook:
    """The webhook with that id.

    Raises:
        InvalidInput: when there is none.
    """
    found = await webhooks.one(webhook_id)
    if found is None:
        raise _wrong("webhook", f"there is no webhook {webhook_id}: `gql-approvals webhook list` has them")
    return found


async def _locked(webhook_id: int) -> Webhook:
    """The webhook, read again under its account's lock."""
    await people.lock_account((await existing(webhook_id)).account_id)
    return await existing(webhook_id)


def _check_url(reach: Reach, url: str) -> list[Problem]:
    try:
        reach.place(url)
    except Unreachable as error:
        shown = "the address" if "@" in url else f"`{url}`"  # what stands before an @ may be a password
        return [Problem(("url",), f"{shown} {error}")]
    return []


def _check_events(events: Collection[str]) -> list[Problem]:
    return [
        Problem(("event",), f"there is no event `{kind}`{_near(kind)}")
        for kind in sorted(set(events))
        if kind not in EVENTS
    ]


def _near(kind: str) -> str:
    found = get_close_matches(kind, EVENTS, 1)
    return f"; did you mean `{found[0]}`?" if found else ": `gql-approvals webhook events` lists them"


def _check_description(text: str) -> list[Problem]:
    if len(text) <= MAX_DESCRIPTION and is_storable(text) and (text.isprintable() or not text):
        return []
    return [Problem(("description",), f"must have at most {MAX_DESCRIPTION} letters, on one line")]


async def _note(office: Office, webhook: Webhook, kind: str, more: Mapping[str, Json] | None = None) -> None:
    entry = Entry(
        kind=kind,
        at=office.now(),
        actor=None,
        detail={"webhook": webhook.id, **(more or {})},
        policy_version=office.policy().version,
    )
    await audit.append(webhook.account_id, entry)


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput((Problem((field,), message),))
