"""The conditions that choose between several rows of one action."""

from gql_approvals.workflow.case import Case
from gql_approvals.workflow.model import Campaign
from gql_approvals.workflow.model import is_overdue as counts_as_expired
from gql_approvals.workflow.vocabulary import PublishMode


def changes_content(case: Case) -> bool:
    """Whether the edit makes another content."""
    return case.changes_content


def keeps_content(case: Case) -> bool:
    """Whether the edit leaves the content as it is."""
    return not case.changes_content


def meets_the_quorum(case: Case) -> bool:
    """Whether the approval would meet the last requirement."""
    return case.meets_the_quorum


def misses_the_quorum(case: Case) -> bool:
    """Whether something is still required after the approval."""
    return not case.meets_the_quorum


def is_manual(case: Case) -> bool:
    """Whether a person sends it."""
    return case.at_hand.head.publish_mode is PublishMode.MANUAL


def is_due(case: Case) -> bool:
    """Whether its time has come, and is not missed by more than the grace."""
    due = case.at_hand.due_at
    return due is not None and due <= case.now <= due + case.rules.grace


def is_overdue(case: Case) -> bool:
    """Whether it counts as EXPIRED."""
    return counts_as_expired(case.at_hand, case.now, case.rules.grace)


def approvals_are_off(case: Case) -> bool:
    """Whether the account has approvals switched off."""
    return not case.account.approvals_enabled


def has_live(case: Case) -> bool:
    """Whether a publication is live."""
    return case.at_hand.live is not None


def has_no_live(case: Case) -> bool:
    """Whether nothing is live."""
    return case.at_hand.live is None


def goes_on_approval(campaign: Campaign) -> bool:
    """Whether the approval itself sends the campaign."""
    return campaign.head.publish_mode is PublishMode.ON_APPROVAL


def goes_unless_scheduled(campaign: Campaign) -> bool:
    """Whether publishing sends the campaign at once."""
    return campaign.head.publish_mode is not PublishMode.SCHEDULED
