"""What differs between two revisions of a campaign."""

import pytest
from tests.schema.client import CONTENT, TOMORROW, on_one_database

pytestmark = pytest.mark.wide

CHANGES = "changes(from: %d, to: %d) { section path before after }"


async def changes(api, campaign, earlier, later):
    """The differences as {path: (section, before, after)}."""
    found = (await api.show(campaign, CHANGES % (earlier, later)))["changes"]
    return {item["path"]: (item["section"], item["before"], item["after"]) for item in found}


@pytest.fixture
async def revised(api):
    """A campaign of three revisions, the last of which was discarded."""
    campaign = await api.sent()
    content = CONTENT["email"] | {"subject": "Sale 2", "preheader": "Now", "html": "<p>Buy 2!</p>"}
    second = await api.edited(
        campaign,
        content={"email": content},
        audience={"segment": "All", "definition": {"country": ["NL", "BE"]}, "estimatedSize": 2000},
        scheduledAt=TOMORROW,
        publishMode="SCHEDULED",
    )
    await api.act("maya", "submitCampaign", second)
    await api.edited(await api.campaign(campaign["id"]), subject="Sale 3")
    await api.act("maya", "discardDraft", campaign)
    return campaign


async def test_every_field_that_differs_is_told_with_both_values(api, revised):
    assert await changes(api, revised, 1, 2) == {
        "content.subject": ("COPY", "Sale", "Sale 2"),
        "content.preheader": ("COPY", None, "Now"),
        "content.html": ("COPY", "<p>Buy!</p>", "<p>Buy 2!</p>"),
        "audience.definition": ("AUDIENCE", None, {"country": ["NL", "BE"]}),
        "audience.estimatedSize": ("AUDIENCE", 1000, 2000),
        "publishMode": ("SCHEDULE", "ON_APPROVAL", "SCHEDULED"),
        "scheduledAt": ("SCHEDULE", None, TOMORROW),
    }


@on_one_database
async def test_the_other_way_round_both_values_change_places_and_to_itself_nothing_differs(api, revised):
    there, back = await changes(api, revised, 1, 2), await changes(api, revised, 2, 1)

    assert back == {path: (section, after, before) for path, (section, before, after) in there.items()}
    assert await changes(api, revised, 2, 2) == {}


@on_one_database
async def test_a_discarded_revision_can_still_be_compared(api, revised):
    found = await changes(api, revised, 2, 3)

    assert found["content.subject"] == ("COPY", "Sale 2", "Sale 3")
    assert {section for section, _, _ in found.values()} == {"COPY"}


@on_one_database
@pytest.mark.slow
async def test_unknown_numbers_are_bad_input(api):
    campaign = await api.create()
    await api.edited(await api.sent())
    for earlier, later, unknown in ((0, 1, 0), (1, 2, 2), (-1, 1, -1), (1, 2**31 - 1, 2**31 - 1), (9, 9, 9)):
        text = f"query($id: ID!) {{ campaign(id: $id) {{ {CHANGES % (earlier, later)} }} }}"

        error = await api.fault("vera", text, id=campaign["id"])

        assert (error["code"], f"no revision {unknown} " in error["message"]) == ("BAD_USER_INPUT", True)


HASHES = "head { number sectionHashes { section hash } }"


@on_one_database
@pytest.mark.parametrize(
    ("before", "after", "sections"),
    [
        ({"a": True}, {"a": 1}, {"AUDIENCE"}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1.0}, set()),
        ({"a": 0}, None, {"AUDIENCE"}),
        ([], {}, {"AUDIENCE"}),
    ],
)
async def test_a_section_is_named_exactly_when_its_hash_differs(api, before, after, sections):
    audience = {"segment": "All", "estimatedSize": 1}
    campaign = await api.submitted(audience=audience | {"definition": before})
    first = (await api.show(campaign, HASHES))["head"]
    await api.edited(campaign, content=None, name="Other", audience=audience | {"definition": after})
    second = (await api.show(campaign, HASHES))["head"]

    found = await changes(api, campaign, first["number"], second["number"])

    pairs = zip(first["sectionHashes"], second["sectionHashes"], strict=True)
    assert {old["section"] for old, new in pairs if old != new} == sections
    assert {section for section, _, _ in found.values()} == sections
