"""Who may decide on a campaign, and why the others may not: one answer for quorum, mail and API (rule 12)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gql_approvals.errors import Reason
from gql_approvals.service.scene import Scene, Voters, facts_of
from gql_approvals.workflow.model import Campaign, Requirement
from gql_approvals.workflow.vocabulary import CampaignStatus, Permission

SELF = Reason("SELF_REVIEW", "created, edited or submitted it since it was last sent")
NO_REQUIREMENT = Reason("NO_REQUIREMENT", "counts for none of the requirements")
VOTED = Reason("ALREADY_VOTED", "has decided on this request already")


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Whether one person's approval would count; `reasons` says why not."""

    user_id: int
    reasons: tuple[Reason, ...]

    @property
    def eligible(self) -> bool:
        """Whether nothing is in the way."""
        return not self.reasons


def electors(
    scene: Scene,
    campaign: Campaign,
    requirements: Iterable[Requirement],
    *,
    also_excluded: frozenset[int] = frozenset(),
    to: int,
) -> tuple[Eligibility, ...]:
    """Every active member, in the order they joined.

    `also_excluded`: who would become a contributor by submitting. `to`: whose eyes the reasons are for.
    """
    asked = tuple(requirements)
    voters = Voters(scene, campaign, asked)
    excluded = campaign.contributors | also_excluded
    request = campaign.open_request
    voted = frozenset(vote.by for vote in request.votes) if request is not None else frozenset[int]()

    def in_the_way(user: int) -> tuple[Reason, ...]:
        holds = voters.counts_for(user)
        if not holds:
            facts = replace(facts_of(campaign, user), status=CampaignStatus.PENDING_REVIEW)
            return scene.why(user, Permission.APPROVE, facts, to=to)
        found = [SELF] if user in excluded else []
        found += [VOTED] if user in voted else []
        found += [] if holds & {requirement.role for requirement in asked} else [NO_REQUIREMENT]
        return tuple(found)

    return tuple(Eligibility(user_id=user, reasons=in_the_way(user)) for user in voters.members())
