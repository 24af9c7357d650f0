"""How things stand: what readiness and figures say of the database, looked up once in a few seconds.

Anybody may ask for readiness as often as they like: that must not become work for the database.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import standing, undelivered
from gql_approvals.persistence.standing import Overdue, Trails
from gql_approvals.persistence.undelivered import Backlog
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_status import versions_in_force

FRESH_S = 5.0
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was found. `at_s`: when, by the event loop's clock.

    `unfit`: why this release cannot work with the database.
    """

    at_s: float
    backlog: Mapping[str, Backlog]
    overdue: Overdue
    trails: Trails
    policies: tuple[str, ...]
    unfit: str | None


class Standings:
    """What a worker found last."""

    def __init__(self) -> None:
        self._last: Standing | None = None
        self._looking: asyncio.Task[Standing] | None = None

    async def now(self, office: Office) -> Standing:
        """What was found within the last seconds.

        Raises:
            Unavailable: when the database does not answer within 2 s.
        """
        loop = asyncio.get_running_loop()
        if self._last is not None and loop.time() - self._last.at_s < FRESH_S:
            return self._last
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(_look(office))
            self._looking.add_done_callback(_noted)
        done, _ = await asyncio.wait({self._looking}, timeout=PATIENCE_S)
        if not done:
            message = f"the database has not told how things stand for {PATIENCE_S:.0f} s"
            raise Unavailable(message)
        self._last = self._looking.result()
        return self._last


def _noted(task: "asyncio.Task[Standing]") -> None:
    """An error that comes when nobody waits any more is not told twice."""
    if not task.cancelled():
        task.exception()


async def _look(office: Office) -> Standing:
    now: datetime = office.now()
    return Standing(
        at_s=asyncio.get_running_loop().time(),
        backlog=await undelivered.backlog(now),
        overdue=await standing.overdue(now),
        trails=await standing.trails(),
        policies=await versions_in_force(now),
        unfit=await office.database.why_unfit(),
    )
