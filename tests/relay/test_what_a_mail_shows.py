"""The parts of a mail: the copy as its readers see it, a definition as a list, what changed."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.relay.world import SMS, Sink, World

from gql_approvals.relay.copy import copy_of, sms_length
from gql_approvals.relay.difference import LABELS, LENGTH, MARKUP_ONLY, NOT_SHOWN, NOTHING, differences
from gql_approvals.relay.outline import MAX_LINES, outline
from gql_approvals.relay.samples import sample_facts
from gql_approvals.relay.shown import FIRST
from gql_approvals.service.delivery import SUBMITTED
from gql_approvals.workflow.changes import FieldChange
from gql_approvals.workflow.content import (
    CONTENT_OF,
    Audience,
    EmailContent,
    OnsiteContent,
    WhatsappContent,
    camel,
)
from gql_approvals.workflow.vocabulary import Action, Channel, PublishMode, Section

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)

# ---------------------------------------------------------------------------------------------- the copy
SMS_LENGTHS = [
    ("", (0, 1)),
    ("a" * 160, (160, 1)),
    ("a" * 161, (161, 2)),
    ("a" * 306, (306, 2)),
    ("a" * 307, (307, 3)),
    ("€" * 80, (80, 1)),  # two each
    ("€" * 81, (81, 2)),
    ("ж" * 70, (70, 1)),
    ("ж" * 71, (71, 2)),
    ("🎉" * 35, (35, 1)),  # two units of UTF-16 each
    ("🎉" * 36, (36, 2)),
    ("₹", (1, 1)),
]


@pytest.mark.parametrize(("body", "length"), SMS_LENGTHS)
def test_a_text_message_is_counted_as_it_is_paid(body: str, length: tuple[int, int]):
    assert sms_length(body) == length


@pytest.mark.parametrize("channel", Channel)
def test_every_field_of_a_copy_is_shown(channel: Channel):
    kind = CONTENT_OF[channel]
    values = {item.name: f"value of {item.name}" for item in fields(kind)}
    given = {name: (text,) if name == "parameters" else text for name, text in values.items()}
    shown = "\n".join(part.text for part in copy_of(kind(**given)))

    assert [text for text in values.values() if text not in shown] == []
    assert {f"content.{camel(name)}" for name in values} <= set(LABELS)


def test_links_are_listed_but_not_without_end():
    html = "".join(f"<a href='https://a.test/{n}'>number {n}</a>" for n in range(25))
    [links] = [
        part.text for part in copy_of(OnsiteContent(placement="x", html=html)) if part.label == "Links"
    ]

    assert "number 19 → https://a.test/19" in links
    assert links.endswith("\nand 5 more")
    assert len(links.splitlines()) == 21


def test_empty_parts_are_left_out_and_a_template_s_places_are_numbered():
    parts = copy_of(WhatsappContent(template_name="points", language="en", parameters=("a", "b")))
    bare = copy_of(WhatsappContent(template_name="points", language="en"))

    assert [(part.label, part.text) for part in parts] == [
        ("Template", "points (en)"),
        ("What fills it", "{{1}} a\n{{2}} b"),
    ]
    assert [part.label for part in bare] == ["Template"]


# ---------------------------------------------------------------------------------------- the definition
OUTLINES = [
    ({"days": 90}, "days: 90"),
    ({"in": True, "city": None, "tags": ["a", "b"], "no": []}, "in: yes\ncity: —\ntags: a, b\nno: —"),
    ({"all": [{"f": "x", "in": [1, 2]}, {"f": "y"}]}, "all:\n    - f: x; in: 1, 2\n    - f: y"),
    ({"a": {"b": {"c": 1}}}, "a:\n    b:\n        c: 1"),
    ("everybody", "everybody"),
    (["x", 1], "- x\n- 1"),
    ({}, ""),
    ({"a\nb": "c\r\nd"}, "a b: c d"),
]  # fmt: skip


@pytest.mark.parametrize(("definition", "lines"), OUTLINES)
def test_a_definition_is_a_short_list(definition: object, lines: str):
    assert outline(definition) == lines


def test_a_long_and_a_deep_definition_are_cut():
    deep: object = "bottom"
    for _ in range(100):
        deep = {"in": [deep]}

    assert outline({str(n): n for n in range(MAX_LINES + 7)}).splitlines()[-1] == "and 7 more"
    assert len(outline(deep)) < 500


# -------------------------------------------------------------------------------------------- what changed
def changed(path: str, before: object, after: object):
    section = Section.COPY if path.startswith("content") else Section.AUDIENCE
    facts = replace(
        sample_facts(SUBMITTED, Channel.EMAIL, NOW),
        changes=(FieldChange(section=section, path=path, before=before, after=after),),
    )
    [one] = differences(facts)
    return one.label, one.before, one.after, one.note


CHANGES = [
    (("content.subject", "Old", "New"), ("Subject", "Old", "New", "")),
    (("content.preheader", None, "New"), ("Preview text", NOTHING, "New", "")),
    (("content.html", "<p>a<p>b<p>z", "<p>a<p>c<p>z"), ("Text of the HTML", "b", "c", "")),
    (("content.html", "<p>a</p>", "<h1>a</h1>"), ("Text of the HTML", "", "", MARKUP_ONLY)),
    (("content.html", "<p>a</p>", "<p>a</p><p>b</p>"), ("Text of the HTML", NOTHING, "b", "")),
    (("audience.estimatedSize", 1200, 0), ("Audience", "1,200 people", "0 people", "")),
    (("audience.definition", {"days": 90}, {"days": 30}), ("Definition", "days: 90", "days: 30", "")),
    (("content.replyTo", "", None), ("Replies go to", "", "", NOT_SHOWN)),
    (("content.text", "a\r\nb", "a\r\nc"), ("Plain text version", "b", "c", "")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "shown"), CHANGES)
def test_a_change_is_shown_as_people_say_it(change: tuple[str, object, object], shown: tuple[str, ...]):
    assert changed(*change) == shown


def test_a_long_text_is_shown_around_the_place_where_it_differs():
    _, before, after, _ = changed(
        "content.text", "x" * 900 + "old" + "y" * 900, "x" * 900 + "new" + "y" * 900
    )

    for text, word in ((before, "old"), (after, "new")):
        assert text.startswith("…x")
        assert word in text
        assert text.endswith("…")
        assert len(text) == LENGTH


async def sent_and_edited(world: World, sink: Sink, **edit: object) -> None:
    """Revision 1 is sent and all its mails are out, and revision 2 is submitted."""
    content = EmailContent(
        subject="Autumn", from_name="Acme", from_email="news@acme.test", html="<p>Coats, now.</p>"
    )
    campaign = await world.submitted(content=content)
    await world.act("chen", Action.APPROVE, campaign)
    await everything_sent(world, sink)
    await world.act("maya", Action.EDIT, campaign, **edit)
    await world.act("maya", Action.SUBMIT, campaign)


async def everything_sent(world: World, sink: Sink) -> None:
    """Mails of one round go out side by side: only what is sent before is sure to arrive before."""
    while await world.mail_lane(sink.port).round():
        pass


async def submission(world, sink):
    await everything_sent(world, sink)
    return [letter for letter in sink.letters if letter.mail["X-Gql-Approvals-Event"] == SUBMITTED][-1]


@pytest.mark.wide
async def test_a_submission_says_what_changed_since_what_was_sent(world, sink):
    content = EmailContent(
        subject="Autumn <part two>",
        from_name="Acme",
        from_email="news@acme.test",
        html="<p>Coats, later.</p>",
    )
    at = world.clock().replace(hour=6, minute=30, second=0, microsecond=0) + timedelta(days=3)
    audience = Audience(segment="Everybody", definition={"days": 30}, estimated_size=2400)
    await sent_and_edited(
        world, sink, content=content, audience=audience, publish_mode=PublishMode.SCHEDULED, scheduled_at=at
    )
    letter = await submission(world, sink)
    text = letter.text.replace("\r\n", "\n")

    assert "Changed since revision 1, which was sent last" in letter.html
    assert "--- Changed since revision 1, which was sent last ---" in text
    for label, before, after in (
        ("Subject", "Autumn", "Autumn <part two>"),
        ("Text of the HTML", "Coats, now.", "Coats, later."),
        ("Segment", "Lapsed buyers", "Everybody"),
        ("Definition", "days: 90", "days: 30"),
        ("Audience", "1,200 people", "2,400 people"),
        ("Sending", "as soon as it is approved", f"{at:%a %d %b %Y}, 12:00 (Asia/Kolkata, UTC+05:30)"),
    ):
        assert f"\n{label}:\n- {before}\n+ {after}\n" in text
    assert "Now:</span> Autumn &lt;part two&gt;</div>" in letter.html
    assert "Before:</span> Coats, now.</div>" in letter.html


@pytest.mark.wide
async def test_a_first_version_says_that_nothing_was_sent_before(world, sink):
    await world.submitted()
    letter = await submission(world, sink)

    assert FIRST in letter.text
    assert FIRST in letter.html


@pytest.mark.wide
async def test_the_same_again_says_that_nothing_differs(world, sink):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)
    await everything_sent(world, sink)
    await world.act("maya", Action.EDIT, campaign, content=replace(SMS, body="Other words"))
    await world.act("maya", Action.EDIT, campaign, content=SMS)
    await world.act("maya", Action.SUBMIT, campaign)
    letter = await submission(world, sink)

    assert "Nothing differs from revision 1, which was sent last" in letter.text
    assert "Nothing differs from revision 1, which was sent last" in letter.html
