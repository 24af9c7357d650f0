"""Everything a campaign can do, in one literal table, and the three functions that read it.

Numbers are those of the specification's table. A row's guards stand in two columns: state guards answer
`viewerActions` and bind the mutation, input guards bind the mutation only. The permission column is asked
of the policy before this table is read; None marks what only the system does. The diagram in
docs/workflow.md and the recipients of mails are derived from the rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args, get_type_hints

from gql_approvals.errors import PRECEDENCE, ErrorCode, Refusal
from gql_approvals.workflow import commenting as say
from gql_approvals.workflow import conditions as when
from gql_approvals.workflow import effects as do
from gql_approvals.workflow import guards as check
from gql_approvals.workflow.case import Case, Change
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import Campaign, is_overdue
from gql_approvals.workflow.vocabulary import Action, CampaignStatus, Permission, Recipients

Guard = Callable[[Case], Refusal | None]
S, P, R = CampaignStatus, Permission, Recipients


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way from a status to another.

    `source`: empty for what makes a new campaign. `target`: None stays. `when`: which of an action's rows
    applies. `sends`: whether the campaign, once changed, goes out in the same breath (row 11).
    """

    number: int
    action: Action
    source: frozenset[CampaignStatus]
    target: CampaignStatus | None
    permission: Permission | None
    effect: Callable[[Case], Change]
    state_guards: tuple[Guard, ...] = ()
    input_guards: tuple[Guard, ...] = ()
    when: Callable[[Case], bool] = lambda _: True
    tells: frozenset[Recipients] = frozenset()
    sends: Callable[[Campaign], bool] = lambda _: False


# ---------------------------------------------------------------------------------------- the table
ALL = frozenset(S)
NEW: frozenset[CampaignStatus] = frozenset()
IDLE = frozenset({S.DRAFT, S.REJECTED, S.EXPIRED})
DECIDING = (check.already_decided, check.already_voted, check.review_over, check.self_review)
WRITING = (check.stale_version, check.unfit_input, check.unfit_schedule)

