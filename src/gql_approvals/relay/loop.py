"""The relay as it runs in a server: a lane for mails, and one for hand-overs that have somewhere to go."""

import asyncio
import contextlib
import logging

from gql_approvals.persistence.outbox import HANDOVER, MAIL, Message
from gql_approvals.relay import handover
from gql_approvals.relay.handover import HandOver
from gql_approvals.relay.lane import Deliver, Lane
from gql_approvals.relay.mail import Unmailable, compose
from gql_approvals.relay.outcome import NotTold, Outcome, Refused
from gql_approvals.relay.smtp import Transport, transport_of
from gql_approvals.service.delivery import handover_facts, mail_facts
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

_log = logging.getLogger(__name__)


async def relay(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Deliver the outbox until `stop` is set.

    Raises:
        BadSettings: when the secret that signs hand-overs is none.
    """
    async with contextlib.AsyncExitStack() as stack:
        lanes = [Lane(office, MAIL, mail_delivery(office, settings, transport_of(settings.mail)))]
        if settings.delivery_url:
            client = await stack.enter_async_context(handover.client())
            post = HandOver(client, settings.delivery_url, settings.delivery_secret)
            lanes.append(Lane(office, HANDOVER, handover_delivery(office, post)))
        else:
            _log.warning("relay:no_delivery_url publications wait in the outbox to be handed over")
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(lane.run(settings.poll_s, stop))


def mail_delivery(office: Office, settings: Settings, transport: Transport) -> Deliver:
    """How a mail is delivered."""

    async def deliver(message: Message) -> Outcome:
        facts = await mail_facts(office, message)
        if facts is None:
            return NotTold()
        try:
            mail = compose(facts, sender=settings.mail_from, review_url=settings.review_url)
        except Unmailable as error:
            return Refused(str(error))
        return await transport(mail)

    return deliver


def handover_delivery(office: Office, post: HandOver) -> Deliver:
    """How a publication is handed over."""

    async def deliver(message: Message) -> Outcome:
        return await post(await handover_facts(office, message), office.now())

    return deliver
