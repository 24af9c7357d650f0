"""The subscriptions, and the context in which one is served: everything of the last event is forgotten.

`Context` is made for one operation, and a subscription is an operation that lasts: so who is calling, the
scene and the loaders are exchanged before each event.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated, Any, TypeAlias

import strawberry

from gql_approvals.schema import campaigns as shown
from gql_approvals.schema.context import Context
from gql_approvals.schema.fields import about, arg, said
from gql_approvals.schema.node import key_of
from gql_approvals.service import following
from gql_approvals.service.following import Follower
from gql_approvals.service.live import Listener, Presence
from gql_approvals.service.moment import Moment


@dataclass(kw_only=True)
class LiveContext(Context):
    """The context of an operation over a connection that lasts. Close it when the operation is over."""

    presence: Presence
    _listeners: list[Listener] = field(default_factory=list[Listener], init=False)

    async def follower(self) -> Follower:
        """The caller, who from now on misses nothing of their account.

        Raises:
            Unauthenticated: when nobody is calling, or the token is not good.
            AccountRequired: when the account is not clear.
        """
        caller = await self.caller()
        listener = await self.office.feed.listen(caller.account.id)
        self._listeners.append(listener)
        return Follower(office=self.office, presence=self.presence, user_id=caller.user_id, listener=listener)

    def renew(self, moment: Moment) -> None:
        """Forget the last event: this is what the next one is resolved with."""
        if self._caller is not None:
            user_id, scene = self._caller.user_id, moment.scene
            self._caller = replace(self._caller, account=scene.account, member=scene.members[user_id])
        self._scene = self._rights = moment.scene
        self._known = dict(moment.scene.users)
        self._loaders.clear()

    def close(self) -> None:
        """Follow no more."""
        for listener in self._listeners:
            listener.close()


LiveInfo: TypeAlias = strawberry.Info[LiveContext, None]


@strawberry.enum(description="How a review inbox changes.")
class InboxChange(Enum):
    """Which way a request has gone."""

    ADDED = strawberry.enum_value("ADDED", description="The viewer may decide on the request now.")
    REMOVED = strawberry.enum_value("REMOVED", description="They may not, or need not, any more.")


@strawberry.type(description="A request that has come into the viewer's review inbox, or gone from it.")
class ReviewInboxChange:
    """Answers `service.following.InboxChange`."""

    change: InboxChange = about("Whether it has come or gone.")
    request: shown.ApprovalRequest = about("The request.")


def subscription(resolver: Any) -> Any:  # noqa: ANN401  # what strawberry.subscription gives
    """Declare a subscription; the resolver's docstring becomes the description."""
    return strawberry.subscription(resolver=resolver, description=said(resolver))


@strawberry.type(description="Everything that can be followed live.")
class Subscription:
    """The root of all live updates. A resolver has begun to follow when it returns."""

    @subscription
    async def campaign_changed(
        self,
        info: LiveInfo,
        campaign_id: Annotated[
            strawberry.ID | None, arg("Only this campaign; omitted: every campaign the viewer may see.")
        ] = None,
    ) -> AsyncGenerator[shown.Campaign]:
        """A campaign that has changed, as it is now; one event a change. What one may not see is not told."""
        wanted = None if campaign_id is None else key_of("Campaign", campaign_id)
        return _campaigns(info.context, await info.context.follower(), wanted)

    @subscription
    async def review_inbox_changed(self, info: LiveInfo) -> AsyncGenerator[ReviewInboxChange]:
        """What comes into the viewer's `reviewInbox`, and what goes from it, whatever the reason."""
        follower = await info.context.follower()
        _, known = await follower.inbox()
        return _inbox(info.context, follower, known)


async def _campaigns(
    context: LiveContext, follower: Follower, wanted: int | None
) -> AsyncGenerator[shown.Campaign]:
    async for moment, campaign in follower.campaigns(wanted):
        context.renew(moment)
        yield shown.campaign(campaign)


async def _inbox(
    context: LiveContext, follower: Follower, known: frozenset[int]
) -> AsyncGenerator[ReviewInboxChange]:
    async for told in follower.inbox_changes(known):
        context.renew(told.moment)
        yield ReviewInboxChange(
            change=InboxChange.ADDED if told.added else InboxChange.REMOVED,
            request=shown.approval_request(told.campaign, told.request),
        )


async def sign_in(context: LiveContext) -> None:
    """Find out who is calling, and note it for the connection.

    Raises:
        Unauthenticated: when the token is not good.
        AccountRequired: when the account is not clear.
    """
    if context.token is None:
        return
    caller = await context.caller()
    context.presence.check = lambda: replace(context).caller()  # by a copy, which knows nothing yet
    await following.sign_in(
        context.office,
        context.presence,
        context.token,
        user_id=caller.user_id,
        account_id=caller.account.id,
    )
