"""Casbin's answers, remembered for each class of facts, and the laws of `duties` on top of them.

Answers are remembered only under the shipped matchers: only then do they depend on nothing but the
lines, of which those of other actions and accounts need not be shown to Casbin.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from typing_extensions import override

from gql_approvals.errors import Reason
from gql_approvals.policy.classes import NOTHING_ELSE, Classes, Distinctions, GrantClass, merge
from gql_approvals.policy.conditions import Condition
from gql_approvals.policy.duties import DECIDE, EXEMPTS, MAKE, REQUIRES_VIEW, SEPARATED
from gql_approvals.policy.judge import Judge, casbin_line, casbin_lines
from gql_approvals.policy.model import Model
from gql_approvals.policy.rules import EVERYWHERE, Grant, Link, Requirement, Rules, in_scope
from gql_approvals.policy.subject import NEUTRAL, Facts
from gql_approvals.workflow.vocabulary import ANYONE, EVERYONE, Permission

ELSEWHERE = "(elsewhere)"  # all accounts that no line names are alike; no account can be called this

Permitted: TypeAlias = tuple[Classes, dict[int, frozenset[Permission]]]
DUTIES_CONFLICT = "DUTIES_CONFLICT"


class Answers:
    """Every question to one policy version.

    What is remembered is bounded by the roles and accounts of the file and the role sets in use.
    """

    def __init__(self, model: Model, rules: Rules) -> None:
        self.rules = rules
        self.remembers = model.shipped
        self._model = model
        self.besides = NOTHING_ELSE if model.shipped else _seen_by(model.matchers)
        self._named = _named_by(rules)
        self._linked = _accounts(rules.links)
        self._required_in = _accounts(rules.requirements)
        self._lines: dict[tuple[str, Permission], tuple[Grant, ...]] = {}
        self._classes: dict[tuple[str, Permission], Classes] = {}
        self._cells: dict[tuple[frozenset[str], str, Permission], Cell] = {}
        self._partitions: dict[frozenset[tuple[str, Condition]], Classes] = {}
        self._grounds: dict[frozenset[tuple[str, ...]], Ground] = {}
        self._conflicts: dict[tuple[frozenset[str], str], tuple[Reason, ...]] = {}
        self._heritage: dict[tuple[frozenset[str], str], frozenset[str]] = {}
        self._required: dict[tuple[str, int], tuple[tuple[str, int], ...]] = {}
        self._sizes: dict[str, Classes] = {}
        self._places = rules.accounts
        self._permitted: dict[tuple[frozenset[str], str], Permitted] = {}

    @cached_property
    def judge(self) -> Judge:
        """Casbin, made when something is asked that is not remembered."""
        return Judge(self._model, self.rules)

    @override
    def __getstate__(self) -> dict[str, object]:
        """Everything but Casbin: answers that another process found can be sent here."""
        return {name: value for name, value in vars(self).items() if name != "judge"}

    def forget_role_sets(self) -> None:
        """Forget what is remembered for certain role sets, but not what Casbin answered."""
        self._cells.clear()
        self._lines.clear()
        self._classes.clear()
        self._conflicts.clear()
        self._permitted.clear()
        vars(self).pop("_about", None)

    def place(self, account: str, permission: Permission) -> str:
        """Return the account, or what stands for all accounts that no line about this action names."""
        return account if account in self._named[permission] or not self.remembers else ELSEWHERE

    def places(self) -> Iterator[str]:
        """Every account that is different from the others; the unnamed ones first."""
        yield ELSEWHERE
        yield from sorted(self.rules.accounts)

    def concerned(self, account: str) -> frozenset[str]:
        """The roles of the lines that name the account: who holds none of them is as elsewhere."""
        lines: list[Grant | Link] = [*self.rules.grants, *self.rules.links]
        return frozenset(line.role for line in lines if line.account == account)

    def allows(
        self, roles: frozenset[str], account: str, permission: Permission, facts: Facts = NEUTRAL
    ) -> bool:
        """Casbin's answer and the laws."""
        place = account if account in self._named[permission] else ELSEWHERE
        cell = self._cells.get((roles, place, permission))
        if cell is None:
            cell = self.cell(roles, account, permission)
        key = cell.classes.key(facts)
        answer = cell.lawful.get(key)
        if answer is None:
            answer = self._lawful(roles, account, permission, facts)
            if self.remembers:
                cell.lawful[key] = answer
        return answer

    def permitted(self, roles: frozenset[str], account: str, facts: Facts) -> frozenset[Permission]:
        """Everything that is allowed with these facts."""
        key = (roles, account if account in self._places else ELSEWHERE)
        if key not in self._permitted:
            lines = [line for permission in Permission for line in self._held(*key, permission)]
            self._permitted[key] = self._told_apart_by(lines), {}
        classes, known = self._permitted[key]
        number = classes.key(facts)
        if number not in known or not self.remembers:
            known[number] = frozenset(p for p in Permission if self.allows(roles, account, p, facts))
        return known[number]

    def granted(self, roles: frozenset[str], account: str, permission: Permission, facts: Facts) -> bool:
        """Casbin's answer alone."""
        ground = self.cell(roles, account, permission).ground
        key = ground.classes.key(facts)
        answer = ground.granted.get(key)
        if answer is None:
            answer = self.judge.allows(ground.shown, ground.roles, ground.place, permission, facts)
            if self.remembers:
                ground.granted[key] = answer
        return answer

    def _lawful(self, roles: frozenset[str], account: str, permission: Permission, facts: Facts) -> bool:
        if not self.granted(roles, account, permission, facts):
            return False
        if permission in REQUIRES_VIEW and not self.granted(roles, account, Permission.VIEW, facts):
            return False
        return permission not in SEPARATED or not self.conflict(roles, account)

    def cell(self, roles: frozenset[str], account: str, permission: Permission) -> "Cell":
        """Where answers about these roles and this action are remembered."""
        key = (roles, self.place(account, permission), permission)
        cell = self._cells.get(key)
        if cell is None:
            held = self._held(*key) if self.remembers else self.rules.grants
            besides = self._held(roles, account, Permission.VIEW) if permission in REQUIRES_VIEW else ()
            cell = Cell(self._ground(held, roles, key[1]), self._told_apart_by((*held, *besides)))
            if self.remembers:
                self._cells[key] = cell
        return cell

    def _held(self, roles: frozenset[str], account: str, permission: Permission) -> tuple[Grant, ...]:
        """The lines about this action whose role these roles hold: only they can match."""
        lines = self.lines(account, permission)
        if not self.remembers:
            return lines
        held = self.heritage(roles, account)
        return tuple(line for line in lines if line.role in held)

    def _ground(self, lines: tuple[Grant, ...], roles: frozenset[str], place: str) -> "Ground":
        """Whoever holds lines that say the same gets the same answers: Casbin is asked about the first."""
        if not self.remembers:
            return Ground(roles, place, casbin_lines(self.rules.grants), self._told_apart_by(lines))
        sayings = frozenset(tuple(casbin_line(line)[2:]) for line in lines)
        if sayings not in self._grounds:
            self._grounds[sayings] = Ground(roles, place, casbin_lines(lines), self._told_apart_by(lines))
        return self._grounds[sayings]

    def _told_apart_by(self, lines: Collection[Grant]) -> Classes:
        """The classes of these lines; the same ones for lines that look at the same facts."""
        key = frozenset((line.channels, line.when) for line in lines)
        if key not in self._partitions:
            self._partitions[key] = Classes(lines, self.besides)
        return self._partitions[key]

    def lines(self, account: str, permission: Permission) -> tuple[Grant, ...]:
        """The `p` lines about this action in this account."""
        key = (self.place(account, permission), permission)
        if key not in self._lines:
            self._lines[key] = tuple(
                line for line in self._about[permission] if in_scope(key[0], line.account)
            )
        return self._lines[key]

    @cached_property
    def _about(self) -> dict[Permission, list[Grant]]:
        about: dict[Permission, list[Grant]] = {permission: [] for permission in Permission}
        for line in self.rules.grants:
            about[line.action].append(line)
        return about

    def classes(self, account: str, permission: Permission) -> Classes:
        """What the answers for this action may depend on for anybody, view included where the law asks."""
        key = (self.place(account, permission), permission)
        if key not in self._classes:
            lines = self.lines(account, permission) if self.remembers else self.rules.grants
            if permission in REQUIRES_VIEW:
                lines += self.lines(account, Permission.VIEW)
            self._classes[key] = self._told_apart_by(lines)
        return self._classes[key]

    def allowed(
        self, roles: frozenset[str], account: str, permission: Permission
    ) -> Iterator[tuple[Facts, GrantClass]]:
        """The classes in which `allows` is True, each with an example."""
        for facts, members in self.cell(roles, account, permission).classes.members():
            if self.allows(roles, account, permission, facts):
                yield facts, members

    def allowed_classes(
        self, roles: frozenset[str], account: str, permission: Permission
    ) -> tuple[GrantClass, ...]:
        """The same as plain values, as few as possible."""
        return merge(members for _, members in self.allowed(roles, account, permission))

    def examples(self, roles: frozenset[str], account: str, permission: Permission) -> Iterator[Facts]:
        """Facts for which Casbin alone says yes."""
        for facts, _ in self.cell(roles, account, permission).classes.members():
            if self.granted(roles, account, permission, facts):
                yield facts

    def ever_granted(self, roles: frozenset[str], account: str, permission: Permission) -> bool:
        """Whether Casbin alone says yes for some facts."""
        return any(True for _ in self.examples(roles, account, permission))

    def heritage(self, roles: frozenset[str], account: str) -> frozenset[str]:
        """These roles, all that they inherit from, and `everyone`."""
        key = (roles, account if account in self._linked else ELSEWHERE)
        if key not in self._heritage:
            self._heritage[key] = self.judge.heritage(*key) | {EVERYONE}
        return self._heritage[key]

    def holds_role(self, roles: frozenset[str], account: str, role: str) -> bool:
        """Whether one of the roles is `role` or inherits from it."""
        return role == ANYONE or role in roles or role in self.heritage(roles, account)

    def needed(self, account: str, facts: Facts) -> tuple[tuple[str, int], ...]:
        """The requirements that apply, or the default of rule 5."""
        if not self.remembers:
            return self._needed(self.rules.requirements, account, facts)
        place = account if account in self._required_in else ELSEWHERE
        lines = [line for line in self.rules.requirements if in_scope(place, line.account)]
        if place not in self._sizes:
            self._sizes[place] = Classes(lines)
        key = (place, self._sizes[place].key(facts))
        if key not in self._required:
            self._required[key] = self._needed(lines, place, facts)
        return self._required[key]

    def _needed(self, lines: Iterable[Requirement], place: str, facts: Facts) -> tuple[tuple[str, int], ...]:
        highest: dict[str, int] = {}
        for line in lines:
            if self.judge.requires(line, place, facts):
                highest[line.approver] = max(line.approvals, highest.get(line.approver, 0))
        found = sorted(highest.items(), key=lambda item: (item[0] != ANYONE, item[0]))
        return tuple(found) or ((ANYONE, 1),)

    def conflict(self, roles: frozenset[str], account: str) -> tuple[Reason, ...]:
        """Why these roles may not be held together; () when they may."""
        key = (roles, self.place(account, EXEMPTS))
        if key not in self._conflicts:
            self._conflicts[key] = tuple(self._conflict(*key))
        return self._conflicts[key]

    def _conflict(self, roles: frozenset[str], place: str) -> Iterator[Reason]:
        sides = [[p for p in side if self.ever_granted(roles, place, p)] for side in (MAKE, DECIDE)]
        if not all(sides) or self.ever_granted(roles, place, EXEMPTS):
            return
        for side in sides:
            for role, line in self._sources(roles, place, side):
                message = f"role `{role}` may {line.action}"
                yield Reason(DUTIES_CONFLICT, message, source(line))

    def _sources(
        self, roles: frozenset[str], place: str, side: list[Permission]
    ) -> Iterator[tuple[str, Grant]]:
        """For each role that brings a permission of this side: the role and the first such line."""
        for role in (EVERYONE, *sorted(roles)):
            alone = frozenset({role}) - {EVERYONE}
            line = next((line for p in side if (line := self.granting_line(alone, place, p))), None)
            if line is not None and (role == EVERYONE or line.role != EVERYONE):
                yield role, line

    def sides(self, roles: frozenset[str], account: str) -> tuple[Grant, Grant]:
        """Of roles in conflict: the first line that lets them make, and the first that lets them decide."""
        made, decided = (
            next(line for action in side if (line := self.granting_line(roles, account, action)))
            for side in (MAKE, DECIDE)
        )
        return made, decided

    def granting_line(self, roles: frozenset[str], account: str, permission: Permission) -> Grant | None:
        """The first line that allows the roles this action, for some facts."""
        for facts in self.examples(roles, account, permission):
            line = self.deciding_line(roles, account, permission, facts, allow=True)
            if line is not None:
                return line
        return None

    def deciding_line(
        self, roles: frozenset[str], account: str, permission: Permission, facts: Facts, *, allow: bool
    ) -> Grant | None:
        """The first line with this effect that Casbin finds to match."""
        place = self.place(account, permission)
        for line in self._held(roles, account, permission):
            if line.allow == allow and self.judge.matches(casbin_line(line), roles, place, facts):
                return line
        return None


