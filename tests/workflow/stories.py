"""How a campaign comes to each status, and what somebody sends who has read it."""

from tests.workflow.world import DAY, NOON, Words, World

from gql_approvals.workflow import transitions
from gql_approvals.workflow.vocabulary import Action, PublishMode

ON_APPROVAL, SCHEDULED, MANUAL = PublishMode.ON_APPROVAL, PublishMode.SCHEDULED, PublishMode.MANUAL
TOMORROW = NOON + DAY
FIRST = {
    MANUAL: Words("a"),
    ON_APPROVAL: Words("a", mode=ON_APPROVAL),
    SCHEDULED: Words("a", 10, SCHEDULED, TOMORROW),
}
SECOND = Words("b")
SYSTEM = tuple(action for action, permission in transitions.PERMISSION_OF.items() if permission is None)


def standing(status: str, mode: PublishMode = MANUAL, *, live: bool = False, on: bool = True) -> World:
    """A world whose campaign came to a status by the usual way."""
    world = World().create(FIRST[mode])
    if live:
        world = World().create(SECOND).submit().approve().perform(Action.PUBLISH).edit(FIRST[mode])
    match status:
        case "PENDING_REVIEW":
            world.submit()
        case "APPROVED":
            world.submit().approve()
        case "REJECTED":
            world.submit().reject()
        case "EXPIRED":
            world.submit().wait(20 * DAY).perform(Action.EXPIRE, None)
        case "SENT":
            world.submit().approve().perform(Action.PUBLISH)
        case "ARCHIVED":
            world.perform(Action.ARCHIVE)
    assert world.status == status
    return world.switch(on=on)


def natural(action: Action, world: World) -> dict:
    """What somebody sends who has read the campaign: its hash, a reason, another content."""
    match action:
        case Action.EDIT:
            return Words("another").fields
        case Action.APPROVE | Action.PUBLISH:
            return {"content_hash": world.campaign.head.hashes.content}
        case Action.REJECT:
            return {"content_hash": world.campaign.head.hashes.content, "reason": "the price is wrong"}
        case Action.REVOKE:
            return {"reason": "stop"}
        case Action.COMMENT:
            return {"body": "well done"}
        case _:
            return {}


def naturally(world: World, person: int, action: Action) -> str:
    return world.answer(person, action, **natural(action, world))
