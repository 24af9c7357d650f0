"""The role by permission table, for people to review; a golden copy stands in `tests/policy/matrix.txt`."""

from dataclasses import dataclass

from gql_approvals.policy.answers import ELSEWHERE
from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.rules import EVERYWHERE
from gql_approvals.policy.wording import in_words
from gql_approvals.workflow.vocabulary import EVERYONE, CampaignStatus, Channel, Permission

ALWAYS, SOMETIMES, NEVER = "x", "o", "."
WORDS = {ALWAYS: "always", SOMETIMES: "sometimes", NEVER: "never"}

_EVERYTHING = GrantClass(frozenset(Channel), frozenset(CampaignStatus), None, None, 0, None)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of an action some roles may do; `when`: the cases in words, where the mark is SOMETIMES."""

    mark: str
    when: tuple[str, ...] = ()


def share(policy: Policy, roles: frozenset[str], account: str, permission: Permission) -> Share:
    """What Casbin allows these roles, over all campaigns; account `*`: where no line names the account."""
    place = ELSEWHERE if account == EVERYWHERE else account
    classes = policy.allowed_classes(roles, place, permission)
    if not classes:
        return Share(NEVER)
    if classes == (_EVERYTHING,):
        return Share(ALWAYS)
    return Share(SOMETIMES, tuple(in_words(one) for one in classes))


def matrix(policy: Policy, account: str) -> dict[Permission, dict[str, Share]]:
    """The table: a row for each permission, a column for `everyone` and each role of the account."""
    columns = {EVERYONE: frozenset[str]()} | {role: frozenset({role}) for role in policy.roles(account)}
    return {
        permission: {name: share(policy, roles, account, permission) for name, roles in columns.items()}
        for permission in Permission
    }


def render_matrix(policy: Policy, account: str) -> str:
    """Return the table as text: one row a permission, one column a role, and below it what `o` means."""
    table = matrix(policy, account)
    width = max(len(permission) for permission in Permission)
    where = "every account that no line names" if account == EVERYWHERE else f"`{account}`"
    lines = [
        f"Who may do what in {where}.",
        f"{ALWAYS} always   {SOMETIMES} sometimes, see below   {NEVER} never",
        "",
        " ".join([" " * width, *table[Permission.VIEW]]),
    ]
    notes: list[str] = []
    for permission, row in table.items():
        cells = [permission.ljust(width), *(one.mark.center(len(name)) for name, one in row.items())]
        lines.append(" ".join(cells).rstrip())
        notes += [f"{name} {permission}: {words}" for name, one in row.items() for words in one.when]
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"
