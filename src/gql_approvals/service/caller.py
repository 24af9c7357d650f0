"""Who is calling: a token's person, in the account they chose.

There are two kinds of tokens: ours, which the database knows, and those of the identity provider, which are
JSON Web Tokens and have dots. Whatever is wrong with either, callers read the same text.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from gql_approvals.errors import AccountRequired, Unauthenticated
from gql_approvals.persistence import people
from gql_approvals.persistence.people import Bearer
from gql_approvals.service.scopes import TokenScope, scopes_from
from gql_approvals.workflow.model import Account, Member

REFUSED = "the token is unknown, expired or revoked: sign in again, or ask an administrator for a new one"

# Whom a token of the identity provider speaks for; None when it is refused.
SignIn = Callable[[str], Awaitable[Bearer | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An active member who asks for something.

    `accounts`: all that this person is an active member of. `scopes`: what their token may be used for.
    `token`: its id; None: it is the identity provider's.
    """

    user_id: int
    account: Account
    member: Member
    accounts: tuple[Account, ...]
    scopes: frozenset[TokenScope]
    token: int | None = None


async def authenticate(
    token: str, account_slug: str | None, now: datetime, sign_in: SignIn | None = None
) -> Caller:
    """Find out who holds the token and in which account they act.

    `sign_in` is asked about tokens of the identity provider; None: there is none.

    Raises:
        Unauthenticated: when the token is unknown, expired or revoked.
        AccountRequired: when the person is in no account, in several without choosing, or not in that one;
            an account one is not in answers like one that does not exist.
    """
    if sign_in is not None and "." in token:
        bearer = await sign_in(token)
    else:
        bearer = await people.bearer_of(token, now)
    if bearer is None:
        raise Unauthenticated(REFUSED)
    own = {account.slug: (account, member) for account, member in bearer.memberships}
    if account_slug is None and len(own) == 1:
        account_slug = next(iter(own))
    if account_slug not in own:
        raise AccountRequired(_which(account_slug, tuple(own)))
    account, member = own[account_slug]
    return Caller(
        user_id=bearer.user_id,
        account=account,
        member=member,
        accounts=tuple(account for account, _ in bearer.memberships),
        scopes=scopes_from(bearer.scopes),
        token=bearer.token,
    )


def _which(asked: str | None, own: tuple[str, ...]) -> str:
    yours = ", ".join(f"`{slug}`" for slug in own)
    if not own:
        return "you are an active member of no account: ask an administrator to add you"
    if asked is None:
        return f"you are in several accounts: choose one with the header X-Account ({yours})"
    return f"you are in no account `{asked}`: X-Account takes one of {yours}"
