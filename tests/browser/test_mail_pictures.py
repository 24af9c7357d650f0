"""Mails and the demo's outbox at the width of a phone and of a window: nothing is cut, nothing complains."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.server_process import running

from gql_approvals.relay.mail import compose
from gql_approvals.relay.samples import EVENTS, REVIEW_URL, SENDER, sample, sample_facts
from gql_approvals.service.delivery import SUBMITTED
from gql_approvals.workflow.content import Audience, EmailContent
from gql_approvals.workflow.vocabulary import Channel

pytestmark = pytest.mark.alone

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
WIDTHS = [320, 390, 640]
TOO_WIDE = """Array.from(document.querySelectorAll('body *'))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""


def html_of(mail) -> str:
    return mail.get_body(("html",)).get_content()


def endless() -> str:
    """A submission whose texts have no place to break."""
    word = "x" * 600
    content = EmailContent(
        subject=word,
        from_name=word,
        from_email=f"{word}@acme.test",
        html=f"<a href='https://{word}'>{word}</a>",
    )
    audience = Audience(segment=word, definition={word: {word: [word]}}, estimated_size=1)
    facts = replace(
        sample_facts(SUBMITTED, Channel.EMAIL, NOW), content=content, audience=audience, name=word, note=word
    )
    return html_of(compose(facts, sender=SENDER, review_url=REVIEW_URL))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_mail_is_wider_than_its_window(browser: Browser, width: int):
    mails = {
        f"{event} {channel}": html_of(sample(event, channel, NOW, sent_before=True))
        for event in EVENTS
        for channel in Channel
    }
    page = browser.new_page(viewport={"width": width, "height": 800})
    for name, html in {**mails, "endless": endless()}.items():
        page.set_content(html)
        assert page.evaluate(TOO_WIDE) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.close()


def test_in_the_dark_every_word_can_be_read(browser: Browser):
    page = browser.new_page(color_scheme="dark")
    page.set_content(html_of(sample(SUBMITTED, Channel.EMAIL, NOW, sent_before=True)))
    for place in (".card", ".box", ".before", ".after"):
        words, ground = page.eval_on_selector(
            place, "(one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor].map("
            "(text) => text.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3)"
        )  # fmt: skip
        assert words - ground > 120, place
    page.close()


def test_on_a_phone_a_label_stands_above_its_value(browser: Browser):
    html = html_of(sample(SUBMITTED, Channel.SMS, NOW))
    for width, is_above in ((390, True), (640, False)):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.set_content(html)
        label, value = page.locator("th", has_text="Segment"), page.locator("td", has_text="India, opted in")
        assert (label.bounding_box()["y"] + 10 < value.bounding_box()["y"]) is is_above
        page.close()


def view(page: Page, name: str) -> None:
    page.locator(f"label[for={name}]").click()
    assert page.evaluate(TOO_WIDE) == [], name


@pytest.mark.parametrize("width", [390, 1100])
def test_the_outbox_can_be_read_and_each_mail_in_four_ways(browser: Browser, tmp_path, width: int):
    complaints: list[str] = []
    with running(tmp_path, command=("demo",)) as server:
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{server.url}/dev/outbox")
        expect(page.locator(".thread").first).to_contain_text("Review requested")
        assert page.evaluate(TOO_WIDE) == []
        page.locator(".thread a", has_text="chen@acme.test").first.click()
        frame = page.locator("iframe")
        expect(frame.content_frame.locator("h1")).to_contain_text("for review")
        view(page, "phone")
        assert frame.bounding_box()["width"] <= 390
        view(page, "text")
        expect(frame).to_be_hidden()
        expect(page.locator("pre")).to_contain_text("REVIEW REQUESTED")
        view(page, "headers")
        expect(page.locator("table")).to_contain_text("auto-generated")
        with page.expect_download() as download:
            page.get_by_text("Download .eml").click()
        assert download.value.suggested_filename.endswith(".eml")
        page.close()
    assert complaints == []
