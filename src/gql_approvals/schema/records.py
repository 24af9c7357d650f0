"""The audit log, explanations and previews, as the API answers them."""

from datetime import datetime

import strawberry

from gql_approvals.persistence.audit import AuditEvent as Event
from gql_approvals.schema import parts, people
from gql_approvals.schema.campaigns import Campaign, loader
from gql_approvals.schema.campaigns import campaign as shown
from gql_approvals.schema.connections import After, Connection, First, connect
from gql_approvals.schema.context import Info
from gql_approvals.schema.fields import about, field
from gql_approvals.schema.node import Node, stored
from gql_approvals.schema.scalars import JSON
from gql_approvals.service import reading
from gql_approvals.service.scene import Scene


@strawberry.type(description="One entry of an account's hash chain; docs/hashes.md says how to recompute it.")
class AuditEvent(Node):
    """Answers `persistence.audit.AuditEvent`."""

    value: strawberry.Private[Event]
    seq: int = about("Counted from 1, without gaps.")
    kind: str = about("What happened, such as `campaign:approved`.")
    at: datetime = about("When it happened.")
    detail: JSON = about("Ids and hashes of what it was about.")
    policy_version: str | None = about("The version of the policy in force.")
    hash: str = about("SHA-256 over this entry and the hash before it.")
    previous_hash: str = about("The hash of the entry before; zeros for the first.")

    @field
    async def actor(self, info: Info) -> people.User | None:
        """Who did it; null for the system."""
        actor = self.value.entry.actor
        return None if actor is None else await people.user(info, actor)

    @field
    async def campaign(self, info: Info) -> Campaign | None:
        """The campaign it was about, if the viewer may see it."""
        key = self.value.entry.campaign
        found = None if key is None else await info.context.campaign(key)
        return None if found is None else shown(found)


@strawberry.type(description="What the policy says about a member and a permission, and why.")
class Explanation:
    """Answers `service.reading.Explanation`."""

    value: strawberry.Private[reading.Explanation]
    allowed: bool = about("Whether the policy allows it; the workflow may still refuse.")
    action: str = about("The permission that was asked about.")
    roles: list[str] = about("The roles that the member holds.")
    reasons: list[parts.Reason] = about("The deciding lines, or what is missing.")
    policy_version: str = about("The version of the policy that answered.")

    @field
    async def account(self, info: Info) -> people.Account:
        """The account that was asked about."""
        return people.account((await info.context.rights()).account)

    @field
    async def user(self, info: Info) -> people.User:
        """The member that was asked about."""
        return await people.user(info, self.value.user_id)


@strawberry.type(description="What would happen on submitting now.")
class SubmitPreview:
    """Answers `service.reading.SubmitPreview`."""

    allowed: bool = about("Whether submitCampaign would be accepted.")
    reasons: list[parts.Reason] = about("Why not.")
    requirements: list[parts.Requirement] = about("What the policy would ask for.")
    eligible_approvers: list[parts.Eligibility] = about("Who could decide, and why the others could not.")


@strawberry.type(description="What switching approvals off would do now.")
class DisableApprovalsPreview:
    """Answers `service.reading.DisablePreview`."""

    value: strawberry.Private[reading.DisablePreview]
    confirm_token: str = about("Send it with disableApprovals; it is good while nothing changes.")
    would_approve: int = about("How many would be approved automatically.")
    would_expire: int = about("How many are overdue and would expire instead.")

    @field
    async def campaigns(self, info: Info, first: First = 20, after: After = None) -> Connection[Campaign]:
        """The campaigns that would be approved."""
        return await connect(self.value.listing, first, after, loader(info))


def audit_event(value: Event) -> AuditEvent:
    """An audit entry as the API answers it."""
    return AuditEvent(
        key=stored(value.id),
        value=value,
        seq=value.seq,
        kind=value.entry.kind,
        at=value.entry.at,
        detail=JSON(dict(value.entry.detail)),
        policy_version=value.entry.policy_version,
        hash=value.hash,
        previous_hash=value.previous_hash,
    )


def explanation(value: reading.Explanation, scene: Scene) -> Explanation:
    """An explanation as the API answers it."""
    return Explanation(
        value=value,
        allowed=value.allowed,
        action=value.permission.value,
        roles=list(value.roles),
        reasons=parts.reasons(value.reasons),
        policy_version=scene.policy.version,
    )


def submit_preview(value: reading.SubmitPreview) -> SubmitPreview:
    """A preview as the API answers it."""
    return SubmitPreview(
        allowed=not value.reasons,
        reasons=parts.reasons(value.reasons),
        requirements=[parts.Requirement(value=tally) for tally in value.requirements],
        eligible_approvers=[parts.eligibility(elector) for elector in value.electors],
    )


def disable_preview(value: reading.DisablePreview) -> DisableApprovalsPreview:
    """What switching approvals off would do, as the API answers it."""
    return DisableApprovalsPreview(
        value=value,
        confirm_token=value.confirm_token,
        would_approve=value.would_approve,
        would_expire=value.would_expire,
    )
