"""What the commands ask of an account that exists: the tasks of the API's mutations, done by the system.

Each is one transaction with its audit entry, so running workers obey it as they obey the mutation.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from gql_approvals.errors import InvalidInput, Problem
from gql_approvals.persistence import people
from gql_approvals.service import reading
from gql_approvals.service.finding import account_called, member_called
from gql_approvals.service.perform import Office
from gql_approvals.service.reading import Waiting
from gql_approvals.service.tasks import AccountTask
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.model import Account, Member
from gql_approvals.workflow.vocabulary import AccountAction

_BY_COMMAND = {"the mutation assignRoles": "`gql-approvals member roles`"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """Which roles somebody is to have: exactly `given`, or those they have with some more and some fewer."""

    given: frozenset[str] | None = None
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


async def act(office: Office, account: Account, intent: AccountIntent, member: Member | None = None) -> None:
    """Do to the account what a mutation would, by its rules, within a transaction.

    Raises:
        Refusal: what the mutation refuses, in the words of the command line.
    """
    await people.lock_account(account.id)
    task = AccountTask(intent=intent, member_id=None if member is None else member.id)
    await task.lock(account.id)
    try:
        await task.apply(await office.scene(account.id), None)
    except InvalidInput as refusal:
        known = office.policy().roles(account.slug)
        unknown = sorted(intent.roles - {*known})
        raise InvalidInput([_in_words(one, unknown, known) for one in refusal.problems]) from None


async def set_account(office: Office, slug: str, intent: AccountIntent) -> tuple[Account, Account]:
    """Change what `updateAccount` changes; return the account as it was, and as it is.

    Raises:
        InvalidInput: when there is no such account, or what is set cannot be.
    """

    async def steps() -> tuple[Account, Account]:
        before = await people.lock_account((await account_called(slug)).id)
        await act(office, before, intent)
        return before, await account_called(slug)

    return await office.database.transaction(steps)


async def set_roles(office: Office, slug: str, email: str, change: RoleChange) -> tuple[Member, Member]:
    """Give a member other roles; return them as they were, and as they are.

    Raises:
        InvalidInput: when there is no such account, member or role, or a role is to go that they do not have.
        SegregationOfDuties: when the roles would let one person both make and decide.
        LastAdmin: when nobody would be left who may manage members.
    """

    async def steps() -> tuple[Member, Member]:
        account = await account_called(slug)
        await people.lock_account(account.id)
        before = await member_called(account, email)
        after = replace(before, roles=_roles_after(before, email, change))
        if after != before:
            intent = AccountIntent(action=AccountAction.ASSIGN_ROLES, roles=after.roles)
            await act(office, account, intent, before)
        return before, after

    return await office.database.transaction(steps)


async def turn(office: Office, slug: str, email: str, *, active: bool) -> tuple[Member, Member]:
    """Disable a member or let them act again; return them as they were, and as they are.

    Raises:
        InvalidInput: when there is no such account or member.
        SegregationOfDuties: when the roles they had would let one person both make and decide.
        LastAdmin: when nobody would be left who may manage members.
    """
    action = AccountAction.ENABLE_MEMBER if active else AccountAction.DISABLE_MEMBER

    async def steps() -> tuple[Member, Member]:
        account = await account_called(slug)
        await people.lock_account(account.id)
        before = await member_called(account, email)
        await act(office, account, AccountIntent(action=action), before)
        return before, replace(before, active=active)

    return await office.database.transaction(steps)


async def waiting(office: Office, account: Account) -> Waiting:
    """What switching approvals off would approve at this moment, and what would expire instead."""
    return await reading.waiting(await office.scene(account.id))


async def switch_off(office: Office, account: Account, seen: str | None) -> tuple[Account, Waiting]:
    """Switch approvals off; return the account as it was, and what waited.

    `seen`: the token of what was shown; None approves whatever waits. What is off stays off.

    Raises:
        PreviewOutdated: when something else waits than was shown.
    """

    async def steps() -> tuple[Account, Waiting]:
        before = await people.lock_account(account.id)
        found = await waiting(office, before)
        if before.approvals_enabled:
            token = found.confirm_token if seen is None else seen
            intent = AccountIntent(action=AccountAction.DISABLE_APPROVALS, confirm_token=token)
            await act(office, before, intent)
        return before, found

    return await office.database.transaction(steps)


async def switch_on(office: Office, slug: str) -> Account:
    """Switch approvals on; return the account as it was.

    Raises:
        InvalidInput: when there is no such account.
    """

    async def steps() -> Account:
        before = await people.lock_account((await account_called(slug)).id)
        await act(office, before, AccountIntent(action=AccountAction.ENABLE_APPROVALS))
        return before

    return await office.database.transaction(steps)


def _roles_after(member: Member, email: str, change: RoleChange) -> frozenset[str]:
    if change.given is not None:
        return change.given
    missing = sorted(change.removed - member.roles)
    if missing:
        held = f"they have {_listed(sorted(member.roles))}" if member.roles else "they have none"
        problem = Problem(("remove",), f"`{email.lower()}` does not have {_listed(missing)}: {held}")
        raise InvalidInput((problem,))
    return (member.roles - change.removed) | change.added


def _in_words(problem: Problem, unknown: Sequence[str], known: Sequence[str]) -> Problem:
    """The problem as the command line says it: its options, its commands, and every role that there is."""
    message = problem.message
    for mutation, command in _BY_COMMAND.items():
        message = message.replace(mutation, command)
    if problem.path == ("roles",):
        near = [match for role in unknown for match in get_close_matches(role.lower(), known, n=1)]
        meant = f"did you mean {_listed(near)}? It" if near else "it"
        message = f"{message}: {meant} knows {_listed(known)}"
    path = tuple(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower() for name in problem.path)
    return Problem(path, message)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
