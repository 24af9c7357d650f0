"""Who may do and see what, written by hand from the specification: one row for everything in the schema.

Nothing here is read from the product. What the schema has and no row names fails in `test_rows.py`; what the
server answers otherwise fails in the matrices.
"""
# ruff: noqa: E501  # tables keep their lines

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """A mutation: the permission it takes, what it is about, and the audit entries of its usual success."""

    permission: str
    about: str  # new, campaign, account, member or publication
    entries: str


# ------------------------------------------------------------------------------------------- operations
MUTATIONS = {
    "createCampaign": Operation("create", "new", "campaign:created"),
    "updateCampaign": Operation("edit", "campaign", "campaign:edited"),
    "submitCampaign": Operation("submit", "campaign", "campaign:submitted"),
    "withdrawCampaign": Operation("withdraw", "campaign", "campaign:withdrawn"),
    "approveCampaign": Operation("approve", "campaign", "campaign:approved campaign:sent"),
    "rejectCampaign": Operation("reject", "campaign", "campaign:rejected"),
    "revokeApproval": Operation("revoke", "campaign", "campaign:revoked"),
    "publishCampaign": Operation("publish", "campaign", "campaign:sent"),
    "discardDraft": Operation("discard", "campaign", "campaign:discarded"),
    "archiveCampaign": Operation("archive", "campaign", "campaign:archived"),
    "duplicateCampaign": Operation("duplicate", "campaign", "campaign:duplicated"),
    "addComment": Operation("comment", "campaign", "comment:added"),
    "enableApprovals": Operation("manage_approvals", "account", "account:approvals_enabled"),
    "disableApprovals": Operation("manage_approvals", "account", "account:approvals_disabled"),
    "updateAccount": Operation("manage_approvals", "account", "account:updated"),
    "addMember": Operation("manage_members", "account", "member:added"),
    "disableMember": Operation("manage_members", "member", "member:disabled"),
    "enableMember": Operation("manage_members", "member", "member:enabled"),
    "assignRoles": Operation("manage_members", "member", "member:roles_assigned"),
    "recordDeliveryMetrics": Operation("record_metrics", "publication", "delivery:metrics_recorded"),
}

# What a person with the permission is answered, for each state of a campaign (`world.py` makes them).
ANSWERS_ON = """
                  DRAFT        PENDING_REVIEW  APPROVED        SCHEDULED       REJECTED        EXPIRED         SENT            DRAFT_LIVE   REJECTED_LIVE   EXPIRED_LIVE    ARCHIVED
updateCampaign    done         UNDER_REVIEW    UNDER_REVIEW    UNDER_REVIEW    done            done            done            done         done            done            WRONG_STATUS
submitCampaign    done         ALREADY_PENDING WRONG_STATUS    WRONG_STATUS    done            WRONG_STATUS    WRONG_STATUS    done         done            WRONG_STATUS    WRONG_STATUS
withdrawCampaign  WRONG_STATUS done            WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS WRONG_STATUS    WRONG_STATUS    WRONG_STATUS
approveCampaign   WRONG_STATUS done            ALREADY_DECIDED ALREADY_DECIDED ALREADY_DECIDED REQUEST_EXPIRED ALREADY_DECIDED WRONG_STATUS ALREADY_DECIDED REQUEST_EXPIRED WRONG_STATUS
rejectCampaign    WRONG_STATUS done            ALREADY_DECIDED ALREADY_DECIDED ALREADY_DECIDED REQUEST_EXPIRED ALREADY_DECIDED WRONG_STATUS ALREADY_DECIDED REQUEST_EXPIRED WRONG_STATUS
revokeApproval    WRONG_STATUS WRONG_STATUS    done            done            WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS WRONG_STATUS    WRONG_STATUS    WRONG_STATUS
publishCampaign   WRONG_STATUS WRONG_STATUS    done            WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS WRONG_STATUS    WRONG_STATUS    WRONG_STATUS
discardDraft      WRONG_STATUS WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    done         done            done            WRONG_STATUS
archiveCampaign   done         done            done            done            done            done            WRONG_STATUS    WRONG_STATUS WRONG_STATUS    WRONG_STATUS    WRONG_STATUS
duplicateCampaign done         done            done            done            done            done            done            done         done            done            done
addComment        done         done            done            done            done            done            done            done         done            done            done
"""
# Where the account has approvals switched off, these two differ; nothing is pending then.
ANSWERS_OFF = """
                DRAFT         APPROVED     SCHEDULED    REJECTED      EXPIRED      SENT         DRAFT_LIVE    REJECTED_LIVE EXPIRED_LIVE ARCHIVED
submitCampaign  APPROVALS_OFF WRONG_STATUS WRONG_STATUS APPROVALS_OFF WRONG_STATUS WRONG_STATUS APPROVALS_OFF APPROVALS_OFF WRONG_STATUS WRONG_STATUS
publishCampaign done          done         WRONG_STATUS done          done         WRONG_STATUS done          done          done         WRONG_STATUS
"""


