"""What the commands do to the database: each one transaction, with its audit entries.

Whoever can run the commands holds the database's password, so nobody's permission is asked; the same
refusals as the API's hold for what they ask for. Audit entries name no actor: the system did it.
"""

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from gql_approvals.errors import InvalidInput, Problem
from gql_approvals.persistence import audit, people
from gql_approvals.persistence.audit import Entry
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.subject import Facts
from gql_approvals.service.perform import Office
from gql_approvals.workflow import account as accounts
from gql_approvals.workflow.account import AccountCase, AccountIntent
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.model import Account, Member
from gql_approvals.workflow.vocabulary import AccountAction, Permission

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MAX_NAME, MAX_EMAIL = 200, 320
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
        account = await people.account_by_slug(slug)
        if account is None:
            fix = f"make it with `gql-approvals account create {slug} --admin EMAIL`"
            raise _wrong("account", f"there is no account `{slug}`: {fix}")
        await admit(office, account, person, roles)

    await office.database.transaction(steps)


async def issue(office: Office, email: str, *, name: str, days: int) -> str:
    """Make a token for a person and return it.

    Raises:
        InvalidInput: when nobody has that address, or they are an active member of no account.
    """

    async def steps() -> str:
        return await create_token(office, email, name=name, days=days)

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
    """Make the person a member with exactly these roles; one who was disabled comes back."""
    _check_person(person)
    await people.lock_account(account.id)
    user = await people.user_by_email(person.email)
    if user is None:
        user = await people.create_user(name=person.name.strip(), email=person.email, now=office.now())
    known = {member.user_id: member for member in await people.members(account.id)}
    before = known.get(user.id)
    if before is not None and before.active:
        fix = "change their roles with the mutation assignRoles"
        raise _wrong("email", f"`{user.email}` is a member of `{account.slug}` already: {fix}")
    granted = _granted(office, account, user.id, roles)
    if before is None:
        member = await people.create_member(account.id, user.id, granted, office.now())
    else:
        member = replace(before, roles=granted, active=True)
        await people.save_member(member)
    detail: dict[str, Json] = {"user": user.id, "roles": sorted(granted)}
    await _note(office, account.id, "member:added" if before is None else "member:enabled", detail)
    return member


async def create_token(
    office: Office, email: str, *, name: str, days: int | None, demo: str | None = None
) -> str:
    """Make a token, noted in every account that it opens. `demo` fixes its text, and it never expires."""
    user = await people.user_by_email(email)
    if user is None:
        raise _wrong("email", f"nobody has the address `{email}`: add them with `gql-approvals member add`")
    expires = None if days is None else office.now() + timedelta(days=days)
    text = await people.create_token(user.id, name=name, now=office.now(), expires_at=expires, demo=demo)
    bearer = await people.bearer_of(text, office.now())
    if bearer is None or not bearer.memberships:
        fix = "add them with `gql-approvals member add`"
        raise _wrong("email", f"`{user.email}` is an active member of no account: {fix}")
    for account, _ in sorted(bearer.memberships, key=lambda pair: pair[0].id):
        await people.lock_account(account.id)
        await _note(office, account.id, "token:created", {"user": user.id})
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


def _granted(office: Office, account: Account, user_id: int, roles: frozenset[str]) -> frozenset[str]:
    """The roles, if the account's own table lets somebody be given them."""
    policy = office.policy()
    known = policy.roles(account.slug)
    nobody = Member(id=0, account_id=account.id, user_id=user_id, roles=frozenset(), active=True)
    case = AccountCase(
        account=account,
        intent=AccountIntent(action=AccountAction.ASSIGN_ROLES, roles=roles),
        now=office.now(),
        member=nobody,
        unknown_roles=tuple(sorted(roles - set(known))),
        conflict=policy.conflict(roles, account.slug),
    )
    try:
        change = accounts.apply(case)
    except InvalidInput as refusal:
        raise InvalidInput([_with_roles(problem, known) for problem in refusal.problems]) from None
    return nobody.roles if change.member is None else change.member.roles


def _with_roles(problem: Problem, known: tuple[str, ...]) -> Problem:
    return replace(problem, message=f"{problem.message}; it knows {', '.join(f'`{role}`' for role in known)}")


def _check_account(new: NewAccount) -> None:
    problems: list[Problem] = []
    if not SLUG.fullmatch(new.slug):
        rule = "takes 1 to 63 small letters, digits, `-` and `_`, and starts with a letter or digit"
        problems.append(Problem(("slug",), f"`{new.slug}` cannot be a slug, which {rule}"))
    if not 0 < len(new.name.strip()) <= MAX_NAME:
        problems.append(Problem(("name",), f"must have from 1 to {MAX_NAME} characters"))
    if new.time_zone not in zoneinfo.available_timezones():
        problems.append(
            Problem(("time-zone",), f"there is no time zone `{new.time_zone}`: try Europe/Berlin")
        )
    if problems:
        raise InvalidInput(problems)


def _check_person(person: Person) -> None:
    problems: list[Problem] = []
    if not EMAIL.fullmatch(person.email) or len(person.email) > MAX_EMAIL:
        problems.append(Problem(("email",), f"`{person.email}` is no address: write name@example.com"))
    if not 0 < len(person.name.strip()) <= MAX_NAME:
        problems.append(Problem(("name",), f"must have from 1 to {MAX_NAME} characters"))
    if problems:
        raise InvalidInput(problems)


async def _note(office: Office, account_id: int, kind: str, detail: Mapping[str, Json]) -> None:
    version = office.policy().version
    entry = Entry(kind=kind, at=office.now(), actor=None, detail=detail, policy_version=version)
    await audit.append(account_id, entry)


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput((Problem((field,), message),))
