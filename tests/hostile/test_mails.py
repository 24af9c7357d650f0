"""Every hostile text in every text of every mail: the headers, the one recipient and the HTML stay the template's."""
# ruff: noqa: E501  # tables and sentences keep their lines

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from typing import Any

import pytest
from tests.hostile.raw_mail import read, skeleton
from tests.hostile.texts import FEW, STORABLE, TEXTS
from tests.relay.test_policy_mail import facts as notice_facts

from gql_approvals.relay.mail import compose
from gql_approvals.relay.policy_mail import compose_notice
from gql_approvals.relay.samples import REVIEW_URL, SENDER, sample_facts
from gql_approvals.relay.text import header_text
from gql_approvals.relay.wording import WORDING
from gql_approvals.service.delivery import SUBMITTED, MailFacts, Person
from gql_approvals.workflow.changes import FieldChange
from gql_approvals.workflow.vocabulary import Channel, Section

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Id", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Gql-Approvals-Event", "X-Gql-Approvals-Campaign", "MIME-Version",
    "Content-Type",
]  # fmt: skip
# What nobody types: ids, words of ours, and the address, which is looked at by itself.
OURS = {"key", "event", "account_slug", "time_zone", "campaign_id", "request_id", "email"}
MAILS = [(event, Channel.SMS) for event in WORDING] + [(SUBMITTED, channel) for channel in Channel]
SLOW_TO_FOLD = {"200 letters of four bytes", "200 letters in Cyrillic", "many marks"}  # the standard library
ALL = [pytest.param(name, marks=() if name in FEW[:4] else pytest.mark.slow, id=name) for name in TEXTS]


def filled(value: Any, text: str) -> Any:
    """The same value with this text in the place of each that people typed."""
    if type(value) is str:
        return text
    if isinstance(value, Mapping):
        return {text: text, "list": [text, {text: text}]}
    if isinstance(value, tuple):
        return tuple(filled(item, text) for item in value)
    if isinstance(value, FieldChange):
        typed = value.section is not Section.SCHEDULE and isinstance(value.before or value.after, str)
        return replace(value, before=text, after=f"{text} 2") if typed else value
    if is_dataclass(value) and not isinstance(value, type):
        chosen = [one for one in fields(value) if one.name not in OURS]
        return replace(value, **{one.name: filled(getattr(value, one.name), text) for one in chosen})
    return value


def facts(event: str, channel: Channel, text: str) -> MailFacts:
    """All that a mail may say, said with this text; what is optional is there."""
    plain = sample_facts(event, channel, NOW, sent_before=True)
    said = replace(
        plain, note="x", reason="x", actor="x", submitted_by="x", approved_by=("x", "y"), deciders=("x",)
    )
    return filled(said, text)


def html_of(mail: EmailMessage) -> str:
    return read(mail.as_bytes()).parts[1].text


@cache
def allowed(event: str, channel: Channel) -> set[tuple[str, str, str]]:
    """What stands in the HTML of the mail when everybody types `x`."""
    return skeleton(html_of(compose(facts(event, channel, "x"), sender=SENDER, review_url=REVIEW_URL)))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.sampled(1)
def test_a_campaign_s_mail_has_its_headers_its_recipient_and_its_elements_and_no_more(name):
    text = TEXTS[name]
    for event, channel in MAILS[::6] if name in SLOW_TO_FOLD else MAILS:
        said = facts(event, channel, text)
        raw = compose(said, sender=SENDER, review_url=REVIEW_URL).as_bytes()
        mail = read(raw)

        assert sorted(mail.names) == sorted(HEADERS), (event, channel)
        assert mail["From"].endswith(f"<{SENDER}>")
        assert mail["To"].endswith(f"<{said.recipient.email}>") or mail["To"] == said.recipient.email
        assert (
            mail["Subject"].split()
            == f"[Campaign approval] {header_text(text)} (revision {said.review_revision})".split()
        )
        assert mail["X-Gql-Approvals-Event"] == event
        assert [part["Content-Type"].partition(";")[0] for part in mail.parts] == ["text/plain", "text/html"]
        assert skeleton(mail.parts[1].text) <= allowed(event, channel), (event, channel)
        for part in mail.parts:
            shown = part.text.replace("\n", "").replace("\t", "")
            assert not [letter for letter in shown if ord(letter) < 32 or 127 <= ord(letter) < 160]
            assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(shown)


@pytest.mark.parametrize("name", ALL)
def test_the_mail_about_refused_files_quotes_and_obeys_nothing(name):
    text = TEXTS[name]
    node = text if name in STORABLE else "node-1"  # it comes out of the database
    said = notice_facts(
        account_name=text, recipient=Person(name=text, email="ada@acme.test"), node=node,
        problems=(text, f"policy.csv:1:1: {text}"), more=3, version=text,
    )  # fmt: skip
    mail = read(compose_notice(said, sender=SENDER).as_bytes())

    assert sorted(mail.names) == sorted(set(HEADERS) - {"X-Gql-Approvals-Campaign"})
    assert mail["To"].endswith("<ada@acme.test>") or mail["To"] == "ada@acme.test"
    plain = notice_facts(node="x", problems=("x", "y"), more=3)
    assert skeleton(mail.parts[1].text) <= skeleton(html_of(compose_notice(plain, sender=SENDER)))


def test_the_strict_reader_finds_what_it_is_for():
    """The control: a header that a text has added, and an element, are seen."""
    raw = compose(facts(SUBMITTED, Channel.SMS, "x"), sender=SENDER, review_url=REVIEW_URL).as_bytes()
    forged = raw.replace(b"Subject: ", b"Subject: x\r\nBcc: evil@x.test\r\nX-Old: ", 1)

    assert "Bcc" in read(forged).names
    assert ("img", "onerror", "alert(1)") in skeleton('<p>"><img src=x onerror=alert(1)></p>')
    for bad in (raw.replace(b"\r\n", b"\n", 1), raw + b"\r", raw.replace(b"Date: ", b"Date ", 1)):
        with pytest.raises(AssertionError):
            read(bad)