TRANSITIONS: tuple[Row, ...] = (
    Row(number=0, action=Action.VIEW, source=ALL, target=None, permission=P.VIEW, effect=do.nothing),
    Row(
        number=0,
        action=Action.COMMENT,
        source=ALL,
        target=None,
        permission=P.COMMENT,
        input_guards=(check.unfit_input,),
        effect=say.comment,
    ),
    Row(
        number=1,
        action=Action.CREATE,
        source=NEW,
        target=S.DRAFT,
        permission=P.CREATE,
        input_guards=(check.unfit_input, check.unfit_schedule),
        effect=do.create,
    ),
    Row(
        number=2,
        action=Action.EDIT,
        source=IDLE,
        target=S.DRAFT,
        permission=P.EDIT,
        when=when.changes_content,
        input_guards=WRITING,
        effect=do.edit,
    ),
    Row(
        number=2,
        action=Action.EDIT,
        source=ALL - {S.ARCHIVED},
        target=None,
        permission=P.EDIT,
        when=when.keeps_content,
        input_guards=WRITING,
        effect=do.rename,
    ),
    Row(
        number=3,
        action=Action.SUBMIT,
        source=frozenset({S.DRAFT, S.REJECTED}),
        target=S.PENDING_REVIEW,
        permission=P.SUBMIT,
        state_guards=(
            check.incomplete,
            check.approvals_off,
            check.schedule_past,
            check.unchanged_since_rejection,
            check.quorum_impossible,
        ),
        input_guards=(check.stale_version, check.unfit_input),
        effect=do.submit,
        tells=frozenset({R.ELIGIBLE}),
    ),
    Row(
        number=4,
        action=Action.WITHDRAW,
        source=frozenset({S.PENDING_REVIEW}),
        target=S.DRAFT,
        permission=P.WITHDRAW,
        input_guards=(check.unfit_input,),
        effect=do.withdraw,
        tells=frozenset({R.ELIGIBLE}),
    ),
    Row(
        number=5,
        action=Action.EDIT,
        source=frozenset({S.PENDING_REVIEW, S.APPROVED}),
        target=S.DRAFT,
        permission=P.EDIT,
        when=when.changes_content,
        state_guards=(check.under_review,),
        input_guards=WRITING,
        effect=do.edit,
        tells=frozenset({R.VOTERS, R.INVOLVED}),
    ),
    Row(
        number=6,
        action=Action.APPROVE,
        source=frozenset({S.PENDING_REVIEW}),
        target=None,
        permission=P.APPROVE,
        when=when.misses_the_quorum,
        state_guards=(check.counts_for_no_requirement, *DECIDING),
        input_guards=(check.stale_revision, check.unfit_input),
        effect=do.vote,
    ),
    Row(
        number=7,
        action=Action.APPROVE,
        source=frozenset({S.PENDING_REVIEW}),
        target=S.APPROVED,
        permission=P.APPROVE,
        when=when.meets_the_quorum,
        state_guards=(check.counts_for_no_requirement, *DECIDING),
        input_guards=(check.stale_revision, check.unfit_input),
        effect=do.approve,
        tells=frozenset({R.INVOLVED}),
        sends=when.goes_on_approval,
    ),
    Row(
        number=8,
        action=Action.REJECT,
        source=frozenset({S.PENDING_REVIEW}),
        target=S.REJECTED,
        permission=P.REJECT,
        state_guards=DECIDING,
        input_guards=(check.no_reason, check.stale_revision, check.unfit_input),
        effect=do.reject,
        tells=frozenset({R.INVOLVED}),
    ),
    Row(
        number=9,
        action=Action.EXPIRE,
        source=frozenset({S.PENDING_REVIEW}),
        target=S.EXPIRED,
        permission=None,
        when=when.is_overdue,
        effect=do.expire,
        tells=frozenset({R.INVOLVED, R.ELIGIBLE}),
    ),
    Row(
        number=10,
        action=Action.REVOKE,
        source=frozenset({S.APPROVED}),
        target=S.DRAFT,
        permission=P.REVOKE,
        input_guards=(check.no_reason, check.unfit_input),
        effect=do.revoke,
        tells=frozenset({R.VOTERS, R.INVOLVED}),
    ),
    Row(
        number=11,
        action=Action.PUBLISH,
        source=frozenset({S.APPROVED}),
        target=S.SENT,
        permission=P.PUBLISH,
        when=when.is_manual,
        state_guards=(check.not_authorised,),
        input_guards=(check.stale_revision,),
        effect=do.send,
    ),
    Row(
        number=11,
        action=Action.SEND,
        source=frozenset({S.APPROVED}),
        target=S.SENT,
        permission=None,
        when=when.is_due,
        state_guards=(check.not_authorised,),
        effect=do.send,
    ),
    Row(
        number=12,
        action=Action.MISS,
        source=frozenset({S.APPROVED}),
        target=S.EXPIRED,
        permission=None,
        when=when.is_overdue,
        effect=do.miss,
        tells=frozenset({R.INVOLVED}),
    ),
    Row(
        number=13,
        action=Action.EDIT,
        source=frozenset({S.SENT}),
        target=S.DRAFT,
        permission=P.EDIT,
        when=when.changes_content,
        input_guards=WRITING,
        effect=do.edit,
    ),
    Row(
        number=14,
        action=Action.DISCARD,
        source=IDLE,
        target=S.SENT,
        permission=P.DISCARD,
        when=when.has_live,
        effect=do.discard,
    ),
    Row(
        number=15,
        action=Action.AUTO_APPROVE,
        source=frozenset({S.PENDING_REVIEW}),
        target=S.APPROVED,
        permission=None,
        state_guards=(check.review_over,),
        effect=do.auto_approve,
        tells=frozenset({R.INVOLVED}),
        sends=when.goes_on_approval,
    ),
    Row(
        number=16,
        action=Action.PUBLISH,
        source=IDLE,
        target=S.APPROVED,
        permission=P.PUBLISH,
        when=when.approvals_are_off,
        state_guards=(check.incomplete, check.schedule_past),
        input_guards=(check.stale_revision,),
        effect=do.release,
        sends=when.goes_unless_scheduled,
    ),
    Row(
        number=17,
        action=Action.ARCHIVE,
        source=ALL - {S.SENT, S.ARCHIVED},
        target=S.ARCHIVED,
        permission=P.ARCHIVE,
        when=when.has_no_live,
        effect=do.archive,
        tells=frozenset({R.ELIGIBLE}),
    ),
    Row(
        number=18,
        action=Action.DUPLICATE,
        source=ALL,
        target=None,
        permission=P.DUPLICATE,
        input_guards=(check.unfit_input,),
        effect=do.duplicate,
    ),
)

PERMISSION_OF = {row.action: row.permission for row in TRANSITIONS}
# What a person may try on a campaign, with the permission that it takes.
VIEWER_ACTIONS: Mapping[Action, Permission] = {
    action: permission
    for action, permission in PERMISSION_OF.items()
    if permission is not None and action is not Action.CREATE
}
# What does not raise the version: a comment; and the clock, since an overdue campaign reads the same whether
# or not that was written down.
QUIET = frozenset({Action.COMMENT, Action.EXPIRE, Action.MISS})


