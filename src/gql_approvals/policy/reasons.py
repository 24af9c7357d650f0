"""Why an answer is what it is: the deciding line, or what would have to be different.

Casbin is asked line by line. To learn what a line that does not match would need, it is asked again
with the role, or the channels and the condition, of that line opened up.
"""

from collections.abc import Iterator

from gql_approvals.errors import Reason
from gql_approvals.policy.answers import Answers, source
from gql_approvals.policy.duties import REQUIRES_VIEW, SEPARATED
from gql_approvals.policy.judge import casbin_line
from gql_approvals.policy.rules import ANY, Grant
from gql_approvals.policy.subject import Facts
from gql_approvals.workflow.vocabulary import EVERYONE, Permission

DENIED_BY_RULE = "DENIED_BY_RULE"
NO_RULE = "NO_RULE"
NEEDS_VIEW = "NEEDS_VIEW"
ALLOWED_BY_RULE = "ALLOWED_BY_RULE"


def explain(
    answers: Answers, roles: frozenset[str], account: str, permission: Permission, facts: Facts
) -> tuple[Reason, ...]:
    """At least one reason; the first one decided. Remembered like the answer itself."""
    cell = answers.cell(roles, account, permission)
    key = answers.classes(account, permission).key(facts)
    if key not in cell.why:
        cell.why[key] = _explained(answers, roles, account, permission, facts)
    return cell.why[key]


def _explained(
    answers: Answers, roles: frozenset[str], account: str, permission: Permission, facts: Facts
) -> tuple[Reason, ...]:
    if not answers.granted(roles, account, permission, facts):
        return tuple(_refused(answers, roles, account, permission, facts))
    if permission in REQUIRES_VIEW and not answers.granted(roles, account, Permission.VIEW, facts):
        needs = Reason(NEEDS_VIEW, f"`{permission}` needs `view`, which is not granted")
        return (needs, *_refused(answers, roles, account, Permission.VIEW, facts))
    if permission in SEPARATED and (conflict := answers.conflict(roles, account)):
        return conflict
    line = answers.deciding_line(roles, account, permission, facts, allow=True)
    whole = f"role `{line.role}` may {permission}{_limits(line)}" if line else "the policy allows it"
    return (Reason(ALLOWED_BY_RULE, whole, source(line) if line else None),)


def _refused(
    answers: Answers, roles: frozenset[str], account: str, permission: Permission, facts: Facts
) -> Iterator[Reason]:
    denied = answers.deciding_line(roles, account, permission, facts, allow=False)
    if denied is not None:
        yield Reason(
            DENIED_BY_RULE, f"role `{denied.role}` may not {permission}{_limits(denied)}", source(denied)
        )
        return
    place = answers.place(account, permission)
    lines = [line for line in answers.lines(account, permission) if line.allow]
    if not answers.remembers and answers.deciding_line(roles, account, permission, facts, allow=True):
        lines = []
    close = [line for line in lines if answers.judge.matches(_opened(line), roles, place, facts)]
    for line in close:
        yield Reason(NO_RULE, f"role `{line.role}` may {permission} only{_limits(line)}", source(line))
    if not close:
        others = {line.role for line in lines if answers.judge.matches(_for_all(line), roles, place, facts)}
        hint = (
            f"; that takes the role {' or '.join(f'`{role}`' for role in sorted(others))}" if others else ""
        )
        held = ", ".join(f"`{role}`" for role in sorted(roles)) or "a member without a role"
        yield Reason(NO_RULE, f"no rule allows {held} to {permission}{hint}")


def _opened(line: Grant) -> list[str]:
    """The line for its role, on every channel and without a condition."""
    role, account, action, *_ = casbin_line(line)
    return [role, account, action, ANY, "always", "allow"]


def _for_all(line: Grant) -> list[str]:
    """The line for everyone."""
    return [EVERYONE, *casbin_line(line)[1:]]


def _limits(line: Grant) -> str:
    """The line's channels and condition in words; "" when there are none."""
    _, _, _, channels, when, _ = casbin_line(line)
    on = "" if channels == ANY else f" on {channels.replace(' ', ', ')}"
    return on + ("" if when == "always" else f" when {when}")
