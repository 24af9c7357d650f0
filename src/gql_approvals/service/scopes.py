"""What a token may be used for, whatever its owner may do: the one table, and the words of its no.

A scope only takes away: what the policy does not allow, no token allows. Nothing is loaded here.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from gql_approvals.errors import Forbidden, Reason
from gql_approvals.workflow.vocabulary import Permission

SCOPE = "SCOPE"


class TokenScope(StrEnum):
    """A side of the work; every token may read."""

    READ = "read"
    MAKE = "make"
    DECIDE = "decide"


EVERY = frozenset(TokenScope)
_READ = (frozenset({TokenScope.READ}),)
_MAKE = (frozenset({TokenScope.MAKE}),)
_DECIDE = (frozenset({TokenScope.DECIDE}),)
_EITHER = (frozenset({TokenScope.MAKE}), frozenset({TokenScope.DECIDE}))
# Who looks after members or the switch could give themselves either side: a token that is narrowed may not.
_BOTH = (frozenset({TokenScope.MAKE, TokenScope.DECIDE}),)

# The scopes that each permission takes: all those of one of these sets.
NEEDS: Mapping[Permission, tuple[frozenset[TokenScope], ...]] = {
    Permission.VIEW: _READ,
    Permission.COMMENT: _EITHER,
    Permission.CREATE: _MAKE,
    Permission.EDIT: _MAKE,
    Permission.DUPLICATE: _MAKE,
    Permission.SUBMIT: _MAKE,
    Permission.WITHDRAW: _MAKE,
    Permission.DISCARD: _MAKE,
    Permission.ARCHIVE: _MAKE,
    Permission.APPROVE: _DECIDE,
    Permission.REJECT: _DECIDE,
    Permission.REVOKE: _DECIDE,
    Permission.PUBLISH: _MAKE,
    Permission.MANAGE_APPROVALS: _BOTH,
    Permission.MANAGE_MEMBERS: _BOTH,
    Permission.VIEW_AUDIT: _READ,
    Permission.VIEW_POLICY: _READ,
    Permission.EXPLAIN_OTHERS: _READ,
    Permission.RECORD_METRICS: _MAKE,
}


def scopes_from(words: Iterable[str] | None) -> frozenset[TokenScope]:
    """The scopes of a token as it is stored; None = every scope. Words of a newer release give nothing."""
    if words is None:
        return EVERY
    return frozenset(TokenScope(word) for word in words if word in {*TokenScope}) | {TokenScope.READ}


def in_order(scopes: frozenset[TokenScope]) -> list[TokenScope]:
    """The scopes as they are always listed."""
    return [scope for scope in TokenScope if scope in scopes]


def suffices(scopes: frozenset[TokenScope], permission: Permission) -> bool:
    """Whether a token with these scopes may be used for what takes this permission."""
    return permission in usable(scopes)


@cache
def usable(scopes: frozenset[TokenScope]) -> frozenset[Permission]:
    """The permissions that such a token may be used for, if its owner has them."""
    return frozenset(
        permission for permission, needs in NEEDS.items() if any(needed <= scopes for needed in needs)
    )


def lack(scopes: frozenset[TokenScope], permission: Permission) -> Reason | None:
    """Why such a token may not be used for it; None when it may."""
    if suffices(scopes, permission):
        return None
    return Reason(
        SCOPE, f"`{permission}` takes a token with the {_words(NEEDS[permission])}; {_held(scopes)}"
    )


def demand(scopes: frozenset[TokenScope], permission: Permission, policy_version: str) -> None:
    """Refuse what the token may not be used for.

    Raises:
        Forbidden: with the one reason SCOPE.
    """
    reason = lack(scopes, permission)
    if reason is not None:
        message = f"this token may not be used for this: {reason.message}"
        raise Forbidden(message, action=permission, reasons=(reason,), policy_version=policy_version)


def in_the_way(
    reasons: tuple[Reason, ...], scopes: frozenset[TokenScope], permission: Permission
) -> tuple[Reason, ...]:
    """What is in the way of an action, the token included: a mutation looks at it right after the policy."""
    reason = lack(scopes, permission)
    if reason is None or (reasons and reasons[0].code == Forbidden.code):
        return reasons
    return (Reason(Forbidden.code.value, f"this token may not be used for this: {reason.message}"), reason)


def with_lack(
    reasons: tuple[Reason, ...], scopes: frozenset[TokenScope], permission: Permission
) -> tuple[Reason, ...]:
    """The policy's reasons, and the token's before them if it lacks a scope."""
    reason = lack(scopes, permission)
    return reasons if reason is None else (reason, *reasons)


def _words(needed: tuple[frozenset[TokenScope], ...]) -> str:
    either = " or ".join(" and ".join(f"`{scope}`" for scope in in_order(scopes)) for scopes in needed)
    return f"{'scopes' if len(needed[0]) > 1 else 'scope'} {either}"


def _held(scopes: frozenset[TokenScope]) -> str:
    return f"this one has {' and '.join(f'`{scope}`' for scope in in_order(scopes))}"
