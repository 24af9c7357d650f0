"""Whom an identity provider's token speaks for: found by their subject, let in by their groups.

A token whose signature and claims are good says who somebody is. Which accounts and roles that gives them
stands in groups.csv (`policy/groups.py`) and is written down whenever a token arrives that was issued later
than the last one; an older token never undoes what a newer one said.

In an account where one of their groups gives them a role, people have exactly the roles of their groups, and
who leaves the last such group leaves the account. Memberships that were given by hand, in accounts where no
group of theirs counts, and members who were disabled by hand stay as they are.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from gql_approvals.errors import AccountRequired
from gql_approvals.persistence import audit, identities, people
from gql_approvals.persistence.audit import Entry
from gql_approvals.persistence.identities import Identity
from gql_approvals.persistence.people import Bearer, User
from gql_approvals.policy.groups import Groups
from gql_approvals.service.perform import Office
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.model import Account, Member

SOURCE = "identity_provider"  # in the audit entries of what groups gave and took
NO_GROUP = "you are known to no account: ask an administrator to add you, or for a group that is let in"

_log = logging.getLogger(__name__)


class Why(StrEnum):
    """Why a provider's token is refused: for the operator's log, never for the caller."""

    SIZE = "size"  # longer than any honest token
    FORM = "form"  # not three parts of base64url, or no JSON object in them
    ENCRYPTED = "encrypted"  # a JWE: there is no key to open it with
    HEADER = "header"  # `crit`, or a header that brings its own key or tells where to fetch one
    TYPE = "type"  # an ID, refresh or logout token where an access token is wanted
    ALGORITHM = "algorithm"  # not one of GQL_APPROVALS_OIDC_ALGORITHMS
    ISSUER = "issuer"  # another provider's
    KEY = "key"  # the provider has no such key, or cannot be asked
    SIGNATURE = "signature"  # altered, or signed with another key
    AUDIENCE = "audience"  # meant for somebody else
    EXPIRED = "expired"
    NOT_YET = "not_yet"  # nbf or iat in the future
    CLAIM = "claim"  # a claim is missing, or is not what it must be
    BOUND = "bound"  # good only with a proof that callers do not send here (DPoP, mutual TLS)
    ADDRESS = "address"  # a first sign-in without an address that the provider has verified
    PERSON = "person"  # the address belongs to somebody with another subject at this provider


class TokenRefused(Exception):
    """A provider's token is not good. `detail` quotes the token's claims, cut short, and no secret."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a good token says. `email`: only an address that the provider says it has verified."""

    issuer: str
    subject: str
    issued_at: datetime
    groups: frozenset[str]
    name: str
    email: str | None


Verify = Callable[[str, datetime], Awaitable[Claims]]  # raises TokenRefused


