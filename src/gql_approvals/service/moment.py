"""An account as it is at one moment, shared by everybody who is told of the same change.

What is loaded for one follower serves all: a thousand of them cost one look at the account, one at the tokens
and one at each campaign.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable
from typing import Any, TypeVar

from gql_approvals.persistence import campaigns, lookups, tail
from gql_approvals.service import reading
from gql_approvals.service.decision_log import Question
from gql_approvals.service.scene import Scene, facts_of
from gql_approvals.workflow.model import ApprovalRequest, Campaign
from gql_approvals.workflow.vocabulary import Permission

T = TypeVar("T")
INBOX_LIMIT = 10_000  # of a longer inbox, what is not among the oldest is not followed


class Moment:
    """`good_tokens`: (hash, account id) of those that stand; `begun_s`: before any of it was read."""

    def __init__(self, scene: Scene, good_tokens: Collection[tuple[str, int]], begun_s: float) -> None:
        self.scene = scene
        self.good_tokens = good_tokens
        self.begun_s = begun_s
        self._loaded: dict[Hashable, asyncio.Task[Any]] = {}

    async def campaign(self, user_id: int, campaign_id: int) -> Campaign | None:
        """A campaign as it is; None when there is none that this person may see."""
        found = await self._once(("campaign", campaign_id), lambda: self._load(campaign_id))
        if found is None:
            return None
        question = Question(Permission.VIEW, facts_of(found, user_id), campaign_id)
        return found if question.allowed(self.scene, user_id) else None

    async def request(self, user_id: int, request_id: int) -> tuple[Campaign, ApprovalRequest] | None:
        """A request with its campaign; None when there is none that this person may see."""
        of = await self._once(("request", request_id), lambda: self._campaign_of(request_id))
        campaign = None if of is None else await self.campaign(user_id, of)
        if campaign is None:
            return None
        return next(((campaign, one) for one in campaign.requests if one.id == request_id), None)

    async def inbox(self, user_id: int) -> frozenset[int]:
        """The requests this person may decide on now: what `reviewInbox` lists."""
        return await self._once(("inbox", user_id), lambda: self._inbox(user_id))

    async def _load(self, campaign_id: int) -> Campaign | None:
        found = (await campaigns.load(self.scene.account.id, [campaign_id])).get(campaign_id)
        return None if found is None else self.scene.current(found)

    async def _campaign_of(self, request_id: int) -> int | None:
        return (await lookups.campaigns_of_requests(self.scene.account.id, [request_id])).get(request_id)

    async def _inbox(self, user_id: int) -> frozenset[int]:
        decides = (Permission.APPROVE, Permission.REJECT)
        if not any(self.scene.ever_may(user_id, permission) for permission in decides):
            return frozenset()
        return await tail.ids_of(reading.inbox(self.scene, user_id), INBOX_LIMIT)

    async def _once(self, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        """What was loaded for the first who asked. What fails is tried again by who asks next."""
        task = self._loaded.get(key)
        if task is None or failed(task):
            task = self._loaded[key] = begin(load())
        return await asyncio.shield(task)


def begin(work: Awaitable[T]) -> asyncio.Task[T]:
    """A task that several may wait for: whoever stops waiting (behind a shield) does not stop it."""

    async def run() -> T:
        return await work

    task = asyncio.create_task(run())
    task.add_done_callback(failed)  # looks at the error, which is nobody's when all have gone
    return task


def failed(task: asyncio.Task[Any]) -> bool:
    """Whether it has ended without a result."""
    return task.done() and (task.cancelled() or task.exception() is not None)
