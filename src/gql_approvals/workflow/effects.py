"""What a transition makes of a campaign: one function an effect, from a case to a change.

Effects assume that every guard of their row has passed. They never look at permissions or the switch.
"""

from dataclasses import replace

from gql_approvals.errors import StaleRevision
from gql_approvals.workflow.case import Case, Change, Event
from gql_approvals.workflow.completeness import created_schedule
from gql_approvals.workflow.content import CHANNEL_OF, Content, Json, hashes
from gql_approvals.workflow.model import ApprovalRequest, Campaign, Decision, Publication, Revision
from gql_approvals.workflow.quorum import ended, voided
from gql_approvals.workflow.vocabulary import (
    Authorisation,
    CampaignStatus,
    Channel,
    PublishMode,
    Recipients,
    RequestStatus,
    RevisionState,
    Section,
    Verdict,
)

R = Recipients
AUTHORISING = frozenset({RequestStatus.APPROVED, RequestStatus.AUTO_APPROVED})


# ------------------------------------------------------------------------------------------------ making
def nothing(case: Case) -> Change:
    """Leave everything as it is: for actions that only need to be allowed."""
    return Change(campaign=case.at_hand, events=())


def create(case: Case) -> Change:
    """T1: a new campaign in DRAFT; whoever creates it contributes."""
    intent = case.intent
    mode, time = created_schedule(intent)
    if intent.content is None or intent.audience is None or intent.name is None:
        raise LookupError(intent)  # the API's input requires them
    channel = _channel_of(intent.content)
    head = Revision(
        number=1,
        state=RevisionState.DRAFT,
        content=intent.content,
        audience=intent.audience,
        publish_mode=mode,
        scheduled_at=time,
        hashes=hashes(channel, intent.content, intent.audience, mode, time),
        contributors=frozenset({case.by}),
        created_by=case.by,
        created_at=case.now,
    )
    return _born(case, head, name=intent.name, duplicated_from=None)


def duplicate(case: Case) -> Change:
    """T18: a new campaign with the same copy and audience; nothing else is carried."""
    source = case.at_hand.head
    mode = PublishMode.ON_APPROVAL if source.publish_mode is PublishMode.SCHEDULED else source.publish_mode
    channel = case.at_hand.channel
    head = replace(
        source,
        id=None,
        number=1,
        state=RevisionState.DRAFT,
        publish_mode=mode,
        scheduled_at=None,
        hashes=hashes(channel, source.content, source.audience, mode, None),
        contributors=frozenset({case.by}),
        created_by=case.by,
        created_at=case.now,
    )
    name = case.intent.name or f"Copy of {case.at_hand.name}"[:200]
    return _born(case, head, name=name, duplicated_from=case.at_hand.id)


def rename(case: Case) -> Change:
    """T2 with the same hash: no revision, nobody contributes; votes stay, since the name is not content."""
    campaign, name = case.at_hand, case.intent.name
    if name is None or name == campaign.name:
        return Change(campaign=campaign, events=())
    return Change(campaign=replace(campaign, name=name), events=(_event("campaign:renamed", campaign.head),))


def edit(case: Case) -> Change:
    """T2, T5, T13: new content. Only a revision that was never submitted is amended; else n+1 is made."""
    campaign, head, intent = case.at_hand, case.at_hand.head, case.intent
    amend = head.state is RevisionState.DRAFT
    people = campaign.contributors | {case.by}
    revision = replace(
        head,
        id=head.id if amend else None,
        number=head.number if amend else campaign.newest_number + 1,
        state=RevisionState.DRAFT,
        content=intent.content or head.content,
        audience=intent.audience or head.audience,
        publish_mode=case.proposed_mode,
        scheduled_at=case.proposed_time,
        hashes=case.proposed,
        contributors=people,
        created_by=head.created_by if amend else case.by,
        created_at=head.created_at if amend else case.now,
    )
    undone = _undone(case, RequestStatus.SUPERSEDED)
    after = replace(
        undone,
        name=intent.name or campaign.name,
        status=CampaignStatus.DRAFT,
        head=revision,
        newest_number=max(campaign.newest_number, revision.number),
        contributors=people,
    )
    changed: list[Json] = [section.value for section in revision.hashes.changed_from(head.hashes)]
    event = _event("campaign:edited", revision, changedSections=changed)
    return Change(campaign=after, events=(replace(event, voters=_voters(case), request=campaign.request),))


def discard(case: Case) -> Change:
    """T14: give up what came after the live revision; the campaign stands as it was sent."""
    campaign = case.at_hand
    live, revision = campaign.live, campaign.live_revision
    if live is None or revision is None:
        raise LookupError(campaign.id)  # the row's condition
    after = replace(
        campaign,
        status=CampaignStatus.SENT,
        head=revision,
        authorisation=live.authorisation,
        authorised_hash=live.content_hash,
        due_at=None,
    )
    event = _event("campaign:discarded", campaign.head)
    return Change(campaign=after, events=(event,), discarded_above=revision.number)