class Ground:
    """What Casbin said about these roles, there, from these lines, by class of facts."""

    __slots__ = ("classes", "granted", "place", "roles", "shown")

    def __init__(self, roles: frozenset[str], place: str, shown: list[list[str]], classes: Classes) -> None:
        self.roles = roles
        self.place = place
        self.shown = shown
        self.classes = classes
        self.granted: dict[int, bool] = {}


class Cell:
    """What is remembered of one (role set, account, permission); `why` by the classes for anybody."""

    __slots__ = ("classes", "ground", "lawful", "why")

    def __init__(self, ground: Ground, classes: Classes) -> None:
        self.ground = ground
        self.classes = classes
        self.lawful: dict[int, bool] = {}
        self.why: dict[int, tuple[Reason, ...]] = {}


def _accounts(lines: Iterable[Grant | Requirement | Link]) -> frozenset[str]:
    """The accounts that these lines name."""
    return frozenset({line.account for line in lines} - {EVERYWHERE})


def _named_by(rules: Rules) -> dict[Permission, frozenset[str]]:
    """For each action the accounts where its answers may differ from elsewhere, the laws included."""
    by_action: defaultdict[Permission, set[str]] = defaultdict(set)
    for line in rules.grants:
        by_action[line.action].add(line.account)

    def named(actions: Collection[Permission]) -> frozenset[str]:
        return frozenset[str]().union(*(by_action[action] for action in actions))

    duties = frozenset({*SEPARATED, EXEMPTS})
    related = {
        permission: {
            permission,
            *(duties if permission in duties else ()),
            *({Permission.VIEW} if permission in REQUIRES_VIEW else ()),
        }
        for permission in Permission
    }
    linked = _accounts(rules.links)
    return {permission: (named(related[permission]) - {EVERYWHERE}) | linked for permission in Permission}


def source(line: Grant) -> str:
    """Where a line stands, as reasons and logs name it."""
    return f"policy.csv:{line.row.line}"


def _seen_by(matchers: str) -> Distinctions:
    """What an edited matcher may tell apart by itself: all that it mentions, generously."""
    mentioned = re.findall(r"\br2?\.obj\.(\w+)", matchers)
    whole = len(re.findall(r"\br2?\.obj\b(?!\.)", matchers)) > 2  # noqa: PLR2004 - `holds` in m and in m2
    return Distinctions(
        channels=whole or mentioned.count("channel") > 2,  # noqa: PLR2004 - `listed` in m and in m2
        statuses=whole or "status" in mentioned,
        relations=whole or bool({"own", "involved"} & set(mentioned)),
        cuts=frozenset(n + more for n in map(int, re.findall(r"\b\d+\b", matchers)) for more in (0, 1)),
    )
