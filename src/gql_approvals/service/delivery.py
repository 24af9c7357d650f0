"""What a mail or a hand-over says, read from the database at the moment it is sent.

The outbox holds ids only. Whoever lost the right to be told since the event is not told (rule 12); the
content is that of the revision the message names, whatever the campaign has become meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gql_approvals.persistence import campaigns, lookups, people
from gql_approvals.persistence.outbox import Message
from gql_approvals.persistence.people import User
from gql_approvals.service.eligibility import electors
from gql_approvals.service.perform import Office
from gql_approvals.service.recipients import ROLE_HOLDERS, holds_a_role
from gql_approvals.service.scene import Scene, Voters, facts_of
from gql_approvals.workflow.changes import FieldChange, changes
from gql_approvals.workflow.content import Audience, Content
from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.model import ApprovalRequest, Campaign, Requirement, Revision
from gql_approvals.workflow.vocabulary import (
    Authorisation,
    Channel,
    Permission,
    PublishMode,
    Recipients,
    RequestStatus,
    Verdict,
)

SUBMITTED = "campaign:submitted"
APPROVING = frozenset({"campaign:approved", "campaign:sent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A name and an address, as people typed them."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """All that a mail may say. Texts are as people typed them; times are in the account's time zone.

    `actor`: None is the system. `review_revision`: the revision that the review is of, which an edit's own
    revision is not. `request_open`: whether anything is left to decide. `reason`: of the rejection or the
    revocation. `deciders`: who else may decide; filled in for a submission only. `sent_revision`: the last
    one that was sent before this one, None when none was; `changes`: what differs from it.
    """

    key: str
    event: str
    at: datetime
    account_name: str
    account_slug: str
    time_zone: str
    recipient: Person
    actor: str | None
    campaign_id: str
    request_id: str | None
    name: str
    channel: Channel
    revision: int
    review_revision: int
    content: Content
    audience: Audience
    publish_mode: PublishMode
    scheduled_at: datetime | None
    request_open: bool
    submitted_by: str | None
    expires_at: datetime | None
    note: str | None
    reason: str | None
    approved_by: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    deciders: tuple[str, ...]
    sent_revision: int | None
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverFacts:
    """A publication as the sending system gets it. `intact`: the content still is what was authorised."""

    key: str
    account_slug: str
    campaign_id: str
    publication_id: str
    name: str
    channel: Channel
    revision: int
    content: Content
    audience: Audience
    publish_mode: PublishMode
    scheduled_at: datetime | None
    content_hash: str
    authorisation: Authorisation
    sent_at: datetime
    intact: bool


# -------------------------------------------------------------------------------------------------- mail
async def mail_facts(office: Office, message: Message) -> MailFacts | None:
    """What the mail says now; None when its recipient is not to be told any more.

    Raises:
        LookupError: when the message names a campaign or revision that is not stored.
        Unavailable: when the database is lost.
    """
    scene = await office.scene(message.account_id)
    campaign = await _campaign(message)
    request = _request(message, campaign)
    user = _number(message, "recipient")
    groups = message.payload.get("groups")
    named = [str(group) for group in groups] if isinstance(groups, list) else []
    if user not in scene.active or not any(
        _RIGHTS[group](scene, campaign, request, user) for group in named if group in _RIGHTS
    ):
        return None
    place = (_number(message, "campaign"), _number(message, "revision"))
    revision = (await lookups.revisions(message.account_id, [place])).get(place)
    if revision is None:
        raise LookupError(message.key)
    entry = await lookups.audit_event_at(message.account_id, _number(message, "seq"))
    actor = None if entry is None else entry.entry.actor
    deciders = _deciders(scene, campaign, request, user) if _event(message) == SUBMITTED else ()
    users = await people.users({user, *deciders, *_mentioned(request), *(() if actor is None else (actor,))})
    return _mail_facts(
        message,
        _Subject(scene=scene, campaign=campaign, request=request, revision=revision),
        users,
        actor=actor,
        deciders=deciders,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a message is about."""

    scene: Scene
    campaign: Campaign
    request: ApprovalRequest | None
    revision: Revision


def _mail_facts(
    message: Message,
    about: _Subject,
    users: Mapping[int, User],
    *,
    actor: int | None,
    deciders: tuple[int, ...],
) -> MailFacts:
    request, revision, account = about.request, about.revision, about.scene.account
    recipient = users[_number(message, "recipient")]
    zone = _zone(account.time_zone)
    sent = _sent_before(about.campaign, revision)
    return MailFacts(
        key=message.key,
        event=_event(message),
        at=message.created_at.astimezone(zone),
        account_name=account.name,
        account_slug=account.slug,
        time_zone=str(zone),
        recipient=Person(name=recipient.name, email=recipient.email),
        actor=None if actor is None else _name(users, actor),
        campaign_id=global_id("Campaign", _number(message, "campaign")),
        request_id=None if request is None else global_id("ApprovalRequest", request.id or 0),
        name=about.campaign.name,
        channel=about.campaign.channel,
        revision=revision.number,
        review_revision=revision.number if request is None else request.revision_number,
        content=revision.content,
        audience=revision.audience,
        publish_mode=revision.publish_mode,
        scheduled_at=_local(revision.scheduled_at, zone),
        request_open=request is not None and request.status is RequestStatus.OPEN,
        submitted_by=None if request is None else _name(users, request.submitted_by),
        expires_at=None if request is None else _local(request.expires_at, zone),
        note=None if request is None else request.note,
        reason=_reason(message, request),
        approved_by=_approvers(message, request, users),
        requirements=() if request is None else request.requirements,
        deciders=tuple(_name(users, user) for user in deciders),
        sent_revision=None if sent is None else sent.number,
        changes=() if sent is None else changes(sent, revision),
    )


