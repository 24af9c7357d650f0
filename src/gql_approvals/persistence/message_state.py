"""What has become of a message of the outbox: the same as a question to the database, and of one message.

A dead letter was given up: the other side refused it, or did not take it for days.
"""

from datetime import datetime
from enum import StrEnum

from tortoise.expressions import Q

# Why a message is given up that is no dead letter: nobody has to do anything about it.
NOT_TOLD = "the recipient may not be told any more"


class State(StrEnum):
    """What has become of a message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    UNTOLD = "untold"  # its recipient may not be told any more


_UNTOLD = Q(last_error=NOT_TOLD)
STATES: dict[State, Q] = {
    State.WAITING: Q(delivered_at=None, given_up_at=None),
    State.DELIVERED: Q(delivered_at__isnull=False),
    State.DEAD: Q(delivered_at=None, given_up_at__isnull=False) & (Q(last_error=None) | ~_UNTOLD),
    State.UNTOLD: Q(delivered_at=None, given_up_at__isnull=False) & _UNTOLD,
}


def state_of(delivered_at: datetime | None, given_up_at: datetime | None, last_error: str | None) -> State:
    """The state of one message."""
    if delivered_at is not None:
        return State.DELIVERED
    if given_up_at is None:
        return State.WAITING
    return State.UNTOLD if last_error == NOT_TOLD else State.DEAD
