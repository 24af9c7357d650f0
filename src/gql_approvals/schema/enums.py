"""The API's enumerations: the workflow's words, each value with a description."""

from enum import Enum, StrEnum
from typing import Any, TypeVar

import strawberry

from gql_approvals import errors
from gql_approvals.service.scopes import TokenScope
from gql_approvals.workflow import vocabulary as words

E = TypeVar("E", bound=type[Enum])


class CampaignAction(StrEnum):
    """What can be done to a campaign."""

    VIEW = "VIEW"
    COMMENT = "COMMENT"
    EDIT = "EDIT"
    DUPLICATE = "DUPLICATE"
    SUBMIT = "SUBMIT"
    WITHDRAW = "WITHDRAW"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    REVOKE = "REVOKE"
    PUBLISH = "PUBLISH"
    DISCARD = "DISCARD"
    ARCHIVE = "ARCHIVE"


class CampaignOrderField(StrEnum):
    """What campaigns can be sorted by."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    NAME = "NAME"


class OrderDirection(StrEnum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


DESCRIPTIONS: dict[type[Enum], tuple[str, dict[str, str]]] = {
    words.Channel: (
        "Where a campaign is sent; fixed when it is created.",
        {
            "EMAIL": "E-mail.",
            "SMS": "Text message.",
            "APP_PUSH": "Push notification of a mobile app.",
            "WHATSAPP": "WhatsApp template message.",
            "WEB_PUSH": "Push notification of a browser.",
            "ONSITE": "Shown to visitors of the site.",
        },
    ),
    words.CampaignStatus: (
        "Where the head revision of a campaign stands.",
        {
            "DRAFT": "Being made; it can be edited and submitted.",
            "PENDING_REVIEW": "Submitted; checkers may decide.",
            "APPROVED": "Approved, and waiting for its time or for somebody to publish it.",
            "REJECTED": "Rejected with a reason; it can be edited and submitted again.",
            "EXPIRED": "Its deadline or schedule passed; it must be edited first.",
            "SENT": "Out: the head revision is what recipients get.",
            "ARCHIVED": "Put away for ever.",
        },
    ),
    words.RequestStatus: (
        "How an approval request ended, or OPEN.",
        {
            "OPEN": "It waits for decisions.",
            "APPROVED": "Every requirement was met.",
            "REJECTED": "One checker rejected it.",
            "WITHDRAWN": "The makers took it back.",
            "SUPERSEDED": "An edit made another content.",
            "EXPIRED": "Nobody decided in time.",
            "AUTO_APPROVED": "Approvals were switched off while it waited; nobody voted for it.",
        },
    ),
    words.PublishMode: (
        "What makes an approved campaign go out.",
        {
            "ON_APPROVAL": "The last approval.",
            "SCHEDULED": "The clock, at its time.",
            "MANUAL": "A person, with publishCampaign.",
        },
    ),
    words.Section: (
        "The three things a checker reviews.",
        {
            "COPY": "The channel and its content.",
            "AUDIENCE": "The segment, its definition and its size.",
            "SCHEDULE": "The publish mode and the time.",
        },
    ),
    words.Verdict: (
        "One person's decision.",
        {"APPROVED": "The content may be sent.", "REJECTED": "It may not, for the reason given."},
    ),
    words.Authorisation: (
        "What allows a revision to be sent.",
        {
            "QUORUM": "The people that the policy asks for approved it.",
            "AUTO_DISABLED": "Approvals were switched off while it was under review.",
            "NOT_REQUIRED": "It was published while approvals were off.",
        },
    ),
    words.IfPending: (
        "What an edit does to a review or an approval that it would void.",
        {"REFUSE": "Nothing: the edit is refused.", "WITHDRAW": "Voids it, and edits."},
    ),
    words.NotifyScope: (
        "Who is told of submissions and decisions.",
        {
            "INVOLVED": "The people involved in the campaign.",
            "ROLE_HOLDERS": "Everybody who may make or decide, as well.",
        },
    ),
    TokenScope: (
        "What a token may be used for.",
        {
            "READ": "Read; every token may.",
            "MAKE": "Write, submit, withdraw, publish and put away campaigns, and report figures.",
            "DECIDE": "Approve, reject and revoke. Members and the switch take MAKE as well.",
        },
    ),
    CampaignAction: (
        "What can be done to a campaign.",
        {
            "VIEW": "See it.",
            "COMMENT": "Write a comment.",
            "EDIT": "Change its content or name (updateCampaign).",
            "DUPLICATE": "Make a new draft of it (duplicateCampaign).",
            "SUBMIT": "Ask for approval (submitCampaign).",
            "WITHDRAW": "Take the request back (withdrawCampaign).",
            "APPROVE": "Approve its content (approveCampaign).",
            "REJECT": "Reject its content (rejectCampaign).",
            "REVOKE": "Take an approval back before it is sent (revokeApproval).",
            "PUBLISH": "Send it now (publishCampaign).",
            "DISCARD": "Give up what came after the live revision (discardDraft).",
            "ARCHIVE": "Put it away (archiveCampaign).",
        },
    ),
    CampaignOrderField: (
        "What campaigns can be sorted by.",
        {
            "CREATED_AT": "When they were created.",
            "UPDATED_AT": "Their latest change.",
            "NAME": "Their name.",
        },
    ),
    OrderDirection: ("Which way a list is sorted.", {"ASC": "Smallest first.", "DESC": "Largest first."}),
    errors.ErrorCode: (
        "Why a mutation was refused. Of several that apply, the one that stands first here is answered: "
        + ", ".join(errors.ErrorCode)
        + ".",
        {
            code.value: " ".join((kind.__doc__ or "").split("\n\n")[0].split())
            for code, kind in errors.REFUSALS.items()
        },
    ),
}


def _declare(kind: E) -> E:
    description, values = DESCRIPTIONS[kind]
    declared: Any = strawberry.enum(kind, description=description)
    for value in declared.__strawberry_definition__.values:
        value.description = values[value.name]
    return kind


for _kind in DESCRIPTIONS:
    _declare(_kind)
