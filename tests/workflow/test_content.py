"""A vote is for exact content: what the hashes are made of, and that a client can compute them."""

import base64
import hashlib
import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workflow.world import Words, World

from gql_approvals.workflow.content import (
    CHANNEL_OF,
    NOT_CANONICAL,
    AppPushContent,
    Audience,
    EmailContent,
    OnsiteContent,
    SmsContent,
    WebPushContent,
    WhatsappContent,
    as_json,
    canonical,
    content_from_json,
    hashes,
    utc_text,
)
from gql_approvals.workflow.identity import global_id, parse_global_id
from gql_approvals.workflow.vocabulary import Action, Channel, PublishMode, Section

DOCUMENT = Path(__file__).parents[2] / "docs" / "hashes.md"
AUDIENCE = Audience(segment="Loyal customers", definition={"orders": {"min": 3}}, estimated_size=1200)
TIME = datetime(2026, 12, 1, 8, tzinfo=UTC)
SCHEDULE = (PublishMode.SCHEDULED, TIME)

# One content per channel, with its JSON written out by hand and its content hash as it must stay for ever.
CONTENTS = {
    Channel.EMAIL: (
        EmailContent(
            subject="Frühling ☀",
            from_name="Acme",
            from_email="news@acme.example",
            html="<p>Hello</p>",
            text="Hello",
        ),
        {
            "subject": "Frühling ☀",
            "preheader": None,
            "fromName": "Acme",
            "fromEmail": "news@acme.example",
            "replyTo": None,
            "html": "<p>Hello</p>",
            "text": "Hello",
        },
        "04e2fcbeed882ade42520706e33f12e5f7fd1bc2963890ee883cd14a17b3afdb",
    ),
    Channel.SMS: (
        SmsContent(sender_id="ACME", body="20% off\ntoday"),
        {"senderId": "ACME", "body": "20% off\ntoday"},
        "554a2cafbf80b9ada8dd1aafa100f19f32f8e555e9b69488a5b62c3eb9f0ad31",
    ),
    Channel.APP_PUSH: (
        AppPushContent(title="Sale", body="Today only", deep_link="acme://sale"),
        {"title": "Sale", "body": "Today only", "deepLink": "acme://sale", "imageUrl": None},
        "e43d6dd4fc7dab3b7de0f1dc8dd95947becf57fdbaf5998c4675b130b41cd2c0",
    ),
    Channel.WHATSAPP: (
        WhatsappContent(template_name="sale", language="de", parameters=("Ada", "20%")),
        {"templateName": "sale", "language": "de", "parameters": ["Ada", "20%"]},
        "0382e9950d5585c4d4c5f1face3ba6b31e3895f3988b90bf3e6ab8ec4d13d4ad",
    ),
    Channel.WEB_PUSH: (
        WebPushContent(title="Sale", body="Today only", url="https://acme.example/sale"),
        {"title": "Sale", "body": "Today only", "url": "https://acme.example/sale", "iconUrl": None},
        "7375363b1a80ab07210bfb9afdc134a9d9c31ae7230bcd474cabea000285b174",
    ),
    Channel.ONSITE: (
        OnsiteContent(placement="home-banner", html="<b>Sale</b>"),
        {"placement": "home-banner", "html": "<b>Sale</b>"},
        "d9b447c431e66007074a66ba93c1c109f070495f4bdf10af3d3a24219a6e8ed7",
    ),
}
PARAMETERS = [pytest.param(channel, *row, id=channel) for channel, row in CONTENTS.items()]


