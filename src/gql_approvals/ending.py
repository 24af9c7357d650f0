"""How a server process ends in time, whatever its database does.

A database that is silent keeps its callers: SQLite's in a thread that cannot be interrupted, PostgreSQL's
until a time limit. What was acknowledged is on disk, and what was not is undone by the database, so that
leaving at once loses nothing.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], Any]

LIMIT_S = 3.6  # with the goodbye before it (1 s) and a supervisor that looks each 0.5 s: below 6 s

_log = logging.getLogger(__name__)


def end_in_time(limit_s: float = LIMIT_S) -> None:
    """From SIGTERM or SIGINT on, give this process so long. The handlers that are there keep their say."""
    if threading.current_thread() is not threading.main_thread():
        return  # signals are the main thread's
    for number in (signal.SIGTERM, signal.SIGINT):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _timed(handler, limit_s))


def _timed(handler: Handler, limit_s: float) -> Handler:
    def on_signal(number: int, frame: FrameType | None) -> None:
        timer = threading.Timer(limit_s, _leave)
        timer.daemon = True
        timer.start()
        handler(number, frame)

    return on_signal


def _leave() -> None:
    _log.warning("server:left the database did not answer in time; what was not acknowledged is undone")
    os._exit(0)  # nothing that waits for the database would let go
