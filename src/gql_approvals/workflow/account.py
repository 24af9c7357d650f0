"""What can happen to an account as a whole: the second literal table, of the same form as the first."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from gql_approvals.errors import (
    PRECEDENCE,
    ErrorCode,
    InvalidInput,
    LastAdmin,
    PreviewOutdated,
    Problem,
    Reason,
    Refusal,
    SegregationOfDuties,
    WrongStatus,
)
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.model import Account, Member, Metrics, Publication
from gql_approvals.workflow.transitions import refusals_named_by
from gql_approvals.workflow.vocabulary import AccountAction, Permission

NO_METRICS = Metrics()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIntent:
    """A request to perform `action`; each action reads its own fields."""

    action: AccountAction
    confirm_token: str = ""
    roles: frozenset[str] = frozenset()
    metrics: Metrics = NO_METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCase:
    """One question about an account.

    `waiting`: (request id, content hash) of every open request that is not overdue. `unknown_roles` and
    `conflict`: what the policy says of `intent.roles`. `managers`: the user ids of the active members who
    may manage members; `stays_manager`: whether `member` would still be one.
    """

    account: Account
    intent: AccountIntent
    now: datetime
    waiting: frozenset[tuple[int, str]] = frozenset()
    member: Member | None = None
    unknown_roles: tuple[str, ...] = ()
    conflict: tuple[Reason, ...] = ()
    managers: frozenset[int] = frozenset()
    stays_manager: bool = True
    publication: Publication | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What is different afterwards, and the one audit entry; no `kind` where nothing changed."""

    account: Account
    member: Member | None = None
    publication: Publication | None = None
    kind: str | None = None
    detail: dict[str, Json] = field(default_factory=dict[str, Json])
    approves_waiting: bool = False


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """One thing that can be done to an account."""

    action: AccountAction
    permission: Permission
    effect: Callable[[AccountCase], AccountChange]
    guards: tuple[Callable[[AccountCase], Refusal | None], ...] = ()


