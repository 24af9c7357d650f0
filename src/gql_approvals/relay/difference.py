"""What a revision changes against the one that was last sent: the two values of each field, shortened."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from gql_approvals.relay.copy import numbered
from gql_approvals.relay.html_text import html_text
from gql_approvals.relay.outline import outline
from gql_approvals.relay.text import clipped, paragraphs
from gql_approvals.relay.wording import sending_text
from gql_approvals.service.delivery import MailFacts
from gql_approvals.workflow.changes import FieldChange
from gql_approvals.workflow.content import Json
from gql_approvals.workflow.vocabulary import PublishMode, Section

LENGTH = 240  # letters of a value that are shown
_HTML = "content.html"
_LEAD = 60  # letters that are shown before the first difference
NOTHING = "(nothing)"
MARKUP_ONLY = "The words are the same; the markup differs."
NOT_SHOWN = "It differs in what a mail does not show."
LABELS: Mapping[str, str] = {
    "content.fromName": "Sender's name",
    "content.fromEmail": "Sender's address",
    "content.replyTo": "Replies go to",
    "content.subject": "Subject",
    "content.preheader": "Preview text",
    _HTML: "Text of the HTML",
    "content.text": "Plain text version",
    "content.senderId": "Sender",
    "content.body": "Message",
    "content.title": "Title",
    "content.deepLink": "Opens",
    "content.imageUrl": "Image",
    "content.templateName": "Template",
    "content.language": "Language",
    "content.parameters": "What fills it",
    "content.url": "Opens",
    "content.iconUrl": "Icon",
    "content.placement": "Placement",
    "audience.segment": "Segment",
    "audience.definition": "Definition",
    "audience.estimatedSize": "Audience",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field. Without values, `note` says what there is to say."""

    label: str
    before: str = ""
    after: str = ""
    note: str = ""


def differences(facts: MailFacts) -> list[Difference]:
    """The fields that changed, in the order of their sections."""
    fields = [change for change in facts.changes if change.section is not Section.SCHEDULE]
    return [*(_difference(change) for change in fields), *_sending(facts)]


def _sending(facts: MailFacts) -> list[Difference]:
    """How and when it is sent, which are two fields, as the one thing that a checker reads."""
    changed = {change.path: change for change in facts.changes if change.section is Section.SCHEDULE}
    if not changed:
        return []
    mode, time = changed.get("publishMode"), changed.get("scheduledAt")
    before = PublishMode(str(mode.before)) if mode else facts.publish_mode
    at = facts.scheduled_at
    if time is not None:
        at = None if time.before is None else datetime.fromisoformat(str(time.before))
    earlier = replace(facts, publish_mode=before, scheduled_at=at and at.astimezone(facts.at.tzinfo))
    return [Difference("Sending", sending_text(earlier), sending_text(facts))]


def _difference(change: FieldChange) -> Difference:
    label = LABELS[change.path]
    before, after = (_text(change.path, value) for value in (change.before, change.after))
    if before == after:
        return Difference(label, note=MARKUP_ONLY if change.path == _HTML else NOT_SHOWN)
    return Difference(label, *map(paragraphs, _shortened(before, after)))


def _text(path: str, value: Json) -> str:
    write = _WRITTEN.get(path)
    if value in (None, "", [], ()):
        return NOTHING
    return (str(value) if write is None else write(value)) or NOTHING


_WRITTEN: Mapping[str, Callable[[Json], str]] = {
    _HTML: lambda value: html_text(str(value)).text,
    "content.parameters": lambda value: "\n".join(numbered(cast("Iterable[str]", value))),
    "audience.definition": outline,
    "audience.estimatedSize": lambda value: f"{value:,} people",
}


def _shortened(before: str, after: str) -> tuple[str, str]:
    """Both without the lines they begin and end with alike, and from a little before where they differ."""
    old, new = before.splitlines(), after.splitlines()
    head = _same(old, new)
    tail = _same(old[head:][::-1], new[head:][::-1])
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    return _around("\n".join(old).strip(), "\n".join(new).strip())


def _around(before: str, after: str) -> tuple[str, str]:
    same = _same(before, after)
    start = same - _LEAD if max(len(before), len(after)) > LENGTH and same > _LEAD else 0
    lead = "…" if start else ""
    return clipped(lead + before[start:], LENGTH) or NOTHING, clipped(lead + after[start:], LENGTH) or NOTHING


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items both begin with."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)
