"""Counting: who has met which requirement, and whether a requirement can be met at all (rules 5, 6, 9)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gql_approvals.workflow.electorate import Electorate
from gql_approvals.workflow.model import ApprovalRequest, Requirement
from gql_approvals.workflow.vocabulary import RequestStatus, Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """How far one requirement has come."""

    requirement: Requirement
    approved_by: tuple[int, ...]

    @property
    def left(self) -> int:
        """How many more people must approve."""
        return max(0, self.requirement.needed - len(self.approved_by))


def tallies(
    request: ApprovalRequest, electorate: Electorate, *, without: int | None = None
) -> tuple[Tally, ...]:
    """Count the votes of a request; those of people who lost the right no longer count while it is open.

    `without`: leave this person's vote out.
    """
    approved = [
        (vote.by, electorate.counts_for(vote.by))
        for vote in request.votes
        if vote.verdict is Verdict.APPROVED and vote.by != without
    ]
    return tuple(
        Tally(
            requirement,
            tuple([voter for voter, holds in approved if requirement.role in holds])
            if requirement.approved_by is None
            else requirement.approved_by,
        )
        for requirement in request.requirements
    )


def is_met(request: ApprovalRequest, electorate: Electorate, *, approved_by: int) -> bool:
    """Whether every requirement would be met with this person's approval."""
    holds = electorate.counts_for(approved_by)
    others = tallies(request, electorate, without=approved_by)
    return all(tally.left <= (tally.requirement.role in holds) for tally in others)


def counts_for_open(request: ApprovalRequest, electorate: Electorate, user_id: int) -> bool:
    """Whether this person's approval would help a requirement that the others have not met.

    Where a voter got a lost right back, all may be met and the request open: any vote that counts ends it.
    """
    holds = electorate.counts_for(user_id)
    others = tallies(request, electorate, without=user_id)
    is_met_already = not any(tally.left for tally in others)
    return any(tally.requirement.role in holds and (tally.left or is_met_already) for tally in others)


def unmet(
    requirements: Iterable[Requirement], electorate: Electorate, excluded: frozenset[int]
) -> tuple[tuple[str, int, int], ...]:
    """The requirements that too few people can meet, as (role, needed, how many could)."""
    eligible = [electorate.counts_for(user) for user in electorate.members() if user not in excluded]
    found = ((r.role, r.needed, sum(r.role in holds for holds in eligible)) for r in requirements)
    return tuple((role, needed, able) for role, needed, able in found if able < needed)


def ended(request: ApprovalRequest, status: RequestStatus, electorate: Electorate) -> ApprovalRequest:
    """The request with its final status, and with its tally fixed for ever."""
    fixed = tuple(replace(t.requirement, approved_by=t.approved_by) for t in tallies(request, electorate))
    return replace(request, status=status, requirements=fixed)


def voided(request: ApprovalRequest) -> ApprovalRequest:
    """The request with its votes kept as history, but void."""
    return replace(request, decisions=tuple(replace(vote, voided=True) for vote in request.decisions))
