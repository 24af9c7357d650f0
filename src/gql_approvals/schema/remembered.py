"""Documents that were valid: a small room for those that were asked for once, a large one for the others.

A document of the large room was asked for at least twice. So documents that are sent once each, however many,
drive out each other and never what is used; and only what is used is worth compiling. Room is counted in
tokens, since that is what memory goes with.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

MAX_TOKENS = 200_000
FOR_ONCE = 0.2  # the share of it for documents that were asked for once


class Sized(Protocol):
    """What can be remembered."""

    @property
    def tokens(self) -> int:
        """How much room it takes."""
        ...


D = TypeVar("D", bound=Sized)


@dataclass(slots=True)
class _Room(Generic[D]):
    """Those that were not asked for longest are forgotten first."""

    held: OrderedDict[str, D] = field(default_factory=OrderedDict[str, D])
    tokens: int = 0

    def add(self, text: str, document: D, most: float) -> None:
        self.held[text] = document
        self.tokens += document.tokens
        while self.tokens > most:
            self.tokens -= self.held.popitem(last=False)[1].tokens

    def take(self, text: str) -> D | None:
        found = self.held.pop(text, None)
        self.tokens -= 0 if found is None else found.tokens
        return found


class Remembered(Generic[D]):
    """The documents of a worker, by their texts. `again` is told of each that is asked for a second time."""

    def __init__(self, again: Callable[[D], None]) -> None:
        self._tell = again
        self._once: _Room[D] = _Room()
        self._again: _Room[D] = _Room()

    def find(self, text: str) -> D | None:
        """The document, if it was asked for before."""
        known = self._again.held.get(text)
        if known is not None:
            self._again.held.move_to_end(text)
            return known
        known = self._once.take(text)
        if known is not None:
            self._tell(known)
            self._again.add(text, known, MAX_TOKENS * (1 - FOR_ONCE))
        return known

    def add(self, text: str, document: D) -> None:
        """Remember a document that was not known."""
        self._once.add(text, document, MAX_TOKENS * FOR_ONCE)

    @property
    def texts(self) -> list[str]:
        """What is remembered."""
        return [*self._once.held, *self._again.held]

    @property
    def tokens(self) -> int:
        """How much room that takes."""
        return self._once.tokens + self._again.tokens
