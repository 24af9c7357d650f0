"""What can be in the way of a transition. Each guard looks at a case and returns its refusal, or None.

The order of guards means nothing: of all that refuse, the code that comes first in `errors.ErrorCode` is
answered. State guards speak of the campaign and the caller; input guards of what was sent along. A guard's
return type names its refusal: the API's result unions are derived from it.
"""

from gql_approvals.errors import (
    AlreadyDecided,
    AlreadyPending,
    AlreadyVoted,
    ApprovalsOff,
    ErrorCode,
    Forbidden,
    InvalidInput,
    Problem,
    QuorumImpossible,
    Reason,
    Refusal,
    RequestExpired,
    ScheduleMissed,
    SelfReview,
    StaleRevision,
    StaleVersion,
    UnchangedSinceRejection,
    UnderReview,
    WrongStatus,
)
from gql_approvals.workflow import completeness
from gql_approvals.workflow.case import Case
from gql_approvals.workflow.model import Campaign, is_overdue
from gql_approvals.workflow.quorum import counts_for_open, unmet
from gql_approvals.workflow.vocabulary import (
    Action,
    CampaignStatus,
    IfPending,
    Permission,
    PublishMode,
    RequestStatus,
    Section,
    Verdict,
)

DECISIONS = frozenset({Action.APPROVE, Action.REJECT})


STATUS_CODES = {
    Action.SUBMIT: frozenset({ErrorCode.WRONG_STATUS, ErrorCode.ALREADY_PENDING}),
    Action.APPROVE: frozenset({ErrorCode.WRONG_STATUS, ErrorCode.SCHEDULE_MISSED, ErrorCode.REQUEST_EXPIRED}),
    Action.REJECT: frozenset({ErrorCode.WRONG_STATUS, ErrorCode.SCHEDULE_MISSED, ErrorCode.REQUEST_EXPIRED}),
}  # what `wrong_status` can answer where it is more than WRONG_STATUS


# ------------------------------------------------------------------------------------------ state guards
def wrong_status(case: Case, possible_in: frozenset[CampaignStatus]) -> Refusal:
    """Explain that the action does not exist in the campaign's status."""
    campaign, action = case.at_hand, case.intent.action
    if action is Action.SUBMIT and campaign.status is CampaignStatus.PENDING_REVIEW:
        return AlreadyPending("the campaign is under review already: withdraw it to submit another content")
    if action in DECISIONS and campaign.status is CampaignStatus.EXPIRED:
        return _too_late(campaign)
    where = ", ".join(status for status in CampaignStatus if status in possible_in)
    hint = (
        f"possible in {where}"
        if where
        else "not possible with its publish mode, its live publication and the account's switch as they are"
    )
    return WrongStatus(f"cannot {action.lower()} a campaign that is `{campaign.status}`: {hint}")


def review_over(case: Case) -> ScheduleMissed | RequestExpired | None:
    """Nothing is approved or rejected after the deadline, even if no clock has written EXPIRED down yet."""
    campaign = case.at_hand
    if campaign.open_request is None or not is_overdue(campaign, case.now, case.rules.grace):
        return None
    return _too_late(campaign)


def _too_late(campaign: Campaign) -> ScheduleMissed | RequestExpired:
    if campaign.head.scheduled_at is not None:
        return ScheduleMissed("the scheduled time passed before the review ended: edit it and submit again")
    return RequestExpired("the review's deadline has passed: the makers may edit and submit again")


def counts_for_no_requirement(case: Case) -> Forbidden | None:
    """Refuse an approval that helps no requirement, by someone who holds the permission."""
    request = case.at_hand.open_request
    if request is None or counts_for_open(request, case.electorate, case.by):
        return None
    roles = ", ".join(f"`{r.role}`" for r in request.requirements)
    message = f"your approval counts for none of the requirements still open (asked for: {roles})"
    return Forbidden(
        message,
        action=Permission.APPROVE,
        reasons=(Reason("NO_REQUIREMENT", message),),
        policy_version=case.policy_version,
    )


def already_decided(case: Case) -> AlreadyDecided | None:
    """Refuse a decision on a content whose newest request a vote has ended (rule 8)."""
    campaign = case.at_hand
    if campaign.open_request is not None:
        return None
    spoken_of = [request for request in campaign.requests if request.content_hash == case.content_hash]
    ended_by_vote = {RequestStatus.APPROVED: Verdict.APPROVED, RequestStatus.REJECTED: Verdict.REJECTED}
    verdict = ended_by_vote.get(spoken_of[-1].status) if spoken_of else None
    deciding = [vote for vote in spoken_of[-1].votes if vote.verdict is verdict] if spoken_of else []
    if verdict is None or not deciding:
        return None
    return AlreadyDecided(
        f"this content was {verdict.lower()} already", verdict=verdict, by=deciding[-1].by, at=deciding[-1].at
    )


def already_voted(case: Case) -> AlreadyVoted | None:
    """One decision a person a request (rule 7)."""
    request = case.at_hand.open_request
    if request is None or all(vote.by != case.actor for vote in request.votes):
        return None
    return AlreadyVoted("you have decided on this request already; one decision a person counts")


