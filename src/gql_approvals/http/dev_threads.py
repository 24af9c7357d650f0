"""The outbox as mail programs show it: a thread for each review, with what happened in it and who was told.

What is handed over stands in the thread of the review that allowed it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gql_approvals.persistence import lookups, people
from gql_approvals.persistence.message_state import State
from gql_approvals.persistence.outbox import HANDOVER, MAIL, WEBHOOK, Message
from gql_approvals.persistence.people import User
from gql_approvals.relay.wording import badge_of, tone_of
from gql_approvals.service.time_zones import is_time_zone
from gql_approvals.workflow.model import Account

_DAY, _TIME = "%a %d %b %Y, ", "%H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message: `to` whom, and how its delivery stands."""

    id: int
    to: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event, with a message to each who is told of it. Times: in UTC, and in the account's zone."""

    badge: str
    tone: str
    at: str
    local: str
    letters: list[Letter] = field(default_factory=list[Letter])


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What belongs together, oldest first."""

    subject: str
    account: str
    happenings: list[Happening]


Subject = Callable[[Message], Awaitable[str | None]]


async def threads_of(messages: Sequence[Message], subject: Subject) -> list[Thread]:
    """The messages in threads, the newest thread first.

    `subject`: a message's subject now; None when its recipient is not to be told.
    """
    grouped: dict[tuple[object, ...], list[Message]] = {}
    for message in sorted(messages, key=lambda message: -message.id):
        grouped.setdefault(await _key(message), []).append(message)
    users = await people.users(filter(None, (_recipient(message) for message in messages)))
    accounts = await _accounts(messages)
    return [
        await _thread(group[::-1], accounts.get(group[0].account_id), users, subject)
        for group in grouped.values()
    ]


def times_of(moment: datetime, account: Account | None) -> tuple[str, str]:
    """A moment in UTC and in the account's time zone; the second is empty when it says nothing more."""
    utc = moment.astimezone(UTC)
    shown = f"{utc:{_DAY}{_TIME}} UTC"
    if account is None or account.time_zone == "UTC" or not is_time_zone(account.time_zone):
        return shown, ""
    local = moment.astimezone(ZoneInfo(account.time_zone))
    day = "" if local.date() == utc.date() else f"{local:{_DAY}}"
    return shown, f"{day}{local:{_TIME}} {account.time_zone}"


async def _thread(
    messages: list[Message], account: Account | None, users: Mapping[int, User], subject: Subject
) -> Thread:
    happenings: dict[object, Happening] = {}
    title: str | None = None
    for message in messages:
        found = await subject(message) if title is None or message.state is State.WAITING else title
        title = title or found
        # a mail that waits, whose recipient may not be told any more, is not told when its turn comes
        state = State.UNTOLD if found is None and message.kind == MAIL else message.state
        place = message.payload.get("seq") if message.kind == MAIL else None
        happening = happenings.setdefault(
            message.key if place is None else place, _happening(message, account)
        )
        happening.letters.append(Letter(id=message.id, to=to_of(message, users), state=state))
    return Thread(
        subject=title or next(iter(happenings.values())).badge,
        account="" if account is None else account.name,
        happenings=list(happenings.values()),
    )


def _happening(message: Message, account: Account | None) -> Happening:
    at, local = times_of(message.created_at, account)
    badge, tone = _NAMED[message.kind](message)
    return Happening(badge=badge, tone=tone, at=at, local=local)


def _told(message: Message) -> tuple[str, str]:
    event = str(message.payload.get("event", message.kind))
    return badge_of(event), tone_of(event)


# kind → what a message of it is called, and the colour of that
_NAMED: Mapping[str, Callable[[Message], tuple[str, str]]] = {
    MAIL: _told,
    HANDOVER: lambda _: ("Handed over", "good"),
    WEBHOOK: lambda message: (str(message.payload.get("type")), tone_of(str(message.payload.get("type")))),
}


def to_of(message: Message, users: Mapping[int, User]) -> str:
    """Whom the message is to, for people."""
    if message.kind != MAIL:
        return "the sending system" if message.kind == HANDOVER else f"webhook {message.webhook}"
    user = users.get(_recipient(message) or 0)
    return "—" if user is None else f"{user.name} <{user.email}>"


async def _key(message: Message) -> tuple[object, ...]:
    """What a message's thread is known by; `relay.mail` and `relay.policy_mail` tell the same apart."""
    payload, account = message.payload, message.account_id
    if message.kind == WEBHOOK:
        return account, WEBHOOK, message.webhook
    request = payload.get("request")
    if message.kind == HANDOVER and isinstance(publication := payload.get("publication"), int):
        found = (await lookups.publications(account, [publication])).get(publication)
        request = None if found is None else found[1].request_id
    if request is not None:
        return account, "request", request
    for name in ("campaign", "node"):
        if payload.get(name) is not None:
            return account, name, payload[name]
    return account, message.key


async def _accounts(messages: Iterable[Message]) -> dict[int, Account]:
    found = [await people.account_by_id(key) for key in {message.account_id for message in messages}]
    return {account.id: account for account in found if account is not None}


def _recipient(message: Message) -> int | None:
    user = message.payload.get("recipient")
    return user if isinstance(user, int) else None
