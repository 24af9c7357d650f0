"""Sample mails of every event and channel: to look at, and to try a mail server with. No database is needed.

They are written by what writes the real ones. The review's times follow from the moment given.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from gql_approvals.relay.mail import compose
from gql_approvals.relay.policy_mail import compose_notice
from gql_approvals.relay.wording import WORDING
from gql_approvals.service.delivery import APPROVING, SUBMITTED, MailFacts, Person
from gql_approvals.service.policy_notice import REFUSED, NoticeFacts
from gql_approvals.workflow.changes import changes
from gql_approvals.workflow.content import (
    AppPushContent,
    Audience,
    Content,
    EmailContent,
    Json,
    OnsiteContent,
    SmsContent,
    WebPushContent,
    WhatsappContent,
    hashes,
)
from gql_approvals.workflow.identity import global_id
from gql_approvals.workflow.model import Requirement, Revision
from gql_approvals.workflow.vocabulary import ANYONE, Channel, PublishMode, RevisionState

EVENTS = (*WORDING, REFUSED)
SENDER = "approvals@acme.example"
REVIEW_URL = "https://app.acme.example/campaigns/{campaign}"
_ZONE = "Asia/Kolkata"
_REASON = "Say until when the offer lasts.\nThe link in the second paragraph leads to last year's page."
_REASONS: Mapping[str, str] = {
    "campaign:rejected": _REASON,
    "campaign:revoked": "The supplier cannot deliver before January.",
}
_ACTORS: Mapping[str, str | None] = {
    SUBMITTED: "Maya Rao",
    "campaign:withdrawn": "Maya Rao",
    "campaign:archived": "Maya Rao",
    "campaign:edited": "Max Weber",
    "campaign:approved": "Chen Li",
    "campaign:rejected": "Chen Li",
    "campaign:revoked": "Ada Okafor",
    "campaign:auto_approved": "Ada Okafor",
}  # whatever is missing is done by the system
_HTML = """\
<style>h1 {{ color: #b45309 }}</style>
<h1>{{{{first_name}}}}, the lights are on</h1>
<p>{offer} on lamps, sweets and gifts, {until}.</p>
<ul><li>Free delivery from ₹ 999</li><li>Returns within 30 days</li></ul>
<p><a href="https://shop.acme.example/diwali?utm_source=mail">See the offers</a></p>
<p><img src="https://shop.acme.example/lamp.jpg" alt="A brass lamp"></p>
<p>No more of these? <a href="{{{{unsubscribe_url}}}}">Unsubscribe</a></p>"""


def _email(subject: str, offer: str, until: str) -> EmailContent:
    return EmailContent(
        subject=subject,
        preheader=f"{offer}, {until}",
        from_name="Acme",
        from_email="news@acme.example",
        reply_to="care@acme.example",
        html=_HTML.format(offer=offer, until=until),
    )


# channel → (as it was sent last, as it is submitted)
_COPY: Mapping[Channel, tuple[Content, Content]] = {
    Channel.EMAIL: (
        _email("Diwali at Acme", "10 % off", "this week"),
        _email("Diwali at Acme: until Sunday", "20 % off", "until Sunday midnight"),
    ),
    Channel.SMS: (
        SmsContent(sender_id="ACME", body="Happy Diwali! 10 % off this week: acme.example/d"),
        SmsContent(sender_id="ACME", body="Happy Diwali! 20 % off until Sunday: acme.example/d"),
    ),
    Channel.APP_PUSH: (
        AppPushContent(title="Diwali sale", body="10 % off this week.", deep_link="acme://diwali"),
        AppPushContent(title="Diwali sale", body="20 % off until Sunday.", deep_link="acme://diwali"),
    ),
    Channel.WHATSAPP: (
        WhatsappContent(template_name="diwali_sale", language="en", parameters=("{{first_name}}", "10 %")),
        WhatsappContent(
            template_name="diwali_sale", language="en", parameters=("{{first_name}}", "20 %", "Sunday")
        ),
    ),
    Channel.WEB_PUSH: (
        WebPushContent(title="Diwali sale", body="10 % off.", url="https://shop.acme.example/diwali"),
        WebPushContent(
            title="Diwali sale", body="20 % off until Sunday.", url="https://shop.acme.example/diwali"
        ),
    ),
    Channel.ONSITE: (
        OnsiteContent(placement="home-banner", html="<p>10 % off this week</p>"),
        OnsiteContent(
            placement="home-banner",
            html='<p>20 % off until Sunday</p><p><a href="/diwali">See the offers</a></p>',
        ),
    ),
}
_DEFINITION: Json = {
    "all": [
        {"field": "country", "is": ["IN"]},
        {"field": "last_order", "within": "90 days"},
        {"field": "opted_in", "is": True},
    ]
}


def sample(
    event: str,
    channel: Channel,
    now: datetime,
    *,
    sent_before: bool = False,
    recipient: Person | None = None,
    sender: str = SENDER,
    review_url: str = REVIEW_URL,
    name: str = "Diwali sale",
) -> EmailMessage:
    """The mail of an event, one of `EVENTS`. `sent_before`: whether an earlier revision was sent.

    Raises:
        Unmailable: when no mail can be sent to the recipient's address.
    """
    if event == REFUSED:
        return compose_notice(_notice(now, recipient), sender=sender)
    facts = replace(sample_facts(event, channel, now, sent_before=sent_before), name=name)
    if recipient is not None:
        facts = replace(facts, recipient=recipient)
    return compose(facts, sender=sender, review_url=review_url)


def sample_facts(event: str, channel: Channel, now: datetime, *, sent_before: bool = False) -> MailFacts:
    """What the mail of a campaign's event says."""
    at = now.astimezone(ZoneInfo(_ZONE)).replace(microsecond=0)
    goes = at.replace(hour=9, minute=0, second=0) + timedelta(days=3)
    earlier, content = _COPY[channel]
    sent = _revision(1, channel, earlier, 9_800, at)
    new = replace(
        _revision(2 if sent_before else 1, channel, content, 18_000, at),
        publish_mode=PublishMode.SCHEDULED,
        scheduled_at=goes,
    )
    asks = event == SUBMITTED
    return MailFacts(
        key=f"acme-sample-{event.partition(':')[2]}-{channel.lower()}",
        event=event,
        at=at,
        account_name="Acme",
        account_slug="acme",
        time_zone=_ZONE,
        recipient=_CHEN if asks else _MAYA,
        actor=_ACTORS.get(event),
        campaign_id=global_id("Campaign", 12),
        request_id=global_id("ApprovalRequest", 34),
        name="Diwali sale",
        channel=channel,
        revision=new.number,
        review_revision=new.number,
        content=new.content,
        audience=new.audience,
        publish_mode=new.publish_mode,
        scheduled_at=goes,
        request_open=asks,
        submitted_by="Maya Rao",
        expires_at=goes,
        note="The terms are those of last year; Legal has seen them." if asks else None,
        reason=_REASONS.get(event),
        approved_by=("Chen Li",) if event in APPROVING else (),
        requirements=(Requirement(role=ANYONE, needed=1),),
        deciders=("Cleo Martin", "Ada Okafor") if asks else (),
        sent_revision=1 if sent_before else None,
        changes=changes(sent, new) if sent_before else (),
    )


def _revision(number: int, channel: Channel, content: Content, size: int, at: datetime) -> Revision:
    mode = PublishMode.ON_APPROVAL
    audience = Audience(segment="India, opted in", definition=_DEFINITION, estimated_size=size)
    return Revision(
        number=number,
        state=RevisionState.FROZEN,
        content=content,
        audience=audience,
        publish_mode=mode,
        scheduled_at=None,
        hashes=hashes(channel, content, audience, mode, None),
        contributors=frozenset(),
        created_by=0,
        created_at=at,
    )


def _notice(now: datetime, recipient: Person | None) -> NoticeFacts:
    return NoticeFacts(
        key="acme-sample-policy",
        at=now,
        account_name="Acme",
        account_slug="acme",
        recipient=recipient or Person(name="Ada Okafor", email="ada@acme.example"),
        node="node-1",
        problems=(
            "policy.csv:41:24: [action] `aprove` is no action: did you mean `approve`?",
            "policy.csv:44:1: [columns] there are 6 columns, not 7",
        ),
        more=0,
        version="0123456789ab",
        since=now - timedelta(days=2),
    )


_CHEN = Person(name="Chen Li", email="chen@acme.example")
_MAYA = Person(name="Maya Rao", email="maya@acme.example")
