"""A case: everything one decision of the workflow may look at, and the change that comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from gql_approvals.errors import Refusal
from gql_approvals.workflow.content import NOT_CANONICAL, Json, SectionHashes, hashes
from gql_approvals.workflow.electorate import Electorate
from gql_approvals.workflow.intent import Intent, Unset
from gql_approvals.workflow.model import Account, ApprovalRequest, Campaign, Comment, Publication, Requirement
from gql_approvals.workflow.quorum import is_met
from gql_approvals.workflow.vocabulary import PublishMode, Recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that the workflow depends on."""

    review: timedelta = timedelta(days=14)
    grace: timedelta = timedelta(seconds=300)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question to the workflow.

    `campaign` is None only for CREATE. `actor` is a user id, None for the system. `requirements` is what the
    policy asks for the head's content now. `asked_hashes`: the sections of the content that the caller's hash
    names, if it is known. `probing` marks a question of `viewerActions`: nothing is
    proposed, so an edit stands for any edit that changes the content.
    """

    account: Account
    campaign: Campaign | None
    actor: int | None
    intent: Intent
    now: datetime
    electorate: Electorate
    requirements: tuple[Requirement, ...]
    policy_version: str
    asked_hashes: SectionHashes | None = None
    rules: Rules = Rules()
    probing: bool = False

    @property
    def at_hand(self) -> Campaign:
        """The campaign, for every action but CREATE."""
        if self.campaign is None:
            raise LookupError(self.intent.action)
        return self.campaign

    @property
    def by(self) -> int:
        """The acting person, for every action that a person does."""
        if self.actor is None:
            raise LookupError(self.intent.action)
        return self.actor

    @cached_property
    def meets_the_quorum(self) -> bool:
        """Whether this person's approval would meet the last requirement."""
        request = self.at_hand.open_request
        return request is not None and is_met(request, self.electorate, approved_by=self.by)

    @property
    def content_hash(self) -> str:
        """The hash that the caller speaks of."""
        asked = self.intent.content_hash
        return self.at_hand.head.hashes.content if asked is None else asked

    @property
    def proposed(self) -> SectionHashes:
        """The section hashes that the campaign would have after this edit."""
        head, intent = self.at_hand.head, self.intent
        return hashes(
            self.at_hand.channel,
            intent.content or head.content,
            intent.audience or head.audience,
            self.proposed_mode,
            self.proposed_time,
        )

    @property
    def proposed_mode(self) -> PublishMode:
        """The publish mode after this edit."""
        return self.intent.publish_mode or self.at_hand.head.publish_mode

    @property
    def proposed_time(self) -> datetime | None:
        """The scheduled time after this edit."""
        asked = self.intent.scheduled_at
        return self.at_hand.head.scheduled_at if isinstance(asked, Unset) else asked

    @property
    def changes_content(self) -> bool:
        """Whether this edit makes another content; what has no canonical form does (and is INVALID_INPUT)."""
        try:
            return self.probing or self.proposed != self.at_hand.head.hashes
        except NOT_CANONICAL:
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, for the audit log and for the people it is told to.

    `detail`: ids and hashes only. `reason`: the actor's words for those who are told; a rejection's stand in
    its decision.
    """

    kind: str
    tells: frozenset[Recipients] = frozenset()
    detail: Mapping[str, Json] = field(default_factory=dict[str, Json])
    voters: frozenset[int] = frozenset()
    request: ApprovalRequest | None = None
    reason: str | None = None
    hands_over: Publication | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a transition makes: the campaign afterwards and the events, in order.

    `discarded_above`: revisions with a higher number become DISCARDED. `comment`: what was said beside it.
    `refusal`: answered although the change is kept (a content that fails its integrity check is held, then
    refused).
    """

    campaign: Campaign
    events: tuple[Event, ...]
    discarded_above: int | None = None
    comment: Comment | None = None
    refusal: Refusal | None = None
