"""createCampaign."""

import pytest
from tests.schema.client import CAMPAIGN, CONTENT, TOMORROW, YESTERDAY, on_one_database, paths_of

pytestmark = pytest.mark.wide

AUDIENCE = {"segment": "All", "estimatedSize": 1000}
INPUT = {"name": "Winter sale", "content": {"email": CONTENT["email"]}, "audience": AUDIENCE}
EVERY_FIELD = """
  head { content { __typename
    ... on EmailContent { subject preheader fromName fromEmail replyTo html text }
    ... on SmsContent { senderId smsBody: body }
    ... on AppPushContent { title body deepLink imageUrl }
    ... on WhatsappContent { templateName language parameters }
    ... on WebPushContent { title body url iconUrl }
    ... on OnsiteContent { placement html }
  } }
"""
FULL = {
    "email": CONTENT["email"] | {"preheader": "Now", "replyTo": "us@acme.test", "text": "Buy!"},
    "appPush": CONTENT["appPush"] | {"deepLink": "acme://sale", "imageUrl": "https://acme.test/a.png"},
    "webPush": CONTENT["webPush"] | {"iconUrl": "https://acme.test/i.png"},
}


async def test_a_maker_creates_a_draft_and_contributes_to_it(api):
    done = await api.send("maya", "createCampaign", f"campaign {{ {CAMPAIGN} }}", **INPUT)

    campaign = done["campaign"]
    assert (campaign["status"], campaign["publishMode"], campaign["version"]) == ("DRAFT", "ON_APPROVAL", 1)
    assert campaign["createdBy"] == {"name": "Maya"}
    assert campaign["head"]["number"] == 1
    assert campaign["head"]["contributors"] == [{"name": "Maya"}]
    assert campaign["live"] is campaign["openRequest"] is campaign["authorisation"] is None
    assert await api.kinds(campaign["id"]) == ["campaign:created"]


async def test_every_channel_keeps_its_own_typed_content(api):
    for member, channel, kind in (
        ("email", "EMAIL", "EmailContent"),
        ("sms", "SMS", "SmsContent"),
        ("appPush", "APP_PUSH", "AppPushContent"),
        ("whatsapp", "WHATSAPP", "WhatsappContent"),
        ("webPush", "WEB_PUSH", "WebPushContent"),
        ("onsite", "ONSITE", "OnsiteContent"),
    ):
        sent = FULL.get(member, CONTENT[member])

        campaign = await api.create(channel=member, content={member: sent})

        assert campaign["channel"] == channel
        content = (await api.show(campaign, EVERY_FIELD))["head"]["content"]
        assert content.pop("__typename") == kind
        if "smsBody" in content:
            content["body"] = content.pop("smsBody")
        assert content == sent


@on_one_database
@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, "ON_APPROVAL"),
        ({"scheduledAt": TOMORROW}, "SCHEDULED"),
        ({"scheduledAt": "2026-11-22T10:00:00+01:00"}, "SCHEDULED"),
        ({"scheduledAt": TOMORROW, "publishMode": "SCHEDULED"}, "SCHEDULED"),
        ({"publishMode": "MANUAL"}, "MANUAL"),
        ({"publishMode": "SCHEDULED"}, ["scheduledAt"]),
        ({"scheduledAt": None, "publishMode": "SCHEDULED"}, ["scheduledAt"]),
        ({"scheduledAt": TOMORROW, "publishMode": "MANUAL"}, ["publishMode"]),
        ({"scheduledAt": TOMORROW, "publishMode": "ON_APPROVAL"}, ["publishMode"]),
    ],
)
async def test_a_time_goes_with_scheduled_and_with_nothing_else(api, given, answer):
    if isinstance(answer, str):
        campaign = await api.create(**given)
        assert campaign["publishMode"] == answer
        assert campaign["head"]["scheduledAt"] == (TOMORROW if answer == "SCHEDULED" else None)
    else:
        assert paths_of(await api.refused("maya", "createCampaign", **INPUT | given)) == answer


@on_one_database
async def test_a_draft_may_have_blanks_and_a_time_that_has_passed(api):
    content = {"email": CONTENT["email"] | {"subject": "", "html": " "}}

    campaign = await api.create(
        content=content, audience={"segment": "", "estimatedSize": 0}, scheduledAt=YESTERDAY
    )

    assert campaign["status"] == "DRAFT"


async def test_an_input_that_cannot_be_stored_is_refused_with_the_way_to_every_mistake(api):
    email = CONTENT["email"]
    for given, paths in (
        ({"name": ""}, ["name"]),
        ({"name": " \t"}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "a\0b"}, ["name"]),
        ({"content": {"email": email | {"subject": "a\0b"}}}, ["content.email.subject"]),
        ({"content": {"email": email | {"text": "\0"}}}, ["content.email.text"]),
        (
            {"content": {"whatsapp": CONTENT["whatsapp"] | {"parameters": ["a", "\0"]}}},
            ["content.whatsapp.parameters.1"],
        ),
        ({"audience": AUDIENCE | {"segment": "\0"}}, ["audience.segment"]),
        ({"audience": AUDIENCE | {"estimatedSize": -1}}, ["audience.estimatedSize"]),
        ({"audience": AUDIENCE | {"definition": {"a": ["\0"]}}}, ["audience.definition.a.0"]),
        ({"audience": AUDIENCE | {"definition": {"a\0": 1}}}, ["audience.definition.a\0"]),
        ({"name": "", "audience": AUDIENCE | {"estimatedSize": -1}}, ["name", "audience.estimatedSize"]),
    ):
        assert sorted(paths_of(await api.refused("maya", "createCampaign", **INPUT | given))) == sorted(paths)


async def test_a_name_may_have_two_hundred_characters_of_any_language(api):
    name = "Ärger über 50 % 🎄" + "ß" * 183

    campaign = await api.create(name=name)

    assert len(name) == 200
    assert campaign["name"] == name


async def test_a_definition_is_kept_as_it_came(api):
    definition = {"b": [1, 2.5, True, None, "ü"], "a": {"deep": [[{}]]}, "": ""}

    campaign = await api.create(audience=AUDIENCE | {"definition": definition})

    assert (await api.show(campaign, "head { audience { definition } }"))["head"]["audience"][
        "definition"
    ] == definition


@on_one_database
async def test_whoever_only_decides_or_looks_creates_nothing(api):
    for who in ("chen", "sofia", "leo", "dora", "noor"):
        assert await api.code(who, "createCampaign", account="acme", **INPUT) == "FORBIDDEN"


@on_one_database
async def test_an_intern_creates_e_mails_only(api):
    await api.assign("vera", "intern")

    assert (await api.create("vera"))["status"] == "DRAFT"
    assert (
        await api.code("vera", "createCampaign", **INPUT | {"content": {"sms": CONTENT["sms"]}})
        == "FORBIDDEN"
    )
