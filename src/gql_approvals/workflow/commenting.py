"""Commenting: the one effect that leaves the campaign as it is."""

from gql_approvals.workflow.case import Case, Change, Event
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.model import Comment


def comment(case: Case) -> Change:
    """Say something about the campaign, in any status; nobody is told by mail."""
    campaign, said = case.at_hand, case.intent
    if said.body is None:
        raise LookupError(said.action)  # the row's guard
    detail: dict[str, Json] = {
        "revision": campaign.head.number,
        "contentHash": campaign.head.hashes.content,
        **({} if said.section is None else {"section": said.section.value}),
    }
    return Change(
        campaign=campaign,
        events=(Event(kind="comment:added", detail=detail),),
        comment=Comment(by=case.by, at=case.now, body=said.body, section=said.section),
    )