# ------------------------------------------------------------------------------------ reading the table
def by_action(table: Sequence[Row]) -> Mapping[Action, tuple[Row, ...]]:
    """The rows of each action, in the order of the table."""
    return {action: tuple(row for row in table if row.action is action) for action in Action}


ROWS_OF = by_action(TRANSITIONS)


def codes_of(action: Action) -> frozenset[ErrorCode]:
    """The codes that a mutation for this action can answer: what its rows' guards say, and what all can."""
    rows = ROWS_OF[action]
    possible = {ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.FORBIDDEN, ErrorCode.INVALID_INPUT}
    if any(row.source for row in rows):
        possible.add(ErrorCode.NOT_FOUND)
        reached = frozenset[CampaignStatus]().union(*(row.source for row in rows))
        if reached != ALL or action in check.STATUS_CODES:
            possible |= check.STATUS_CODES.get(action, {ErrorCode.WRONG_STATUS})
    guards = {guard for row in rows for guard in (*row.state_guards, *row.input_guards)}
    return frozenset(possible | {kind.code for guard in guards for kind in refusals_named_by(guard)})


def refusals_named_by(guard: Callable[..., Refusal | None]) -> list[type[Refusal]]:
    """The refusals that a guard's return type names."""
    return [kind for kind in get_args(get_type_hints(guard)["return"]) if kind is not type(None)]


def refusal_of(case: Case) -> Refusal | None:
    """Why the case's intent is refused, or None: of all that is in the way, what comes first in `ErrorCode`.

    Permission is not looked at here. With `case.probing` the input guards are left out.
    """
    rows = ROWS_OF[case.intent.action]
    row = _find(case, rows)
    in_play = rows if row is None else (row,)
    guards = {guard: None for r in in_play for guard in _guards(r, case)}
    found = [refusal for guard in guards if (refusal := guard(case)) is not None]
    if row is None:
        possible = frozenset[CampaignStatus]().union(*(r.source for r in rows if _may_apply(r, case)))
        found.insert(0, check.wrong_status(case, possible))  # of one code, the first found is answered
    return min(found, key=lambda refusal: PRECEDENCE[refusal.code], default=None)


def is_possible(case: Case, action: Action) -> bool:
    """Whether this action would be accepted, whatever the case's intent; `refusal_of` says why not."""
    row = _find(case, ROWS_OF[action])
    return row is not None and all(guard(case) is None for guard in _guards(row, case))


def apply(case: Case) -> Change:
    """Perform the case's intent.

    Raises:
        Refusal: when the table has no row for it or a guard refuses; nothing has happened then.
    """
    refusal = refusal_of(case)
    if refusal is not None:
        raise refusal
    row = _find(case, ROWS_OF[case.intent.action])
    if row is None:
        raise LookupError(case.intent.action)  # refusal_of has answered WRONG_STATUS
    change = _told(row.effect(case), row.tells)
    if row.sends(change.campaign):
        change = _followed(change, do.send(replace(case, campaign=change.campaign)))
    if not change.events or case.intent.action in QUIET:
        return change
    stamped = replace(change.campaign, version=change.campaign.version + 1, updated_at=case.now)
    return replace(change, campaign=stamped)


def due_intent(campaign: Campaign, now: datetime, grace: timedelta) -> Intent | None:
    """What the clock has to do with the campaign at this moment."""
    if campaign.due_at is None or campaign.due_at > now:
        return None
    if campaign.status is S.PENDING_REVIEW:
        return Intent(action=Action.EXPIRE)
    if campaign.status is S.APPROVED:
        return Intent(action=Action.MISS if is_overdue(campaign, now, grace) else Action.SEND)
    return None


def _guards(row: Row, case: Case) -> tuple[Guard, ...]:
    return row.state_guards if case.probing else (*row.state_guards, *row.input_guards)


def _find(case: Case, rows: tuple[Row, ...]) -> Row | None:
    for row in rows:
        if case.campaign is None:
            return row
        if case.campaign.status in row.source and row.when(case):
            return row
    return None


def _may_apply(row: Row, case: Case) -> bool:
    """Whether the row could apply in another status; what asks for an open request cannot be tried."""
    return case.campaign is not None and (row.action in check.DECISIONS or row.when(case))


def _told(change: Change, tells: frozenset[Recipients]) -> Change:
    return replace(change, events=tuple(replace(e, tells=e.tells or tells) for e in change.events))


def _followed(first: Change, second: Change) -> Change:
    return replace(second, events=(*first.events, *second.events))
