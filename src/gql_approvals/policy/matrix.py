"""The role by permission table, for people to review; a golden copy stands in `tests/policy/matrix.txt`."""

from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.engine import Policy
from gql_approvals.workflow.vocabulary import EVERYONE, CampaignStatus, Channel, Permission

ALWAYS, SOMETIMES, NEVER = "x", "o", "."

_EVERYTHING = GrantClass(frozenset(Channel), frozenset(CampaignStatus), None, None, 0, None)


def render_matrix(policy: Policy, account: str) -> str:
    """Return the table as text: one row a permission, one column a role, and below it what `o` means."""
    columns = {EVERYONE: frozenset[str]()} | {role: frozenset({role}) for role in policy.roles(account)}
    width = max(len(permission) for permission in Permission)
    lines = [
        f"Who may do what in `{account}`.",
        f"{ALWAYS} always   {SOMETIMES} sometimes, see below   {NEVER} never",
        "",
        " ".join([" " * width, *columns]),
    ]
    notes: list[str] = []
    for permission in Permission:
        cells = [permission.ljust(width)]
        for name, roles in columns.items():
            classes = policy.allowed_classes(roles, account, permission)
            mark = NEVER if not classes else ALWAYS if classes == (_EVERYTHING,) else SOMETIMES
            cells.append(mark.center(len(name)))
            if mark == SOMETIMES:
                notes += [f"{name} {permission}: {_in_words(one)}" for one in classes]
        lines.append(" ".join(cells).rstrip())
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


def _in_words(one: GrantClass) -> str:
    parts: list[str] = []
    if len(one.channels) < len(Channel):
        parts.append("on " + ", ".join(sorted(channel.lower() for channel in one.channels)))
    if len(one.statuses) < len(CampaignStatus):
        parts.append("while " + ", ".join(sorted(status.lower() for status in one.statuses)))
    for word, wanted in (("own", one.own), ("involved", one.involved)):
        if wanted is not None:
            parts.append(word if wanted else f"not {word}")
    if one.audience_from:
        parts.append(f"audience at least {one.audience_from:,}")
    if one.audience_to is not None:
        parts.append(f"audience at most {one.audience_to - 1:,}")
    return "; ".join(parts)