def _may_decide(scene: Scene, campaign: Campaign, request: ApprovalRequest | None, user: int) -> bool:
    requirements = () if request is None else request.requirements
    return bool(Voters(scene, campaign, requirements).counts_for(user))


def _may_see(scene: Scene, campaign: Campaign, _: ApprovalRequest | None, user: int) -> bool:
    return scene.may(user, Permission.VIEW, facts_of(scene.current(campaign), user))


def _holds_a_role(scene: Scene, campaign: Campaign, request: ApprovalRequest | None, user: int) -> bool:
    return holds_a_role(scene, user) and _may_see(scene, campaign, request, user)


def _manages(scene: Scene, _: Campaign, __: ApprovalRequest | None, user: int) -> bool:
    return scene.may(user, Permission.MANAGE_APPROVALS)


# The right that a group stands for; one that still holds is enough.
_RIGHTS: Mapping[str, Callable[[Scene, Campaign, ApprovalRequest | None, int], bool]] = {
    Recipients.ELIGIBLE: _may_decide,
    Recipients.VOTERS: _may_decide,
    Recipients.INVOLVED: _may_see,
    Recipients.ADMINS: _manages,
    ROLE_HOLDERS: _holds_a_role,
}


def _deciders(
    scene: Scene, campaign: Campaign, request: ApprovalRequest | None, recipient: int
) -> tuple[int, ...]:
    if request is None:
        return ()
    found = electors(scene, campaign, request.requirements, to=recipient)
    return tuple(one.user_id for one in found if one.eligible and one.user_id != recipient)


def _mentioned(request: ApprovalRequest | None) -> set[int]:
    return set() if request is None else {request.submitted_by, *(vote.by for vote in request.decisions)}


def _reason(message: Message, request: ApprovalRequest | None) -> str | None:
    """A rejection's reason is its decision's; a revocation is no decision and brings its own."""
    if _event(message) == "campaign:rejected" and request is not None:
        rejections = [vote for vote in request.decisions if vote.verdict is Verdict.REJECTED]
        return rejections[-1].reason if rejections else None
    own = message.payload.get("reason")
    return own if isinstance(own, str) else None


def _approvers(
    message: Message, request: ApprovalRequest | None, users: Mapping[int, User]
) -> tuple[str, ...]:
    if request is None or _event(message) not in APPROVING:
        return ()
    return tuple(_name(users, vote.by) for vote in request.decisions if vote.verdict is Verdict.APPROVED)


def _sent_before(campaign: Campaign, revision: Revision) -> Revision | None:
    live = campaign.live_revision
    return live if live is not None and live.number < revision.number else None


# ---------------------------------------------------------------------------------------------- hand-over
async def handover_facts(office: Office, message: Message) -> HandoverFacts:
    """The publication with the content that was authorised.

    Raises:
        LookupError: when the message names a publication that is not stored.
        Unavailable: when the database is lost.
    """
    scene = await office.scene(message.account_id)
    campaign = await _campaign(message)
    publication_id = _number(message, "publication")
    found = (await lookups.publications(message.account_id, [publication_id])).get(publication_id)
    if found is None:
        raise LookupError(message.key)
    campaign_id, publication = found
    place = (campaign_id, publication.revision_number)
    revision = (await lookups.revisions(message.account_id, [place])).get(place)
    if revision is None:
        raise LookupError(message.key)
    return HandoverFacts(
        key=message.key,
        account_slug=scene.account.slug,
        campaign_id=global_id("Campaign", campaign_id),
        publication_id=global_id("Publication", publication_id),
        name=campaign.name,
        channel=campaign.channel,
        revision=revision.number,
        content=revision.content,
        audience=revision.audience,
        publish_mode=revision.publish_mode,
        scheduled_at=revision.scheduled_at,
        content_hash=publication.content_hash,
        authorisation=publication.authorisation,
        sent_at=publication.sent_at,
        intact=revision.hash_as_stored(campaign.channel) == publication.content_hash,
    )


# -------------------------------------------------------------------------------------------------- parts
async def _campaign(message: Message) -> Campaign:
    key = _number(message, "campaign")
    found = (await campaigns.load(message.account_id, [key])).get(key)
    if found is None:
        raise LookupError(message.key)
    return found


def _request(message: Message, campaign: Campaign) -> ApprovalRequest | None:
    key = message.payload.get("request")
    return next((request for request in campaign.requests if request.id == key), None)


def _number(message: Message, name: str) -> int:
    value = message.payload.get(name)
    if isinstance(value, int):
        return value
    raise LookupError(f"{message.key}: {name}")


def _event(message: Message) -> str:
    return str(message.payload.get("event"))


def _name(users: Mapping[int, User], user: int) -> str:
    return users[user].name if user in users else "somebody"


def _local(moment: datetime | None, zone: tzinfo) -> datetime | None:
    return None if moment is None else moment.astimezone(zone)


def _zone(name: str) -> tzinfo:
    """The account's time zone; UTC for a name that this machine's data does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
