"""How long a message waits after a failed attempt, and when it is given up."""

import random
from datetime import timedelta

# The eighth entry and those after it follow Standard Webhooks: a receiver may be down over a weekend.
PAUSES_S = (1, 5, 30, 120, 600, 3600, 7200, 18000, 36000, 50400, 72000, 86400)
_JITTER = 0.2


def pause_after(attempts: int) -> timedelta | None:
    """The pause after that many failed attempts, up to a fifth longer or shorter; None: no more attempts."""
    if attempts > len(PAUSES_S):
        return None
    return timedelta(seconds=PAUSES_S[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # no secret
