"""How long a message waits after a failed attempt, and when it is given up."""

import random
from collections.abc import Sequence
from datetime import timedelta

# The eighth entry and those after it follow Standard Webhooks: a receiver may be down over a weekend.
PAUSES_S = (1, 5, 30, 120, 600, 3600, 7200, 18000, 36000, 50400, 72000, 86400)
# The schedule of Standard Webhooks 1.0: nobody waits for an event as people wait for a mail or a send.
WEBHOOK_PAUSES_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
LONGEST = timedelta(hours=24)  # that a receiver may ask for
_JITTER = 0.2


def pause_after(attempts: int, pauses_s: Sequence[int] = PAUSES_S) -> timedelta | None:
    """The pause after that many failed attempts, up to a fifth longer or shorter; None: no more attempts."""
    if attempts > len(pauses_s):
        return None
    return timedelta(seconds=pauses_s[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # no secret
