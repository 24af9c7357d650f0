"""What mutations answer when they succeed, and how a result union is put together."""

import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any, Optional, ParamSpec, Union

import strawberry

from gql_approvals.errors import ErrorCode, Refusal
from gql_approvals.schema import refusals
from gql_approvals.schema.campaigns import ApprovalRequest, Campaign, Decision, Publication
from gql_approvals.schema.fields import about, said
from gql_approvals.schema.parts import Comment
from gql_approvals.schema.people import Account, Member
from gql_approvals.workflow.vocabulary import Permission

P = ParamSpec("P")
AFTERWARDS = "The campaign as it is now."
ACCOUNT = "The account as it is now."
MEMBER = "The member as it is now."


@strawberry.type(description="The campaign was created.")
class CreateCampaignPayload:
    """CREATE succeeded."""

    campaign: Campaign = about(AFTERWARDS)


@strawberry.type(description="The campaign was changed.")
class UpdateCampaignPayload:
    """EDIT succeeded."""

    campaign: Campaign = about(AFTERWARDS)


@strawberry.type(description="The campaign is under review.")
class SubmitCampaignPayload:
    """SUBMIT succeeded."""

    campaign: Campaign = about(AFTERWARDS)
    request: ApprovalRequest = about("The request that was opened.")


@strawberry.type(description="The submission was taken back.")
class WithdrawCampaignPayload:
    """WITHDRAW succeeded."""

    campaign: Campaign = about(AFTERWARDS)


@strawberry.type(description="The approval was recorded.")
class ApproveCampaignPayload:
    """APPROVE succeeded."""

    campaign: Campaign = about(AFTERWARDS)
    decision: Decision = about("The decision that was recorded.")


@strawberry.type(description="The campaign was rejected.")
class RejectCampaignPayload:
    """REJECT succeeded."""

    campaign: Campaign = about(AFTERWARDS)
    decision: Decision = about("The decision that was recorded.")


@strawberry.type(description="The approval was taken back.")
class RevokeApprovalPayload:
    """REVOKE succeeded."""

    campaign: Campaign = about(AFTERWARDS)


@strawberry.type(description="The campaign was sent, or waits for its time.")
class PublishCampaignPayload:
    """PUBLISH succeeded."""

    campaign: Campaign = about(AFTERWARDS)
    publication: Publication | None = about("What went out; null when it now waits for its time.")


@strawberry.type(description="The campaign stands as it was sent.")
class DiscardDraftPayload:
    """DISCARD succeeded."""

    campaign: Campaign = about(AFTERWARDS)


@strawberry.type(description="The campaign was put away.")
class ArchiveCampaignPayload:
    """ARCHIVE succeeded."""

    campaign: Campaign = about(AFTERWARDS)


@strawberry.type(description="A new draft was made.")
class DuplicateCampaignPayload:
    """DUPLICATE succeeded."""

    campaign: Campaign = about("The new campaign.")


@strawberry.type(description="The comment was kept.")
class AddCommentPayload:
    """COMMENT succeeded."""

    comment: Comment = about("The comment.")


@strawberry.type(description="Approvals are on.")
class EnableApprovalsPayload:
    """ENABLE_APPROVALS succeeded."""

    account: Account = about(ACCOUNT)


@strawberry.type(description="Approvals are off.")
class DisableApprovalsPayload:
    """DISABLE_APPROVALS succeeded."""

    account: Account = about(ACCOUNT)
    approved: int = about("How many campaigns were approved automatically.")
    expired: int = about("How many had expired instead.")


@strawberry.type(description="The account was changed.")
class UpdateAccountPayload:
    """UPDATE_ACCOUNT succeeded."""

    account: Account = about(ACCOUNT)


@strawberry.type(description="The person is a member.")
class AddMemberPayload:
    """ADD_MEMBER succeeded."""

    member: Member = about(MEMBER)


@strawberry.type(description="The member may do nothing any more.")
class DisableMemberPayload:
    """DISABLE_MEMBER succeeded."""

    member: Member = about(MEMBER)


@strawberry.type(description="The member may act.")
class EnableMemberPayload:
    """ENABLE_MEMBER succeeded."""

    member: Member = about(MEMBER)


@strawberry.type(description="The roles were assigned.")
class AssignRolesPayload:
    """ASSIGN_ROLES succeeded."""

    member: Member = about(MEMBER)


@strawberry.type(description="The figures were recorded.")
class RecordDeliveryMetricsPayload:
    """RECORD_METRICS succeeded."""

    publication: Publication = about("The publication as it is now.")


def mutation(
    payload: type, permission: Permission | None, codes: Iterable[ErrorCode]
) -> Callable[[Callable[P, Awaitable[object]]], Any]:
    """Declare a mutation: nullable, its result a union of the payload and every refusal it can answer.

    The resolver's docstring is the description, to which the permission is added.
    """

    def declare(resolver: Callable[P, Awaitable[object]]) -> Any:  # noqa: ANN401  # what strawberry gives
        @functools.wraps(resolver)
        async def answered(*args: P.args, **kwargs: P.kwargs) -> object:
            try:
                return await resolver(*args, **kwargs)
            except Refusal as refusal:
                return refusals.answer(refusal)

        name = payload.__name__.removesuffix("Payload")
        members = (payload, *(refusals.TYPES[code] for code in sorted(codes)))
        union = strawberry.union(f"{name}Result", description=f"What `{name[0].lower()}{name[1:]}` answers.")
        result = Annotated[Union[members], union]  # type: ignore[valid-type]  # noqa: UP007  # made from the tables
        needs = "" if permission is None else f" Needs the permission `{permission}`."
        return strawberry.mutation(
            resolver=answered,
            description=said(resolver) + needs,
            graphql_type=Optional[result],  # noqa: UP045  # made from the tables
        )

    return declare
