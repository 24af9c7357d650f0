"""What the commands do to the database: each one transaction, with its audit entries.

Whoever can run the commands holds the database's password, so nobody's permission is asked; the same
refusals as the API's hold for what they ask for. Audit entries name no actor: the system did it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gql_approvals.cli.governing import act
from gql_approvals.errors import InvalidInput, Problem
from gql_approvals.persistence import audit, lookups, people
from gql_approvals.persistence.audit import Entry
from gql_approvals.persistence.people import Token
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.subject import Facts
from gql_approvals.service.finding import account_called
from gql_approvals.service.perform import Office
from gql_approvals.service.scopes import in_order, scopes_from
from gql_approvals.service.time_zones import is_time_zone
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.completeness import unfit_name
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.model import Account, Member
from gql_approvals.workflow.vocabulary import AccountAction, Permission

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MAX_DIGITS = 19  # 2**63 has as many
FOUNDER = (Permission.MANAGE_MEMBERS, Permission.MANAGE_APPROVALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to be let in; the name is ignored where the address is known already."""

    email: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A tenant to be made."""

    slug: str
    name: str
    time_zone: str


async def found(
    office: Office, new: NewAccount, admin: Person, *, role: str | None, days: int
) -> tuple[str, str]:
    """Make an account with its first member; return their role and their token.

    Raises:
        InvalidInput: when the slug is taken or malformed, the time zone unknown, or no role fits.
    """
    policy = office.policy()
    chosen = founder_role(policy, new.slug, role)

    async def steps() -> str:
        account = await create_account(office, new)
        await admit(office, account, admin, frozenset({chosen}))
        return await create_token(office, admin.email, name="first", days=days)

    return chosen, await office.database.transaction(steps)


async def add_member(office: Office, slug: str, person: Person, roles: frozenset[str]) -> None:
    """Let a person into an account.

    Raises:
        InvalidInput: when there is no such account or role, or the person is a member already.
        SegregationOfDuties: when the roles would let one person both make and decide.
    """

    async def steps() -> None:
        await admit(office, await account_called(slug), person, roles)

    await office.database.transaction(steps)


async def issue(office: Office, email: str, *, name: str, days: int, scopes: frozenset[str]) -> str:
    """Make a token for a person and return it. `scopes`: none = every scope.

    Raises:
        InvalidInput: when nobody has that address, or they are an active member of no account.
    """

    async def steps() -> str:
        return await create_token(office, email, name=name, days=days, scopes=scopes or None)

    return await office.database.transaction(steps)


async def tokens(email: str) -> tuple[Token, ...]:
    """Every token that the person ever got, oldest first.

    Raises:
        InvalidInput: when nobody has that address.
    """
    return await people.tokens_of((await _user(email)).id)


async def revoke(office: Office, asked: str) -> tuple[Token, str]:
    """Revoke a token, named by its number or its text; return it as it was before, and its owner's address.

    Raises:
        InvalidInput: when there is no such token.
    """

    async def steps() -> tuple[Token, str]:
        found = await (people.token_by_id(int(asked)) if _is_number(asked) else people.token_by_text(asked))
        if found is None:
            what = f"no token {asked}" if _is_number(asked) else "no such token"
            raise _wrong("token", f"there is {what}: `gql-approvals token list EMAIL` has their numbers")
        owner = (await people.users([found.user_id]))[found.user_id]
        if found.revoked_at is None:
            accounts = await people.accounts_of(found.user_id)
            await people.revoke_token_by_id(found.id, office.now())
            await _note_token(office, accounts, "token:revoked", found)
        return found, owner.email

    return await office.database.transaction(steps)


# ------------------------------------------------------------------------- steps within a transaction
async def create_account(office: Office, new: NewAccount) -> Account:
    """Make the account, and the first entry of its audit chain."""
    _check_account(new)
    if await people.account_by_slug(new.slug) is not None:
        raise _wrong("account", f"there is an account `{new.slug}` already: choose another slug")
    now = office.now()
    account = await people.create_account(
        new.slug,
        name=new.name,
        time_zone=new.time_zone,
        now=now,
        policy_version=office.policy().version,
    )
    await _note(office, account.id, "account:created", {"slug": new.slug})
    return account


async def admit(office: Office, account: Account, person: Person, roles: frozenset[str]) -> Member:
    """Make the person a member with exactly these roles, by the rules of the mutation addMember."""
    asked = AccountIntent(action=AccountAction.ADD_MEMBER, email=person.email, name=person.name, roles=roles)
    await act(office, account, asked)
    member = await lookups.member_by_email(account.id, person.email)
    if member is None:
        raise LookupError(person.email)  # was stored just now
    return member


async def create_token(
    office: Office,
    email: str,
    *,
    name: str,
    days: int | None,
    demo: str | None = None,
    scopes: frozenset[str] | None = None,
) -> str:
    """Make a token, noted in every account that it opens.

    `demo` fixes its text, and it never expires. `scopes`: None = every scope.
    """
    user = await _user(email)
    expires = None if days is None else office.now() + timedelta(days=days)
    text = await people.create_token(
        user.id, name=name, now=office.now(), expires_at=expires, demo=demo, scopes=scopes
    )
    made, accounts = await people.token_by_text(text), await people.accounts_of(user.id)
    if made is None or not accounts:
        fix = "add them with `gql-approvals member add`"
        raise _wrong("email", f"`{user.email}` is an active member of no account: {fix}")
    await _note_token(office, accounts, "token:created", made)
    return text


# -------------------------------------------------------------------------------------------- judging
def founder_role(policy: Policy, slug: str, asked: str | None) -> str:
    """The role whose holder may manage the account; `asked` chooses where there are several."""
    able = [
        role
        for role in policy.roles(slug)
        if all(policy.allows(frozenset({role}), slug, permission, Facts()) for permission in FOUNDER)
    ]
    names = ", ".join(f"`{role}`" for role in able)
    if asked is not None and asked not in able:
        raise _wrong(
            "role", f"`{asked}` may not manage members and approvals in `{slug}`; these may: {names}"
        )
    if asked is None and len(able) != 1:
        raise _wrong("role", f"several roles may manage `{slug}` ({names}): choose one with --role")
    return asked or able[0]


def _check_account(new: NewAccount) -> None:
    problems: list[Problem] = []
    if not SLUG.fullmatch(new.slug):
        rule = "takes 1 to 63 small letters, digits, `-` and `_`, and starts with a letter or digit"
        problems.append(Problem(("slug",), f"`{new.slug}` cannot be a slug, which {rule}"))
    problems.extend(unfit_name(new.name))
    if not is_time_zone(new.time_zone):
        problems.append(
            Problem(("time-zone",), f"there is no time zone `{new.time_zone}`: try Europe/Berlin")
        )
    if problems:
        raise InvalidInput(problems)


async def _note(office: Office, account_id: int, kind: str, detail: Mapping[str, Json]) -> None:
    version = office.policy().version
    entry = Entry(kind=kind, at=office.now(), actor=None, detail=detail, policy_version=version)
    await audit.append(account_id, entry)


async def _note_token(office: Office, accounts: Sequence[int], kind: str, token: Token) -> None:
    """An entry in each of these accounts, which are locked in the order of their ids."""
    scopes = in_order(scopes_from(token.scopes))
    detail: dict[str, Json] = {"user": token.user_id, "token": token.id, "scopes": list(scopes)}
    for account_id in accounts:
        await people.lock_account(account_id)
        await _note(office, account_id, kind, detail)


async def _user(email: str) -> people.User:
    user = await people.user_by_email(email)
    if user is None:
        raise _wrong("email", f"nobody has the address `{email}`: add them with `gql-approvals member add`")
    return user


def _is_number(text: str) -> bool:
    """Whether it is a token's number, and no text of one; as far as the database counts."""
    return text.isascii() and text.isdecimal() and len(text) < MAX_DIGITS


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput((Problem((field,), message),))