def archive(case: Case) -> Change:
    """T17: put away; an open request is withdrawn, an authorisation void."""
    campaign = case.at_hand
    after = replace(_undone(case, RequestStatus.WITHDRAWN), status=CampaignStatus.ARCHIVED)
    event = _event("campaign:archived", campaign.head)
    return Change(campaign=after, events=(replace(event, request=campaign.open_request),))


# --------------------------------------------------------------------------------------------- reviewing
def submit(case: Case) -> Change:
    """T3: freeze the revision and open a request with the requirements of this moment (rule 9)."""
    campaign = case.at_hand
    people = campaign.contributors | {case.by}
    head = replace(campaign.head, state=RevisionState.FROZEN, contributors=people)
    request = ApprovalRequest(
        revision_number=head.number,
        content_hash=head.hashes.content,
        status=RequestStatus.OPEN,
        requirements=case.requirements,
        policy_version=case.policy_version,
        submitted_by=case.by,
        submitted_at=case.now,
        expires_at=head.scheduled_at or case.now + case.rules.review,
        note=(case.intent.note or "").strip() or None,
    )
    after = replace(
        campaign,
        status=CampaignStatus.PENDING_REVIEW,
        head=head,
        contributors=people,
        requests=(*campaign.requests, request),
        due_at=request.expires_at,
    )
    return Change(campaign=after, events=(replace(_event("campaign:submitted", head), request=request),))


def withdraw(case: Case) -> Change:
    """T4: take a submission back; its votes are void."""
    campaign = case.at_hand
    after = replace(_undone(case, RequestStatus.WITHDRAWN), status=CampaignStatus.DRAFT)
    event = _event("campaign:withdrawn", campaign.head)
    told = replace(event, request=campaign.open_request, reason=case.intent.reason)
    return Change(campaign=after, events=(told,))


def vote(case: Case) -> Change:
    """T6: record an approval that does not decide yet."""
    request = _with_vote(case, Verdict.APPROVED, case.intent.comment)
    after = replace(case.at_hand, requests=(*case.at_hand.requests[:-1], request))
    return Change(campaign=after, events=(replace(_event("campaign:voted", after.head), request=request),))


def approve(case: Case) -> Change:
    """T7: record the approval that meets the last requirement."""
    request = ended(
        _with_vote(case, Verdict.APPROVED, case.intent.comment), RequestStatus.APPROVED, case.electorate
    )
    return _authorised(case, request, Authorisation.QUORUM, "campaign:approved")


def reject(case: Case) -> Change:
    """T8: one rejection ends the review."""
    request = ended(
        _with_vote(case, Verdict.REJECTED, case.intent.reason), RequestStatus.REJECTED, case.electorate
    )
    campaign = case.at_hand
    after = replace(
        campaign, status=CampaignStatus.REJECTED, requests=(*campaign.requests[:-1], request), due_at=None
    )
    return Change(campaign=after, events=(replace(_event("campaign:rejected", after.head), request=request),))


def revoke(case: Case) -> Change:
    """T10: stop a send; always safe."""
    campaign = case.at_hand
    after = replace(_undone(case, RequestStatus.WITHDRAWN), status=CampaignStatus.DRAFT)
    event = _event("campaign:revoked", campaign.head)
    told = replace(event, voters=_voters(case), request=campaign.request, reason=case.intent.reason)
    return Change(campaign=after, events=(told,))


def auto_approve(case: Case) -> Change:
    """T15: approvals were switched off; no votes are invented."""
    request = case.at_hand.open_request
    if request is None:
        raise LookupError(case.at_hand.id)  # a pending campaign has one
    request = ended(request, RequestStatus.AUTO_APPROVED, case.electorate)
    return _authorised(case, request, Authorisation.AUTO_DISABLED, "campaign:auto_approved")


def expire(case: Case) -> Change:
    """T9: the deadline passed."""
    campaign = case.at_hand
    request = campaign.open_request
    if request is None:
        raise LookupError(campaign.id)  # a pending campaign has one
    request = ended(request, RequestStatus.EXPIRED, case.electorate)
    after = replace(
        campaign, status=CampaignStatus.EXPIRED, requests=(*campaign.requests[:-1], request), due_at=None
    )
    return Change(campaign=after, events=(replace(_event("campaign:expired", after.head), request=request),))


# ----------------------------------------------------------------------------------------------- sending
def release(case: Case) -> Change:
    """T16: approvals are off, so the publisher answers for it alone."""
    campaign = case.at_hand
    people = campaign.contributors | {case.by}
    head = replace(campaign.head, state=RevisionState.FROZEN, contributors=people)
    after = replace(
        campaign,
        status=CampaignStatus.APPROVED,
        head=head,
        contributors=people,
        authorisation=Authorisation.NOT_REQUIRED,
        authorised_hash=head.hashes.content,
        due_at=head.scheduled_at,
    )
    return Change(campaign=after, events=(_event("campaign:released", head),))