def grid(text):
    """(row, column) → cell."""
    head, *lines = (line.split() for line in text.strip().splitlines())
    return {(row, column): cell for row, *cells in lines for column, cell in zip(head, cells, strict=True)}


# ---------------------------------------------------------------------------------------------- reading
# signed in: null for nobody · member: any active member · a permission: FORBIDDEN without it
# visible: null for what one may not see · about oneself: any member; about others with explain_others
QUERIES = {
    "viewer": "signed in",
    "rateLimit": "anybody",
    "node": "visible",
    "nodes": "visible",
    "campaign": "visible",
    "submitPreview": "visible",
    "campaigns": "member",
    "reviewInbox": "member",
    "explain": "explain_others",
    "members": "manage_members",
    "auditLog": "view_audit",
    "disableApprovalsPreview": "manage_approvals",
    "policyStatus": "view_policy",
}
SUBSCRIPTIONS = {"campaignChanged": "member", "reviewInboxChanged": "member"}

# Which objects a member finds by their ids: those of campaigns they may view, or with a permission.
NODES = {
    "Account": "member",
    "User": "member",
    "Campaign": "view",
    "Revision": "view",
    "ApprovalRequest": "view",
    "Decision": "view",
    "Comment": "view",
    "Publication": "view",
    "Member": "manage_members",
    "AuditEvent": "view_audit",
}

# Every field of every object, by who may see it:
#   same    whoever may see the object sees what an administrator sees
#   own     is about whoever asks: `test_reading.py` knows for each what it must be
#   view    null where it leads to a campaign that one may not see
#   policy  null without `view_policy`
FIELDS = {
    "Account": {"same": "approvalsEnabled id name notifyScope slug timeZone", "own": "statusCounts"},
    "ActionVerdict": {"own": "action allowed reasons"},
    "AppPushContent": {"same": "body deepLink imageUrl title"},
    "ApprovalRequest": {
        "same": "campaign contentHash decisions eligibleApprovers expiresAt id note policyVersion requirements"
        " revision status submittedAt submittedBy"
    },
    "Audience": {"same": "definition estimatedSize segment"},
    "AuditEvent": {
        "same": "actor at detail hash id kind policyVersion previousHash seq",
        "view": "campaign",
    },
    "Campaign": {
        "same": "authorisation changes channel comments createdAt createdBy head id live metrics name openRequest"
        " publications publishMode requests revisions status updatedAt version",
        "own": "viewerActions",
        "view": "duplicatedFrom",
    },
    "Comment": {"same": "at body by id section"},
    "Decision": {"same": "at by contentHash id policyVersion reason verdict voided"},
    "DisableApprovalsPreview": {"same": "campaigns confirmToken wouldApprove wouldExpire"},
    "Eligibility": {"same": "eligible reasons user"},
    "EmailContent": {"same": "fromEmail fromName html preheader replyTo subject text"},
    "Explanation": {"own": "account action allowed policyVersion reasons roles user"},
    "FieldChange": {"same": "after before path section"},
    "Member": {"same": "active id roles user"},
    "Metrics": {"same": "clicked delivered failed opened sent updatedAt"},
    "OnsiteContent": {"same": "html placement"},
    "PageInfo": {"same": "endCursor hasNextPage hasPreviousPage startCursor"},
    "PolicyProblem": {"same": "code column file help line message refuses"},
    "PolicyStatus": {"same": "loadedAt problems refusedAt refusedVersion roles version workers"},
    "PolicyWorker": {"same": "loadedAt node refused seenAt version"},
    "Publication": {
        "same": "authorisation contentHash handedOverAt id metrics request revision sentAt",
    },
    "RateLimit": {"own": "cost limit remaining resetAt"},
    "Reason": {"same": "code message", "policy": "source"},
    "Requirement": {"same": "approvedBy left needed role satisfied"},
    "ReviewInboxChange": {"own": "change request"},
    "Revision": {
        "same": "audience content contentHash contributors createdAt createdBy id number scheduledAt sectionHashes",
    },
    "SectionHash": {"same": "hash section"},
    "SmsContent": {"same": "body senderId"},
    "StatusCount": {"own": "count status"},
    "SubmitPreview": {"own": "allowed eligibleApprovers reasons requirements"},
    "User": {"same": "email id name"},
    "Viewer": {"own": "account accounts permissions roles scopes user"},
    "WebPushContent": {"same": "body title url iconUrl"},
    "WhatsappContent": {"same": "language parameters templateName"},
}
# Every connection and edge has these; who may see a list is its field's row.
CONNECTION, EDGE = "edges pageInfo totalCount", "cursor node"
# What a mutation answers is for whoever performed it.
PAYLOADS = {
    "campaign": "createCampaign updateCampaign submitCampaign withdrawCampaign approveCampaign rejectCampaign"
    " revokeApproval publishCampaign discardDraft archiveCampaign duplicateCampaign",
    "request": "submitCampaign",
    "decision": "approveCampaign rejectCampaign",
    "publication": "publishCampaign recordDeliveryMetrics",
    "comment": "addComment",
    "account": "enableApprovals disableApprovals updateAccount",
    "approved": "disableApprovals",
    "expired": "disableApprovals",
    "member": "addMember disableMember enableMember assignRoles",
}
# What a refusal says beside code and message.
REFUSALS = {
    "AlreadyDecided": "at by verdict",
    "Forbidden": "action policyVersion reasons",
    "InvalidInput": "problems",
    "QuorumImpossible": "eligibleApprovers requirements",
    "SegregationOfDuties": "reasons",
    "StaleRevision": "changedSections currentContentHash",
    "StaleVersion": "currentVersion",
}
INPUT_PROBLEM = "message path"

