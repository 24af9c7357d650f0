"""Lines that change nothing: another one says the same and more, or they never have an effect.

Every line is a product of roles, accounts, channels and one condition, so one is compared with another
exactly. What this finds is only told, never acted upon; Casbin alone decides.
"""

from collections import defaultdict
from collections.abc import Iterator

from gql_approvals.policy.answers import Answers
from gql_approvals.policy.problem import Code
from gql_approvals.policy.rules import ANY, EVERYWHERE, Grant, Line, Link, Requirement
from gql_approvals.policy.source import Row
from gql_approvals.workflow.vocabulary import EVERYONE, Permission

# (row or None for the whole file, column's index, code, message, help)
Finding = tuple[Row | None, int, Code, str, str | None]

_Place = tuple[Permission, str, str]  # action, account, role


def useless_lines(answers: Answers) -> Iterator[Finding]:
    """Find the lines that could be removed; an edited matcher may use them otherwise, then none is named."""
    if answers.remembers:
        yield from _grants(answers)
        yield from _requirements(answers.rules.requirements)
        yield from _links(answers.rules.links)


def _grants(answers: Answers) -> Iterator[Finding]:
    by_place: defaultdict[_Place, list[Grant]] = defaultdict(list)
    allowed: defaultdict[Permission, list[Grant]] = defaultdict(list)
    for line in answers.rules.grants:
        by_place[line.action, line.account, line.role].append(line)
        if line.allow:
            allowed[line.action].append(line)
    for line in answers.rules.grants:
        wider = [other for other in _about_all_of(answers, by_place, line) if _covers(other, line)]
        denying = next((other for other in wider if line.allow and not other.allow), None)
        again = next((other for other in wider if _says_again(other, line)), None)
        if denying is not None:
            message = f"never takes effect: line {denying.row.line} denies all of it"
            yield line.row, 0, Code.UNREACHABLE, message, "remove one of the two"
        elif again is not None:
            yield _shadowed(line, again)
        elif not line.allow and not any(_meet(line, other) for other in allowed[line.action]):
            message = "never takes effect: it denies what nobody is allowed anyway"
            yield line.row, 0, Code.UNREACHABLE, message, "remove the line"


def _about_all_of(answers: Answers, by_place: dict[_Place, list[Grant]], line: Grant) -> Iterator[Grant]:
    """The lines for the same action that are about everybody whom this line is about."""
    held = {EVERYONE} if line.role == EVERYONE else answers.heritage(frozenset({line.role}), line.account)
    for account in dict.fromkeys((EVERYWHERE, line.account)):
        for role in held:
            yield from by_place.get((line.action, account, role), ())


def _says_again(other: Grant, line: Grant) -> bool:
    """Whether a line that covers this one makes it superfluous.

    What everybody may is said again for a role on purpose: the line for everybody may go one day.
    """
    if other.allow != line.allow or (other.allow and EVERYONE == other.role != line.role):
        return False
    same_people = (other.role, other.account) == (line.role, line.account)
    return not same_people or _is_named(line, other)


def _requirements(lines: tuple[Requirement, ...]) -> Iterator[Finding]:
    for line in lines:
        for other in lines:
            same_people = other.approver == line.approver and other.account in (EVERYWHERE, line.account)
            if same_people and other.approvals >= line.approvals and _covers(other, line):
                alike = (other.approvals, other.account) == (line.approvals, line.account)
                if not alike or _is_named(line, other):
                    yield _shadowed(line, other)
                    break


def _links(lines: tuple[Link, ...]) -> Iterator[Finding]:
    everywhere = {(link.role, link.parent): link for link in lines if link.account == EVERYWHERE}
    for link in lines:
        other = everywhere.get((link.role, link.parent))
        if other is not None and link.account != EVERYWHERE:
            yield _shadowed(link, other)


def _covers(other: Grant | Requirement, line: Grant | Requirement) -> bool:
    """Whether the other is about all campaigns that this line is about."""
    channels = other.channels == ANY or (line.channels != ANY and _named(line) <= _named(other))
    return other is not line and channels and other.when.covers(line.when)


def _is_named(line: Grant | Requirement, other: Grant | Requirement) -> bool:
    """Whether, of two lines for the same people, this is the superfluous one: of two alike, the later.

    Lines that are equal to the letter are duplicates, and named as such.
    """
    return not _covers(line, other) or (line.row.line > other.row.line and line.row.said != other.row.said)


def _meet(line: Grant, other: Grant) -> bool:
    """Whether some campaign is meant by both."""
    accounts = EVERYWHERE in (line.account, other.account) or line.account == other.account
    channels = ANY in (line.channels, other.channels) or not _named(line).isdisjoint(_named(other))
    return accounts and channels and line.when.overlaps(other.when)


def _named(line: Grant | Requirement) -> frozenset[str]:
    return frozenset(line.channels.split())


def _shadowed(line: Line, other: Line) -> Finding:
    message = f"line {other.row.line} already says this ({other.row.said})"
    return line.row, 0, Code.SHADOWED, message, "remove this line"
