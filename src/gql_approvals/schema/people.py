"""Accounts, users, members, and whoever is asking."""

from collections.abc import Iterable, Sequence

import strawberry

from gql_approvals.persistence import people
from gql_approvals.schema.context import Info
from gql_approvals.schema.fields import about, field
from gql_approvals.schema.node import Node, stored
from gql_approvals.schema.relations import relation
from gql_approvals.service import reading
from gql_approvals.service.caller import Caller
from gql_approvals.service.scopes import TokenScope, in_order, suffices
from gql_approvals.workflow import model
from gql_approvals.workflow.vocabulary import CampaignStatus, NotifyScope


@strawberry.type(description="How many campaigns have a status.")
class StatusCount:
    """Answers an entry of `service.reading.status_counts`."""

    status: CampaignStatus = about("The status.")
    count: int = about("How many campaigns that the viewer may see have it, counted up to 1000.")


@strawberry.type(description="A tenant: its people, its campaigns, and whether they need approval.")
class Account(Node):
    """Answers `workflow.model.Account`."""

    slug: str = about("The name in addresses, and what X-Account takes.")
    name: str = about("The name for people.")
    time_zone: str = about("The IANA time zone that mails show times in.")
    approvals_enabled: bool = about("Whether campaigns need approval before they are sent.")
    notify_scope: NotifyScope = about("Who is told of submissions and decisions.")

    @field
    async def status_counts(self, info: Info) -> list[StatusCount]:
        """How many campaigns have which status now; every status is there."""
        caller, rights = await info.context.caller(), await info.context.rights()
        if rights.account.id != self.key:  # another one of the viewer's accounts
            rights = await info.context.office.scene(self.key)
        counts = await reading.status_counts(rights, caller.user_id)
        return [StatusCount(status=status, count=count) for status, count in counts.items()]


@strawberry.type(description="A person; the same one in every account they belong to.")
class User(Node):
    """Answers `persistence.people.User`."""

    name: str = about("The person's name.")
    email: str = about("The person's address.")


@strawberry.type(description="A person in an account.")
class Member(Node):
    """Answers `workflow.model.Member`."""

    value: strawberry.Private[model.Member]
    roles: list[str] = about("The roles that the policy file gives permissions to.")
    active: bool = about("Whether the person may act in this account.")

    @relation
    @staticmethod
    async def user(parents: Sequence["Member"], info: Info) -> Sequence[User]:
        """The person."""
        return await users(info, [parent.value.user_id for parent in parents])


@strawberry.type(description="Who is asking.")
class Viewer:
    """Answers `service.caller.Caller`."""

    caller: strawberry.Private[Caller]

    @field
    async def user(self, info: Info) -> User:
        """The person behind the token."""
        return await user(info, self.caller.user_id)

    @field
    async def account(self, info: Info) -> Account:
        """The account that this request speaks of."""
        return account((await info.context.rights()).account)

    @field
    async def accounts(self) -> list[Account]:
        """All accounts of the person; choose one with the header X-Account."""
        return [account(item) for item in self.caller.accounts]

    @field
    async def roles(self, info: Info) -> list[str]:
        """The person's roles in this account."""
        return sorted((await info.context.rights()).active.get(self.caller.user_id, ()))

    @field
    async def permissions(self, info: Info) -> list[str]:
        """What the viewer may do with this token, at least for some campaigns: words of the policy file."""
        found = reading.permissions(await info.context.rights(), self.caller.user_id)
        return [permission.value for permission in found if suffices(self.caller.scopes, permission)]

    @field
    def scopes(self) -> list[TokenScope]:
        """What this token may be used for, whatever its owner may do."""
        return in_order(self.caller.scopes)


def account(value: model.Account) -> Account:
    """An account as the API answers it."""
    return Account(
        key=value.id,
        slug=value.slug,
        name=value.name,
        time_zone=value.time_zone,
        approvals_enabled=value.approvals_enabled,
        notify_scope=value.notify_scope,
    )


def person(value: people.User) -> User:
    """A person as the API answers them."""
    return User(key=value.id, name=value.name, email=value.email)


def member(value: model.Member) -> Member:
    """A member as the API answers them."""
    return Member(key=stored(value.id), value=value, roles=sorted(value.roles), active=value.active)


async def user(info: Info, user_id: int) -> User:
    """A person by their key."""
    return person(await info.context.user(user_id))


async def users(info: Info, user_ids: Iterable[int]) -> list[User]:
    """People by their keys, in this order."""
    return [person(found) for found in await info.context.users(user_ids)]
