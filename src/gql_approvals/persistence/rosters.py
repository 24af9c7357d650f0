"""An account with everybody in it, as one statement reads them: all of it is of one moment."""
# ruff: noqa: S608  # the names of our own columns

from collections.abc import Mapping
from dataclasses import dataclass

from gql_approvals.persistence import mapping
from gql_approvals.persistence.people import User
from gql_approvals.persistence.statements import Statement, columns
from gql_approvals.workflow.model import Account, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """An account with all its members, and who they are: both by user id, disabled ones included."""

    account: Account
    members: Mapping[int, Member]
    users: Mapping[int, User]


_ROSTER = Statement(f"""
SELECT {columns("a", mapping.ACCOUNT)}, {columns("m", mapping.MEMBER)}, u.id, u.name, u.email
FROM account a
LEFT JOIN member m ON m.account_id = a.id
LEFT JOIN app_user u ON u.id = m.user_id
WHERE a.id = $1 ORDER BY m.id""")


async def roster(account_id: int) -> Roster | None:
    """An account with all its members, as they are at one moment; None when there is no such account."""
    rows = await _ROSTER.rows(account_id)
    if not rows:
        return None
    end = len(mapping.ACCOUNT) + len(mapping.MEMBER)
    found = [row for row in rows if row[end] is not None]
    members = (mapping.member_of(row[len(mapping.ACCOUNT) : end]) for row in found)
    users = (User(id=row[end], name=row[end + 1], email=row[end + 2]) for row in found)
    return Roster(
        account=mapping.account_of(rows[0][: len(mapping.ACCOUNT)]),
        members={member.user_id: member for member in members},
        users={user.id: user for user in users},
    )
