"""The relay as it runs, in a server or alone: lanes for mails, webhooks, and hand-overs with a place to go.

Any number may run at once, on any number of nodes: a message is leased to one, by the time that they share.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from email.message import EmailMessage

from gql_approvals.persistence.address import hide_password
from gql_approvals.persistence.outbox import HANDOVER, MAIL, WEBHOOK, Message
from gql_approvals.relay import handover, webhook
from gql_approvals.relay.handover import HandOver
from gql_approvals.relay.head_mail import compose_head
from gql_approvals.relay.lane import Deliver, Lane
from gql_approvals.relay.mail import Unmailable, compose
from gql_approvals.relay.outcome import NotTold, Outcome, Refused
from gql_approvals.relay.policy_mail import compose_notice
from gql_approvals.relay.shared_time import SharedTime
from gql_approvals.relay.smtp import Transport, transport_of
from gql_approvals.relay.webhook import Poster
from gql_approvals.relay.webhook_lanes import WebhookLanes
from gql_approvals.service.audit_heads import HEAD, head_facts
from gql_approvals.service.delivery import handover_facts, mail_facts
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_notice import REFUSED, notice_facts
from gql_approvals.service.reach import reach_of
from gql_approvals.settings import Settings

_log = logging.getLogger(__name__)


async def relay(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Deliver the outbox until `stop` is set.

    Raises:
        BadSettings: when the secret that signs hand-overs is none.
    """
    time = SharedTime(office.database)
    if not await time.begin(stop):
        return
    async with _lanes(replace(office, now=time), settings) as lanes, asyncio.TaskGroup() as group:
        group.create_task(time.run(stop))
        for lane in lanes:
            group.create_task(lane.run(settings.poll_s, stop))


async def deliver_due(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Deliver what is due, and end; what failed and is to be tried later stays.

    Raises:
        BadSettings: when the secret that signs hand-overs is none.
        Unavailable: when the database is lost.
    """
    time = SharedTime(office.database)
    await time.read()
    async with _lanes(replace(office, now=time), settings) as lanes, asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(lane.drain(stop))


@contextlib.asynccontextmanager
async def _lanes(office: Office, settings: Settings) -> AsyncGenerator[list[Lane | WebhookLanes]]:
    async with contextlib.AsyncExitStack() as stack:
        poster = Poster(await stack.enter_async_context(webhook.client()), reach_of(settings))
        lanes: list[Lane | WebhookLanes] = [
            WebhookLanes(office, webhook.delivery(office, poster)),
            Lane(office, MAIL, mail_delivery(office, settings, transport_of(settings.mail))),
        ]
        if settings.delivery_url:
            client = await stack.enter_async_context(handover.client())
            post = HandOver(client, settings.delivery_url, settings.delivery_secret)
            lanes.append(Lane(office, HANDOVER, handover_delivery(office, post)))
        else:
            _log.warning("relay:no_delivery_url", extra={"help": "publications wait in the outbox"})
        yield lanes


def destinations(settings: Settings) -> dict[str, str]:
    """Where messages go, by kind, without passwords: for people who read it in a log."""
    inside = ", ".join(settings.webhook_allow_hosts)
    return {
        MAIL: hide_password(settings.mail),
        HANDOVER: hide_password(settings.delivery_url) or "nowhere: GQL_APPROVALS_DELIVERY_URL is not set",
        WEBHOOK: f"public addresses{f' and {inside}' if inside else ''}",
    }


def mail_delivery(office: Office, settings: Settings, transport: Transport) -> Deliver:
    """How a mail is delivered."""

    async def deliver(message: Message) -> Outcome:
        try:
            mail = await mail_of(office, settings, message)
        except Unmailable as error:
            return Refused(str(error))
        return NotTold() if mail is None else await transport(mail)

    return deliver


async def mail_of(office: Office, settings: Settings, message: Message) -> EmailMessage | None:
    """The mail as it is sent now; None when its recipient is not to be told any more.

    Raises:
        Unmailable: when no mail can be sent to the recipient's address.
        LookupError: when the message names what is not stored.
        Unavailable: when the database is lost.
    """
    write = MAILS.get(str(message.payload.get("event")), _campaign_mail)
    return await write(office, settings, message)


async def _campaign_mail(office: Office, settings: Settings, message: Message) -> EmailMessage | None:
    facts = await mail_facts(office, message)
    if facts is None:
        return None
    return compose(facts, sender=settings.mail_from, review_url=settings.review_url)


async def _refusal_mail(office: Office, settings: Settings, message: Message) -> EmailMessage | None:
    facts = await notice_facts(office, message)
    return None if facts is None else compose_notice(facts, sender=settings.mail_from)


async def _head_mail(_: Office, settings: Settings, message: Message) -> EmailMessage:
    return compose_head(head_facts(message), sender=settings.mail_from)


# How a mail is written, by its event; every event without a row is a campaign's.
MAILS: Mapping[str, Callable[[Office, Settings, Message], Awaitable[EmailMessage | None]]] = {
    HEAD: _head_mail,
    REFUSED: _refusal_mail,
}


def handover_delivery(office: Office, post: HandOver) -> Deliver:
    """How a publication is handed over."""

    async def deliver(message: Message) -> Outcome:
        return await post(await handover_facts(office, message), office.now())

    return deliver
