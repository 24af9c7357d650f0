"""How one attempt to deliver a message ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken it. `answer`: what it said, if anything."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It may work later. `error` is for the operator."""

    error: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never work: the message is dropped, and `error` kept with it."""

    error: str


@dataclass(frozen=True, slots=True)
class NotTold:
    """The recipient may not be told any more: no fault, nothing was sent."""


Outcome = Delivered | Failed | Refused | NotTold