def confirm_token(account_id: int, waiting: Iterable[tuple[int, str]]) -> str:
    """What a preview hands out and the switch asks for: it names the account and what would be approved."""
    lines = [f"account {account_id}", *(f"{request} {text}" for request, text in sorted(waiting))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------ guards
def already_off(case: AccountCase) -> WrongStatus | None:
    """What is off cannot be switched off."""
    return None if case.account.approvals_enabled else WrongStatus("approvals are switched off already")


def preview_outdated(case: AccountCase) -> PreviewOutdated | None:
    """What is approved must be what was previewed (rule 11)."""
    current = confirm_token(case.account.id, case.waiting)
    if not case.account.approvals_enabled or case.intent.confirm_token == current:
        return None
    return PreviewOutdated("what would be approved is not what you previewed: preview again and confirm that")


def unknown_roles(case: AccountCase) -> InvalidInput | None:
    """Only roles that the policy names for this account can be held."""
    if not case.unknown_roles:
        return None
    names = ", ".join(f"`{role}`" for role in case.unknown_roles)
    return InvalidInput((Problem(("roles",), f"the policy knows no role {names} in `{case.account.slug}`"),))


def conflicting_roles(case: AccountCase) -> SegregationOfDuties | None:
    """Maker xor checker (rule 3)."""
    if not case.conflict:
        return None
    return SegregationOfDuties(
        "nobody may both make and decide: " + "; ".join(reason.message for reason in case.conflict),
        reasons=case.conflict,
    )


def last_admin(case: AccountCase) -> LastAdmin | None:
    """Somebody must be left who may manage members."""
    if case.member is None or case.stays_manager or case.managers - {case.member.user_id}:
        return None
    if case.member.user_id not in case.managers:
        return None
    return LastAdmin("nobody else may manage members: give somebody else such a role first")


def negative_metrics(case: AccountCase) -> InvalidInput | None:
    """Figures are absolute totals, so they are never negative."""
    figures = case.intent.metrics
    names = ("sent", "delivered", "opened", "clicked", "failed")
    problems = [Problem((name,), "must not be negative") for name in names if getattr(figures, name) < 0]
    return InvalidInput(problems) if problems else None


# ----------------------------------------------------------------------------------------------- effects
def enable(case: AccountCase) -> AccountChange:
    """Switch on; what is APPROVED stays approved, drafts need approval (rule 11)."""
    if case.account.approvals_enabled:
        return AccountChange(account=case.account)
    return AccountChange(
        account=replace(case.account, approvals_enabled=True), kind="account:approvals_enabled"
    )


def disable(case: AccountCase) -> AccountChange:
    """Switch off; everything that waits is approved automatically (seed A)."""
    return AccountChange(
        account=replace(case.account, approvals_enabled=False),
        kind="account:approvals_disabled",
        detail={"approved": len(case.waiting)},
        approves_waiting=True,
    )


def assign(case: AccountCase) -> AccountChange:
    """Give a member exactly these roles."""
    if case.member is None:
        raise LookupError(case.intent.action)  # NOT_FOUND was answered
    before, after = case.member, replace(case.member, roles=case.intent.roles)
    detail: dict[str, Json] = {
        "user": before.user_id,
        "added": sorted(after.roles - before.roles),
        "removed": sorted(before.roles - after.roles),
    }
    return AccountChange(account=case.account, member=after, kind="member:roles_assigned", detail=detail)


def record(case: AccountCase) -> AccountChange:
    """The later report wins."""
    if case.publication is None:
        raise LookupError(case.intent.action)  # NOT_FOUND was answered
    metrics = replace(case.intent.metrics, updated_at=case.now)
    return AccountChange(
        account=case.account,
        publication=replace(case.publication, metrics=metrics),
        kind="delivery:metrics_recorded",
        detail={"publication": case.publication.id, "sent": metrics.sent},
    )


# ------------------------------------------------------------------------------------------------- table
ACCOUNT_TRANSITIONS: tuple[AccountRow, ...] = (
    AccountRow(
        action=AccountAction.ENABLE_APPROVALS,
        permission=Permission.MANAGE_APPROVALS,
        effect=enable,
    ),
    AccountRow(
        action=AccountAction.DISABLE_APPROVALS,
        permission=Permission.MANAGE_APPROVALS,
        guards=(already_off, preview_outdated),
        effect=disable,
    ),
    AccountRow(
        action=AccountAction.ASSIGN_ROLES,
        permission=Permission.MANAGE_MEMBERS,
        guards=(unknown_roles, conflicting_roles, last_admin),
        effect=assign,
    ),
    AccountRow(
        action=AccountAction.RECORD_METRICS,
        permission=Permission.RECORD_METRICS,
        guards=(negative_metrics,),
        effect=record,
    ),
)
ACCOUNT_ROWS = {row.action: row for row in ACCOUNT_TRANSITIONS}


ABOUT_SOMETHING = frozenset({AccountAction.ASSIGN_ROLES, AccountAction.RECORD_METRICS})  # by its id


def apply(case: AccountCase) -> AccountChange:
    """Perform the case's intent.

    Raises:
        Refusal: when a guard of the action's row refuses; nothing has happened then.
    """
    row = ACCOUNT_ROWS[case.intent.action]
    found = [refusal for guard in row.guards if (refusal := guard(case)) is not None]
    if found:
        raise min(found, key=lambda refusal: PRECEDENCE[refusal.code])
    return row.effect(case)


def codes_of(action: AccountAction) -> frozenset[ErrorCode]:
    """The codes that a mutation for this action can answer."""
    possible = {ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.FORBIDDEN, ErrorCode.INVALID_INPUT}
    if action in ABOUT_SOMETHING:
        possible.add(ErrorCode.NOT_FOUND)
    guards = ACCOUNT_ROWS[action].guards
    return frozenset(possible | {kind.code for guard in guards for kind in refusals_named_by(guard)})
