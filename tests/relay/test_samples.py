"""Every event's mail, for every channel, with and without an earlier sent revision."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from tests.relay.world import Letter

from gql_approvals.relay.copy import copy_of
from gql_approvals.relay.difference import differences
from gql_approvals.relay.samples import EVENTS, sample, sample_facts
from gql_approvals.relay.wording import WORDING, badge_of, preheader_of
from gql_approvals.service.delivery import SUBMITTED
from gql_approvals.service.policy_notice import REFUSED
from gql_approvals.workflow.vocabulary import Channel

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
COMMON = (
    "Diwali sale",
    "India, opted in",
    "18,000 people",
    "Fri 04 Dec 2026, 09:00 (Asia/Kolkata, UTC+05:30)",
)
TO_CHECKERS = ("1 by anyone who may approve", "Cleo Martin, Ada Okafor", "The terms are those of last year")


def parts_of(mail) -> tuple[str, str]:
    """The text, and the HTML's words, each on single lines."""
    letter = Letter("", [], mail.as_bytes())
    html = re.sub(r"<(style|title)>.*?</\1>|<[^>]+>", " ", letter.html, flags=re.DOTALL)
    text = re.sub(r"^[|>+-] ", "", letter.text, flags=re.MULTILINE)
    return " ".join(text.split()), " ".join(unescape(html).split())


@pytest.mark.parametrize("sent_before", [False, True])
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("event", WORDING)
@pytest.mark.sampled
def test_both_parts_hold_every_fact(event: str, channel: Channel, *, sent_before: bool):
    facts = sample_facts(event, channel, NOW, sent_before=sent_before)
    expected = [badge_of(event), facts.recipient.name, facts.account_name, *COMMON]
    expected += [facts.reason or ""] + ["Approved by", *facts.approved_by] * bool(facts.approved_by)
    if event == SUBMITTED:
        expected += TO_CHECKERS
        expected += [words for part in copy_of(facts.content) for words in (part.label, part.text)]
        expected += [words for one in differences(facts) for words in (one.label, one.before, one.after)]
    text, html = parts_of(sample(event, channel, NOW, sent_before=sent_before))

    wanted = [" ".join(words.split()) for words in expected]
    assert [words for words in wanted if words.lower() not in text.lower()] == []
    assert [words for words in wanted if words not in html] == []


@pytest.mark.parametrize("event", WORDING)
@pytest.mark.sampled
def test_what_happened_stands_first_for_lists_of_mails(event: str):
    facts = sample_facts(event, Channel.SMS, NOW)
    html = Letter("", [], sample(event, Channel.SMS, NOW).as_bytes()).html

    body = unescape(html.partition("<body")[2].partition(">")[2])
    first = re.sub(r"<[^>]+>", "", body).strip()
    assert first.startswith(preheader_of(facts))
    assert preheader_of(facts).startswith(badge_of(event))


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.sampled
def test_a_review_is_one_thread_whatever_happens_in_it(channel: Channel):
    mails = [sample(event, channel, NOW) for event in WORDING]

    for name in ("Subject", "References", "In-Reply-To", "List-Id", "Auto-Submitted"):
        assert len({mail[name] for mail in mails}) == 1
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)
    assert not {mail["Message-ID"] for mail in mails} & {mail["References"] for mail in mails}
    assert mails[0]["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.sampled
def test_every_link_leads_to_the_review_and_decides_nothing(event: str):
    html = Letter("", [], sample(event, Channel.EMAIL, NOW, sent_before=True).as_bytes()).html

    links = set(re.findall(r'(?:href|src|action)="([^"]*)"', html))
    assert links == (set() if event == REFUSED else {"https://app.acme.example/campaigns/Q2FtcGFpZ246MTI"})
    assert not re.search(r"<(script|form|img|link|iframe|h1>Hello)", html)
