"""What a resolver gets: who is calling, their account at this moment, and loaders that batch.

One context serves one operation. After a mutation the scene and the loaders are made anew, so that its
payload shows what it did.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from gql_approvals.errors import RequestFault, Unauthenticated
from gql_approvals.observability.call import current
from gql_approvals.persistence import campaigns, lookups, people
from gql_approvals.persistence.people import User
from gql_approvals.persistence.whole import Found
from gql_approvals.service import perform, reading
from gql_approvals.service.caller import Caller, authenticate
from gql_approvals.service.perform import Office
from gql_approvals.service.scene import Rights, Scene
from gql_approvals.service.tasks import Result, Task
from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.model import Campaign, Publication, Revision

K = TypeVar("K", bound=Hashable)
NO_TOKEN = "sign in: send `Authorization: Bearer` with a token"  # noqa: S105  # a message


@dataclass
class Context:
    """`token` and `account_slug` are what the request said; nothing has been checked yet."""

    office: Office
    token: str | None
    account_slug: str | None
    request_id: str
    _caller: Caller | None = field(default=None, init=False)
    _scene: Scene | None = field(default=None, init=False)
    _rights: Rights | None = field(default=None, init=False)
    _known: dict[int, User] = field(default_factory=dict[int, User], init=False)
    _named: list[dict[int, User]] = field(default_factory=list[dict[int, User]], init=False)
    _has_performed: bool = field(default=False, init=False)
    _refused: RequestFault | None = field(default=None, init=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _loaders: dict[Hashable, DataLoader[Any, Any]] = field(
        default_factory=dict[Hashable, DataLoader[Any, Any]], init=False
    )

    async def caller(self) -> Caller:
        """Who is calling.

        Raises:
            Unauthenticated: when nobody is, or the token is not good.
            AccountRequired: when the account is not clear.
        """
        if self._caller is None:
            async with self._asking:  # fields that begin together ask once
                self._caller = self._caller or await self._asked()
        return self._caller

    async def _asked(self) -> Caller:
        if self._refused is not None:
            raise self._refused
        try:
            caller = await self._authenticated()
        except RequestFault as fault:
            self._refused = fault  # a bad token is refused, and logged, once for the operation
            raise
        _note(caller)
        return caller

    async def _authenticated(self) -> Caller:
        if self.token is None:
            raise Unauthenticated(NO_TOKEN)
        office = self.office
        return await authenticate(self.token, self.account_slug, office.now(), office.sign_in)

    async def scene(self) -> Scene:
        """The caller's account as it is now."""
        if self._scene is None:
            caller = await self.caller()
            async with self._asking:
                self._scene = self._scene or await self.office.scene(caller.account.id)
            self._known |= self._scene.users
        return self._scene

    async def rights(self) -> Rights:
        """What the caller may do, as they were authenticated; after a mutation, as it is now."""
        if self._rights is None:
            stale = self._has_performed
            self._rights = await self.scene() if stale else self.office.view(await self.caller(), self.scene)
        return self._rights

    async def perform(self, task: Task, key: str | None) -> Result:
        """Perform a mutation; what is read afterwards is read anew."""
        try:
            return await perform.perform(self.office, await self.caller(), task, key=key)
        finally:
            self._has_performed = True
            self._scene = self._rights = None
            self._known.clear()
            self._named.clear()
            self._loaders.clear()

    async def user(self, user_id: int) -> User:
        """A person."""
        [found] = await self.users([user_id])
        return found

    async def users(self, user_ids: Iterable[int]) -> list[User]:
        """People by their keys, in this order."""
        wanted = list(user_ids)
        known = self._known
        for named in self._named:  # they grow as parts of campaigns are looked at
            known |= named
        if not known.keys() >= set(wanted):
            others = [key for key in wanted if key not in known]
            found: list[User | None] = await self._loader("users", _load_users).load_many(others)
            known |= {user.id: user for user in found if user is not None}
        return [known[key] for key in wanted]  # people are never deleted

    async def campaign(self, campaign_id: int) -> Campaign | None:
        """A campaign that the caller may see, as it is now."""
        found: Campaign | None = await self._loader("campaigns", self._load_campaigns).load(campaign_id)
        return found

    async def campaigns(self, ids: Sequence[int]) -> Mapping[int, Campaign]:
        """Campaigns that the caller may see, as they are now."""
        user_id = (await self.caller()).user_id
        return self._met(await reading.visible_campaigns(await self.rights(), user_id, ids))

    async def reviewed(self, requests: Sequence[int]) -> Mapping[int, Campaign]:
        """The same: those that these requests are about."""
        user_id = (await self.caller()).user_id
        return self._met(await reading.reviewed_campaigns(await self.rights(), user_id, requests))

    def _met(self, found: Found) -> Mapping[int, Campaign]:
        self._named.append(found.people)
        return found.campaigns

    async def acted_on(self, campaign_id: int) -> Campaign:
        """A campaign that the caller has just changed, seen or not."""
        scene = await self.scene()
        found = self._met(await campaigns.find(scene.account.id, [campaign_id]))
        return scene.current(found[campaign_id])

    async def publication(self, publication_id: int) -> tuple[Campaign, Publication]:
        """A publication whose figures the caller has just changed, with its campaign."""
        account_id = (await self.caller()).account.id
        campaign_id, value = (await lookups.publications(account_id, [publication_id]))[publication_id]
        return await self.acted_on(campaign_id), value

    async def revision(self, campaign_id: int, number: int) -> Revision:
        """A revision of a campaign that the caller may see."""
        places = self._loader("revisions", self._load_revisions)
        found: Revision | None = await places.load((campaign_id, number))
        if found is None:
            raise LookupError((campaign_id, number))  # revisions are never deleted
        return found

    def gathered(
        self, batch: Callable[..., Any], info: "Info", arguments: Mapping[str, Hashable]
    ) -> DataLoader[Any, Any]:
        """What calls a relation's function once for all parents that ask at the same moment."""
        key = (batch, *arguments.items())
        if key not in self._loaders:  # it remembers no parents: what these are asked for, others remember

            async def load(parents: list[Any]) -> Any:  # noqa: ANN401  # what the relation gives
                return await batch(parents, info, **arguments)

            self._loaders[key] = DataLoader(load_fn=load, cache=False)
        return self._loaders[key]

    def _loader(self, name: str, load: Callable[[list[K]], Any]) -> DataLoader[K, Any]:
        return self._loaders.setdefault(name, DataLoader(load_fn=load))

    async def _load_campaigns(self, ids: list[int]) -> Sequence[Campaign | None]:
        found = await self.campaigns(ids)
        return [found.get(key) for key in ids]

    async def _load_revisions(self, places: list[tuple[int, int]]) -> Sequence[Revision | None]:
        found = await lookups.revisions((await self.caller()).account.id, places)
        return [found.get(place) for place in places]


def _note(caller: Caller) -> None:
    """Let records of the operation say who asks."""
    call = current()
    if call is not None:
        call.user, call.account = global_id("User", caller.user_id), caller.account.slug


async def _load_users(ids: list[int]) -> Sequence[User | None]:
    found = await people.users(ids)
    return [found.get(key) for key in ids]


Info: TypeAlias = strawberry.Info[Context, None]