# -------------------------------------------------------------------------------------------- arguments
# Everything that can be sent, by place: a new argument is thought about before it gets a row.
PAGE = "after first"
ARGUMENTS = {
    "auditLog": f"{PAGE} campaignId",
    "campaign": "id",
    "campaigns": f"{PAGE} filter orderBy",
    "explain": "input",
    "members": PAGE,
    "node": "id",
    "nodes": "ids",
    "reviewInbox": PAGE,
    "submitPreview": "campaignId",
    "campaignChanged": "campaignId",
    "Campaign.changes": "from to",
    "Campaign.comments": PAGE,
    "Campaign.publications": PAGE,
    "Campaign.requests": PAGE,
    "Campaign.revisions": PAGE,
    "DisableApprovalsPreview.campaigns": PAGE,
    "AddCommentInput": "body campaignId idempotencyKey section",
    "AddMemberInput": "email idempotencyKey name roles",
    "AppPushContentInput": "body deepLink imageUrl title",
    "ApproveCampaignInput": "campaignId comment contentHash idempotencyKey",
    "ArchiveCampaignInput": "campaignId idempotencyKey",
    "AssignRolesInput": "idempotencyKey memberId roles",
    "AudienceInput": "definition estimatedSize segment",
    "CampaignFilter": "channel createdBy search status",
    "CampaignOrder": "direction field",
    "ContentInput": "appPush email onsite sms webPush whatsapp",
    "CreateCampaignInput": "audience content idempotencyKey name publishMode scheduledAt",
    "DisableApprovalsInput": "confirmToken idempotencyKey",
    "DisableMemberInput": "idempotencyKey memberId",
    "DiscardDraftInput": "campaignId idempotencyKey",
    "DuplicateCampaignInput": "campaignId idempotencyKey name",
    "EmailContentInput": "fromEmail fromName html preheader replyTo subject text",
    "EnableApprovalsInput": "idempotencyKey",
    "EnableMemberInput": "idempotencyKey memberId",
    "ExplainInput": "action campaignId userId",
    "OnsiteContentInput": "html placement",
    "PublishCampaignInput": "campaignId contentHash idempotencyKey",
    "RecordDeliveryMetricsInput": "clicked delivered failed idempotencyKey opened publicationId sent",
    "RejectCampaignInput": "campaignId contentHash idempotencyKey reason",
    "RevokeApprovalInput": "campaignId idempotencyKey reason",
    "SmsContentInput": "body senderId",
    "SubmitCampaignInput": "campaignId expectedVersion idempotencyKey note",
    "UpdateAccountInput": "idempotencyKey name notifyScope timeZone",
    "UpdateCampaignInput": "audience campaignId content expectedVersion idempotencyKey ifPending name publishMode scheduledAt",
    "WebPushContentInput": "body iconUrl title url",
    "WhatsappContentInput": "language parameters templateName",
    "WithdrawCampaignInput": "campaignId idempotencyKey reason",
}