def self_review(case: Case) -> SelfReview | None:
    """Nobody decides what they contributed to (rule 2); no policy line can lift this."""
    if case.actor not in case.at_hand.contributors:
        return None
    return SelfReview(
        "you created, edited or submitted this campaign since it was last sent: somebody else must decide"
    )


def under_review(case: Case) -> UnderReview | None:
    """An edit voids a review or an approval only when asked to."""
    if case.intent.if_pending is IfPending.WITHDRAW:
        return None
    return UnderReview(
        f"the campaign is `{case.at_hand.status}` and the edit would void that: "
        "send `ifPending: WITHDRAW` if this is meant"
    )


def approvals_off(case: Case) -> ApprovalsOff | None:
    """While approvals are off there is nothing to submit."""
    if case.account.approvals_enabled:
        return None
    return ApprovalsOff("approvals are switched off in this account: publish the campaign directly")


def incomplete(case: Case) -> InvalidInput | None:
    """A draft may have blanks, a submitted campaign may not."""
    problems = completeness.blanks(case.at_hand.head)
    return InvalidInput(problems) if problems else None


def schedule_past(case: Case) -> ScheduleMissed | None:
    """What is to be sent at a time can only be submitted before it."""
    time = case.at_hand.head.scheduled_at
    if time is None or time > case.now:
        return None
    return ScheduleMissed("the scheduled time has passed: edit it first")


def unchanged_since_rejection(case: Case) -> UnchangedSinceRejection | None:
    """What was rejected comes again changed, or with a note to the checker."""
    campaign = case.at_hand
    by_vote = (RequestStatus.APPROVED, RequestStatus.REJECTED)
    voted = [request for request in campaign.requests if request.status in by_vote]
    if not voted or voted[-1].status is not RequestStatus.REJECTED:
        return None
    if voted[-1].content_hash != campaign.head.hashes.content or (case.intent.note or "").strip():
        return None
    return UnchangedSinceRejection(
        "this very content was rejected: change it, or tell the checker in `note` why it comes again"
    )


def quorum_impossible(case: Case) -> QuorumImpossible | None:
    """What can never be approved is not submitted (rule 6). The submitter is a contributor by then."""
    excluded = case.at_hand.contributors | {case.by}
    lacking = unmet(case.requirements, case.electorate, excluded)
    if not lacking:
        return None
    gaps = "; ".join(f"`{role}`: {needed} needed, {able} possible" for role, needed, able in lacking)
    return QuorumImpossible(f"too few people may approve this campaign ({gaps})", unmet=lacking)


def not_authorised(case: Case) -> WrongStatus | None:
    """An approval that was taken back, or a campaign that is held, is not sent (rule 10)."""
    if case.at_hand.authorised_hash is not None:
        return None
    return WrongStatus(
        "the campaign is held because its content failed the integrity check: edit or revoke it"
    )


# ------------------------------------------------------------------------------------------ input guards
def stale_revision(case: Case) -> StaleRevision | None:
    """A vote, and a publication, is for exact content (rule 1)."""
    campaign = case.at_hand
    request = campaign.open_request
    current = request.content_hash if request is not None else campaign.head.hashes.content
    if case.content_hash == current:
        return None
    asked = case.asked_hashes
    changed = campaign.head.hashes.changed_from(asked) if asked is not None else tuple(Section)
    return StaleRevision(
        "the content has changed since you read it: read it again and send its `contentHash`",
        current=current,
        changed=changed,
    )


def stale_version(case: Case) -> StaleVersion | None:
    """The caller must have seen the latest change."""
    expected, current = case.intent.expected_version, case.at_hand.version
    if expected is None or expected == current:
        return None
    return StaleVersion(
        f"the campaign is at version {current}, not {expected}: read it again", current=current
    )


def no_reason(case: Case) -> InvalidInput | None:
    """A rejection and a revocation say why."""
    if (case.intent.reason or "").strip():
        return None
    return InvalidInput((Problem(("reason",), "say why: the makers read it in their mail"),))


def unfit_input(case: Case) -> InvalidInput | None:
    """Texts that cannot be stored, sizes out of range, a content of another channel."""
    problems = completeness.unfit(case.intent, None if case.campaign is None else case.campaign.channel)
    return InvalidInput(problems) if problems else None


def unfit_schedule(case: Case) -> InvalidInput | None:
    """SCHEDULED goes with a time, and only with one."""
    if case.campaign is None:
        mode, time = completeness.created_schedule(case.intent)
    else:
        mode, time = case.proposed_mode, case.proposed_time
    if (mode is PublishMode.SCHEDULED) == (time is not None):
        return None
    problem = (
        Problem(("scheduledAt",), "`SCHEDULED` needs a time")
        if time is None
        else Problem(("publishMode",), f"a time goes with `SCHEDULED` only, not with `{mode}`")
    )
    return InvalidInput((problem,))
