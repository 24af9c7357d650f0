"""Finishing what must be finished: COMMIT, ROLLBACK and giving a connection back."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def uninterrupted(work: Coroutine[Any, Any, object]) -> None:
    """Run `work` to its end in a task of its own, however often the caller is cancelled meanwhile.

    Raises:
        CancelledError: after `work` has ended, when the caller was cancelled; `work`'s own error is dropped.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # marked as seen: the cancellation is what the caller is told
        raise cancelled
    task.result()
