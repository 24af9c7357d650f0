"""Mails: from facts to a message, the same bytes at every attempt.

One thread a review: its subject stays the same, and every mail of it refers to one anchor that no mail has
as its own id. Links lead to the review and never decide anything, since mail scanners open them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

import jinja2

from gql_approvals.relay.shown import shown
from gql_approvals.relay.text import header_text, one_line
from gql_approvals.service.delivery import MailFacts, Person

OWN_NAME = "Campaign approval"
_ADDRESS = re.compile(r"""[^\s\x00-\x1f\x7f<>()\[\]\\,;:"@]+@[^\s\x00-\x1f\x7f<>()\[\]\\,;:"@]+""")
_NOT_ATOM = re.compile(r"[^A-Za-z0-9_-]+")


class Unmailable(Exception):
    """The recipient's address is none; the message is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every mail's headers are made of.

    `key`: the outbox message's, for the mail's id. `via`: the sender's name as shown, and `subject`, fit for
    a header. `thread`: the same for all mails that belong together, and for no other.
    """

    key: str
    event: str
    at: datetime
    account_slug: str
    recipient: Person
    via: str
    subject: str
    thread: str


def compose(facts: MailFacts, *, sender: str, review_url: str) -> EmailMessage:
    """The mail of these facts. `sender`: an address, with or without a name.

    Raises:
        Unmailable: when no mail can be sent to the recipient's address.
    """
    via = OWN_NAME if facts.actor is None else f"{header_text(facts.actor)} via {OWN_NAME}"
    envelope = Envelope(
        key=facts.key,
        event=facts.event,
        at=facts.at,
        account_slug=facts.account_slug,
        recipient=facts.recipient,
        via=via,
        subject=subject_of(facts),
        thread=_thread(facts),
    )
    mail = addressed(envelope, sender)
    mail["X-Gql-Approvals-Campaign"] = facts.campaign_id
    return filled(mail, "mail", shown(facts, review_url), facts.key)


def addressed(envelope: Envelope, sender: str) -> EmailMessage:
    """A mail with its headers and no body yet.

    Raises:
        Unmailable: when no mail can be sent to the recipient's address.
    """
    own = address_of(parseaddr(sender)[1])
    to = address_of(envelope.recipient.email)
    host = own.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)
    mail["From"] = _mailbox(envelope.via, own)
    mail["To"] = _mailbox(header_text(envelope.recipient.name), to)
    mail["Subject"] = f"[{OWN_NAME}] {envelope.subject}"
    mail["Date"] = format_datetime(envelope.at.astimezone(UTC))
    mail["Message-ID"] = f"<{_atom(envelope.key)}@{host}>"
    mail["In-Reply-To"] = mail["References"] = f"<{_atom(envelope.thread)}@{host}>"
    mail["List-Id"] = f"{OWN_NAME} <{_atom(envelope.account_slug)}.approvals.{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Gql-Approvals-Event"] = header_text(envelope.event)
    return mail


def filled(mail: EmailMessage, template: str, shown: Mapping[str, object], key: str) -> EmailMessage:
    """The mail with the template's text and HTML, and a boundary that is the same at every attempt."""
    mail.set_content(_TEMPLATES.get_template(f"{template}.txt").render(shown), cte="quoted-printable")
    html = _TEMPLATES.get_template(f"{template}.html").render(shown)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail.set_boundary("=_" + hashlib.sha256(key.encode()).hexdigest()[:40])
    return mail


def subject_of(facts: MailFacts) -> str:
    """The same for every mail of a review."""
    return f"{header_text(facts.name)} (revision {facts.review_revision})"


def address_of(text: str) -> str:
    """A bare address for envelope and header, its domain in ASCII.

    Raises:
        Unmailable: when it is none, or more than one.
    """
    if not _ADDRESS.fullmatch(text):
        raise Unmailable(f"`{one_line(text)}` is no mail address")
    local, _, domain = text.rpartition("@")
    ascii_domain = b""
    try:
        ascii_domain = domain.encode("idna")
        # the standard library's IDNA 2003 makes another domain of some letters, as of ß
        is_same = ascii_domain.decode("idna") == domain.lower()
    except UnicodeError:
        is_same = False
    if not is_same:
        raise Unmailable(f"`{one_line(text)}` has no domain that mail can be sent to")
    return f"{local}@{ascii_domain.decode()}"


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _thread(facts: MailFacts) -> str:
    review = facts.campaign_id if facts.request_id is None else facts.request_id
    return f"review-{facts.account_slug}-{review}"


def _atom(text: str) -> str:
    """Text fit for the left side of a message id; global ids and slugs stay as they are."""
    return _NOT_ATOM.sub("-", text)


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("gql_approvals.relay"),
    autoescape=jinja2.select_autoescape(["html"]),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
