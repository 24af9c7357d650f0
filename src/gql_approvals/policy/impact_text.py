"""What another version of the policy changes, in sentences: one line a difference."""

from collections.abc import Iterator, Sequence

from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.differences import Needed
from gql_approvals.policy.impact import Change, Impact, Need, Standing
from gql_approvals.policy.rules import EVERYWHERE
from gql_approvals.policy.wording import counted, in_words

SHOWN = 5  # names in a row, before `...`

NO_DIFFERENCE = "no {subject} may do more or less, and no campaign needs other approvals"


def impact_lines(impact: Impact, *, of_roles: bool) -> Iterator[str]:
    """One line a difference: `+` for more, `-` for less, `~` for other approvals.

    `of_roles`: the members are stand-ins for roles, which are all named; of people five are.
    """
    for change in impact.changes:
        acts = _listed([permission.value for permission in change.permissions])
        place = _place(change.accounts, impact, "every" if change.gained else "any")
        whole = f"may {_now(change)} {acts} in {place}{_limits(change.where)}"
        yield _sentence(change, "", whole, of_roles=of_roles)
    for standing in impact.standings:
        place = _place(standing.accounts, impact, "every" if standing.gained else "any")
        whole = f"{_now(standing)} count for `{standing.role}` in {place}"
        yield _sentence(standing, "approvals of ", whole, of_roles=of_roles)
    for need in impact.needs:
        yield _need(need, impact)


def _now(one: Change | Standing) -> str:
    return "now" if one.gained else "no longer"


def _sentence(one: Change | Standing, start: str, rest: str, *, of_roles: bool) -> str:
    sign = "+" if one.gained else "-"
    if of_roles:
        names = _listed([f"`{name}`" for name in one.members])
        return f"{sign} {start}role{'' if len(one.members) == 1 else 's'} {names} {rest}"
    return f"{sign} {start}{counted(len(one.members), 'member')} {rest}: {_some(one.members)}"


def _need(need: Need, impact: Impact) -> str:
    where = _place(need.accounts, impact, "every") + _limits(need.where)
    return f"~ {where}: needs {_approvals(need.new)}, was {_approvals(need.old)}"


def _approvals(needed: Needed) -> str:
    return _listed([f"{count} {role}" for role, count in needed])


def _limits(where: GrantClass) -> str:
    words = in_words(where)
    if not words:
        return ""
    return f" {words}" if words.startswith(("on ", "while ", "where ")) else f"; {words}"


def _place(accounts: tuple[str, ...], impact: Impact, every: str) -> str:
    whole = accounts == impact.accounts
    if whole and (EVERYWHERE in accounts or len(accounts) > SHOWN):
        return f"{every} account"
    named = [f"{every} other account" if account == EVERYWHERE else account for account in accounts]
    return _listed(named) if len(named) <= SHOWN else _some(named)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")


def _listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([part for part in (", ".join(words[:-1]), words[-1]) if part])
