"""How one attempt to deliver a message ended."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken it. `answer`: what it said, if anything."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It may work later. `error` is for the operator; `wait`: what the other side asks for, if it does."""

    error: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never work: the message is a dead letter, and `error` kept with it."""

    error: str


@dataclass(frozen=True, slots=True)
class NotTold:
    """The recipient may not be told any more: no fault, nothing was sent."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The receiver wants nothing more, ever. `error` says how it said so."""

    error: str


Outcome = Delivered | Failed | Refused | NotTold | Gone
