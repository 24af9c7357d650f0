"""Who counts for what: what the workflow asks of the policy and of roles."""

from collections.abc import Iterable
from typing import Protocol


class Electorate(Protocol):
    """Who counts for which requirement of the campaign at hand, by policy and roles as they are now."""

    def counts_for(self, user_id: int) -> frozenset[str]:
        """The requirement roles this person's approval counts for; empty for who may not approve."""
        ...

    def members(self) -> Iterable[int]:
        """The user ids of all active members."""
        ...
