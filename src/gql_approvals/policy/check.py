"""What can be wrong with a whole file: one function a mistake, in two tables.

`STRUCTURE` looks at the lines only; `MEANING` asks Casbin, and runs when there is no other error.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from difflib import get_close_matches

from gql_approvals.policy.answers import ELSEWHERE, Answers
from gql_approvals.policy.duties import ACCOUNT_WIDE, EXEMPTS, NEVER_WITHOUT, REQUIRES_VIEW
from gql_approvals.policy.problem import FIRST, Code, PolicyProblem, Severity, did_you_mean
from gql_approvals.policy.redundancy import Finding, useless_lines
from gql_approvals.policy.rules import ANY, EVERYWHERE, Grant, Line, Link, Requirement, Rules, in_scope
from gql_approvals.policy.source import Row
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow.vocabulary import ANYONE, EVERYONE, Permission

# Casbin follows 9 links and says nothing about the tenth; a person with several roles takes one of them.
LINKS_FOLLOWED = 8

_A_SLIP = 0.8  # how alike two names are before one is taken for a misspelling of the other


def check_structure(
    rules: Rules, rows: list[Row], file: str, accounts: Collection[str] | None
) -> list[PolicyProblem]:
    """Find what the lines say about each other; `accounts` are the existing ones, None = not known."""
    problems = [_problem(found, file) for check in STRUCTURE for found in check(rules, rows)]
    problems += [_problem(found, file, Severity.WARNING) for found in _duplicates(rows)]
    if accounts is not None:
        found = _unknown_accounts(rules, accounts)
        problems += [_problem(one, file, Severity.WARNING) for one in found]
    return problems


def check_meaning(answers: Answers, file: str) -> list[PolicyProblem]:
    """Find what follows from the lines together, as Casbin understands them."""
    problems = [_problem(found, file) for check in MEANING for found in check(answers)]
    found = [*_idle_roles(answers), *useless_lines(answers)]
    return problems + [_problem(one, file, Severity.WARNING) for one in found]


def _problem(found: Finding, file: str, severity: Severity = Severity.ERROR) -> PolicyProblem:
    row, index, code, message, help_text = found
    place = FIRST if row is None else (row.line, row.cells[index].column)
    return PolicyProblem(file, *place, code, message, help_text, severity)


def _empty(rules: Rules, rows: list[Row]) -> Iterator[Finding]:
    del rules
    if not rows:
        yield None, 0, Code.EMPTY, "the file holds no line", "nobody could do anything: restore the file"


def _unknown_roles(rules: Rules, rows: list[Row]) -> Iterator[Finding]:
    """A `g` line declares its first role; a `p` line does unless it looks like a slip of the pen."""
    linked = {row.cells[1].text for row in rows if row.cells[0].text == "g" and len(row.cells) > 1}
    granted = Counter(row.cells[1].text for row in rows if row.cells[0].text == "p" and len(row.cells) > 1)
    known = (linked | set(granted)) - {EVERYONE, ANYONE}
    mentioned = linked | {link.parent for link in rules.links}
    for link in rules.links:
        if link.parent not in known:
            yield _unknown(link.row, 2, link.parent, known)
    for required in rules.requirements:
        if required.approver != ANYONE and required.approver not in known:
            yield _unknown(required.row, 5, required.approver, known | {ANYONE})
    for line in rules.grants:
        if line.role == ANYONE:
            yield line.row, 1, Code.ROLE, f"unknown role `{ANYONE}`", f"did you mean `{EVERYONE}`?"
        elif line.role not in mentioned | {EVERYONE}:
            rivals = [role for role in known if role in mentioned or granted[role] > granted[line.role]]
            if meant := get_close_matches(line.role, rivals, n=1, cutoff=_A_SLIP):
                declare = f"did you mean `{meant[0]}`? a new role is declared by a `g, {line.role}, ...` line"
                yield line.row, 1, Code.ROLE, f"unknown role `{line.role}`", declare


def _unknown(row: Row, index: int, role: str, known: Collection[str]) -> Finding:
    return row, index, Code.ROLE, f"unknown role `{role}`", did_you_mean(role, known)


def _out_of_scope(rules: Rules, rows: list[Row]) -> Iterator[Finding]:
    del rows
    for grant in rules.grants:
        channels, when = grant.row.cells[4].text, grant.row.cells[5].text
        if grant.action in ACCOUNT_WIDE:
            about = f"`{grant.action}` is about the account, not about one campaign"
            if channels != ANY:
                yield grant.row, 4, Code.SCOPE, about, f"channels must be `{ANY}`"
            if when != "always":
                yield grant.row, 5, Code.SCOPE, about, "when must be `always`"
        elif grant.action == Permission.CREATE and when != "always":
            about = "a campaign that is being created has no status, creator or audience yet"
            yield grant.row, 5, Code.SCOPE, about, "when must be `always`"
    for line in rules.requirements:
        if not line.when.only_audience:
            about = "only the audience can decide how many approvals a campaign needs"
            yield line.row, 3, Code.SCOPE, about, "write `always` or `audience >= 100k`"


def _links_of(rules: Rules, account: str) -> dict[str, list[Link]]:
    found: defaultdict[str, list[Link]] = defaultdict(list)
    for link in rules.links:
        if in_scope(account, link.account):
            found[link.role].append(link)
    return found


def _circles(rules: Rules, rows: list[Row]) -> Iterator[Finding]:
    del rows
    reported: set[frozenset[str]] = set()
    for account in (EVERYWHERE, *sorted(rules.accounts)):
        links = _links_of(rules, account)
        for start in links:
            path = _way_back(start, links)
            roles = frozenset(link.role for link in path)
            if path and roles not in reported:
                reported.add(roles)
                names = " -> ".join([start, *(link.parent for link in path)])
                lines = ", ".join(str(link.row.line) for link in path)
                help_text = f"remove one of the lines {lines}" if len(path) > 1 else "remove the line"
                yield path[0].row, 1, Code.CYCLE, f"roles inherit in a circle: {names}", help_text


def _way_back(start: str, links: dict[str, list[Link]]) -> list[Link]:
    """The shortest way from a role through its ancestors back to itself; [] when there is none."""
    ways: list[list[Link]] = [[link] for link in links.get(start, [])]
    seen: set[str] = set()
    for way in ways:
        last = way[-1].parent
        if last == start:
            return way
        if last not in seen:
            seen.add(last)
            ways.extend([*way, link] for link in links.get(last, []))
    return []


def _too_deep(rules: Rules, rows: list[Row]) -> Iterator[Finding]:
    del rows
    reported: set[int] = set()
    for account in (EVERYWHERE, *sorted(rules.accounts)):
        links = _links_of(rules, account)
        for start, first in links.items():
            reached, level, depth = {start}, {start}, 0
            while level:
                level = {link.parent for role in level for link in links.get(role, [])} - reached
                reached |= level
                depth += bool(level)
            if depth > LINKS_FOLLOWED and first[0].row.line not in reported:
                reported.add(first[0].row.line)
                message = f"role `{start}` inherits over {depth} links, Casbin follows {LINKS_FOLLOWED}"
                yield first[0].row, 1, Code.DEPTH, message, "inherit from the farthest role directly"


def _duplicates(rows: list[Row]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for row in rows:
        line = first.setdefault(row.said, row.line)
        if line != row.line:
            yield row, 0, Code.DUPLICATE, f"line {line} says the same", "remove one of the two"


def _unknown_accounts(rules: Rules, accounts: Collection[str]) -> Iterator[Finding]:
    lines: list[Line] = [*rules.links, *rules.grants, *rules.requirements]
    for line in lines:
        if line.account != EVERYWHERE and line.account not in accounts:
            index = {Grant: 2, Requirement: 1, Link: 3}[type(line)]
            help_text = did_you_mean(line.account, accounts) if accounts else None
            yield line.row, index, Code.ACCOUNT, f"there is no account `{line.account}`", help_text


def _everybody(answers: Answers, account: str) -> list[frozenset[str]]:
    """A member without a role, and each role on its own; heirs stand behind what they inherit from."""
    single = [frozenset({role}) for role in answers.rules.roles(account)]
    return [
        frozenset(),
        *sorted(single, key=lambda roles: (len(answers.heritage(roles, account)), *roles)),
    ]


def _cases(answers: Answers) -> Iterator[tuple[frozenset[str], str]]:
    """Everybody elsewhere; then, in each account, who is concerned by a line that names the account."""
    for account in answers.places():
        concerned = answers.concerned(account)
        for roles in _everybody(answers, account):
            if account == ELSEWHERE or not concerned.isdisjoint(answers.heritage(roles, account)):
                yield roles, account


def _mixed_duties(answers: Answers) -> Iterator[Finding]:
    reported: set[tuple[int, int]] = set()
    for roles, account in _cases(answers):
        if not answers.conflict(roles, account):
            continue
        made, decided = answers.sides(roles, account)
        if (made.row.line, decided.row.line) not in reported:
            reported.add((made.row.line, decided.row.line))
            message = (
                f"role `{_name(roles)}` may {made.action} (line {made.row.line}) and {decided.action} "
                f"(line {decided.row.line}){_where(account)}: nobody may both make and decide"
            )
            help_text = f"split the role in two, or grant it `{EXEMPTS}`"
            yield decided.row, 3, Code.DUTIES, message, help_text


def _without_view(answers: Answers) -> Iterator[Finding]:
    reported: set[int] = set()
    for roles, account in _cases(answers):
        for permission in sorted(REQUIRES_VIEW):
            examples = list(answers.examples(roles, account, permission))
            if any(answers.granted(roles, account, Permission.VIEW, facts) for facts in examples):
                continue
            line = answers.granting_line(roles, account, permission) if examples else None
            if line is not None and line.row.line not in reported:
                reported.add(line.row.line)
                message = f"role `{_name(roles)}` may {permission}, but not view{_where(account)}"
                yield line.row, 3, Code.VIEW, message, _way_to_view(answers, roles, account, line, examples)


def _way_to_view(
    answers: Answers, roles: frozenset[str], account: str, line: Grant, examples: list[Facts]
) -> str:
    denied = answers.deciding_line(roles, account, Permission.VIEW, examples[0], allow=False)
    if denied is not None:
        return f"line {denied.row.line} denies it: change that line"
    return f"add `p, {_name(roles)}, {line.account}, view, any, always, allow`"


def _impossible_quorums(answers: Answers) -> Iterator[Finding]:
    for line in answers.rules.requirements:
        for account in answers.places():
            if not in_scope(account, line.account):
                continue
            voters = [
                roles
                for roles in _everybody(answers, account)
                if answers.holds_role(roles, account, line.approver)
            ]
            campaigns = list(_campaigns(answers, account, line))
            if not any(
                answers.allows(roles, account, Permission.APPROVE, facts)
                for roles in voters
                for facts in campaigns
            ):
                who = "nobody" if line.approver == ANYONE else f"no holder of `{line.approver}`"
                message = (
                    f"the requirement can never be met: {who} may approve such a campaign{_where(account)}"
                )
                yield line.row, 5, Code.QUORUM, message, "name another role, or let this one approve"
                break


def _campaigns(answers: Answers, account: str, line: Requirement) -> Iterator[Facts]:
    """Examples of the campaigns that a requirement is about, as far as approvals tell them apart."""
    for facts, members in answers.classes(account, Permission.APPROVE).members():
        low = max(members.audience_from, line.when.audience_from)
        ends = [end for end in (members.audience_to, line.when.audience_to) if end is not None]
        if not ends or low < min(ends):
            for channel in sorted(members.channels):
                if answers.judge.requires(line, account, Facts(channel=channel, audience=low)):
                    yield replace(facts, channel=channel, audience=low)
                    break


def _lock_outs(answers: Answers) -> Iterator[Finding]:
    for account in answers.places():
        everybody = _everybody(answers, account)
        for permission in NEVER_WITHOUT:
            if not any(any(answers.allowed(roles, account, permission)) for roles in everybody):
                message = f"nobody may {permission}{_where(account)}"
                yield None, 0, Code.LOCKOUT, message, "give the permission to a role"


def _idle_roles(answers: Answers) -> Iterator[Finding]:
    granting = {line.role for line in answers.rules.grants if line.allow} - {EVERYONE}
    for link in answers.rules.links:
        place = ELSEWHERE if link.account == EVERYWHERE else link.account
        role = frozenset({link.role})
        if not any(answers.holds_role(role, place, other) for other in granting):
            message = f"role `{link.role}` is granted nothing"
            yield link.row, 1, Code.IDLE, message, f"add `p, {link.role}, ...` lines"


def _name(roles: frozenset[str]) -> str:
    return next(iter(roles), EVERYONE)


def _where(account: str) -> str:
    return "" if account == ELSEWHERE else f" in `{account}`"


STRUCTURE: tuple[Callable[[Rules, list[Row]], Iterator[Finding]], ...] = (
    _empty,
    _unknown_roles,
    _out_of_scope,
    _circles,
    _too_deep,
)

MEANING: tuple[Callable[[Answers], Iterator[Finding]], ...] = (
    _mixed_duties,
    _without_view,
    _impossible_quorums,
    _lock_outs,
)
