"""Campaigns and what belongs to them, as the API answers them.

Every type here holds the campaign as it is at this moment: statuses are effective, whether or not a clock
has written an expiry down.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from gql_approvals.errors import BadUserInput
from gql_approvals.persistence import lookups, pages
from gql_approvals.schema import parts, people
from gql_approvals.schema.connections import After, Connection, First, connect
from gql_approvals.schema.content import Content, answered
from gql_approvals.schema.context import Info
from gql_approvals.schema.fields import about, arg, field
from gql_approvals.schema.node import Node, stored
from gql_approvals.schema.relations import relation
from gql_approvals.schema.scalars import JSON
from gql_approvals.service import reading
from gql_approvals.service.eligibility import electors
from gql_approvals.workflow import changes, model
from gql_approvals.workflow.vocabulary import (
    Authorisation,
    CampaignStatus,
    Channel,
    PublishMode,
    RequestStatus,
    Verdict,
)


@strawberry.type(description="A numbered content of a campaign; for ever as it is once it was submitted.")
class Revision(Node):
    """Answers `workflow.model.Revision`."""

    value: strawberry.Private[model.Revision]
    number: int = about("Counted from 1; numbers are never used again.")
    audience: parts.Audience = about("Who gets it.")
    scheduled_at: datetime | None = about("When it goes out, if it is scheduled.")
    created_at: datetime = about("When it was made.")

    @field
    def content(self) -> Content:
        """The copy."""
        return answered(self.value.content)

    @field
    def content_hash(self) -> str:
        """What a vote is for: a hash over the three section hashes."""
        return self.value.hashes.content

    @field
    def section_hashes(self) -> list[parts.SectionHash]:
        """The hash of each section."""
        found = self.value.hashes.by_section
        return [parts.SectionHash(section=section, hash=text) for section, text in found.items()]

    @field
    async def contributors(self, info: Info) -> list[people.User]:
        """Who made this content; none of them may decide on it."""
        return await people.users(info, sorted(self.value.contributors))

    @relation
    @staticmethod
    async def created_by(parents: Sequence["Revision"], info: Info) -> Sequence[people.User]:
        """Who began it."""
        return await people.users(info, [parent.value.created_by for parent in parents])


@strawberry.type(description="One person's decision on one content.")
class Decision(Node):
    """Answers `workflow.model.Decision`."""

    user_id: strawberry.Private[int]
    verdict: Verdict = about("Approved or rejected.")
    at: datetime = about("When it was made.")
    reason: str | None = about("Why it was rejected, or what the checker remarked.")
    content_hash: str = about("The hash of the content that it was made for.")
    policy_version: str = about("The version of the policy that allowed it.")
    voided: bool = about("Whether an edit, a withdrawal or a revocation undid it.")

    @relation
    @staticmethod
    async def by(parents: Sequence["Decision"], info: Info) -> Sequence[people.User]:
        """Who decided."""
        return await people.users(info, [parent.user_id for parent in parents])


@strawberry.type(description="One review of one revision.")
class ApprovalRequest(Node):
    """Answers `workflow.model.ApprovalRequest`."""

    of: strawberry.Private[model.Campaign]
    value: strawberry.Private[model.ApprovalRequest]
    content_hash: str = about("The hash of the content under review: send it with your decision.")
    status: RequestStatus = about("How it ended, or OPEN.")
    submitted_at: datetime = about("When it was submitted.")
    expires_at: datetime | None = about("Until when it can be decided.")
    note: str | None = about("What the submitter wrote to the checkers.")
    policy_version: str = about("The version of the policy that set the requirements.")

    @field
    def decisions(self) -> list[Decision]:
        """The decisions, in the order they were made."""
        return [decision(item) for item in self.value.decisions]

    @field
    def campaign(self) -> "Campaign":
        """The campaign."""
        return campaign(self.of)

    @field
    async def revision(self, info: Info) -> Revision:
        """The revision under review."""
        return await _revision(info, self.of, self.value.revision_number)

    @relation
    @staticmethod
    async def submitted_by(parents: Sequence["ApprovalRequest"], info: Info) -> Sequence[people.User]:
        """Who asked for approval."""
        return await people.users(info, [parent.value.submitted_by for parent in parents])

    @field
    async def requirements(self, info: Info) -> list[parts.Requirement]:
        """What must be met, and how far it is."""
        tallies = reading.request_tallies(await info.context.scene(), self.of, self.value)
        return [parts.Requirement(value=tally) for tally in tallies]

    @field
    async def eligible_approvers(self, info: Info) -> list[parts.Eligibility]:
        """Every active member, with what is in the way of their approval counting."""
        reader = (await info.context.caller()).user_id
        scene = await info.context.scene()
        found = electors(scene, self.of, self.value.requirements, to=reader)
        return [parts.eligibility(elector) for elector in found]


@strawberry.type(description="A revision that went out.")
class Publication(Node):
    """Answers `workflow.model.Publication`."""

    of: strawberry.Private[model.Campaign]
    value: strawberry.Private[model.Publication]
    content_hash: str = about("The hash of exactly what was sent.")
    authorisation: Authorisation = about("What allowed it, for ever.")
    sent_at: datetime = about("When the hand-over was committed.")
    handed_over_at: datetime | None = about("When the sending system took it.")
    metrics: parts.Metrics = about("The sending system's figures.")

    @field
    async def revision(self, info: Info) -> Revision:
        """What was sent."""
        return await _revision(info, self.of, self.value.revision_number)

    @field
    def request(self) -> ApprovalRequest | None:
        """The review that authorised it; null when approvals were off."""
        found = [item for item in self.of.requests if item.id == self.value.request_id]
        return approval_request(self.of, found[0]) if found else None


@strawberry.type(description="A campaign; `status` speaks of its head revision.")
class Campaign(Node):
    """Answers `workflow.model.Campaign`."""

    value: strawberry.Private[model.Campaign]
    name: str = about("What people call it; not part of the content.")
    channel: Channel = about("Where it is sent; fixed for ever.")
    status: CampaignStatus = about("Where the head revision stands.")
    version: int = about("Raised by every accepted change: send it as `expectedVersion`.")
    created_at: datetime = about("When it was created.")
    updated_at: datetime = about("When it last changed.")
    authorisation: Authorisation | None = about("What allows an APPROVED or SENT head to be sent.")

    @field
    def publish_mode(self) -> PublishMode:
        """What makes it go out once it is approved."""
        return self.value.head.publish_mode

    @relation
    @staticmethod
    async def created_by(parents: Sequence["Campaign"], info: Info) -> Sequence[people.User]:
        """Who created it."""
        return await people.users(info, [parent.value.created_by for parent in parents])

    @field
    async def duplicated_from(self, info: Info) -> "Campaign | None":
        """The campaign it was duplicated from, if the viewer may see it."""
        if self.value.duplicated_from is None:
            return None
        source = await info.context.campaign(self.value.duplicated_from)
        return None if source is None else campaign(source)

    @field
    def head(self) -> Revision:
        """The newest revision that is not discarded."""
        return revision(self.value.head)

    @field
    def live(self) -> Publication | None:
        """What recipients get now."""
        return None if self.value.live is None else publication(self.value, self.value.live)

    @field
    def open_request(self) -> ApprovalRequest | None:
        """The request that waits for decisions."""
        request = self.value.open_request
        return None if request is None else approval_request(self.value, request)

    @field
    def metrics(self) -> parts.Metrics | None:
        """The figures of the live publication."""
        return None if self.value.live is None else parts.metrics(self.value.live.metrics)

    @relation
    @staticmethod
    async def viewer_actions(
        parents: Sequence["Campaign"], info: Info
    ) -> Sequence[list[parts.ActionVerdict]]:
        """What the viewer may do to it now, and why not: by the code that answers the mutations."""
        caller, scene = await info.context.caller(), await info.context.scene()
        return [
            parts.action_verdicts(parent.value, reading.viewer_actions(scene, caller, parent.value))
            for parent in parents
        ]

    @field
    async def requests(self, first: First = 20, after: After = None) -> Connection[ApprovalRequest]:
        """All its requests, newest first."""
        by_id = {item.id: item for item in self.value.requests}

        async def load(keys: Sequence[int]) -> Mapping[int, ApprovalRequest]:
            return {key: approval_request(self.value, by_id[key]) for key in keys if key in by_id}

        return await connect(pages.requests(stored(self.value.id)), first, after, load)

    @field
    async def revisions(self, info: Info, first: First = 20, after: After = None) -> Connection[Revision]:
        """All its revisions, discarded ones included, newest first."""

        async def load(keys: Sequence[int]) -> Mapping[int, Revision]:
            places = await lookups.revision_places(self.value.account_id, keys)
            return {key: await _revision(info, self.value, place[1]) for key, place in places.items()}

        return await connect(pages.revisions(stored(self.value.id)), first, after, load)

    @field
    async def publications(self, first: First = 20, after: After = None) -> Connection[Publication]:
        """All that was sent of it, newest first."""

        async def load(keys: Sequence[int]) -> Mapping[int, Publication]:
            found = await lookups.publications(self.value.account_id, keys)
            return {key: publication(self.value, item) for key, (_, item) in found.items()}

        return await connect(pages.publications(stored(self.value.id)), first, after, load)

    @field
    async def comments(self, first: First = 20, after: After = None) -> Connection[parts.Comment]:
        """What was said about it, oldest first."""

        async def load(keys: Sequence[int]) -> Mapping[int, parts.Comment]:
            found = await lookups.comments(self.value.account_id, keys)
            return {key: parts.comment(item) for key, (_, item) in found.items()}

        return await connect(pages.comments(stored(self.value.id)), first, after, load)

    @field
    async def changes(
        self,
        from_: Annotated[int, strawberry.argument(name="from", description="The earlier revision's number.")],
        to: Annotated[int, arg("The later revision's number.")],
    ) -> list[parts.FieldChange]:
        """The fields that differ between two of its revisions, discarded ones included."""
        places = [(stored(self.value.id), number) for number in (from_, to)]
        found = await lookups.revisions(self.value.account_id, places)
        unknown = [number for key, number in places if (key, number) not in found]
        if unknown:
            raise BadUserInput(f"there is no revision {unknown[0]} of this campaign: `revisions` lists them")
        return [parts.field_change(item) for item in changes.changes(found[places[0]], found[places[1]])]


# --------------------------------------------------------------------------------------- from the values
def campaign(value: model.Campaign) -> Campaign:
    """A campaign as the API answers it."""
    return Campaign(
        key=stored(value.id),
        value=value,
        name=value.name,
        channel=value.channel,
        status=value.status,
        version=value.version,
        created_at=value.created_at,
        updated_at=value.updated_at,
        authorisation=value.authorisation,
    )


def revision(value: model.Revision) -> Revision:
    """A revision as the API answers it."""
    definition = value.audience.definition
    return Revision(
        key=stored(value.id),
        value=value,
        number=value.number,
        audience=parts.Audience(
            segment=value.audience.segment,
            definition=None if definition is None else JSON(definition),
            estimated_size=value.audience.estimated_size,
        ),
        scheduled_at=value.scheduled_at,
        created_at=value.created_at,
    )


def approval_request(of: model.Campaign, value: model.ApprovalRequest) -> ApprovalRequest:
    """A request as the API answers it."""
    return ApprovalRequest(
        key=stored(value.id),
        of=of,
        value=value,
        content_hash=value.content_hash,
        status=value.status,
        submitted_at=value.submitted_at,
        expires_at=value.expires_at,
        note=value.note,
        policy_version=value.policy_version,
    )


def decision(value: model.Decision) -> Decision:
    """A decision as the API answers it."""
    return Decision(
        key=stored(value.id),
        user_id=value.by,
        verdict=value.verdict,
        at=value.at,
        reason=value.reason,
        content_hash=value.content_hash,
        policy_version=value.policy_version,
        voided=value.voided,
    )


def publication(of: model.Campaign, value: model.Publication) -> Publication:
    """A publication as the API answers it."""
    return Publication(
        key=stored(value.id),
        of=of,
        value=value,
        content_hash=value.content_hash,
        authorisation=value.authorisation,
        sent_at=value.sent_at,
        handed_over_at=value.handed_over_at,
        metrics=parts.metrics(value.metrics),
    )


def loader(info: Info) -> Callable[[Sequence[int]], Awaitable[Mapping[int, Campaign]]]:
    """What loads a page of campaigns, without those that the viewer may not see."""

    async def load(keys: Sequence[int]) -> Mapping[int, Campaign]:
        return {key: campaign(value) for key, value in (await info.context.campaigns(keys)).items()}

    return load


async def _revision(info: Info, of: model.Campaign, number: int) -> Revision:
    held = [item for item in (of.head, of.live_revision) if item is not None and item.number == number]
    return revision(held[0] if held else await info.context.revision(stored(of.id), number))
