"""What a campaign's mails show: the names that the templates fill in, every text on its line or its lines.

A submission shows all that a checker judges by; the other mails show enough to know the campaign.
"""

from gql_approvals.relay.copy import Part, copy_of
from gql_approvals.relay.difference import differences
from gql_approvals.relay.outline import outline
from gql_approvals.relay.text import one_line, paragraphs
from gql_approvals.relay.wording import CHANNELS, preheader_of, sending_text, time_text, wording_of
from gql_approvals.service.delivery import SUBMITTED, MailFacts
from gql_approvals.workflow.vocabulary import ANYONE

FIRST = "First version: nothing was sent before."


def shown(facts: MailFacts, review_url: str) -> dict[str, object]:
    """The names of `templates/mail.*`."""
    is_submission = facts.event == SUBMITTED
    return {
        "preheader": preheader_of(facts),
        "wording": wording_of(facts),
        "greeting": one_line(facts.recipient.name),
        "account": one_line(facts.account_name),
        "quotes": _quotes(facts),
        "rows": [row for row in (_rows(facts) if is_submission else _summary(facts)) if row.text],
        "link": link_of(facts, review_url),
        "changed": _changed(facts) if is_submission else "",
        "differences": differences(facts) if is_submission else [],
        "copy": copy_of(facts.content) if is_submission else [],
    }


def link_of(facts: MailFacts, review_url: str) -> str:
    """Where the review is read; empty when no address is configured."""
    return review_url.replace("{campaign}", facts.campaign_id).replace("{request}", facts.request_id or "")


def _audience(facts: MailFacts) -> list[Part]:
    return [
        Part("Channel", CHANNELS[facts.channel]),
        Part("Segment", one_line(facts.audience.segment)),
        Part("Audience", f"{facts.audience.estimated_size:,} people"),
    ]


def _handling(facts: MailFacts) -> list[Part]:
    return [
        Part("Sending", sending_text(facts)),
        Part("Submitted by", one_line(facts.submitted_by or "")),
        Part("Approved by", ", ".join(one_line(name) for name in facts.approved_by)),
    ]


def _summary(facts: MailFacts) -> list[Part]:
    return [*_audience(facts), *_handling(facts)]


def _rows(facts: MailFacts) -> list[Part]:
    definition, until = facts.audience.definition, facts.expires_at
    return [
        *_audience(facts),
        Part("Definition", "" if definition is None else outline(definition)),
        *_handling(facts),
        Part("Decide before", "" if until is None else time_text(until, facts.time_zone)),
        Part("Needed", ", ".join(_requirement(item.needed, item.role) for item in facts.requirements)),
        Part("Who else may decide", ", ".join(one_line(name) for name in facts.deciders) or "nobody"),
    ]


def _quotes(facts: MailFacts) -> list[Part]:
    note = facts.note if facts.event == SUBMITTED else None
    quotes = [Part("Reason", facts.reason or ""), Part("Note to the checker", note or "")]
    return [Part(quote.label, paragraphs(quote.text)) for quote in quotes if quote.text]


def _changed(facts: MailFacts) -> str:
    """What stands above the differences; empty when the review has ended and says nothing of them."""
    if facts.sent_revision is None:
        return FIRST if facts.request_open else ""
    what = "Changed since" if facts.changes else "Nothing differs from"
    return f"{what} revision {facts.sent_revision}, which was sent last"


def _requirement(needed: int, role: str) -> str:
    return f"{needed} by anyone who may approve" if role == ANYONE else f"{needed} by {one_line(role)}"
