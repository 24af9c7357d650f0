"""Where two versions of the policy decide otherwise: both are asked about every class of facts.

Nothing is concluded from how their lines differ; only where both show Casbin the same lines, word for
word, is nobody asked. Who holds the roles stands in `impact`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gql_approvals.policy.answers import Answers
from gql_approvals.policy.classes import Classes, Distinctions, GrantClass, merge
from gql_approvals.policy.duties import ACCOUNT_WIDE, EXEMPTS, REQUIRES_VIEW, SEPARATED
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.judge import casbin_line
from gql_approvals.policy.rules import Grant, Requirement, in_scope
from gql_approvals.workflow.vocabulary import ANYONE, Permission

Needed = tuple[tuple[str, int], ...]
Differing = tuple[tuple[bool, GrantClass], ...]
Saying = tuple[str, ...]  # a `p` line without its role and account: action, channels, when, effect
Said = tuple[frozenset[Saying], frozenset[Saying]]  # by the old version, by the new one

# The permissions whose lines decide about one, by the laws of `duties`.
_DECIDED_BY = {
    permission: (
        permission,
        *((Permission.VIEW,) if permission in REQUIRES_VIEW else ()),
        *((*SEPARATED, EXEMPTS) if permission in SEPARATED else ()),
    )
    for permission in Permission
}


class Differences:
    """Two versions, asked the same; what is found is kept for all to whom both say the same."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self._both = (old.answers, new.answers)
        self._remembered = all(answers.remembers for answers in self._both)
        self._besides = _besides(old, new)
        self._found: dict[tuple[Permission, tuple[Said, ...]], Differing] = {}
        self._said: dict[tuple[object, ...], Said] = {}
        self._lines: dict[tuple[Answers, str, Permission], list[tuple[Grant, Saying]]] = {}
        self._approvers: dict[str, list[str]] = {}

    def permission(self, account: str, roles: frozenset[str], permission: Permission) -> Differing:
        """(whether it is the new version that allows it, where) for each difference."""
        if not self._remembered:
            return tuple(self._ask(account, roles, permission))
        said = tuple(self._says(account, roles, one) for one in _DECIDED_BY[permission])
        key = (permission, said)
        if key not in self._found:
            same = all(old == new for old, new in said)
            self._found[key] = () if same else tuple(self._ask(account, roles, permission))
        return self._found[key]

    def _ask(
        self, account: str, roles: frozenset[str], permission: Permission
    ) -> Iterator[tuple[bool, GrantClass]]:
        apart: dict[bool, list[GrantClass]] = {True: [], False: []}
        old, new = self._both
        for facts, where in self._classes(account, roles, permission).members():
            if where.own and where.involved is False:
                continue  # never occurs: who created a campaign is involved in it
            allowed = new.allows(roles, account, permission, facts)
            if allowed != old.allows(roles, account, permission, facts):
                apart[allowed].append(where)
        for allowed, classes in apart.items():
            for where in _joined(classes):
                yield allowed, where

    def _says(self, account: str, roles: frozenset[str], permission: Permission) -> Said:
        """What both versions show Casbin about this permission, for people with these roles."""
        old, new = self._both
        key = (roles, permission, old.place(account, permission), new.place(account, permission))
        if key not in self._said:
            held = [self._held(answers, account, roles, permission) for answers in self._both]
            before, after = (frozenset(saying for _, saying in one) for one in held)
            self._said[key] = (before, after)
        return self._said[key]

    def _classes(self, account: str, roles: frozenset[str], permission: Permission) -> Classes:
        """What the lines of both tell apart; about an account as a whole nothing but itself is asked."""
        if permission in ACCOUNT_WIDE:
            return Classes(())
        besides_view = (permission, Permission.VIEW) if permission in REQUIRES_VIEW else (permission,)
        lines = [
            line
            for answers in self._both
            for one in besides_view
            for line, _ in self._held(answers, account, roles, one)
        ]
        return Classes(lines, self._besides)

    def _held(
        self, answers: Answers, account: str, roles: frozenset[str], permission: Permission
    ) -> list[tuple[Grant, Saying]]:
        """The lines on which Casbin's answer can depend; under an edited matcher that is every line."""
        key = (answers, answers.place(account, permission), permission)
        if key not in self._lines:
            lines = answers.lines(account, permission) if answers.remembers else answers.rules.grants
            self._lines[key] = [(line, tuple(casbin_line(line)[2:])) for line in lines]
        if not answers.remembers:
            return self._lines[key]
        held = answers.heritage(roles, account)
        return [pair for pair in self._lines[key] if pair[0].role in held]

    def needs(self, account: str) -> Iterator[tuple[GrantClass, Needed, Needed]]:
        """(where, old, new) for each difference in the approvals that the account's campaigns need."""
        lines = [line for answers in self._both for line in _required(answers, account)]
        besides = replace(self._besides, statuses=False, relations=False)  # nobody is asked with them
        old, new = self._both
        apart: defaultdict[tuple[Needed, Needed], list[GrantClass]] = defaultdict(list)
        for facts, where in Classes(lines, besides).members():
            needed = (old.needed(account, facts), new.needed(account, facts))
            if needed[0] != needed[1]:
                apart[needed].append(where)
        for (before, after), classes in apart.items():
            for where in merge(classes):
                yield where, before, after

    def standing(self, account: str, roles: frozenset[str]) -> Iterator[tuple[bool, str]]:
        """(whether it is the new version, role) where an approval counts for that role under one only."""
        for role in self._asked_for(account):
            before, after = (answers.holds_role(roles, account, role) for answers in self._both)
            if before != after:
                counting = self._both[after].allowed(roles, account, Permission.APPROVE)
                if any(True for _ in counting):
                    yield after, role

    def _asked_for(self, account: str) -> list[str]:
        """The roles that requirements of either version name for the account."""
        if account not in self._approvers:
            lines = (line for answers in self._both for line in _required(answers, account))
            self._approvers[account] = sorted({line.approver for line in lines} - {ANYONE})
        return self._approvers[account]


def _required(answers: Answers, account: str) -> Iterator[Requirement]:
    for line in answers.rules.requirements:
        if not answers.remembers or in_scope(account, line.account):
            yield line


def _besides(old: Policy, new: Policy) -> Distinctions:
    """What the matchers of either version may tell apart by themselves."""
    found = (old.answers.besides, new.answers.besides)
    return Distinctions(
        channels=any(one.channels for one in found),
        statuses=any(one.statuses for one in found),
        relations=any(one.relations for one in found),
        cuts=found[0].cuts | found[1].cuts,
    )


def _joined(apart: list[GrantClass]) -> tuple[GrantClass, ...]:
    """As few classes as possible; one that is no campaign's only where nothing else differs."""
    occurring = list(_occurring(apart))
    return merge(occurring) or tuple(occurring[:1])


def _occurring(apart: Iterable[GrantClass]) -> Iterator[GrantClass]:
    """Add "own, not involved", which never occurs, where that makes the words fewer.

    It is the rest of "own", of "not involved" and of everybody, but not of "involved" or of "not own".
    """
    related: defaultdict[GrantClass, set[tuple[bool | None, bool | None]]] = defaultdict(set)
    for one in apart:
        related[replace(one, own=None, involved=None)].add((one.own, one.involved))
    for one, relations in related.items():
        if ((False, False) in relations) + ((True, True) in relations) > ((False, True) in relations):
            relations.add((True, False))
        for own, involved in sorted(relations, key=repr):
            yield replace(one, own=own, involved=involved)