def sha256(value) -> str:
    """The documented hash, by other means than the product's: for such values plain JSON is RFC 8785."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(channel, content, audience=AUDIENCE, mode=PublishMode.SCHEDULED, time=TIME):
    return hashes(channel, content, audience, mode, time)


def other(value):
    """Another value of the same kind."""
    match value:
        case str():
            return value + "!"
        case tuple():
            return (*value, "one more")
        case int():
            return value + 1
        case dict():
            return {**value, "country": "NL"}
        case _:
            return "no longer null"


# ------------------------------------------------------------------------------------------- the hashes
@pytest.mark.parametrize(("channel", "content", "written", "golden"), PARAMETERS)
def test_a_client_computes_the_same_hashes(channel, content, written, golden):
    copy = sha256({"channel": channel.value, "content": written})
    audience = sha256(
        {"segment": "Loyal customers", "definition": {"orders": {"min": 3}}, "estimatedSize": 1200}
    )
    schedule = sha256({"publishMode": "SCHEDULED", "scheduledAt": "2026-12-01T08:00:00Z"})

    found = hashed(channel, content)

    assert (found.copy, found.audience, found.schedule) == (copy, audience, schedule)
    assert found.content == sha256({"COPY": copy, "AUDIENCE": audience, "SCHEDULE": schedule}) == golden


def test_every_channel_has_a_golden_content():
    assert set(CONTENTS) == set(Channel) == set(CHANNEL_OF.values())


@pytest.mark.parametrize(
    ("channel", "name"),
    [(channel, field.name) for channel, row in CONTENTS.items() for field in fields(row[0])],
)
def test_every_field_of_a_content_changes_the_copy_and_nothing_else(channel, name):
    content = CONTENTS[channel][0]
    changed = replace(content, **{name: other(getattr(content, name))})

    assert hashed(channel, changed).changed_from(hashed(channel, content)) == (Section.COPY,)


@pytest.mark.parametrize("name", [field.name for field in fields(Audience)])
def test_every_field_of_an_audience_changes_the_audience_and_nothing_else(name):
    content = CONTENTS[Channel.SMS][0]
    changed = replace(AUDIENCE, **{name: other(getattr(AUDIENCE, name))})

    difference = hashed(Channel.SMS, content, changed).changed_from(hashed(Channel.SMS, content))

    assert difference == (Section.AUDIENCE,)


@pytest.mark.parametrize(
    ("mode", "time"),
    [
        (PublishMode.MANUAL, None),
        (PublishMode.ON_APPROVAL, None),
        (PublishMode.SCHEDULED, TIME + timedelta(microseconds=1)),
    ],
)
def test_mode_and_time_change_the_schedule_and_nothing_else(mode, time):
    content = CONTENTS[Channel.SMS][0]

    difference = hashed(Channel.SMS, content, mode=mode, time=time).changed_from(hashed(Channel.SMS, content))

    assert difference == (Section.SCHEDULE,)


def test_the_same_moment_in_another_time_zone_is_the_same_schedule():
    content = CONTENTS[Channel.SMS][0]
    there = TIME.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert hashed(Channel.SMS, content, time=there) == hashed(Channel.SMS, content)


def test_null_and_an_empty_text_are_two_contents():
    content = CONTENTS[Channel.EMAIL][0]

    assert hashed(Channel.EMAIL, replace(content, preheader="")) != hashed(Channel.EMAIL, content)


def test_texts_that_only_look_the_same_are_two_contents():
    composed, decomposed = (SmsContent(sender_id="ACME", body=text) for text in ("\u00e9", "e\u0301"))

    assert hashed(Channel.SMS, composed).copy != hashed(Channel.SMS, decomposed).copy


def test_the_same_copy_on_another_channel_is_another_content():
    pushed = {"title": "Sale", "body": "Today only"}
    as_app = hashes(Channel.APP_PUSH, AppPushContent(**pushed), AUDIENCE, *SCHEDULE)
    on_web = hashes(Channel.WEB_PUSH, WebPushContent(**pushed, url=""), AUDIENCE, *SCHEDULE)

    assert as_app.changed_from(on_web) == (Section.COPY,)


def test_the_name_is_not_content():
    world = World().create(Words("a"))
    before = world.campaign.head

    world.perform(Action.EDIT, name="Autumn sale")

    assert world.campaign.name == "Autumn sale"
    assert world.campaign.head is before or world.campaign.head == before


def test_the_order_of_keys_in_a_definition_does_not_matter():
    one, two = (replace(AUDIENCE, definition=d) for d in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))

    assert hashed(Channel.SMS, CONTENTS[Channel.SMS][0], one) == hashed(
        Channel.SMS, CONTENTS[Channel.SMS][0], two
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (2**53 - 1, "9007199254740991"),
        ("\u20ac$\u000f\nA'B\"\\/", '"\u20ac$\\u000f\\nA\'B\\"\\\\/"'),
        ({"\ufb33": 1, "\U0001f600": 2}, '{"\U0001f600":2,"\ufb33":1}'),
        ([True, False, None, (), {}], "[true,false,null,[],{}]"),
    ],
)
def test_the_canonical_form_is_that_of_rfc_8785(value, text):
    assert canonical(value).decode() == text


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\udfff": 1, "a": 2}]
)
def test_what_json_clients_would_read_differently_has_no_canonical_form(value):
    with pytest.raises(NOT_CANONICAL):
        canonical(value)


@settings(derandomize=True, database=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text('ab\u00e9\u20ac"\\\n\t', max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_without_fractions_and_rare_keys_plain_sorted_json_is_canonical(value):
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert canonical(value).decode() == plain


# ----------------------------------------------------------------------------------------- the JSON form
@pytest.mark.parametrize(("channel", "content", "written", "golden"), PARAMETERS)
def test_a_content_survives_storage(channel, content, written, golden):
    del golden

    assert as_json(content) == written
    assert content_from_json(channel, json.loads(json.dumps(as_json(content)))) == content


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (TIME, "2026-12-01T08:00:00Z"),
        (TIME + timedelta(milliseconds=500), "2026-12-01T08:00:00.500000Z"),
        (TIME.astimezone(timezone(timedelta(hours=-3))), "2026-12-01T08:00:00Z"),
    ],
)
def test_times_are_written_in_utc(moment, text):
    assert utc_text(moment) == text


# -------------------------------------------------------------------------------------------- global ids
@pytest.mark.parametrize("key", [1, 7, 2**31, 2**63 - 1])
@pytest.mark.parametrize("kind", ["Campaign", "Revision", "ApprovalRequest"])
def test_a_global_id_reads_back(kind, key):
    assert parse_global_id(global_id(kind, key)) == (kind, key)


def test_a_global_id_is_safe_in_an_address():
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", global_id("Campaign", key)) for key in range(1, 2000, 7))


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "7",
        "====",
        "Campaign:7",
        "not an id",
        "\u00e9\u20ac",
        "a" * 5000,
        global_id("Campaign", 7) + "=",
        global_id("Campaign", 7) + "\n",
        " " + global_id("Campaign", 7),
        global_id("Campaign", -1),
        global_id("Campaign", 2**63),
        encoded("Campaign:007"),
        encoded("Campaign:+7"),
        encoded("Campaign: 7"),
        encoded("Campaign:7 "),
        encoded("Campaign:\u00b2"),
        encoded("Campaign:\u0667"),
        encoded("Campaign:"),
    ],
)
def test_junk_is_no_global_id(junk):
    assert parse_global_id(junk) is None


@settings(derandomize=True, database=None, max_examples=30)
@given(st.text(max_size=30))
def test_whatever_reads_as_a_global_id_was_made_as_one(text):
    parsed = parse_global_id(text)

    assert parsed is None or global_id(*parsed) == text


# ------------------------------------------------------------------------------------------ the document
def blocks(language: str) -> list[str]:
    of_content = DOCUMENT.read_text(encoding="utf-8").partition("## The audit trail")[0]
    return re.findall(rf"```{language}\n(.*?)```", of_content, re.DOTALL)


def test_the_worked_example_of_the_document_is_right():
    copy, audience, schedule, total = map(json.loads, blocks("json"))
    promised = re.findall(
        r"^\| (\w+) \| `([0-9a-f]{64})` \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )

    found = hashes(
        Channel(copy["channel"]),
        content_from_json(Channel(copy["channel"]), copy["content"]),
        Audience(
            segment=audience["segment"],
            definition=audience["definition"],
            estimated_size=audience["estimatedSize"],
        ),
        PublishMode(schedule["publishMode"]),
        datetime.fromisoformat(schedule["scheduledAt"]),
    )

    assert total == {section.value: text for section, text in found.by_section.items()}
    assert dict(promised) == {**total, "content": found.content}


def test_the_canonical_texts_of_the_document_are_right():
    objects = [json.loads(block) for block in blocks("json")]

    assert [line for block in blocks("text") for line in block.splitlines()] == [
        canonical(value).decode() for value in objects
    ]


def test_the_program_of_the_document_computes_the_hash(capsys):
    (program,) = blocks("python")
    names: dict[str, object] = {}

    exec(program, names)  # noqa: S102 - the document's own example

    assert capsys.readouterr().out.strip() == names["content_hash"]
    assert f"`{names['content_hash']}`" in DOCUMENT.read_text(encoding="utf-8")
