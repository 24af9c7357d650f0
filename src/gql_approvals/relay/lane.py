"""A lane: claim what is due, deliver it, write down how it went.

Mails and hand-overs have a lane each, so that a sending system that hangs delays no mail. A lane claims no
more than it delivers at once, and lets go of a message before its lease runs out: while a lease holds,
nobody else delivers that message.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import lookups, outbox
from gql_approvals.persistence.outbox import HANDOVER, LEASE, Message
from gql_approvals.relay.backoff import pause_after
from gql_approvals.relay.outcome import Delivered, Failed, NotTold, Outcome, Refused
from gql_approvals.relay.text import one_line
from gql_approvals.service.perform import Office

AT_ONCE = 8
FINISH_S = 4.0  # sends in hand may finish within this once the loop is to stop
WORK_S = LEASE.total_seconds() - 5  # a message is let go before its lease ends
_RETRY_S = 0.5
_ERROR_LENGTH = 500
_DELIVERED = "relay:delivered"
_DROPPED = "relay:dropped"
_log = logging.getLogger(__name__)

Deliver = Callable[[Message], Awaitable[Outcome]]


@dataclass(kw_only=True)
class _State:
    in_trouble: bool = False


@dataclass
class Lane:
    """Messages of one kind and how they are delivered."""

    office: Office
    kind: str
    deliver: Deliver
    at_once: int = AT_ONCE
    _state: _State = field(default_factory=_State, init=False)

    async def run(self, poll_s: float, stop: asyncio.Event) -> None:
        """Deliver what is due, again and again; sends in hand finish when `stop` is set."""
        while not stop.is_set():
            found = 0
            try:
                found = await self.round(stop)
                self._well()
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not stop the relay
                self._trouble(error)
            if found < self.at_once:
                await _rest(stop, poll_s)

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
        return await outbox.claim(self.office.now(), limit=self.at_once, kinds=(self.kind,))

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
                self._trouble(error)
                await asyncio.sleep(_RETRY_S)
            except Exception as error:  # noqa: BLE001  # it is tried again, and dropped in the end
                _log.exception("relay:delivery_failed kind=%s message=%d", self.kind, message.id)
                return Failed(f"{type(error).__name__}: {error}")

    async def _settle(self, message: Message, outcome: Outcome) -> None:
        """Write the outcome down; a database that is lost is waited for, since the message may be sent."""
        note = _note_of(message, outcome)
        while True:
            try:
                await self.office.database.transaction(lambda: self._write(message, note))
            except Unavailable as error:
                self._trouble(error)
                await asyncio.sleep(_RETRY_S)
            else:
                break
        _log.log(
            note.level,
            "%s kind=%s message=%d attempt=%d error=%s",
            note.event, self.kind, message.id, message.attempts + 1, note.text or None,
        )  # fmt: skip

    async def _write(self, message: Message, note: "_Note") -> None:
        now = self.office.now()
        if note.event == _DELIVERED:
            await outbox.mark_delivered(message.id, now)
            publication = message.payload.get("publication")
            if self.kind == HANDOVER and isinstance(publication, int):
                await lookups.hand_over(publication, now)
        elif note.pause is not None:
            await outbox.mark_failed(message, error=note.text, next_at=now + note.pause)
        else:
            await outbox.mark_dropped(message.id, why=note.text, now=now)

    def _trouble(self, error: Exception) -> None:
        """Say once what is in the way, until a round succeeds."""
        if self._state.in_trouble:
            return
        self._state.in_trouble = True
        if isinstance(error, Unavailable):
            _log.warning("relay:database_lost kind=%s error=%s", self.kind, error)
        else:
            _log.error("relay:round_failed kind=%s", self.kind, exc_info=error)

    def _well(self) -> None:
        if self._state.in_trouble:
            self._state.in_trouble = False
            _log.info("relay:recovered kind=%s", self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What is written down of an outcome. `pause`: until the next attempt."""

    event: str
    level: int = logging.INFO
    text: str = ""
    pause: timedelta | None = None


def _note_of(message: Message, outcome: Outcome) -> _Note:
    match outcome:
        case Delivered():
            return _Note(event=_DELIVERED)
        case NotTold():
            return _Note(event="relay:not_told", text="the recipient may not be told any more")
        case Refused(error):
            return _Note(event=_DROPPED, level=logging.ERROR, text=_shown(error))
        case Failed(error):
            attempts = message.attempts + 1
            pause = pause_after(attempts)
            if pause is None:
                text = _shown(f"given up after {attempts} attempts: {error}")
                return _Note(event=_DROPPED, level=logging.ERROR, text=text)
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


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _shown(error: str) -> str:
    """What a server said, fit for a log line and a database column."""
    return one_line(error, _ERROR_LENGTH)
