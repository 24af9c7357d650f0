"""The notice that policy files were refused: who is told, and what it says when it is sent.

The outbox keeps the mistakes as texts: when the mail goes, the files may be others. Whether its recipient
may still be told is asked anew, as for every mail (rule 12).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gql_approvals.persistence import people
from gql_approvals.persistence.outbox import MAIL, Message
from gql_approvals.service.delivery import Person
from gql_approvals.service.perform import Office
from gql_approvals.service.scene import Scene
from gql_approvals.workflow.content import Json, is_storable, utc_text
from gql_approvals.workflow.vocabulary import Permission

REFUSED = "policy:refused"
MAX_PROBLEMS = 50
_KEPT_LENGTH = 1000  # a mistake quotes its line, and a line may be as long as the file


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """All that the mail may say. Texts are as the files, the node and people have them.

    `problems`: the first `MAX_PROBLEMS`, one text each; `more`: how many there are besides. `version`: the
    one that was in force when the files were refused; `since`: when that one was loaded.
    """

    key: str
    at: datetime
    account_name: str
    account_slug: str
    recipient: Person
    node: str
    problems: tuple[str, ...]
    more: int
    version: str
    since: datetime


def refused_messages(scene: Scene, *, key: str, node: str, problems: Sequence[str]) -> list[Message]:
    """A mail to each active member who may see the policy; to be written with what notes the refusal.

    `key`: the same whenever this refusal is told again, another for any other refusal of any node; at most
    12 letters, since an outbox key has room for 100. `problems`: one or more, as `PolicyProblem.text` is.
    """
    told: dict[str, Json] = {
        "event": REFUSED,
        "node": _storable(node),
        "problems": [_storable(text[:_KEPT_LENGTH]) for text in problems[:MAX_PROBLEMS]],
        "more": max(0, len(problems) - MAX_PROBLEMS),
        "version": scene.policy.version,
        "since": utc_text(scene.policy.loaded_at),
    }
    return [
        Message(
            account_id=scene.account.id,
            key=f"{scene.account.slug}-policy-{key}-{user}",
            kind=MAIL,
            payload={**told, "recipient": user},
            created_at=scene.now,
        )
        for user in scene.active
        if _is_told(scene, user)
    ]


async def notice_facts(office: Office, message: Message) -> NoticeFacts | None:
    """What the mail says; None when its recipient is not to be told any more.

    Raises:
        LookupError: when the message is none that `refused_messages` made.
        Unavailable: when the database is lost.
    """
    match message.payload:
        case {
            "recipient": int(user),
            "node": str(node),
            "problems": [*problems],
            "more": int(more),
            "version": str(version),
            "since": str(since),
        }:
            pass
        case _:
            raise LookupError(message.key)
    scene = await office.scene(message.account_id)
    if not _is_told(scene, user):
        return None
    recipient = (await people.users([user]))[user]
    return NoticeFacts(
        key=message.key,
        at=message.created_at,
        account_name=scene.account.name,
        account_slug=scene.account.slug,
        recipient=Person(name=recipient.name, email=recipient.email),
        node=node,
        problems=tuple(str(text) for text in problems),
        more=more,
        version=version,
        since=datetime.fromisoformat(since),
    )


def _is_told(scene: Scene, user: int) -> bool:
    return scene.may(user, Permission.VIEW_POLICY)


def _storable(text: str) -> str:
    """The text without the letters that not every database keeps: a refused file may hold any."""
    return "".join(letter if is_storable(letter) else "\ufffd" for letter in text)
