"""What a command names, looked up; where there is none, what may have been meant."""

from difflib import get_close_matches

from gql_approvals.errors import InvalidInput, Problem
from gql_approvals.persistence import lookups, people
from gql_approvals.workflow.content import is_storable
from gql_approvals.workflow.model import Account, Member


async def account_called(slug: str) -> Account:
    """The account of that slug.

    Raises:
        InvalidInput: when there is none.
    """
    account = await people.account_by_slug(slug) if is_storable(slug) else None
    if account is None:
        near = get_close_matches(slug.lower(), await people.account_slugs(), n=1)
        make = f"make it with `gql-approvals account create {slug} --admin EMAIL`"
        raise _nothing("account", f"there is no account `{slug}`", near, make)
    return account


async def member_called(account: Account, email: str) -> Member:
    """The member with that address, disabled ones included.

    Raises:
        InvalidInput: when the account has none.
    """
    member = await lookups.member_by_email(account.id, email) if is_storable(email) else None
    if member is None:
        known = [one.email for one in await people.memberships(account.id)]
        near = get_close_matches(email.lower(), known, n=1)
        add = f"`gql-approvals member list {account.slug}` has them all"
        raise _nothing("email", f"nobody in `{account.slug}` has the address `{email}`", near, add)
    return member


def _nothing(field: str, what: str, near: list[str], otherwise: str) -> InvalidInput:
    fix = f"did you mean `{near[0]}`?" if near else otherwise
    return InvalidInput((Problem((field,), f"{what}: {fix}"),))
