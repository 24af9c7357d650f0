"""What one worker knows of its live followers: who is connected, what they follow, what is new there.

State only: the driver in `feed.py` brings the news, `following.py` turns them into what a follower is told.
A follower keeps no queue, only its place in the account's chain of changes: the slow ones cost nothing, and
what is no longer at hand is read again from the audit log.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import takewhile

from gql_approvals.persistence import tail
from gql_approvals.persistence.tail import Change
from gql_approvals.service.moment import Moment, begin, failed

WINDOW = 1000  # changes of an account that are kept at hand
MANY = 100  # who is this far behind is told of each campaign once
SHARED_S = 0.2  # for how long a moment is shared


class Leaving(Enum):
    """Why a connection is ended from this side."""

    GOING_AWAY = auto()  # the server stops: connect again
    SIGNED_OUT = auto()  # the token or the membership does not stand any more


@dataclass(eq=False, kw_only=True)
class Presence:
    """An open connection: for whom, and how to end it.

    `token_hash` is None for a caller without an API token. `check` then finds out whether they may stay; it
    raises a `RequestFault` when not. Nobody has signed in while `user_id` is None.
    """

    leave: Callable[[Leaving], None]
    user_id: int | None = None
    account_id: int | None = None
    token_hash: str | None = None
    check: Callable[[], Awaitable[object]] | None = None
    checked_s: float = 0.0

    @property
    def stands_in(self) -> tuple[str, int] | None:
        """The token with the account it is used in."""
        if self.token_hash is None or self.account_id is None:
            return None
        return (self.token_hash, self.account_id)


@dataclass(eq=False)
class Room:
    """An account that somebody here follows. `seq`: how far its chain was read; None: not at all yet."""

    account_id: int
    seq: int | None = None
    listeners: int = 0
    policies: int = 0  # how often the policy in force has changed
    noticed_s: float = 0.0
    _floor: int = 0  # the window holds every change behind this entry
    _window: deque[Change] = field(default_factory=deque[Change])
    _grown: asyncio.Event = field(default_factory=asyncio.Event)
    _moment: asyncio.Task[Moment] | None = None
    _moment_s: float = 0.0

    def begin_at(self, seq: int) -> None:
        """Read the chain from here on, unless it is being read already."""
        if self.seq is None:
            self.seq = self._floor = seq

    def grow(self, changes: list[Change], seq: int, now_s: float) -> None:
        """Take what was read up to an entry, and wake everybody."""
        self._window.extend(changes)
        while len(self._window) > WINDOW:
            self._floor = self._window.popleft().seq
        self.seq = seq
        self.stir(now_s)

    def obey(self, now_s: float) -> None:
        """Another policy is in force."""
        self.policies += 1
        self.stir(now_s)

    def stir(self, now_s: float) -> None:
        """Let everybody look again."""
        self.noticed_s = now_s
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def stirred(self) -> None:
        """Wait for the next time."""
        await self._grown.wait()

    def at_hand(self, seq: int) -> list[Change] | None:
        """The changes behind an entry; None when they are not kept any more."""
        if seq < self._floor:
            return None
        newest_first = takewhile(lambda change: change.seq > seq, reversed(self._window))
        return list(newest_first)[::-1]

    async def moment(self, load: Callable[[float], Awaitable[Moment]]) -> Moment:
        """The account as it is: read after the last change was noticed, and not long ago."""
        task = self._moment
        if task is None or failed(task) or not self.is_fresh(self._moment_s):
            self._moment_s = asyncio.get_running_loop().time()
            task = self._moment = begin(load(self._moment_s))
        return await asyncio.shield(task)

    def is_fresh(self, begun_s: float) -> bool:
        """Whether what was read from then on still serves."""
        return begun_s > self.noticed_s and asyncio.get_running_loop().time() - begun_s <= SHARED_S


class Listener:
    """One follower's place in an account's chain. Close it."""

    def __init__(self, feed: "Feed", room: Room, seq: int) -> None:
        self.room = room
        self._feed = feed
        self._seq = seq
        self._policies = room.policies
        self._open = True

    async def changes(self) -> list[Change]:
        """Wait for something new, and give it in order; nothing in it when only the policy has changed.

        Raises:
            Unavailable: when it must be read from the database, and that does not answer; call again.
        """
        while not self._is_behind() and self._policies == self.room.policies:
            await self.room.stirred()
        self._policies = self.room.policies
        if not self._is_behind():
            return []
        changes = self.room.at_hand(self._seq)
        if changes is None:
            changes, self._seq = await tail.changes_after(self.room.account_id, self._seq)
        else:
            self._seq = self.room.seq or 0
        return changes if len(changes) < MANY else _each_once(changes)

    def _is_behind(self) -> bool:
        return self.room.seq is not None and self.room.seq > self._seq

    def close(self) -> None:
        """Follow no more."""
        if self._open:
            self._open = False
            self._feed.leave_room(self.room)


def _each_once(changes: list[Change]) -> list[Change]:
    newest = {change.campaign_id: change for change in changes}
    return [change for change in changes if newest[change.campaign_id] is change]


class Feed:
    """One worker's followers. `woken` is for the driver: set when there may be something to read."""

    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}
        self.presences: set[Presence] = set()
        self.woken = asyncio.Event()
        self.closing = False
        self._left = asyncio.Event()

    async def listen(self, account_id: int) -> Listener:
        """Follow an account: everything that is committed from now on is told.

        Raises:
            Unavailable: when the database does not answer.
        """
        room = self.rooms.setdefault(account_id, Room(account_id))
        room.listeners += 1
        try:
            seq = (await tail.positions([account_id])).get(account_id, 0)
        except BaseException:
            self.leave_room(room)
            raise
        room.begin_at(seq)
        self.woken.set()
        return Listener(self, room, seq)

    def leave_room(self, room: Room) -> None:
        """One follower less."""
        room.listeners -= 1
        if not room.listeners:
            self.rooms.pop(room.account_id, None)

    def heard(self, account_id: int) -> None:
        """There is news of an account."""
        if account_id in self.rooms:
            self.woken.set()

    @contextmanager
    def present(self, presence: Presence) -> Generator[None]:
        """Count somebody among the connected; when the server is about to stop, they leave at once."""
        self.presences.add(presence)
        if self.closing:
            presence.leave(Leaving.GOING_AWAY)
        try:
            yield
        finally:
            self.presences.discard(presence)
            self._left.set()

    async def empty(self) -> None:
        """Wait until nobody is connected any more."""
        while self.presences:
            self._left.clear()
            await self._left.wait()

    def close(self) -> None:
        """Let everybody go, and whoever comes."""
        self.closing = True
        for presence in tuple(self.presences):
            presence.leave(Leaving.GOING_AWAY)
