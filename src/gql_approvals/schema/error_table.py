"""docs/errors.md, generated: every code, what it means, and which mutations can answer it."""

from collections.abc import Iterable

from gql_approvals.errors import REFUSALS, ErrorCode, RequestFault
from gql_approvals.schema import faults
from gql_approvals.workflow import account, transitions
from gql_approvals.workflow.transitions import PERMISSION_OF
from gql_approvals.workflow.vocabulary import AccountAction, Action

MUTATIONS: dict[Action | AccountAction, str] = {
    Action.CREATE: "createCampaign",
    Action.EDIT: "updateCampaign",
    Action.SUBMIT: "submitCampaign",
    Action.WITHDRAW: "withdrawCampaign",
    Action.APPROVE: "approveCampaign",
    Action.REJECT: "rejectCampaign",
    Action.REVOKE: "revokeApproval",
    Action.PUBLISH: "publishCampaign",
    Action.DISCARD: "discardDraft",
    Action.ARCHIVE: "archiveCampaign",
    Action.DUPLICATE: "duplicateCampaign",
    Action.COMMENT: "addComment",
    AccountAction.ENABLE_APPROVALS: "enableApprovals",
    AccountAction.DISABLE_APPROVALS: "disableApprovals",
    AccountAction.UPDATE_ACCOUNT: "updateAccount",
    AccountAction.ADD_MEMBER: "addMember",
    AccountAction.DISABLE_MEMBER: "disableMember",
    AccountAction.ENABLE_MEMBER: "enableMember",
    AccountAction.ASSIGN_ROLES: "assignRoles",
    AccountAction.RECORD_METRICS: "recordDeliveryMetrics",
}
FAULTS = (faults.LimitExceeded, faults.RateLimited, faults.PersistedQueryNotFound)  # those of the edge
EDGE = {
    "BAD_REQUEST": "The request is no GraphQL over HTTP: its method, media type or body.",
    "GRAPHQL_PARSE_FAILED": "The document cannot be parsed.",
    "GRAPHQL_VALIDATION_FAILED": "The document does not fit the schema.",
    "INTERNAL_SERVER_ERROR": "Something unexpected; the message names the request id that the log has.",
}
# code → what its caller does
ADVICE = {
    ErrorCode.IDEMPOTENCY_MISMATCH: "Make a new key for each thing that a person does.",
    ErrorCode.NOT_FOUND: "Look at the list again: it is gone, or was never there for you.",
    ErrorCode.FORBIDDEN: "Show `reasons`; hide what `viewerActions` does not allow.",
    ErrorCode.INVALID_INPUT: "Show each of `problems` beside the field that its `path` names.",
    ErrorCode.PREVIEW_OUTDATED: "Show the preview anew, and ask again.",
    ErrorCode.SEGREGATION_OF_DUTIES: "Choose roles of one side; `reasons` name what each brings.",
    ErrorCode.LAST_ADMIN: "Give somebody else a role that may manage members first.",
    ErrorCode.ALREADY_DECIDED: "Show who decided, and load the campaign again.",
    ErrorCode.ALREADY_VOTED: "Nothing is left to do: the vote counts.",
    ErrorCode.WRONG_STATUS: "Load the campaign again, and offer what `viewerActions` allow.",
    ErrorCode.UNDER_REVIEW: "Ask the person; then send it with `ifPending: WITHDRAW`.",
    ErrorCode.ALREADY_PENDING: "Nothing is left to do: it is under review.",
    ErrorCode.APPROVALS_OFF: "Publish it with `publishCampaign`, by who may.",
    ErrorCode.SCHEDULE_MISSED: "Edit the campaign: give it another time.",
    ErrorCode.REQUEST_EXPIRED: "Edit the campaign and submit it again.",
    ErrorCode.SELF_REVIEW: "Leave it to somebody who did not contribute.",
    ErrorCode.STALE_REVISION: "Show the content at hand with what changed; decide on `currentContentHash`.",
    ErrorCode.STALE_VERSION: "Load the campaign, and send the change with `currentVersion`.",
    ErrorCode.UNCHANGED_SINCE_REJECTION: "Edit the content, or submit it with a `note`.",
    ErrorCode.QUORUM_IMPOSSIBLE: "Let more people in, or have the requirement changed; each is told why.",
}
# code → whether and when the same request may be sent again, what else to do
TOP_LEVEL_ADVICE = {
    "ACCOUNT_REQUIRED": "Name an account of the caller in `X-Account`.",
    "BAD_REQUEST": "Mend the client; the status says what is wrong.",
    "BAD_USER_INPUT": "Mend the argument that the message names.",
    "FORBIDDEN": "Do not ask for this field; the rest of the answer is good.",
    "GRAPHQL_PARSE_FAILED": "Mend the document.",
    "GRAPHQL_VALIDATION_FAILED": "Mend the document; outside production the message suggests how.",
    "INTERNAL_SERVER_ERROR": "Report the request id. A mutation with its idempotency key may be sent again.",
    "LIMIT_EXCEEDED": "Ask for less at once.",
    "PERSISTED_QUERY_NOT_FOUND": "Send it again at once, with the document.",
    "RATE_LIMITED": "Send it again after `retryAfterS` seconds.",
    "UNAUTHENTICATED": "Sign in again, or renew the token.",
    "UNAVAILABLE": "Send it again after `retryAfterS` seconds, a mutation with its idempotency key.",
}
INTRODUCTION = """# Errors

This page is generated (`make regen`). Branch on codes; messages are for people and change.

## Refusals

A mutation answers a union: its payload, or one of these types, all of which have `code` and `message`. The
type is the code in PascalCase. A refusal changes nothing, and the same request is refused again until
something else has changed. Of several that apply, the one that stands first here is answered.

| code | what it means | what to do | answered by |
|---|---|---|---|
"""
TOP_LEVEL = """
## Top-level errors

These stand in `errors`, with the code in `extensions.code`. [Their HTTP statuses](api.md#http)

| code | what it means | what to do |
|---|---|---|
"""


def errors_markdown() -> str:
    """The whole page."""
    rows = (
        (_anchored(code), _meaning(REFUSALS[code]), ADVICE[code], _answered_by(code)) for code in ErrorCode
    )
    kinds: set[type[RequestFault]] = {*RequestFault.__subclasses__(), *FAULTS} - {faults.NotARequest}
    told = {kind.code: _meaning(kind) for kind in kinds} | EDGE
    edge = ((f"`{code}`", meaning, TOP_LEVEL_ADVICE[code]) for code, meaning in sorted(told.items()))
    return INTRODUCTION + _lines(rows) + TOP_LEVEL + _lines(edge)


def codes_of_mutation(name: str) -> list[ErrorCode]:
    """What a mutation may refuse with, in the order of precedence."""
    (action,) = (action for action, mutation in MUTATIONS.items() if mutation == name)
    return [code for code in ErrorCode if code in _codes(action)]


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _anchored(code: str) -> str:
    return f'<a id="{code.lower()}"></a>`{code}`'


def _meaning(kind: type[Exception]) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _answered_by(code: ErrorCode) -> str:
    names = [name for action, name in MUTATIONS.items() if code in _codes(action)]
    return "every mutation" if len(names) == len(MUTATIONS) else ", ".join(f"`{name}`" for name in names)


def _codes(action: Action | AccountAction) -> frozenset[ErrorCode]:
    if isinstance(action, AccountAction):
        return account.codes_of(action)
    return transitions.codes_of(action) if action in PERMISSION_OF else frozenset()
