"""Accounts, users, members and API tokens."""
# ruff: noqa: S608  # the names of our own columns

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.functions import Count

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import mapping
from gql_approvals.persistence.audit import GENESIS
from gql_approvals.persistence.fitting import EMAIL, SLUG, can_be
from gql_approvals.persistence.models import AccountRow, MemberRow, TokenRow, UserRow
from gql_approvals.persistence.statements import Record, Statement, columns, moment
from gql_approvals.workflow.model import Account, Member, Newcomer
from gql_approvals.workflow.vocabulary import NotifyScope

TOKEN_PREFIX = "gqa_"  # noqa: S105  # the visible start of every API token, so that scanners find leaked ones
LAST_USE_PRECISION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whom a token speaks for, with their active memberships. `scopes`: the token's; None = every scope.

    `token`: the id of an API token; None: the identity provider's.
    """

    user_id: int
    memberships: tuple[tuple[Account, Member], ...]
    scopes: frozenset[str] | None = None
    token: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of an API token; never its text. `scopes`: None = every scope."""

    id: int
    user_id: int
    name: str
    scopes: frozenset[str] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The roles of an active member, with the names that people know. `account` is the tenant's slug."""

    account: str
    account_id: int
    user_id: int
    name: str
    email: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A member of an account with the names that people know; `since`: when they were first let in."""

    name: str
    email: str
    roles: tuple[str, ...]
    active: bool
    since: datetime


_TOKEN_END = 5  # columns of the token, before those of a membership
_MEMBERSHIP = f"{columns('m', mapping.MEMBER)}, {columns('a', mapping.ACCOUNT)}"
_BY_TOKEN = Statement(f"""
SELECT t.id, t.user_id, t.scopes, t.expires_at, t.last_used_at, {_MEMBERSHIP}
FROM api_token t
LEFT JOIN member m ON m.user_id = t.user_id AND m.active
LEFT JOIN account a ON a.id = m.account_id
WHERE t.hash = $1 AND t.revoked_at IS NULL ORDER BY m.id""")
_BY_USER = Statement(f"""
SELECT {_MEMBERSHIP} FROM member m JOIN account a ON a.id = m.account_id
WHERE m.user_id = $1 AND m.active ORDER BY m.id""")


async def bearer_of(token: str, now: datetime) -> Bearer | None:
    """Who holds this token; None when it is unknown, expired or revoked."""
    rows = await _BY_TOKEN.rows(token_hash(token))
    if not rows:
        return None
    key, user_id, scopes, expires_at, last_used_at = rows[0][:_TOKEN_END]
    if expires_at is not None and moment(expires_at) <= now:
        return None
    if last_used_at is None or moment(last_used_at) + LAST_USE_PRECISION < now:
        with suppress(Unavailable):  # where nothing can be stored, people may still read
            await TokenRow.filter(id=key).update(last_used_at=now)
    memberships = tuple(_membership(row[_TOKEN_END:]) for row in rows if row[_TOKEN_END] is not None)
    return Bearer(user_id=user_id, memberships=memberships, scopes=_scopes(scopes), token=key)


async def is_revoked(token_id: int) -> bool:
    """Whether a token was revoked; within a transaction that holds its account's lock, it stays as it is."""
    return await TokenRow.filter(id=token_id, revoked_at__not_isnull=True).exists()


async def bearer(user_id: int) -> Bearer:
    """The person with their active memberships, and with every scope."""
    rows = await _BY_USER.rows(user_id)
    return Bearer(user_id=user_id, memberships=tuple(_membership(row) for row in rows))