def send(case: Case) -> Change:
    """T11: hand the authorised content over, if it still is what was authorised (rule 10)."""
    campaign, head = case.at_hand, case.at_hand.head
    stored = head.hash_as_stored(campaign.channel)
    if campaign.authorisation is None or stored != campaign.authorised_hash:
        return _held(case, stored)
    request = campaign.request
    reviewed = campaign.authorisation is not Authorisation.NOT_REQUIRED and request is not None
    publication = Publication(
        revision_number=head.number,
        content_hash=stored,
        authorisation=campaign.authorisation,
        request_id=request.id if reviewed and request is not None else None,
        sent_at=case.now,
    )
    sent = replace(head, state=RevisionState.SENT)
    after = replace(
        campaign,
        status=CampaignStatus.SENT,
        head=sent,
        live=publication,
        live_revision=sent,
        contributors=frozenset({campaign.created_by}),
        due_at=None,
    )
    event = _event("campaign:sent", head, authorisation=publication.authorisation.value)
    return Change(campaign=after, events=(replace(event, hands_over=publication),))


def miss(case: Case) -> Change:
    """T12: the schedule was missed by more than the grace; late is not sent at all."""
    after = replace(
        case.at_hand,
        status=CampaignStatus.EXPIRED,
        authorisation=None,
        authorised_hash=None,
        due_at=None,
    )
    event = _event("campaign:schedule_missed", after.head)
    return Change(campaign=after, events=(replace(event, request=case.at_hand.request),))


# ------------------------------------------------------------------------------------------------- parts
def _born(case: Case, head: Revision, *, name: str, duplicated_from: int | None) -> Change:
    campaign = Campaign(
        account_id=case.account.id,
        name=name,
        channel=_channel_of(head.content),
        status=CampaignStatus.DRAFT,
        version=0,
        head=head,
        newest_number=1,
        contributors=frozenset({case.by}),
        created_by=case.by,
        created_at=case.now,
        updated_at=case.now,
        duplicated_from=duplicated_from,
    )
    kind = "campaign:created" if duplicated_from is None else "campaign:duplicated"
    return Change(campaign=campaign, events=(_event(kind, head),))


def _authorised(case: Case, request: ApprovalRequest, authorisation: Authorisation, kind: str) -> Change:
    campaign = case.at_hand
    after = replace(
        campaign,
        status=CampaignStatus.APPROVED,
        requests=(*campaign.requests[:-1], request),
        authorisation=authorisation,
        authorised_hash=request.content_hash,
        due_at=campaign.head.scheduled_at,
    )
    return Change(campaign=after, events=(replace(_event(kind, after.head), request=request),))


def _with_vote(case: Case, verdict: Verdict, words: str | None) -> ApprovalRequest:
    request = case.at_hand.open_request
    if request is None:
        raise LookupError(case.at_hand.id)  # a pending campaign has one
    decision = Decision(
        by=case.by,
        at=case.now,
        verdict=verdict,
        reason=(words or "").strip() or None,
        content_hash=request.content_hash,
        policy_version=case.policy_version,
    )
    return replace(request, decisions=(*request.decisions, decision))


def _undone(case: Case, ending: RequestStatus) -> Campaign:
    """The campaign without its review or authorisation; votes stay as history, void."""
    campaign = replace(case.at_hand, authorisation=None, authorised_hash=None, due_at=None)
    request = _in_force(case.at_hand)
    if request is None:
        return campaign
    is_open = request.status is RequestStatus.OPEN
    request = ended(voided(request), ending, case.electorate) if is_open else voided(request)
    return replace(campaign, requests=(*campaign.requests[:-1], request))


def _voters(case: Case) -> frozenset[int]:
    """Whose votes this edit or revocation makes void."""
    request = _in_force(case.at_hand)
    return frozenset() if request is None else frozenset(vote.by for vote in request.votes)


def _in_force(campaign: Campaign) -> ApprovalRequest | None:
    """The request that the head waits for, or that authorised it."""
    request = campaign.request
    if request is None or request.revision_number != campaign.head.number:
        return None
    authorised = campaign.status is CampaignStatus.APPROVED and request.status in AUTHORISING
    return request if request.status is RequestStatus.OPEN or authorised else None


def _channel_of(content: Content) -> Channel:
    return CHANNEL_OF[type(content)]


def _event(kind: str, revision: Revision, **more: Json) -> Event:
    return Event(
        kind=kind, detail={"revision": revision.number, "contentHash": revision.hashes.content, **more}
    )


def _held(case: Case, stored: str) -> Change:
    """An integrity fault: not sent, held, told to the administrators."""
    after = replace(case.at_hand, authorisation=None, authorised_hash=None, due_at=None)
    event = _event("campaign:held", after.head, storedHash=stored)
    refusal = StaleRevision(
        "the stored content is not the content that was approved: it is held and not sent",
        current=stored,
        changed=tuple(Section),
    )
    return Change(campaign=after, events=(replace(event, tells=frozenset({R.ADMINS})),), refusal=refusal)
