"""The time by which relays lease and wait: the database's, which is one for all nodes.

Clocks of nodes differ, and are set while relays run. The database's is read now and then, and carried on by a
clock that nobody sets: a node whose clock is wrong by a day delivers like any other.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from time import monotonic

from gql_approvals.persistence.database import Database
from gql_approvals.service.driving import Trouble, rest

AGAIN_S = 5.0
_RETRY_S = 0.5
_SLOW_S = 1.0  # an answer that took longer says too little: the last one is carried on
_log = logging.getLogger(__name__)


class SharedTime:
    """A clock, once it was `read`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[datetime, float] | None = None
        self._trouble = Trouble(_log, "relay", kind="time")

    def __call__(self) -> datetime:
        """The time now, in UTC."""
        assert self._known is not None, "read it first"  # noqa: S101  # whoever composes relays does
        at, read_at = self._known
        return at + timedelta(seconds=monotonic() - read_at)

    async def read(self) -> None:
        """Ask the database.

        Raises:
            Unavailable: when it does not answer.
        """
        before = monotonic()
        at = await self._database.clock()
        after = monotonic()
        if self._known is None or after - before < _SLOW_S:
            self._known = at, (before + after) / 2

    async def begin(self, stop: asyncio.Event) -> bool:
        """Read it as soon as the database answers; False when `stop` was set before."""
        while not stop.is_set():
            if await self._reads():
                return True
            await rest(stop, _RETRY_S)
        return False

    async def run(self, stop: asyncio.Event) -> None:
        """Read it again and again until `stop` is set."""
        while not stop.is_set():
            await rest(stop, AGAIN_S)
            await self._reads()

    async def _reads(self) -> bool:
        try:
            await self.read()
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not stop the relay
            self._trouble.met(error)
            return False
        self._trouble.over()
        return True
