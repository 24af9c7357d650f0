"""The driver of live updates: tails the audit chains that somebody follows here, and who is there.

NOTIFY (PostgreSQL) or a short pause (SQLite) only wakes it. What is new is always read from the chains, by
(account, seq): so one mechanism serves one worker, two on a file, and any number of nodes.
"""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Generator
from types import FrameType

from gql_approvals.persistence import tail
from gql_approvals.service.driving import Trouble, rest
from gql_approvals.service.following import CHECK_S, check_presences
from gql_approvals.service.live import Feed, Room
from gql_approvals.service.perform import Office
from gql_approvals.settings import Settings

UNTOLD_S = 0.05  # between two looks, where nobody tells of commits
TOLD_S = 1.0  # where somebody does; a notice may be lost with its connection
POLICY_S = 0.5  # an exchanged policy is noticed within this
GOODBYE_S = 1.0  # for ending connections before the server itself stops
_IDLE_S = 3600.0
_RETRY_S = 1.0

_log = logging.getLogger(__name__)


async def tell_followers(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Bring news to everybody who follows an account on this worker, until `stop` is set."""
    del settings
    driver = Tail(office)
    with closing_when_asked_to_end(office.feed):
        async with asyncio.TaskGroup() as group:
            group.create_task(driver.run(stop))
            group.create_task(_look_after(office, stop))
            await stop.wait()
            office.feed.close()
            office.feed.woken.set()


class Tail:
    """One worker's reader of audit chains."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._feed = office.feed
        self._version = office.policy().version
        self._trouble = Trouble(_log, "feed")

    async def run(self, stop: asyncio.Event) -> None:
        """Read what is new whenever there may be something, until `stop` is set."""
        while not stop.is_set():
            if not self._feed.rooms:
                await self._pause(_IDLE_S)
                continue
            try:
                await self._follow(stop)
                self._trouble.over()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next attempt may succeed
                self._trouble.met(error)
                await rest(stop, _RETRY_S)

    async def _follow(self, stop: asyncio.Event) -> None:
        """Hear and read for as long as somebody follows and the connection holds."""
        lost = asyncio.Event()

        def on_lost() -> None:
            lost.set()
            self._feed.woken.set()

        async with tail.news(self._office.database, self._feed.heard, on_lost) as told:
            while self._feed.rooms and not stop.is_set() and not lost.is_set():
                await self.round()
                self._trouble.over()
                await self._pause(min(TOLD_S, POLICY_S) if told else UNTOLD_S)

    async def _pause(self, seconds: float) -> None:
        await rest(self._feed.woken, seconds)
        self._feed.woken.clear()

    async def round(self) -> None:
        """Read once what is new.

        Raises:
            Unavailable: when the database does not answer; nothing is lost, the next round reads on.
        """
        rooms = {room.account_id: room for room in tuple(self._feed.rooms.values()) if room.seq is not None}
        for account_id, seq in (await tail.positions(rooms)).items():
            await self._read(rooms[account_id], seq)
        version = self._office.policy().version
        if version != self._version:
            self._version = version
            for room in rooms.values():
                room.obey(asyncio.get_running_loop().time())

    async def _read(self, room: Room, until: int) -> None:
        while room.listeners and (room.seq or 0) < until:
            changes, last = await tail.changes_after(room.account_id, room.seq or 0)
            room.grow(changes, last, asyncio.get_running_loop().time())


async def _look_after(office: Office, stop: asyncio.Event) -> None:
    """End the connections of those who may not stay."""
    trouble = Trouble(_log, "presence")
    while not stop.is_set():
        await rest(stop, CHECK_S)
        if not office.feed.presences:
            continue
        try:
            await check_presences(office)
            trouble.over()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next attempt may succeed
            trouble.met(error)


@contextlib.contextmanager
def closing_when_asked_to_end(feed: Feed) -> Generator[None]:
    """Inside, SIGTERM and SIGINT first end the open connections properly; then the server gets the signal.

    The server itself (uvicorn 0.54) would cut sockets off and wait for streams that never end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    goodbye = _Goodbye(feed)
    for number, handler in goodbye.before.items():
        if callable(handler):
            signal.signal(number, goodbye.on_signal)
    try:
        yield
    finally:
        for number, handler in goodbye.before.items():
            if signal.getsignal(number) == goodbye.on_signal:
                signal.signal(number, handler)


class _Goodbye:
    """Stands before the server's own handlers, which are kept in `before`."""

    def __init__(self, feed: Feed) -> None:
        self.before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Take a signal; a second one goes straight to the server."""
        if self._feed.presences and not self._feed.closing:
            self._loop.call_soon_threadsafe(self._begin, number)
            return
        self._feed.closing = True
        self._pass_on(number, frame)

    def _begin(self, number: int) -> None:
        self._task = self._loop.create_task(self._end(number))

    async def _end(self, number: int) -> None:
        self._feed.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._feed.empty(), GOODBYE_S)
        self._pass_on(number, None)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        handler = self.before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
