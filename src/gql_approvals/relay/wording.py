"""What each event is called in a mail: a badge, a sentence, and what to do next.

An event without a row here is still told, under its own name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gql_approvals.relay.text import one_line
from gql_approvals.service.delivery import SUBMITTED, MailFacts
from gql_approvals.workflow.vocabulary import Channel, PublishMode


@dataclass(frozen=True, slots=True)
class Wording:
    """`tone` colours the badge. `{who}` and `{name}` are filled in."""

    badge: str
    tone: str
    headline: str
    next_step: str = ""


WORDING: Mapping[str, Wording] = {
    SUBMITTED: Wording(
        "Review requested", "ask", "{who} submitted “{name}” for review.", "Read it, then decide."
    ),
    "campaign:approved": Wording("Approved", "good", "{who} approved “{name}”."),
    "campaign:rejected": Wording(
        "Rejected", "bad", "{who} rejected “{name}”.", "Edit it and submit it again, or answer with a note."
    ),
    "campaign:expired": Wording(
        "Expired", "wait", "The review of “{name}” ended without a decision.", "Edit it to have it reviewed."
    ),
    "campaign:schedule_missed": Wording(
        "Not sent", "bad", "“{name}” missed its time and was not sent.",
        "Give it a new time and submit it again.",
    ),
    "campaign:auto_approved": Wording(
        "Approved automatically", "good", "“{name}” is approved without votes: {who} switched approvals off."
    ),
    "campaign:withdrawn": Wording(
        "Withdrawn", "wait", "{who} withdrew “{name}” from review.", "There is nothing left to decide."
    ),
    "campaign:archived": Wording(
        "Archived", "wait", "{who} archived “{name}”.", "There is nothing left to decide."
    ),
    "campaign:revoked": Wording(
        "Approval revoked", "bad", "{who} revoked the approval of “{name}”.", "It will not be sent."
    ),
    "campaign:edited": Wording(
        "Review void", "wait", "{who} edited “{name}”: its review and its votes are void.",
        "It needs a new review before it is sent.",
    ),
    "campaign:held": Wording(
        "Held", "bad", "“{name}” is held: its stored content is not what was approved.",
        "It was not sent. Look into the audit log, and at who can write to the database.",
    ),
}  # fmt: skip
CHANNELS: Mapping[Channel, str] = {
    Channel.EMAIL: "E-mail",
    Channel.SMS: "SMS",
    Channel.APP_PUSH: "App push",
    Channel.WHATSAPP: "WhatsApp",
    Channel.WEB_PUSH: "Web push",
    Channel.ONSITE: "On-site",
}
OVER = "This review has ended meanwhile: there is nothing left to decide."


def wording_of(facts: MailFacts) -> Wording:
    """The event's wording, filled in."""
    kind = _words(facts.event)
    row = WORDING.get(facts.event) or Wording(kind.capitalize(), "wait", "“{name}”: " + kind + ".")
    who = "The system" if facts.actor is None else one_line(facts.actor)
    return Wording(
        badge=row.badge,
        tone=row.tone,
        headline=row.headline.format(who=who, name=one_line(facts.name)),
        next_step=_next_step(facts, row),
    )


def badge_of(event: str) -> str:
    """What an event is called in a word or two."""
    row = WORDING.get(event)
    return _words(event).capitalize() if row is None else row.badge


def tone_of(event: str) -> str:
    """What colours an event's badge."""
    row = WORDING.get(event)
    return "wait" if row is None else row.tone


def preheader_of(facts: MailFacts) -> str:
    """What a list of mails shows beside the subject: what happened, and what matters most about it."""
    badge = badge_of(facts.event)
    if facts.event == SUBMITTED:
        to = f"{CHANNELS[facts.channel]} to {facts.audience.estimated_size:,} people"
        return f"{badge}: {to}, {sending_text(facts)}."
    return f"{badge}: {one_line(facts.reason or wording_of(facts).headline)}"


def sending_text(facts: MailFacts) -> str:
    """When it is sent, in the account's time zone."""
    if facts.publish_mode is PublishMode.MANUAL:
        return "when somebody publishes it"
    if facts.scheduled_at is None:
        return "as soon as it is approved"
    return time_text(facts.scheduled_at, facts.time_zone)


def time_text(moment: datetime, zone: str) -> str:
    """A time for people, with its zone's name and offset."""
    return f"{moment:%a %d %b %Y, %H:%M} ({zone}, UTC{moment.isoformat()[-6:]})"


def _words(event: str) -> str:
    return event.removeprefix("campaign:").replace(":", " ").replace("_", " ")


def _next_step(facts: MailFacts, row: Wording) -> str:
    if facts.event == SUBMITTED and not facts.request_open:
        return OVER
    if row.tone != "good":
        return row.next_step
    match facts.publish_mode:
        case PublishMode.ON_APPROVAL:
            return "It is handed over to be sent."
        case PublishMode.SCHEDULED:
            return f"It will be sent {sending_text(facts)}."
        case PublishMode.MANUAL:
            return "It waits for somebody to publish it."
