"""What can happen to an account as a whole: the second literal table, of the same form as the first."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
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
from gql_approvals.workflow import completeness
from gql_approvals.workflow.content import Json, camel
from gql_approvals.workflow.model import Account, Member, Metrics, Newcomer, Publication
from gql_approvals.workflow.transitions import refusals_named_by
from gql_approvals.workflow.vocabulary import AccountAction, NotifyScope, Permission

NO_METRICS = Metrics()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIntent:
    """A request to perform `action`; each action reads its own fields."""

    action: AccountAction
    confirm_token: str = ""
    email: str = ""
    name: str | None = None
    time_zone: str | None = None
    notify_scope: NotifyScope | None = None
    roles: frozenset[str] = frozenset()
    metrics: Metrics = NO_METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCase:
    """One question about an account.

    `waiting`: (request id, content hash) of every open request that is not overdue. `member`: whom it is
    about, if the account knows them. `unknown_roles` and `conflict`: what the policy says of the roles that
    they would hold. `managers`: the user ids of the active members who may manage members; `stays_manager`:
    whether `member` would still be one. `unknown_zone`: whether no clock goes by `intent.time_zone`.
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
    unknown_zone: bool = False
    publication: Publication | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What is different afterwards, and the one audit entry; no `kind` where nothing changed."""

    account: Account
    member: Member | None = None
    newcomer: Newcomer | None = None
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


def unfit_settings(case: AccountCase) -> InvalidInput | None:
    """A name that can be stored, and a time zone that there is."""
    name, zone = case.intent.name, case.intent.time_zone
    problems = [] if name is None else list(completeness.unfit_name(name))
    if case.unknown_zone:
        problems.append(Problem(("timeZone",), f"there is no time zone `{zone}`: try Europe/Berlin"))
    return InvalidInput(problems) if problems else None


def unfit_person(case: AccountCase) -> InvalidInput | None:
    """An address that mail could be sent to, and a name."""
    problems = list(completeness.unfit_person(case.intent.email, case.intent.name or ""))
    return InvalidInput(problems) if problems else None


def already_member(case: AccountCase) -> InvalidInput | None:
    """Who may act here already cannot be let in."""
    if case.member is None or not case.member.active:
        return None
    address, slug = case.intent.email.lower(), case.account.slug
    fix = "change their roles with the mutation assignRoles"
    return InvalidInput((Problem(("email",), f"`{address}` is a member of `{slug}` already: {fix}"),))


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


def update(case: AccountCase) -> AccountChange:
    """Change the account's name, its time zone, or who is told."""
    before, asked = case.account, case.intent
    after = replace(
        before,
        name=before.name if asked.name is None else asked.name.strip(),
        time_zone=asked.time_zone or before.time_zone,
        notify_scope=asked.notify_scope or before.notify_scope,
    )
    settings = ("name", "time_zone", "notify_scope")
    changed: list[Json] = [camel(name) for name in settings if getattr(after, name) != getattr(before, name)]
    if not changed:
        return AccountChange(account=before)
    return AccountChange(account=after, kind="account:updated", detail={"changed": changed})


def add_member(case: AccountCase) -> AccountChange:
    """Let somebody in with exactly these roles; who was disabled comes back, under the name they had."""
    asked, before = case.intent, case.member
    roles: Json = sorted(asked.roles)
    if before is None:
        newcomer = Newcomer(email=asked.email, name=(asked.name or "").strip(), roles=asked.roles)
        detail: dict[str, Json] = {"roles": roles}
        return AccountChange(account=case.account, newcomer=newcomer, kind="member:added", detail=detail)
    return AccountChange(
        account=case.account,
        member=replace(before, roles=asked.roles, active=True),
        kind="member:enabled",
        detail={"user": before.user_id, "roles": roles},
    )


def disable_member(case: AccountCase) -> AccountChange:
    """Take away every right in the account at once; roles, and what was done, stay."""
    return _turned(case, active=False, kind="member:disabled")


def enable_member(case: AccountCase) -> AccountChange:
    """Let a disabled member act again, with the roles they had."""
    return _turned(case, active=True, kind="member:enabled")


def _turned(case: AccountCase, *, active: bool, kind: str) -> AccountChange:
    before = case.member
    if before is None:
        raise LookupError(case.intent.action)  # NOT_FOUND was answered
    if before.active is active:
        return AccountChange(account=case.account)
    after = replace(before, active=active)
    return AccountChange(account=case.account, member=after, kind=kind, detail={"user": before.user_id})


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
        action=AccountAction.UPDATE_ACCOUNT,
        permission=Permission.MANAGE_APPROVALS,
        guards=(unfit_settings,),
        effect=update,
    ),
    AccountRow(
        action=AccountAction.ADD_MEMBER,
        permission=Permission.MANAGE_MEMBERS,
        guards=(unfit_person, already_member, unknown_roles, conflicting_roles),
        effect=add_member,
    ),
    AccountRow(
        action=AccountAction.DISABLE_MEMBER,
        permission=Permission.MANAGE_MEMBERS,
        guards=(last_admin,),
        effect=disable_member,
    ),
    AccountRow(
        action=AccountAction.ENABLE_MEMBER,
        permission=Permission.MANAGE_MEMBERS,
        guards=(conflicting_roles,),
        effect=enable_member,
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


ABOUT_SOMETHING = frozenset(
    {
        AccountAction.ASSIGN_ROLES,
        AccountAction.DISABLE_MEMBER,
        AccountAction.ENABLE_MEMBER,
        AccountAction.RECORD_METRICS,
    }
)  # by its id


def apply(case: AccountCase) -> AccountChange:
    """Perform the case's intent.

    Raises:
        Refusal: when a guard of the action's row refuses; nothing has happened then.
    """
    row = ACCOUNT_ROWS[case.intent.action]
    found = [refusal for guard in row.guards if (refusal := guard(case)) is not None]
    if found:
        raise _first(found)
    return row.effect(case)


def _first(found: Sequence[Refusal]) -> Refusal:
    """Of several refusals the one to be answered; an invalid input lists what all guards have found."""
    unfit = [
        problem for refusal in found if isinstance(refusal, InvalidInput) for problem in refusal.problems
    ]
    first = min(found, key=lambda refusal: PRECEDENCE[refusal.code])
    return InvalidInput(unfit) if isinstance(first, InvalidInput) else first


def codes_of(action: AccountAction) -> frozenset[ErrorCode]:
    """The codes that a mutation for this action can answer."""
    possible = {ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.FORBIDDEN, ErrorCode.INVALID_INPUT}
    if action in ABOUT_SOMETHING:
        possible.add(ErrorCode.NOT_FOUND)
    guards = ACCOUNT_ROWS[action].guards
    return frozenset(possible | {kind.code for guard in guards for kind in refusals_named_by(guard)})
