"""Every event that a webhook can be told of, by the kind that the audit log knows it by.

`account:created` is none of them: nobody listens before there is an account.
"""

from collections.abc import Mapping

EVENTS: Mapping[str, str] = {
    "account:approvals_disabled": "approvals were switched off",
    "account:approvals_enabled": "approvals were switched on",
    "account:updated": "the account's name, time zone or notifications changed",
    "campaign:approved": "the last approval that was needed",
    "campaign:archived": "given up for good",
    "campaign:auto_approved": "approved because approvals were switched off",
    "campaign:created": "a draft was begun",
    "campaign:discarded": "the draft after a sent revision was given up",
    "campaign:duplicated": "a draft was made from another campaign",
    "campaign:edited": "its content changed; approvals of the content before are void",
    "campaign:expired": "nobody decided in time",
    "campaign:held": "its stored content is not what was approved: it is not sent",
    "campaign:rejected": "a checker said no",
    "campaign:released": "published while approvals are off, and waits for its time",
    "campaign:renamed": "its name changed, and nothing else",
    "campaign:revoked": "an approval was taken back",
    "campaign:schedule_missed": "its time had passed when it could be sent, so it was not",
    "campaign:sent": "its publication waits for the sending system, or is there",
    "campaign:submitted": "a review began",
    "campaign:voted": "an approval, and more are needed",
    "campaign:withdrawn": "its maker took it out of review",
    "comment:added": "somebody commented",
    "delivery:metrics_recorded": "the sending system reported its figures",
    "identity:linked": "a person signed in through the identity provider for the first time",
    "member:added": "somebody became a member",
    "member:disabled": "a member may do nothing any more",
    "member:enabled": "a disabled member may act again",
    "member:roles_assigned": "a member's roles changed",
    "policy:changed": "other policy files are in force",
    "token:created": "an API token was made",
    "token:revoked": "an API token was revoked",
    "webhook:added": "a webhook was added, this one perhaps",
    "webhook:disabled": "another webhook's receiver wants no more",
    "webhook:enabled": "a disabled webhook is told of events again",
    "webhook:removed": "another webhook was removed",
    "webhook:rotated": "a webhook got a new secret",
}
