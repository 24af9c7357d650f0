"""A campaign's copy as its recipients would read it: a label and a text for each part."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gql_approvals.policy.wording import counted
from gql_approvals.relay.html_text import html_text
from gql_approvals.relay.text import one_line, paragraphs
from gql_approvals.workflow.content import (
    AppPushContent,
    Content,
    EmailContent,
    OnsiteContent,
    SmsContent,
    WebPushContent,
    WhatsappContent,
)

MAX_LINKS = 20
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)  # 3GPP TS 23.038, 6.2.1
_GSM_7_TWICE = frozenset("\f^{}\\[~]|€")  # letters that take the room of two
_ROOM = {True: (160, 153), False: (70, 67)}  # in GSM-7, in UCS-2: alone, and as one of several parts


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one label; `text` may have lines."""

    label: str
    text: str


def copy_of(content: Content) -> list[Part]:
    """The parts that hold something, in the order of reading."""
    return [Part(label, paragraphs(text)) for label, text in _parts(content) if text]


def sms_length(body: str) -> tuple[int, int]:
    """(characters, parts that it is sent and paid as), placeholders counted as they are written."""
    is_gsm = all(letter in _GSM_7 or letter in _GSM_7_TWICE for letter in body)
    room = len(body) + sum(letter in _GSM_7_TWICE for letter in body)
    if not is_gsm:
        room = len(body.encode("utf-16-be", "surrogatepass")) // 2
    alone, joined = _ROOM[is_gsm]
    return len(body), 1 if room <= alone else -(-room // joined)


def _parts(content: Content) -> Iterator[tuple[str, str | None]]:
    match content:
        case EmailContent():
            yield "From", f"{content.from_name} <{content.from_email}>"
            yield "Replies go to", content.reply_to
            yield "Subject", content.subject
            yield "Preview text", content.preheader
            yield from _of_html(content.html)
            yield "Plain text version", content.text
        case SmsContent():
            yield "Sender", content.sender_id
            yield "Message", content.body
            yield "Length", _sms_text(content.body)
        case AppPushContent():
            yield "Title", content.title
            yield "Message", content.body
            yield "Opens", content.deep_link
            yield "Image", content.image_url
        case WhatsappContent():
            yield "Template", f"{content.template_name} ({content.language})"
            yield "What fills it", "\n".join(numbered(content.parameters))
        case WebPushContent():
            yield "Title", content.title
            yield "Message", content.body
            yield "Opens", content.url
            yield "Icon", content.icon_url
        case OnsiteContent():
            yield "Placement", content.placement
            yield from _of_html(content.html)


def _of_html(html: str) -> Iterator[tuple[str, str]]:
    found = html_text(html)
    yield "Text of the HTML", found.text or "(none)"
    links = [f"{one_line(words) or '(no text)'} → {one_line(url)}" for words, url in found.links[:MAX_LINKS]]
    more = len(found.links) - MAX_LINKS
    yield "Links", "\n".join([*links, *([f"and {more:,} more"] if more > 0 else [])])
    yield "Also in the HTML", ", ".join(counted(count, name) for name, count in found.holds.items())


def _sms_text(body: str) -> str:
    characters, parts = sms_length(body)
    return f"{counted(characters, 'character')}, {counted(parts, 'message part')}"


def numbered(parameters: Iterable[object]) -> list[str]:
    """A template's parameters, each behind its place."""
    return [f"{{{{{place}}}}} {one_line(str(text))}" for place, text in enumerate(parameters, 1)]
