"""The mutations: one a business action. A resolver says what is asked; the tables say the rest."""

from collections.abc import Callable
from typing import Annotated, Any, Protocol

import strawberry

from gql_approvals.persistence import lookups
from gql_approvals.schema import campaigns, parts, payloads, people
from gql_approvals.schema import inputs as ask
from gql_approvals.schema.context import Info
from gql_approvals.schema.fields import arg
from gql_approvals.schema.node import key_of
from gql_approvals.service.tasks import AccountTask, CampaignTask, Result
from gql_approvals.workflow import account as accounts
from gql_approvals.workflow import model, transitions
from gql_approvals.workflow.account import ACCOUNT_ROWS, AccountIntent
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.transitions import PERMISSION_OF
from gql_approvals.workflow.vocabulary import AccountAction, Action

INPUT = arg("What is asked for.")


class _OnCampaign(Protocol):
    campaign_id: strawberry.ID
    idempotency_key: str | None


class _OnMember(Protocol):
    member_id: strawberry.ID
    idempotency_key: str | None


def _campaign(action: Action, payload: type) -> Callable[..., Any]:
    return payloads.mutation(payload, PERMISSION_OF[action], transitions.codes_of(action))


def _account(action: AccountAction, payload: type) -> Callable[..., Any]:
    return payloads.mutation(payload, ACCOUNT_ROWS[action].permission, accounts.codes_of(action))