class SignIn:
    """Call it with a token of the provider for the person it speaks for."""

    def __init__(self, office: Office, verify: Verify, groups: Groups) -> None:
        self._office = office
        self._verify = verify
        self._groups = groups

    async def __call__(self, token: str) -> Bearer | None:
        """The person with their memberships; None when the token is refused, which is logged.

        Raises:
            AccountRequired: when nobody knows the person, and no group of theirs is let in.
            Unavailable: when the database is lost.
        """
        try:
            claims = await self._verify(token, self._office.now())
            user_id = await self._person(claims)
        except TokenRefused as refused:
            level = logging.INFO if refused.why is Why.EXPIRED else logging.WARNING
            _log.log(level, "sign_in:refused", extra={"reason": refused.why.value, "detail": refused.detail})
            return None
        return await people.bearer(user_id)

    async def _person(self, claims: Claims) -> int:
        known = await identities.find(claims.issuer, claims.subject)
        if known is not None and claims.issued_at <= known.issued_at:
            return known.user_id
        if known is None:
            await self._user(claims)
        return await self._office.database.transaction(partial(self._arrive, claims))

    async def _arrive(self, claims: Claims) -> int:
        """Write down what a newer token says, under the locks of every account that it concerns."""
        given = self._given(claims)
        accounts = await identities.accounts(await _concerned(claims, given))
        for account in accounts:
            await people.lock_account(account.id)
        identity = await self._linked(claims, accounts)
        if claims.issued_at <= identity.issued_at:
            return identity.user_id  # somebody was faster with a token at least as new
        granted = dict(identity.granted)
        for account in accounts:
            after = await self._applied(identity, account, given.get(account.slug))
            if after is not None:
                granted[account.slug] = after
        await identities.save(replace(identity, granted=granted, issued_at=claims.issued_at))
        return identity.user_id

    def _given(self, claims: Claims) -> Mapping[str, frozenset[str]]:
        """The roles that the groups give, by account; what the policy no longer knows is left out."""
        policy = self._office.policy()
        found: dict[str, frozenset[str]] = {}
        for slug, roles in self._groups.given_to(claims.groups).items():
            unknown = roles - set(policy.roles(slug))
            if unknown:
                told = {"account": slug, "roles": sorted(unknown), "policy": policy.version}
                _log.error("sign_in:unknown_roles", extra=told)
            if roles - unknown:
                found[slug] = roles - unknown
        return found

    # ------------------------------------------------------------------------------------------- linking
    async def _linked(self, claims: Claims, accounts: Iterable[Account]) -> Identity:
        """The subject's identity, locked; made by their verified address when they come first."""
        identity = await identities.lock(claims.issuer, claims.subject)
        if identity is not None:
            return identity
        email, user = await self._user(claims)
        now = self._office.now()
        user = user or await people.new_user(email, name=claims.name, now=now)
        await identities.link(user.id, claims.issuer, claims.subject, now)
        identity = await identities.lock(claims.issuer, claims.subject)
        if identity is None:
            raise TokenRefused(Why.PERSON, f"`{email}` has another subject than `{claims.subject}` here")
        for account in accounts:
            await self._note(account, "identity:linked", {"user": user.id})
        return identity

    async def _user(self, claims: Claims) -> tuple[str, User | None]:
        """The verified address of somebody who comes first, and who has it; None: somebody to be made."""
        if claims.email is None:
            detail = f"subject `{claims.subject}` is new here and has no verified address (email_verified)"
            raise TokenRefused(Why.ADDRESS, detail)
        user = await people.user_by_email(claims.email)
        if user is None and not self._given(claims):
            raise AccountRequired(NO_GROUP)
        return claims.email, user

    # ------------------------------------------------------------------------------------------ members
    async def _applied(
        self, identity: Identity, account: Account, roles: frozenset[str] | None
    ) -> frozenset[str] | None:
        """Let the person in, change their roles, or let them out; what their groups give them from now on.

        None: nothing, and they never did. Whoever is inactive while their groups give them something was
        disabled by hand, and stays so.
        """
        before = identity.granted.get(account.slug)
        member = await identities.membership(account.id, identity.user_id)
        by_hand = member is not None and not member.active and before != frozenset()
        if by_hand or (roles is None and before is None):
            return before
        if member is None:
            if roles is None:
                return frozenset()
            member = await people.create_member(account.id, identity.user_id, roles, self._office.now())
            await self._note(account, "member:added", {"user": member.user_id, "roles": sorted(roles)})
            return roles
        await self._change(account, member, roles)
        return roles or frozenset()

    async def _change(self, account: Account, member: Member, roles: frozenset[str] | None) -> None:
        after = replace(member, roles=roles or frozenset(), active=roles is not None)
        if after == member:
            return
        await people.save_member(after)
        kind, detail = _told(member, after)
        await self._note(account, kind, detail)

    async def _note(self, account: Account, kind: str, detail: Mapping[str, Json]) -> None:
        entry = Entry(
            kind=kind,
            at=self._office.now(),
            actor=None,
            detail={**detail, "source": SOURCE},
            policy_version=self._office.policy().version,
        )
        await audit.append(account.id, entry)


async def _concerned(claims: Claims, given: Mapping[str, object]) -> set[str]:
    """The accounts to lock: where groups give or gave something, and where a newcomer is a member already."""
    known = await identities.find(claims.issuer, claims.subject)
    if known is not None:
        return set(given) | set(known.granted)
    user = None if claims.email is None else await people.user_by_email(claims.email)
    bearer = None if user is None else await people.bearer(user.id)
    return set(given) | {account.slug for account, _ in (bearer.memberships if bearer else ())}


def _told(before: Member, after: Member) -> tuple[str, dict[str, Json]]:
    """The kind and detail of the audit entry."""
    if before.active and after.active:
        added, removed = sorted(after.roles - before.roles), sorted(before.roles - after.roles)
        return "member:roles_assigned", {"user": after.user_id, "added": added, "removed": removed}
    kind = "member:enabled" if after.active else "member:disabled"
    return kind, {"user": after.user_id, "roles": sorted(after.roles)}
