"""What the lines of the file can tell apart, so that one answer serves all facts that are alike.

A channel that no line lists is like any other such channel, a status that no condition names like any
other, and an audience counts by its interval between the numbers that occur.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TypeVar

from gql_approvals.policy.rules import Grant, Requirement, listed
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class GrantClass:
    """Facts that are alike; None = does not matter, `audience_from <= n < audience_to`."""

    channels: frozenset[Channel]
    statuses: frozenset[CampaignStatus]
    own: bool | None
    involved: bool | None
    audience_from: int
    audience_to: int | None


@dataclass(frozen=True, slots=True)
class Distinctions:
    """What to tell apart besides, for a matcher that looks at the facts by itself."""

    channels: bool = False
    statuses: bool = False
    relations: bool = False
    cuts: frozenset[int] = frozenset()


NOTHING_ELSE = Distinctions()


class Classes:
    """The classes for one set of lines; `key` is the hot path of every decision."""

    __slots__ = ("_channels", "_cuts", "_involved", "_own", "_statuses", "_weights", "count")

    def __init__(self, lines: Collection[Grant | Requirement], besides: Distinctions = NOTHING_ELSE) -> None:
        whens = {line.when for line in lines}
        specs = sorted({line.channels for line in lines})
        named = [when.statuses for when in whens if when.statuses is not None]

        def of_channel(channel: Channel | None) -> Hashable:
            return channel if besides.channels else tuple(listed(channel, spec) for spec in specs)

        def of_status(status: CampaignStatus | None) -> Hashable:
            return status if besides.statuses else tuple(status in names for names in named)

        self._channels = _numbered((None, *Channel), of_channel)
        self._statuses = _numbered((None, *CampaignStatus), of_status)
        self._own = besides.relations or any(when.own is not None for when in whens)
        self._involved = besides.relations or any(when.involved is not None for when in whens)
        cuts = {cut for when in whens for cut in (when.audience_from, when.audience_to)} | besides.cuts
        self._cuts = sorted(cut for cut in cuts if cut)
        status = len(set(self._channels.values()))
        own = status * len(set(self._statuses.values()))
        involved = own * (1 + self._own)
        audience = involved * (1 + self._involved)
        self._weights = (status, own, involved, audience)
        self.count = audience * (1 + len(self._cuts))

    def key(self, facts: Facts) -> int:
        """Number of the class that the facts are in, below `count`."""
        if self.count == 1:
            return 0
        status, own, involved, audience = self._weights
        key = self._channels[facts.channel] + status * self._statuses[facts.status]
        if self._own and facts.own:
            key += own
        if self._involved and facts.involved:
            key += involved
        if self._cuts:
            key += audience * bisect_right(self._cuts, facts.audience)
        return key

    def members(self) -> Iterator[tuple[Facts, GrantClass]]:
        """Each class, with one example of it."""
        dimensions = (
            _blocks(self._channels),
            _blocks(self._statuses),
            (False, True) if self._own else (None,),
            (False, True) if self._involved else (None,),
            [*pairwise([0, *self._cuts]), (max([0, *self._cuts]), None)],
        )
        for channels, statuses, own, involved, (low, high) in product(*dimensions):
            yield (
                Facts(channels[0], statuses[0], bool(own), bool(involved), low),
                GrantClass(
                    frozenset(channel for channel in channels if channel is not None),
                    frozenset(status for status in statuses if status is not None),
                    own,
                    involved,
                    low,
                    high,
                ),
            )


def _numbered(members: Iterable[T], signature: Callable[[T], Hashable]) -> dict[T, int]:
    """Number the members so that those with the same signature have the same number."""
    numbers: dict[Hashable, int] = {}
    return {member: numbers.setdefault(signature(member), len(numbers)) for member in members}


def _blocks(numbered: dict[T, int]) -> list[list[T]]:
    blocks: defaultdict[int, list[T]] = defaultdict(list)
    for member, number in numbered.items():
        blocks[number].append(member)
    return list(blocks.values())


def merge(classes: Iterable[GrantClass]) -> tuple[GrantClass, ...]:
    """Join disjoint classes into fewer that cover the same facts; usually one is left."""
    rest = [one for one in classes if one.channels and one.statuses]
    before = None
    while before != len(rest):
        before = len(rest)
        for join in (_join_audiences, _join_channels, _join_statuses, _join_own, _join_involved):
            rest = join(rest)
    return tuple(rest)


def _alike(classes: list[GrantClass], without: dict[str, object]) -> list[list[GrantClass]]:
    """Group the classes that differ in the named fields only."""
    groups: defaultdict[GrantClass, list[GrantClass]] = defaultdict(list)
    for one in classes:
        groups[replace(one, **without)].append(one)  # type: ignore[arg-type]
    return list(groups.values())


def _join_channels(classes: list[GrantClass]) -> list[GrantClass]:
    groups = _alike(classes, {"channels": frozenset()})
    return [replace(g[0], channels=frozenset().union(*(one.channels for one in g))) for g in groups]


def _join_statuses(classes: list[GrantClass]) -> list[GrantClass]:
    groups = _alike(classes, {"statuses": frozenset()})
    return [replace(g[0], statuses=frozenset().union(*(one.statuses for one in g))) for g in groups]


def _join_own(classes: list[GrantClass]) -> list[GrantClass]:
    groups = _alike(classes, {"own": None})
    return [g[0] if len(g) == 1 else replace(g[0], own=None) for g in groups]


def _join_involved(classes: list[GrantClass]) -> list[GrantClass]:
    groups = _alike(classes, {"involved": None})
    return [g[0] if len(g) == 1 else replace(g[0], involved=None) for g in groups]


def _join_audiences(classes: list[GrantClass]) -> list[GrantClass]:
    joined: list[GrantClass] = []
    for group in _alike(classes, {"audience_from": 0, "audience_to": None}):
        group.sort(key=lambda one: one.audience_from)
        run = group[0]
        for one in group[1:]:
            if run.audience_to == one.audience_from:
                run = replace(run, audience_to=one.audience_to)
            else:
                joined.append(run)
                run = one
        joined.append(run)
    return joined
