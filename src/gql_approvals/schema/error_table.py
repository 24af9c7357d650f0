"""docs/errors.md, generated: every code, what it means, and which mutations can answer it."""

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
INTRODUCTION = """# Errors

This file is generated (`make regen`).

## Refusals

A mutation answers a union: its payload, or one of these types, all of which have `code` and `message`. The
type is the code in PascalCase. A refusal changes nothing. Of several that apply, the one that stands first
here is answered.

| code | what it means | answered by |
|---|---|---|
"""
TOP_LEVEL = """
## Top-level errors

These stand in `errors`, with the code in `extensions.code`.

| code | what it means |
|---|---|
"""


def errors_markdown() -> str:
    """The whole page."""
    rows = [f"| `{code}` | {_meaning(REFUSALS[code])} | {_answered_by(code)} |" for code in ErrorCode]
    kinds: set[type[RequestFault]] = {*RequestFault.__subclasses__(), *FAULTS}
    told = {kind.code: _meaning(kind) for kind in kinds} | EDGE
    edge = [f"| `{code}` | {meaning} |" for code, meaning in sorted(told.items())]
    return INTRODUCTION + "\n".join(rows) + "\n" + TOP_LEVEL + "\n".join(edge) + "\n"


def _meaning(kind: type[Exception]) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def _answered_by(code: ErrorCode) -> str:
    names = [name for action, name in MUTATIONS.items() if code in _codes(action)]
    return "every mutation" if len(names) == len(MUTATIONS) else ", ".join(f"`{name}`" for name in names)


def _codes(action: Action | AccountAction) -> frozenset[ErrorCode]:
    if isinstance(action, AccountAction):
        return account.codes_of(action)
    return transitions.codes_of(action) if action in PERMISSION_OF else frozenset()