async def create_token(
    user_id: int,
    *,
    name: str,
    now: datetime,
    expires_at: datetime | None,
    demo: str | None = None,
    scopes: Iterable[str] | None = None,
) -> str:
    """Make an API token and return it: the only time it can be read.

    `demo` fixes its text and makes it no secret: it is kept as the token's name, for GraphiQL to offer.
    `scopes`: None = every scope.
    """
    token = demo or TOKEN_PREFIX + secrets.token_urlsafe(32)
    await TokenRow.create(
        user_id=user_id,
        hash=token_hash(token),
        name=demo or name,
        is_demo=demo is not None,
        scopes=None if scopes is None else " ".join(sorted(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    return token


async def revoke_token(token: str, now: datetime) -> bool:
    """Revoke a token by its text; False when there is no such token."""
    return bool(await TokenRow.filter(hash=token_hash(token), revoked_at=None).update(revoked_at=now))


async def token_by_text(token: str) -> Token | None:
    """The API token with that text, revoked and expired ones included; None when it is none."""
    row = await TokenRow.get_or_none(hash=token_hash(token))
    return None if row is None else _token(row)


async def token_by_id(token_id: int) -> Token | None:
    """The API token with that id, revoked and expired ones included."""
    row = await TokenRow.get_or_none(id=token_id)
    return None if row is None else _token(row)


async def tokens_of(user_id: int) -> tuple[Token, ...]:
    """Every token that a person ever got, oldest first."""
    return tuple(_token(row) for row in await TokenRow.filter(user_id=user_id).order_by("id"))


async def accounts_of(user_id: int) -> tuple[int, ...]:
    """The ids of the accounts that a person is an active member of, in order."""
    found = (
        await MemberRow.filter(user_id=user_id, active=True).order_by("account_id").values_list("account_id")
    )
    return tuple(account_id for (account_id,) in found)


async def revoke_token_by_id(token_id: int, now: datetime) -> None:
    """Revoke a token; when it was revoked before stays as it is."""
    await TokenRow.filter(id=token_id, revoked_at=None).update(revoked_at=now)


async def has_demo_tokens() -> bool:
    """Whether anybody could sign in with a token that is printed in the documentation."""
    return await TokenRow.filter(is_demo=True, revoked_at=None).exists()


async def demo_tokens() -> list[tuple[User, str, str]]:
    """The demo's people as (person, roles in their first account, token), in the order they were made."""
    found: list[tuple[User, str, str]] = []
    for row in await TokenRow.filter(is_demo=True, revoked_at=None).order_by("id").prefetch_related("user"):
        member = await MemberRow.filter(user_id=row.user_id).order_by("id").first()
        found.append((_user(row.user), ", ".join(member.roles) if member else "", row.name))
    return found


def token_hash(token: str) -> str:
    """What of a token is stored. Tokens are random, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def create_account(
    slug: str, *, name: str, time_zone: str, now: datetime, policy_version: str | None = None
) -> Account:
    """Make a tenant, with approvals on.

    `policy_version` is in force as it begins, so nobody need be told of that one.
    """
    row = await AccountRow.create(
        slug=slug,
        name=name,
        time_zone=time_zone,
        approvals_enabled=True,
        notify_scope=NotifyScope.INVOLVED.value,
        audit_hash=GENESIS,
        policy_version=policy_version,
        created_at=now,
    )
    return mapping.account_of(mapping.record(row, mapping.ACCOUNT))


async def account_by_slug(slug: str) -> Account | None:
    """The tenant of that name."""
    return await _account(slug=slug) if can_be(slug, SLUG) else None


async def account_by_id(account_id: int) -> Account | None:
    """The tenant with that id."""
    return await _account(id=account_id)


async def accounts() -> tuple[Account, ...]:
    """All tenants, sorted by slug."""
    rows = await AccountRow.all().order_by("slug").values_list(*mapping.ACCOUNT)
    return tuple(mapping.account_of(row) for row in rows)


async def any_account() -> bool:
    """Whether the database holds any tenant."""
    return await AccountRow.exists()


async def account_slugs() -> tuple[str, ...]:
    """The names of all tenants, sorted."""
    found = await AccountRow.all().values_list("slug")
    return tuple(sorted(slug for (slug,) in found))


async def account_ids() -> tuple[int, ...]:
    """The ids of all tenants, in order."""
    found = await AccountRow.all().order_by("id").values_list("id")
    return tuple(account_id for (account_id,) in found)


async def lock_account(account_id: int) -> Account:
    """Lock a tenant: what every mutation does first."""
    row = await AccountRow.filter(id=account_id).select_for_update().get()
    return mapping.account_of(mapping.record(row, mapping.ACCOUNT))


async def save_account(account: Account) -> None:
    """Write a tenant's settings."""
    await AccountRow.filter(id=account.id).update(
        name=account.name,
        time_zone=account.time_zone,
        approvals_enabled=account.approvals_enabled,
        notify_scope=account.notify_scope.value,
    )


async def user_by_email(email: str) -> User | None:
    """The person with that address, whatever its case."""
    address = email.lower()
    row = await UserRow.get_or_none(email=address) if can_be(address, EMAIL) else None
    return None if row is None else _user(row)


async def create_user(*, name: str, email: str, now: datetime) -> User:
    """Make a person."""
    return _user(await UserRow.create(name=name, email=email.lower(), created_at=now))


async def users(user_ids: Iterable[int]) -> dict[int, User]:
    """People by id."""
    return {row.id: _user(row) for row in await UserRow.filter(id__in=list(user_ids))}


async def create_member(account_id: int, user_id: int, roles: Iterable[str], now: datetime) -> Member:
    """Let a person into an account."""
    row = await MemberRow.create(
        account_id=account_id, user_id=user_id, roles=sorted(roles), active=True, created_at=now
    )
    return mapping.member_of(mapping.record(row, mapping.MEMBER))


async def let_in(account_id: int, newcomer: Newcomer, now: datetime) -> Member:
    """Make somebody a member; who has the address already, in whatever account, is that person."""
    user = await user_by_email(newcomer.email)
    if user is None:
        user = await new_user(newcomer.email, name=newcomer.name, now=now)
    return await create_member(account_id, user.id, newcomer.roles, now)


async def new_user(email: str, *, name: str, now: datetime) -> User:
    """The person with that address; made, unless somebody who holds another account's lock was faster."""
    row = UserRow(name=name, email=email.lower(), created_at=now)
    await UserRow.bulk_create([row], ignore_conflicts=True)
    return _user(await UserRow.get(email=email.lower()))


async def members(account_id: int) -> Sequence[Member]:
    """All members of an account, disabled ones included, oldest first."""
    rows = MemberRow.filter(account_id=account_id).order_by("id")
    return [mapping.member_of(row) for row in await rows.values_list(*mapping.MEMBER)]


async def memberships(account_id: int) -> tuple[Membership, ...]:
    """All members of an account, disabled ones included, oldest first."""
    found = await (
        MemberRow.filter(account_id=account_id)
        .order_by("id")
        .values_list("user__name", "user__email", "roles", "active", "created_at")
    )
    return tuple(
        Membership(name=name, email=email, roles=tuple(roles), active=active, since=since)
        for name, email, roles, active, since in found
    )


async def active_counts() -> dict[int, int]:
    """How many active members an account has, by its id; those without any are left out."""
    counted = MemberRow.filter(active=True).annotate(size=Count("id")).group_by("account_id")
    return dict(await counted.values_list("account_id", "size"))


async def holdings() -> tuple[Holding, ...]:
    """Every active member of every account, in the order of account ids, then user ids."""
    found = await (
        MemberRow.filter(active=True)
        .order_by("account_id", "user_id")
        .values_list("account__slug", "account_id", "user_id", "user__name", "user__email", "roles")
    )
    return tuple(
        Holding(
            account=slug,
            account_id=account_id,
            user_id=user_id,
            name=name,
            email=email,
            roles=frozenset(roles),
        )
        for slug, account_id, user_id, name, email, roles in found
    )


async def role_sets() -> frozenset[tuple[str, frozenset[str]]]:
    """What is held by at least one active member: (account's slug, roles)."""
    found = await MemberRow.filter(active=True).distinct().values_list("account__slug", "roles")
    return frozenset((slug, frozenset(roles)) for slug, roles in found)


async def save_member(member: Member) -> None:
    """Write a member's roles and whether they are active."""
    await MemberRow.filter(id=member.id).update(roles=sorted(member.roles), active=member.active)


async def _account(**which: object) -> Account | None:
    rows = await AccountRow.filter(**which).values_list(*mapping.ACCOUNT)
    return mapping.account_of(rows[0]) if rows else None


def _user(row: UserRow) -> User:
    return User(id=row.id, name=row.name, email=row.email)


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        scopes=_scopes(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )


def _scopes(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(text.split())


def _membership(values: Record) -> tuple[Account, Member]:
    end = len(mapping.MEMBER)
    return mapping.account_of(values[end:]), mapping.member_of(values[:end])
