"""The webhooks' lanes: each webhook that something is due for gets a round, beside all the others.

A receiver that hangs keeps its own round busy and nobody else's. Where more webhooks are due than rounds may
run, who has waited longest for its turn is first.
"""

import asyncio
import logging
from itertools import count

from gql_approvals.persistence import outbox
from gql_approvals.persistence.outbox import WEBHOOK
from gql_approvals.relay.backoff import WEBHOOK_PAUSES_S
from gql_approvals.relay.lane import Deliver, Lane
from gql_approvals.service.driving import Trouble
from gql_approvals.service.perform import Office

AT_ONCE = 4  # requests to one receiver
ROUNDS = 32  # receivers at once
_log = logging.getLogger(__name__)


class WebhookLanes:
    """All webhooks of all accounts. `at_once`, `rounds`: requests to one receiver, and receivers at once."""

    def __init__(
        self, office: Office, deliver: Deliver, *, at_once: int = AT_ONCE, rounds: int = ROUNDS
    ) -> None:
        self._office = office
        self._deliver = deliver
        self._at_once = at_once
        self._rounds = rounds
        self._running: dict[int, asyncio.Task[int]] = {}
        self._turns = count(1)
        self._last_turn: dict[int, int] = {}
        self._trouble = Trouble(_log, "relay", kind=WEBHOOK)

    async def run(self, poll_s: float, stop: asyncio.Event) -> None:
        """Deliver what is due, again and again; requests in hand finish when `stop` is set."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    await self._begin(stop)
                    self._trouble.over()
                except Exception as error:  # noqa: BLE001  # whatever it is, it must not stop the relay
                    self._trouble.met(error)
                waits = {stopped, *self._running.values()}
                await asyncio.wait(waits, timeout=poll_s, return_when=asyncio.FIRST_COMPLETED)
                self._collect()
        finally:
            stopped.cancel()
            await asyncio.gather(stopped, *self._running.values(), return_exceptions=True)

    async def drain(self, stop: asyncio.Event) -> None:
        """Deliver until nothing is due, or `stop` is set.

        Raises:
            Unavailable: when the database is lost.
        """
        while not stop.is_set():
            await self._begin(stop)
            if not self._running:
                break
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            self._collect()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def lane(self, webhook: int) -> Lane:
        """The lane of one webhook."""
        return Lane(
            self._office,
            WEBHOOK,
            self._deliver,
            at_once=self._at_once,
            webhook=webhook,
            pauses_s=WEBHOOK_PAUSES_S,
        )

    async def _begin(self, stop: asyncio.Event) -> None:
        """Begin a round for those that are due and have none."""
        due = set(await outbox.due_webhooks(self._office.now()))
        self._last_turn = {webhook: turn for webhook, turn in self._last_turn.items() if webhook in due}
        waiting = sorted(due - self._running.keys(), key=lambda one: (self._last_turn.get(one, 0), one))
        for webhook in waiting[: self._rounds - len(self._running)]:
            self._last_turn[webhook] = next(self._turns)
            self._running[webhook] = asyncio.create_task(self.lane(webhook).round(stop))

    def _collect(self) -> None:
        """Forget the rounds that are over, and tell of those that failed."""
        for webhook, task in list(self._running.items()):
            if task.done():
                del self._running[webhook]
                if (error := task.exception()) is not None and isinstance(error, Exception):
                    self._trouble.met(error)
