"""Who is told of an event (rule 12): never the actor, nobody twice, nobody of another account."""

from collections.abc import Callable, Iterable, Mapping

from gql_approvals.policy.duties import DECIDE, MAKE
from gql_approvals.service.scene import Scene, Voters
from gql_approvals.workflow.case import Event
from gql_approvals.workflow.model import Campaign
from gql_approvals.workflow.vocabulary import NotifyScope, Permission, Recipients

BROADCAST = frozenset(
    {"campaign:submitted", "campaign:approved", "campaign:rejected"}
)  # seed B's three events
ROLE_HOLDERS = "ROLE_HOLDERS"


def recipients(scene: Scene, event: Event, campaign: Campaign, actor: int | None) -> dict[int, list[str]]:
    """The people to tell, by user id, each with the groups they are told in.

    `campaign`: as it was when its contributors and request were those that the event speaks of.
    """
    told: dict[int, list[str]] = {}
    for group in sorted(event.tells):
        for user in GROUPS[group](scene, event, campaign):
            told.setdefault(user, []).append(group.value)
    if scene.account.notify_scope is NotifyScope.ROLE_HOLDERS and event.kind in BROADCAST:
        for user in scene.active:
            if holds_a_role(scene, user):
                told.setdefault(user, []).append(ROLE_HOLDERS)
    return {user: groups for user, groups in told.items() if user != actor and user in scene.active}


def holds_a_role(scene: Scene, user_id: int) -> bool:
    """Whether this person may make or decide at all."""
    return any(scene.ever_may(user_id, permission) for permission in (*MAKE, *DECIDE))


def _eligible(scene: Scene, event: Event, campaign: Campaign) -> Iterable[int]:
    if event.request is None:
        return ()
    roles = {requirement.role for requirement in event.request.requirements}
    voters = Voters(scene, campaign, event.request.requirements)
    return [
        user
        for user in voters.members()
        if user not in campaign.contributors and voters.counts_for(user) & roles
    ]


def _involved(_: Scene, event: Event, campaign: Campaign) -> Iterable[int]:
    submitter = () if event.request is None else (event.request.submitted_by,)
    return {campaign.created_by, *campaign.contributors, *submitter}


def _voters(_: Scene, event: Event, __: Campaign) -> Iterable[int]:
    return event.voters


def _admins(scene: Scene, _: Event, __: Campaign) -> Iterable[int]:
    return [user for user in scene.active if scene.may(user, Permission.MANAGE_APPROVALS)]


GROUPS: Mapping[Recipients, Callable[[Scene, Event, Campaign], Iterable[int]]] = {
    Recipients.ELIGIBLE: _eligible,
    Recipients.INVOLVED: _involved,
    Recipients.VOTERS: _voters,
    Recipients.ADMINS: _admins,
}