@strawberry.type(
    description="Everything that changes something. Of a document's mutations each stands alone."
)
class Mutation:
    """The root of all changes."""

    @_campaign(Action.CREATE, payloads.CreateCampaignPayload)
    async def create_campaign(
        self, info: Info, input: Annotated[ask.CreateCampaignInput, INPUT]
    ) -> payloads.CreateCampaignPayload:
        """Create a campaign in DRAFT."""
        task = CampaignTask(intent=input.intent(), campaign_id=None)
        done = await info.context.perform(task, input.idempotency_key)
        return payloads.CreateCampaignPayload(campaign=campaigns.campaign(await _now(info, done)))

    @_campaign(Action.EDIT, payloads.UpdateCampaignPayload)
    async def update_campaign(
        self, info: Info, input: Annotated[ask.UpdateCampaignInput, INPUT]
    ) -> payloads.UpdateCampaignPayload:
        """Change a campaign's content or name. A sent one stays live until its next revision is sent."""
        value = await _perform(info, input, input.intent())
        return payloads.UpdateCampaignPayload(campaign=campaigns.campaign(value))

    @_campaign(Action.SUBMIT, payloads.SubmitCampaignPayload)
    async def submit_campaign(
        self, info: Info, input: Annotated[ask.SubmitCampaignInput, INPUT]
    ) -> payloads.SubmitCampaignPayload:
        """Ask for approval of the head revision; whoever may decide is told by mail."""
        intent = Intent(action=Action.SUBMIT, expected_version=input.expected_version, note=input.note)
        done = await info.context.perform(_task(input, intent), input.idempotency_key)
        value = await _now(info, done)
        [request] = [item for item in value.requests if item.id == done["request"]]
        return payloads.SubmitCampaignPayload(
            campaign=campaigns.campaign(value), request=campaigns.approval_request(value, request)
        )

    @_campaign(Action.WITHDRAW, payloads.WithdrawCampaignPayload)
    async def withdraw_campaign(
        self, info: Info, input: Annotated[ask.WithdrawCampaignInput, INPUT]
    ) -> payloads.WithdrawCampaignPayload:
        """Take a submission back; its votes are void."""
        value = await _perform(info, input, Intent(action=Action.WITHDRAW, reason=input.reason))
        return payloads.WithdrawCampaignPayload(campaign=campaigns.campaign(value))

    @_campaign(Action.APPROVE, payloads.ApproveCampaignPayload)
    async def approve_campaign(
        self, info: Info, input: Annotated[ask.ApproveCampaignInput, INPUT]
    ) -> payloads.ApproveCampaignPayload:
        """Approve exactly the content that the hash names. Nobody approves what they contributed to."""
        intent = Intent(action=Action.APPROVE, content_hash=input.content_hash, comment=input.comment)
        done = await info.context.perform(_task(input, intent), input.idempotency_key)
        value = await _now(info, done)
        return payloads.ApproveCampaignPayload(
            campaign=campaigns.campaign(value), decision=_decision(value, done)
        )

    @_campaign(Action.REJECT, payloads.RejectCampaignPayload)
    async def reject_campaign(
        self, info: Info, input: Annotated[ask.RejectCampaignInput, INPUT]
    ) -> payloads.RejectCampaignPayload:
        """Reject exactly the content that the hash names, with a reason that the makers read."""
        intent = Intent(action=Action.REJECT, content_hash=input.content_hash, reason=input.reason)
        done = await info.context.perform(_task(input, intent), input.idempotency_key)
        value = await _now(info, done)
        return payloads.RejectCampaignPayload(
            campaign=campaigns.campaign(value), decision=_decision(value, done)
        )

    @_campaign(Action.REVOKE, payloads.RevokeApprovalPayload)
    async def revoke_approval(
        self, info: Info, input: Annotated[ask.RevokeApprovalInput, INPUT]
    ) -> payloads.RevokeApprovalPayload:
        """Take an approval back before the campaign is sent."""
        value = await _perform(info, input, Intent(action=Action.REVOKE, reason=input.reason))
        return payloads.RevokeApprovalPayload(campaign=campaigns.campaign(value))

    @_campaign(Action.PUBLISH, payloads.PublishCampaignPayload)
    async def publish_campaign(
        self, info: Info, input: Annotated[ask.PublishCampaignInput, INPUT]
    ) -> payloads.PublishCampaignPayload:
        """Send an approved MANUAL campaign; while approvals are off, any that is not under way."""
        intent = Intent(action=Action.PUBLISH, content_hash=input.content_hash)
        done = await info.context.perform(_task(input, intent), input.idempotency_key)
        key = done["publication"]
        sent = None if key is None else await info.context.publication(_int(key))
        return payloads.PublishCampaignPayload(
            campaign=campaigns.campaign(await _now(info, done)),
            publication=None if sent is None else campaigns.publication(*sent),
        )

    @_campaign(Action.DISCARD, payloads.DiscardDraftPayload)
    async def discard_draft(
        self, info: Info, input: Annotated[ask.DiscardDraftInput, INPUT]
    ) -> payloads.DiscardDraftPayload:
        """Give up what came after the live revision."""
        value = await _perform(info, input, Intent(action=Action.DISCARD))
        return payloads.DiscardDraftPayload(campaign=campaigns.campaign(value))

    @_campaign(Action.ARCHIVE, payloads.ArchiveCampaignPayload)
    async def archive_campaign(
        self, info: Info, input: Annotated[ask.ArchiveCampaignInput, INPUT]
    ) -> payloads.ArchiveCampaignPayload:
        """Put a campaign away for ever; one that is live cannot be."""
        value = await _perform(info, input, Intent(action=Action.ARCHIVE))
        return payloads.ArchiveCampaignPayload(campaign=campaigns.campaign(value))

    @_campaign(Action.DUPLICATE, payloads.DuplicateCampaignPayload)
    async def duplicate_campaign(
        self, info: Info, input: Annotated[ask.DuplicateCampaignInput, INPUT]
    ) -> payloads.DuplicateCampaignPayload:
        """Make a new draft with the same copy and audience; no votes, schedule or metrics are carried."""
        value = await _perform(info, input, Intent(action=Action.DUPLICATE, name=input.name))
        return payloads.DuplicateCampaignPayload(campaign=campaigns.campaign(value))

    @_campaign(Action.COMMENT, payloads.AddCommentPayload)
    async def add_comment(
        self, info: Info, input: Annotated[ask.AddCommentInput, INPUT]
    ) -> payloads.AddCommentPayload:
        """Say something about a campaign, in any status; its version stays."""
        intent = Intent(action=Action.COMMENT, body=input.body, section=input.section)
        key = _int((await info.context.perform(_task(input, intent), input.idempotency_key))["comment"])
        found = await lookups.comments((await info.context.caller()).account.id, [key])
        return payloads.AddCommentPayload(comment=parts.comment(found[key][1]))

    @_account(AccountAction.ENABLE_APPROVALS, payloads.EnableApprovalsPayload)
    async def enable_approvals(
        self, info: Info, input: Annotated[ask.EnableApprovalsInput, INPUT]
    ) -> payloads.EnableApprovalsPayload:
        """Switch approvals on; what is approved already is still sent."""
        task = AccountTask(intent=AccountIntent(action=AccountAction.ENABLE_APPROVALS))
        await info.context.perform(task, input.idempotency_key)
        return payloads.EnableApprovalsPayload(account=await _account_now(info))

    @_account(AccountAction.DISABLE_APPROVALS, payloads.DisableApprovalsPayload)
    async def disable_approvals(
        self, info: Info, input: Annotated[ask.DisableApprovalsInput, INPUT]
    ) -> payloads.DisableApprovalsPayload:
        """Switch approvals off; everything that waits is approved automatically, and says so for ever."""
        intent = AccountIntent(action=AccountAction.DISABLE_APPROVALS, confirm_token=input.confirm_token)
        done = await info.context.perform(AccountTask(intent=intent), input.idempotency_key)
        return payloads.DisableApprovalsPayload(
            account=await _account_now(info),
            approved=_int(done["approved"]),
            expired=_int(done["expired"]),
        )

    @_account(AccountAction.UPDATE_ACCOUNT, payloads.UpdateAccountPayload)
    async def update_account(
        self, info: Info, input: Annotated[ask.UpdateAccountInput, INPUT]
    ) -> payloads.UpdateAccountPayload:
        """Change the account's name, its time zone, or who is told."""
        await info.context.perform(AccountTask(intent=input.intent()), input.idempotency_key)
        return payloads.UpdateAccountPayload(account=await _account_now(info))

    @_account(AccountAction.ADD_MEMBER, payloads.AddMemberPayload)
    async def add_member(
        self, info: Info, input: Annotated[ask.AddMemberInput, INPUT]
    ) -> payloads.AddMemberPayload:
        """Let a person into the account; a disabled member comes back, with exactly these roles."""
        done = await info.context.perform(AccountTask(intent=input.intent()), input.idempotency_key)
        return payloads.AddMemberPayload(member=await _member_now(info, done))

    @_account(AccountAction.DISABLE_MEMBER, payloads.DisableMemberPayload)
    async def disable_member(
        self, info: Info, input: Annotated[ask.DisableMemberInput, INPUT]
    ) -> payloads.DisableMemberPayload:
        """Take every right in the account away from a member, at once; what they did stays."""
        done = await _perform_on(info, input, AccountIntent(action=AccountAction.DISABLE_MEMBER))
        return payloads.DisableMemberPayload(member=await _member_now(info, done))

    @_account(AccountAction.ENABLE_MEMBER, payloads.EnableMemberPayload)
    async def enable_member(
        self, info: Info, input: Annotated[ask.EnableMemberInput, INPUT]
    ) -> payloads.EnableMemberPayload:
        """Let a disabled member act again, with the roles they had."""
        done = await _perform_on(info, input, AccountIntent(action=AccountAction.ENABLE_MEMBER))
        return payloads.EnableMemberPayload(member=await _member_now(info, done))

    @_account(AccountAction.ASSIGN_ROLES, payloads.AssignRolesPayload)
    async def assign_roles(
        self, info: Info, input: Annotated[ask.AssignRolesInput, INPUT]
    ) -> payloads.AssignRolesPayload:
        """Give a member exactly these roles; nobody may both make and decide."""
        intent = AccountIntent(action=AccountAction.ASSIGN_ROLES, roles=frozenset(input.roles))
        done = await _perform_on(info, input, intent)
        return payloads.AssignRolesPayload(member=await _member_now(info, done))

    @_account(AccountAction.RECORD_METRICS, payloads.RecordDeliveryMetricsPayload)
    async def record_delivery_metrics(
        self, info: Info, input: Annotated[ask.RecordDeliveryMetricsInput, INPUT]
    ) -> payloads.RecordDeliveryMetricsPayload:
        """Report a publication's figures; for the sending system."""
        figures = model.Metrics(
            sent=input.sent,
            delivered=input.delivered,
            opened=input.opened,
            clicked=input.clicked,
            failed=input.failed,
        )
        intent = AccountIntent(action=AccountAction.RECORD_METRICS, metrics=figures)
        task = AccountTask(intent=intent, publication_id=key_of("Publication", input.publication_id))
        done = await info.context.perform(task, input.idempotency_key)
        of, value = await info.context.publication(_int(done["publication"]))
        return payloads.RecordDeliveryMetricsPayload(publication=campaigns.publication(of, value))


def _task(input: _OnCampaign, intent: Intent) -> CampaignTask:
    return CampaignTask(intent=intent, campaign_id=key_of("Campaign", input.campaign_id))


async def _perform(info: Info, input: _OnCampaign, intent: Intent) -> model.Campaign:
    return await _now(info, await info.context.perform(_task(input, intent), input.idempotency_key))


async def _now(info: Info, done: Result) -> model.Campaign:
    return await info.context.acted_on(_int(done["campaign"]))


async def _perform_on(info: Info, input: _OnMember, intent: AccountIntent) -> Result:
    task = AccountTask(intent=intent, member_id=key_of("Member", input.member_id))
    return await info.context.perform(task, input.idempotency_key)


async def _account_now(info: Info) -> people.Account:
    return people.account((await info.context.rights()).account)


async def _member_now(info: Info, done: Result) -> people.Member:
    members = (await info.context.scene()).members.values()
    [member] = [item for item in members if item.id == done["member"]]
    return people.member(member)


def _decision(value: model.Campaign, done: Result) -> campaigns.Decision:
    [made] = [vote for item in value.requests for vote in item.decisions if vote.id == done["decision"]]
    return campaigns.decision(made)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)  # a stored result holds ids and counts
    return value
