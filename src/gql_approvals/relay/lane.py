"""A lane: claim what is due, deliver it, write down how it went.

Mails, hand-overs and each webhook have a lane of their own, so that a receiver that hangs delays no other.
A lane claims no more than it delivers at once, and lets go of a message before its lease runs out: while a
lease holds, nobody else delivers that message.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gql_approvals.errors import Unavailable
from gql_approvals.observability import meters
from gql_approvals.persistence import lookups, outbox
from gql_approvals.persistence.message_state import NOT_TOLD
from gql_approvals.persistence.outbox import HANDOVER, LEASE, Message
from gql_approvals.relay.backoff import LONGEST, PAUSES_S, pause_after
from gql_approvals.relay.outcome import Delivered, Failed, Gone, NotTold, Outcome, Refused
from gql_approvals.relay.text import one_line
from gql_approvals.service.driving import Trouble, rest
from gql_approvals.service.perform import Office
from gql_approvals.service.webhooks import disable

AT_ONCE = 8
FINISH_S = 4.0  # sends in hand may finish within this once the loop is to stop
WORK_S = LEASE.total_seconds() - 5  # a message is let go before its lease ends
_RETRY_S = 0.5
_ERROR_LENGTH = 500
_DELIVERED = "relay:delivered"
_DEAD = "relay:dead_letter"
_log = logging.getLogger(__name__)

Deliver = Callable[[Message], Awaitable[Outcome]]


@dataclass
class Lane:
    """Messages of one kind and how they are delivered. `webhook`: its own only. `pauses_s`: of retries."""

    office: Office
    kind: str
    deliver: Deliver
    at_once: int = AT_ONCE
    webhook: int | None = None
    pauses_s: Sequence[int] = PAUSES_S
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        self._trouble = Trouble(_log, "relay", kind=self.kind)

    async def run(self, poll_s: float, stop: asyncio.Event) -> None:
        """Deliver what is due, again and again; sends in hand finish when `stop` is set."""
        while not stop.is_set():
            found = 0
            try:
                found = await self.round(stop)
                self._trouble.over()
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not stop the relay
                self._trouble.met(error)
            if found < self.at_once:
                await rest(stop, poll_s)

    async def drain(self, stop: asyncio.Event) -> None:
        """Deliver until nothing is due, or `stop` is set.

        Raises:
            Unavailable: when the database is lost before anything was claimed.
        """
        while not stop.is_set() and await self.round(stop):
            pass

    async def round(self, stop: asyncio.Event | None = None) -> int:
        """Claim and deliver one batch; gives how many messages it claimed.

        Raises:
            Unavailable: when the database is lost before anything was claimed.
        """
        messages = await self.office.database.transaction(self._claim)
        if messages:
            tasks = [asyncio.create_task(self._handle(message)) for message in messages]
            await _finish(tasks, asyncio.Event() if stop is None else stop)
        return len(messages)

    async def _claim(self) -> list[Message]:
        return await outbox.claim(
            self.office.now(), limit=self.at_once, kinds=(self.kind,), webhook=self.webhook
        )

    async def _handle(self, message: Message) -> None:
        """Deliver one message within its lease; whatever happens concerns this message only."""
        try:
            async with asyncio.timeout(WORK_S):
                outcome = await self._attempt(message)
                await self._settle(message, outcome)
        except TimeoutError:
            _log.warning("relay:let_go kind=%s message=%d: its lease ends", self.kind, message.id)
        except Exception:  # noqa: BLE001  # a mistake in one message must not stop the others
            _log.exception("relay:message_failed kind=%s message=%d", self.kind, message.id)

    async def _attempt(self, message: Message) -> Outcome:
        while True:
            try:
                return await self.deliver(message)
            except Unavailable as error:  # only reading raises it: nothing has been sent
                self._trouble.met(error)
                await asyncio.sleep(_RETRY_S)
            except Exception as error:  # noqa: BLE001  # it is tried again, and given up in the end
                _log.exception("relay:delivery_failed kind=%s message=%d", self.kind, message.id)
                return Failed(f"{type(error).__name__}: {error}")

    async def _settle(self, message: Message, outcome: Outcome) -> None:
        """Write the outcome down; a database that is lost is waited for, since the message may be sent."""
        note = _note_of(message, outcome, self.pauses_s)
        while True:
            try:
                await self.office.database.transaction(lambda: self._write(message, note))
            except Unavailable as error:
                self._trouble.met(error)
                await asyncio.sleep(_RETRY_S)
            else:
                break
        meters.count("deliveries", self.kind, note.event.removeprefix("relay:"))
        told = {"kind": self.kind, "id": message.id, "key": message.key, "attempt": message.attempts + 1}
        _log.log(note.level, note.event, extra={**told, **({"error": note.text} if note.text else {})})

    async def _write(self, message: Message, note: "_Note") -> None:
        now = self.office.now()
        if note.ends and message.webhook is not None:
            await disable(self.office, message.webhook, note.text)  # takes the account's lock before others
        if note.event == _DELIVERED:
            await outbox.mark_delivered(message.id, now)
            publication = message.payload.get("publication")
            if self.kind == HANDOVER and isinstance(publication, int):
                await lookups.hand_over(publication, now)
        elif note.pause is not None:
            await outbox.mark_failed(message, error=note.text, now=now, next_at=now + note.pause)
        else:
            await outbox.give_up(message.id, why=note.text, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What is written down of an outcome. `pause`: until the next attempt. `ends`: its webhook, too."""

    event: str
    level: int = logging.INFO
    text: str = ""
    pause: timedelta | None = None
    ends: bool = False


def _note_of(message: Message, outcome: Outcome, pauses_s: Sequence[int]) -> _Note:
    match outcome:
        case Delivered():
            return _Note(event=_DELIVERED, level=logging.DEBUG)  # told by `gql-approvals relay` only
        case NotTold():
            return _Note(event="relay:untold", text=NOT_TOLD)
        case Refused(error):
            return _Note(event=_DEAD, level=logging.ERROR, text=_shown(error))
        case Gone(error):
            return _Note(event="relay:gone", level=logging.WARNING, text=_shown(error), ends=True)
        case Failed(error, wait):
            attempts = message.attempts + 1
            pause = pause_after(attempts, pauses_s)
            if pause is None:
                text = _shown(f"given up after {attempts} attempts: {error}")
                return _Note(event=_DEAD, level=logging.ERROR, text=text)
            pause = pause if wait is None else max(pause, min(wait, LONGEST))
            return _Note(event="relay:failed", level=logging.WARNING, text=_shown(error), pause=pause)


async def _finish(tasks: list[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait for the tasks; once `stop` is set for `FINISH_S` at most. What is given up keeps its lease."""
    stopped = asyncio.create_task(stop.wait())
    pending = set(tasks)
    try:
        while pending and not stop.is_set():
            done, _ = await asyncio.wait({*pending, stopped}, return_when=asyncio.FIRST_COMPLETED)
            pending -= done
        if pending:
            await asyncio.wait(pending, timeout=FINISH_S)
    finally:
        for task in (stopped, *tasks):
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)


def _shown(error: str) -> str:
    """What a server said, fit for a log line and a database column."""
    return one_line(error, _ERROR_LENGTH)
