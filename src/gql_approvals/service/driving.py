"""What everything that runs beside the requests does alike: rest, and say once what is in the way."""

import asyncio
import contextlib
import logging

from gql_approvals.errors import Unavailable


class Trouble:
    """One driver's trouble: told when it begins and when it is over, not at every attempt between."""

    def __init__(self, log: logging.Logger, driver: str, **about: str) -> None:
        self._log = log
        self._driver = driver
        self._about = about
        self._met = False

    def met(self, error: Exception) -> None:
        """A round has failed."""
        if self._met:
            return
        self._met = True
        if isinstance(error, Unavailable):
            self._log.warning(f"{self._driver}:database_lost", extra={**self._about, "error": str(error)})
        else:
            self._log.error(f"{self._driver}:round_failed", extra=self._about, exc_info=error)

    def over(self) -> None:
        """A round has succeeded."""
        if self._met:
            self._met = False
            self._log.info(f"{self._driver}:recovered", extra=self._about)


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not when `stop` is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
