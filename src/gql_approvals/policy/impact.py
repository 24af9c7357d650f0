"""What another version of the policy changes, for given people: grouped, so that it can be told shortly.

What differs is found in `differences`; how it reads stands in `impact_text`. No database is known here.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from gql_approvals.policy.answers import ELSEWHERE
from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.differences import Differences, Needed
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.rules import EVERYWHERE
from gql_approvals.policy.subject import Member
from gql_approvals.workflow.vocabulary import EVERYONE, Permission

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# For each account and set of roles there, the names of who holds exactly these.
_Alike = dict[tuple[str, frozenset[str]], list[str]]

_RANK = {permission: rank for rank, permission in enumerate(Permission)}


@dataclass(frozen=True, slots=True)
class Change:
    """These members may do now (`gained`), or no longer, what these permissions say, where facts are such.

    `accounts` and `members` are sorted; `*` stands for every account that neither file names.
    """

    gained: bool
    accounts: tuple[str, ...]
    permissions: tuple[Permission, ...]
    where: GrantClass
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """These members' approvals count now (`gained`), or no longer, where a requirement names the role."""

    gained: bool
    accounts: tuple[str, ...]
    role: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """The approvals that campaigns needed and need now: (role, how many), never empty."""

    accounts: tuple[str, ...]
    where: GrantClass
    old: Needed
    new: Needed


@dataclass(frozen=True, slots=True)
class Impact:
    """Every difference for the members and accounts that were compared."""

    accounts: tuple[str, ...]
    members: int
    changes: tuple[Change, ...]
    standings: tuple[Standing, ...]
    needs: tuple[Need, ...]

    @property
    def count(self) -> int:
        """How many differences there are; 0 = provably none for these members."""
        return len(self.changes) + len(self.standings) + len(self.needs)


def impact(old: Policy, new: Policy, members: Iterable[Member]) -> Impact:
    """Compare two versions for these members and their accounts; the same name is the same person.

    A class of facts is in the result exactly when both versions decide otherwise about it. Under an edited
    matcher, audiences are told apart only at the numbers that model.conf or the lines mention.
    """
    alike: _Alike = _grouped(((member.account, member.roles), member.name) for member in members)
    accounts = {account for account, _ in alike}
    apart = Differences(old, new)
    return Impact(
        accounts=_places(accounts),
        members=sum(map(len, alike.values())),
        changes=tuple(_changes(apart, alike)),
        standings=tuple(_standings(apart, alike)),
        needs=tuple(_needs(apart, accounts)),
    )


def every_role(old: Policy, new: Policy) -> Iterator[Member]:
    """Stand-ins for members: each role alone, and `everyone`, in all accounts that can be told apart."""
    rules = (old.answers.rules, new.answers.rules)
    for account in (ELSEWHERE, *(rules[0].accounts | rules[1].accounts)):
        yield Member(account, EVERYONE, frozenset())
        for role in rules[0].roles(account) | rules[1].roles(account):
            yield Member(account, role, frozenset({role}))


def _changes(apart: Differences, alike: _Alike) -> Iterator[Change]:
    who: defaultdict[tuple[bool, GrantClass, str, Permission], list[str]] = defaultdict(list)
    for (account, roles), names in alike.items():
        for permission in Permission:
            for gained, where in apart.permission(account, roles, permission):
                who[gained, where, account, permission] += names
    acts = _grouped(
        ((gained, where, account, tuple(sorted(names))), permission)
        for (gained, where, account, permission), names in who.items()
    )
    places = _grouped(
        ((gained, where, names, tuple(sorted(permissions, key=_RANK.__getitem__))), account)
        for (gained, where, account, names), permissions in acts.items()
    )
    found = [
        Change(gained, _places(accounts), permissions, where, names)
        for (gained, where, names, permissions), accounts in places.items()
    ]
    yield from sorted(found, key=_order)


def _order(change: Change) -> tuple[object, ...]:
    acts = [_RANK[permission] for permission in change.permissions]
    return (not change.gained, _far(change.accounts), acts, *_rank(change.where), change.members)


def _standings(apart: Differences, alike: _Alike) -> Iterator[Standing]:
    who: defaultdict[tuple[bool, str, str], list[str]] = defaultdict(list)
    for (account, roles), names in alike.items():
        for gained, role in apart.standing(account, roles):
            who[gained, role, account] += names
    places = _grouped(
        ((gained, role, tuple(sorted(names))), account) for (gained, role, account), names in who.items()
    )
    found = [
        Standing(gained, _places(accounts), role, members)
        for (gained, role, members), accounts in places.items()
    ]
    yield from sorted(found, key=lambda one: (not one.gained, _far(one.accounts), one.role, one.members))


def _needs(apart: Differences, accounts: Iterable[str]) -> Iterator[Need]:
    places = _grouped((need, account) for account in accounts for need in apart.needs(account))
    found = [Need(_places(alike), *need) for need, alike in places.items()]
    yield from sorted(found, key=lambda need: (_far(need.accounts), *_rank(need.where), need.old, need.new))


def _places(accounts: Iterable[str]) -> tuple[str, ...]:
    """Sorted, as the policy files name them; all other accounts come last."""
    ordered = sorted(accounts, key=lambda account: (account == ELSEWHERE, account))
    return tuple(EVERYWHERE if account == ELSEWHERE else account for account in ordered)


def _far(accounts: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """An order for accounts: what is about others as well comes last."""
    return EVERYWHERE in accounts, accounts


def _rank(where: GrantClass) -> tuple[object, ...]:
    """An order for classes, the same in every process."""
    relations = (str(where.own), str(where.involved))
    return (sorted(where.channels), sorted(where.statuses), relations, where.audience_from)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
