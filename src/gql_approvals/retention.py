"""Retention: deletes what has been kept long enough, so that no table grows without end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from gql_approvals.persistence import idempotency
from gql_approvals.persistence.retention import delete_answers, delete_messages
from gql_approvals.service.driving import Trouble, rest
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

EVERY_S = 3600.0
# Twice as long as they answer: no repeated mutation may happen twice because a clock jumps ahead by a day.
ANSWERS = 2 * idempotency.KEPT
_BETWEEN_S = 0.1  # batches, so that others come in
_log = logging.getLogger(__name__)


async def retention(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Delete once an hour what is over, until `stop` is set."""
    trouble = Trouble(_log, "retention")
    while not stop.is_set():
        try:
            await delete_old(office, settings, stop)
            trouble.over()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next hour comes
            trouble.met(error)
        await rest(stop, EVERY_S)


async def delete_old(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Delete what is over now, by the database's clock.

    Raises:
        Unavailable: when the database is lost.
    """
    now = await office.database.clock()
    answers = await _all(lambda: delete_answers(office.database, now - ANSWERS), stop)
    messages = 0
    if settings.outbox_days:
        before: datetime = now - timedelta(days=settings.outbox_days)
        messages = await _all(lambda: delete_messages(office.database, before), stop)
    if answers or messages:
        _log.info("retention:deleted", extra={"messages": messages, "answers": answers})


async def _all(delete: Callable[[], Awaitable[int]], stop: asyncio.Event) -> int:
    """Batch after batch; gives how many rows there were."""
    total = 0
    while not stop.is_set() and (number := await delete()):
        total += number
        await rest(stop, _BETWEEN_S)
    return total
