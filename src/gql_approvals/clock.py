"""The clock: does to campaigns what their time has come for, as the system, through `service.perform`.

Any number may run at once: each campaign is locked and looked at again before anything is done.
"""

import asyncio
import logging
from dataclasses import dataclass

from gql_approvals.errors import Unavailable
from gql_approvals.observability import meters
from gql_approvals.persistence import lookups
from gql_approvals.service.driving import Trouble, rest
from gql_approvals.service.perform import Office, perform_due
from gql_approvals.settings import Settings

BATCH = 50
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
_log = logging.getLogger(__name__)


async def clock(office: Office, settings: Settings, stop: asyncio.Event) -> None:
    """Look for due campaigns every `settings.poll_s` seconds until `stop` is set."""
    driver = Clock(office)
    while not stop.is_set():
        done = await driver.round(stop)
        if done < BATCH:
            await rest(stop, settings.poll_s)


@dataclass(slots=True)
class _Pause:
    """How long a campaign that failed is left alone; `until` is a time of the event loop."""

    seconds: float
    until: float


class Clock:
    """One driver, with the campaigns that it could not move."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._failed: dict[int, _Pause] = {}
        self._trouble = Trouble(_log, "clock")

    async def round(self, stop: asyncio.Event | None = None) -> int:
        """Do what is due now, oldest first; gives how many campaigns were moved."""
        try:
            # Campaigns that fail stay due: they must not fill the batch for ever.
            due = await lookups.due(self._office.now(), BATCH + len(self._failed))
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not stop the clock
            self._trouble.met(error)
            return 0
        self._trouble.over()
        keys = {campaign for _, campaign in due}
        self._failed = {campaign: pause for campaign, pause in self._failed.items() if campaign in keys}
        moved = 0
        for account_id, campaign_id in due:
            if stop is not None and stop.is_set():
                break
            moved += await self._move(account_id, campaign_id)
        return moved

    async def _move(self, account_id: int, campaign_id: int) -> bool:
        """Move one campaign; an error concerns this campaign only."""
        now = asyncio.get_running_loop().time()
        pause = self._failed.get(campaign_id)
        if pause is not None and pause.until > now:
            return False
        try:
            await perform_due(self._office, account_id, campaign_id)
        except Unavailable as error:
            self._trouble.met(error)
            return False
        except Exception:  # noqa: BLE001  # a mistake in one campaign must not stop the others
            seconds = FIRST_PAUSE_S if pause is None else min(2 * pause.seconds, LONGEST_PAUSE_S)
            self._failed[campaign_id] = _Pause(seconds=seconds, until=now + seconds)
            _log.exception("clock:campaign_failed campaign=%d pause_s=%.0f", campaign_id, seconds)
            return False
        self._failed.pop(campaign_id, None)
        meters.count("campaigns_moved")
        return True
