"""How many operations a caller may still ask for: a token bucket for each, kept by each worker for itself.

A worker has its share of what the server allows: however a caller spreads over the workers, it is no more in
all. A bucket holds a minute's worth and refills steadily. An operation costs as many as it has root fields.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic

MINUTE_S = 60
MAX_CALLERS = 10_000  # the least recently seen are forgotten first, and begin anew with a full bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a caller has left after an operation. `reset_s`: seconds until the bucket is full again."""

    limit: int
    remaining: int
    reset_s: int
    cost: int
    granted: bool
    retry_after_s: int = 0


@dataclass(slots=True)
class _Bucket:
    level: float
    seen_s: float


class Budget:
    """The callers' buckets. `per_minute`: at least 1. `now_s`: any clock that does not go back."""

    def __init__(self, per_minute: int, now_s: Callable[[], float] = monotonic) -> None:
        self.limit = per_minute
        self._now_s = now_s
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def take(self, caller: Hashable, cost: int) -> Allowance:
        """Take the cost of one operation; nothing is taken when there is not enough.

        What costs more than a whole bucket is granted when the bucket is full, which it then empties.
        """
        bucket = self._filled(caller)
        needed = min(cost, self.limit)
        granted = bucket.level >= needed
        bucket.level -= needed if granted else 0
        return Allowance(
            limit=self.limit,
            remaining=math.floor(bucket.level),
            reset_s=self._seconds(self.limit - bucket.level),
            cost=cost,
            granted=granted,
            retry_after_s=0 if granted else max(1, self._seconds(needed - bucket.level)),
        )

    def _filled(self, caller: Hashable) -> _Bucket:
        now_s = self._now_s()
        bucket = self._buckets.setdefault(caller, _Bucket(float(self.limit), now_s))
        gained = (now_s - bucket.seen_s) * self.limit / MINUTE_S
        bucket.level, bucket.seen_s = min(float(self.limit), bucket.level + gained), now_s
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        return bucket

    def _seconds(self, operations: float) -> int:
        return math.ceil(operations * MINUTE_S / self.limit)
