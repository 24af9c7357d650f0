"""What a checker reviews: typed copy, audience and schedule, and the hashes that bind a vote to them.

Canonical form (documented in docs/hashes.md): JSON by RFC 8785, with the names and values that the API
answers. A section's hash is the SHA-256 of its object, in lower-case hex:

    COPY      {"channel": "SMS", "content": {"body": …, "senderId": …}}     absent fields are null
    AUDIENCE  {"definition": …, "estimatedSize": 1200, "segment": …}
    SCHEDULE  {"publishMode": "SCHEDULED", "scheduledAt": "2026-12-01T08:00:00Z"}

and the content hash is that of {"AUDIENCE": hash, "COPY": hash, "SCHEDULE": hash}.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias

import rfc8785

from gql_approvals.workflow.vocabulary import Channel, PublishMode, Section

# What `canonical` raises: numbers JSON has no word for, half surrogate pairs, nesting without end.
NOT_CANONICAL = (rfc8785.CanonicalizationError, UnicodeError, RecursionError)
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailContent:
    """An e-mail's copy."""

    subject: str
    preheader: str | None = None
    from_name: str
    from_email: str
    reply_to: str | None = None
    html: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsContent:
    """A text message's copy."""

    sender_id: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPushContent:
    """An app push notification's copy."""

    title: str
    body: str
    deep_link: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsappContent:
    """A WhatsApp template message: the template's name and what fills its places, in order."""

    template_name: str
    language: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPushContent:
    """A web push notification's copy."""

    title: str
    body: str
    url: str
    icon_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnsiteContent:
    """What a visitor of the site sees, and where."""

    placement: str
    html: str


Content: TypeAlias = (
    EmailContent | SmsContent | AppPushContent | WhatsappContent | WebPushContent | OnsiteContent
)

CONTENT_OF: Mapping[Channel, type[Content]] = {
    Channel.EMAIL: EmailContent,
    Channel.SMS: SmsContent,
    Channel.APP_PUSH: AppPushContent,
    Channel.WHATSAPP: WhatsappContent,
    Channel.WEB_PUSH: WebPushContent,
    Channel.ONSITE: OnsiteContent,
}
CHANNEL_OF: Mapping[type[Content], Channel] = {kind: channel for channel, kind in CONTENT_OF.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who gets it: a segment's name, its definition as the client knows it, and how many people that is."""

    segment: str
    definition: Json = None
    estimated_size: int


@dataclass(frozen=True)
class SectionHashes:
    """The three section hashes, lower-case hex."""

    copy: str
    audience: str
    schedule: str

    @property
    def by_section(self) -> dict[Section, str]:
        """The same, by section."""
        return {Section.COPY: self.copy, Section.AUDIENCE: self.audience, Section.SCHEDULE: self.schedule}

    @cached_property
    def content(self) -> str:
        """The content hash: what a vote is for."""
        # the canonical form of an object with these three texts, spelt out: it is asked of every row
        text = f'{{"AUDIENCE":"{self.audience}","COPY":"{self.copy}","SCHEDULE":"{self.schedule}"}}'
        return hashlib.sha256(text.encode()).hexdigest()

    def changed_from(self, other: "SectionHashes") -> tuple[Section, ...]:
        """The sections in which the two differ."""
        mine, theirs = self.by_section, other.by_section
        return tuple(section for section in Section if mine[section] != theirs[section])


def hashes(
    channel: Channel,
    content: Content,
    audience: Audience,
    publish_mode: PublishMode,
    scheduled_at: datetime | None,
) -> SectionHashes:
    """Hash the three sections of a content."""
    return SectionHashes(
        copy=digest({"channel": channel.value, "content": as_json(content)}),
        audience=digest(as_json(audience)),
        schedule=digest(
            {
                "publishMode": publish_mode.value,
                "scheduledAt": None if scheduled_at is None else utc_text(scheduled_at),
            }
        ),
    )


def digest(value: Json) -> str:
    """SHA-256 of the canonical form (RFC 8785) in lower-case hex.

    Raises:
        rfc8785.CanonicalizationError: for integers beyond ±(2^53 - 1), NaN and infinities.
    """
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value: Json) -> bytes:
    """The canonical UTF-8 text of a JSON value (RFC 8785)."""
    return rfc8785.dumps(value)


def as_json(value: Content | Audience) -> dict[str, Json]:
    """A content or audience with the API's field names; every field is there, absent ones as null."""
    return {camel(field.name): _listed(getattr(value, field.name)) for field in fields(value)}


def content_from_json(channel: Channel, data: Mapping[str, Any]) -> Content:
    """Rebuild what `as_json` wrote."""
    kind: Callable[..., Content] = CONTENT_OF[channel]
    values = {name: data[said] for name, said in _NAMES[channel]}
    if "parameters" in values:
        values["parameters"] = tuple(values["parameters"])
    return kind(**values)


def utc_text(moment: datetime) -> str:
    """A time as the API answers it: RFC 3339 in UTC with `Z`, fractions only where there are any."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{in_utc.isoformat().removesuffix('+00:00')}Z"


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether every database can keep the text: PostgreSQL takes neither NUL nor half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def camel(name: str) -> str:
    """`from_email` → `fromEmail`: a field's name in the API."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


# The fields of each channel's content: as they are called here, and in JSON.
_NAMES = {
    channel: tuple((field.name, camel(field.name)) for field in fields(kind))
    for channel, kind in CONTENT_OF.items()
}


def _listed(value: Json) -> Json:
    return list(value) if isinstance(value, tuple) else value
