"""What a follower is told: each change once, in order, and only what they may see when they are told.

Who follows is looked at again for each event: the token, the membership, the roles and the policy in force.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TypeVar

from gql_approvals.errors import RequestFault, Unauthenticated, Unavailable
from gql_approvals.persistence import people, tail
from gql_approvals.service.caller import REFUSED
from gql_approvals.service.live import Leaving, Listener, Presence
from gql_approvals.service.moment import Moment
from gql_approvals.service.perform import Office
from gql_approvals.workflow.model import ApprovalRequest, Campaign

T = TypeVar("T")
CHECK_S = 0.5  # whether tokens and memberships stand: twice within the second that is promised
OTHER_CHECK_S = 30.0  # callers without an API token, each by themselves
AT_ONCE = 20  # changes of an inbox that are told before it is looked at again
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class InboxChange:
    """A request that has come into somebody's review inbox, or gone from it."""

    moment: Moment
    added: bool
    campaign: Campaign
    request: ApprovalRequest


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Somebody who follows an account. `presence` is their connection's."""

    office: Office
    presence: Presence
    user_id: int
    listener: Listener

    async def campaigns(self, wanted: int | None) -> AsyncGenerator[tuple[Moment, Campaign]]:
        """The campaigns that change, or the one that is wanted, as they are when they are told.

        Raises:
            Unauthenticated: when the follower's token or membership does not stand any more.
        """
        while True:
            for change in await patiently(self.listener.changes):
                if change.campaign_id is None or wanted not in {None, change.campaign_id}:
                    continue
                moment, campaign = await patiently(partial(self._campaign, change.campaign_id))
                if campaign is not None:
                    yield moment, campaign

    async def _campaign(self, key: int) -> tuple[Moment, Campaign | None]:
        moment = await self.moment()
        return moment, await moment.campaign(self.user_id, key)

    async def inbox_changes(self, known: frozenset[int]) -> AsyncGenerator[InboxChange]:
        """How the follower's review inbox comes to differ from what is `known` of it.

        What is gone is told before what is new, and not at all when they may not see it any more.

        Raises:
            Unauthenticated: when the follower's token or membership does not stand any more.
        """
        while True:
            moment, current = await patiently(self.inbox)
            differences = list(chain(sorted(known - current), sorted(current - known)))[:AT_ONCE]
            for number, request_id in enumerate(differences):
                if number and not self.listener.room.is_fresh(moment.begun_s):
                    break  # the follower was slow to take the last one
                found = await patiently(partial(moment.request, self.user_id, request_id))
                known ^= {request_id}
                if found is not None:
                    yield InboxChange(moment, request_id in current, *found)
            if not differences:
                await patiently(self.listener.changes)

    async def inbox(self) -> tuple[Moment, frozenset[int]]:
        """The follower's review inbox."""
        moment = await self.moment()
        return moment, await moment.inbox(self.user_id)

    async def moment(self) -> Moment:
        """The account as it is, after making sure that the follower may still look at it.

        Raises:
            Unauthenticated: when they may not; their connection is ended, too.
        """
        moment = await self.listener.room.moment(self._load)
        if self._stands(moment):
            return moment
        self.presence.leave(Leaving.SIGNED_OUT)
        raise Unauthenticated(REFUSED)

    def _stands(self, moment: Moment) -> bool:
        if self.user_id not in moment.scene.active:
            return False
        mine = self.presence.stands_in
        return mine is None or mine in moment.good_tokens or self.presence.checked_s > moment.begun_s

    async def _load(self, begun_s: float) -> Moment:
        account_id = self.listener.room.account_id
        present = [one for one in self.office.feed.presences if one.account_id == account_id]
        hashes = {one.token_hash for one in present if one.token_hash}
        good = await tail.standing_tokens(hashes, self.office.now())
        return Moment(await self.office.scene(account_id), good, begun_s)


async def sign_in(office: Office, presence: Presence, token: str, *, user_id: int, account_id: int) -> None:
    """Note for whom a connection is, just after the caller was authenticated by this token.

    Raises:
        Unavailable: when the database does not answer.
    """
    text = people.token_hash(token)
    good = await tail.standing_tokens({text}, office.now())
    presence.user_id, presence.account_id = user_id, account_id
    presence.token_hash = text if (text, account_id) in good else None
    presence.checked_s = asyncio.get_running_loop().time()


async def check_presences(office: Office) -> None:
    """End the connections of those whose token or membership does not stand any more.

    Raises:
        Unavailable: when the database does not answer: everybody stays, and is looked at by the next call.
    """
    present = {one: one.stands_in for one in office.feed.presences}  # as they are now
    held = {stands_in for stands_in in present.values() if stands_in is not None}
    good = await tail.standing_tokens({text for text, _ in held}, office.now())
    others = [one for one, stands_in in present.items() if one.user_id is not None and stands_in is None]
    active = await tail.active_members({one.user_id for one in others if one.user_id is not None})
    gone = [one for one, stands_in in present.items() if stands_in in held - good]
    gone += [one for one in others if one.account_id not in active.get(one.user_id or 0, ())]
    gone += [one for one in others if not await _passes(one)]
    for presence in gone:
        presence.leave(Leaving.SIGNED_OUT)


async def _passes(presence: Presence) -> bool:
    """Whether a caller without an API token passes their own check, if it is time for it."""
    now_s = asyncio.get_running_loop().time()
    if presence.check is None or now_s - presence.checked_s < OTHER_CHECK_S:
        return True
    presence.checked_s = now_s
    try:
        await presence.check()
    except Unavailable:
        return True
    except RequestFault:
        return False
    return True


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do it again until the database answers: nothing is lost meanwhile."""
    while True:
        try:
            return await work()
        except Unavailable:
            await asyncio.sleep(_RETRY_S)
