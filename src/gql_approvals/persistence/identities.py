"""Who is who at identity providers: (issuer, subject) → person, and what their groups gave them last.

A person has at most one subject at a provider, and a subject is one person for ever: an address that the
provider gives to somebody else does not open the first one's history.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gql_approvals.persistence import mapping
from gql_approvals.persistence.models import AccountRow, IdentityRow, MemberRow
from gql_approvals.workflow.model import Account, Member

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # no token has said anything yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`granted`: account's slug → the roles that groups gave there; empty when they gave some and took them.

    `issued_at` is that of the newest token that was heeded.
    """

    id: int
    user_id: int
    granted: Mapping[str, frozenset[str]]
    issued_at: datetime


async def find(issuer: str, subject: str) -> Identity | None:
    """The identity of a subject."""
    row = await IdentityRow.get_or_none(issuer=issuer, subject=subject)
    return None if row is None else _identity(row)


async def lock(issuer: str, subject: str) -> Identity | None:
    """The same, locked until the transaction ends; after the locks of accounts."""
    row = await IdentityRow.filter(issuer=issuer, subject=subject).select_for_update().first()
    return None if row is None else _identity(row)


async def link(user_id: int, issuer: str, subject: str, now: datetime) -> None:
    """Make the subject this person, unless either has been linked meanwhile: `lock` tells."""
    row = IdentityRow(
        user_id=user_id, issuer=issuer, subject=subject, granted={}, issued_at=_NEVER, created_at=now
    )
    await IdentityRow.bulk_create([row], ignore_conflicts=True)


async def save(identity: Identity) -> None:
    """Write what the newest token said."""
    granted = {slug: sorted(roles) for slug, roles in identity.granted.items()}
    await IdentityRow.filter(id=identity.id).update(granted=granted, issued_at=identity.issued_at)


async def accounts(slugs: Iterable[str]) -> list[Account]:
    """Those of the accounts that exist, in the order in which they are locked."""
    rows = AccountRow.filter(slug__in=list(slugs)).order_by("id")
    return [mapping.account_of(row) for row in await rows.values_list(*mapping.ACCOUNT)]


async def membership(account_id: int, user_id: int) -> Member | None:
    """The person's membership, disabled or not."""
    rows = await MemberRow.filter(account_id=account_id, user_id=user_id).values_list(*mapping.MEMBER)
    return mapping.member_of(rows[0]) if rows else None


def _identity(row: IdentityRow) -> Identity:
    granted = {slug: frozenset(roles) for slug, roles in row.granted.items()}
    return Identity(id=row.id, user_id=row.user_id, granted=granted, issued_at=row.issued_at)
