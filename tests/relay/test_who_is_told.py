"""Every event kind, over SMTP, to exactly the right people."""

from datetime import timedelta

import pytest
from tests.relay.world import SMS, World

from gql_approvals.persistence.models import RevisionRow
from gql_approvals.relay.wording import WORDING
from gql_approvals.service.perform import perform_due
from gql_approvals.workflow.transitions import TRANSITIONS
from gql_approvals.workflow.vocabulary import Action, IfPending, PublishMode

pytestmark = pytest.mark.wide

CHECKERS = ["ada", "chen", "cleo"]


async def submitted(world):
    await world.submitted(note="Please be quick")


async def approved(world):
    campaign = await world.submitted()
    await world.act("chen", Action.APPROVE, campaign)


async def rejected(world):
    campaign = await world.submitted()
    await world.act("chen", Action.REJECT, campaign, reason="The price is wrong")


async def expired(world):
    campaign = await world.submitted()
    world.clock.forward(days=15)
    await perform_due(world.office, world.account.id, campaign)


async def scheduled(world):
    at = world.clock() + timedelta(hours=1)
    campaign = await world.submitted(scheduled_at=at)
    await world.act("chen", Action.APPROVE, campaign)
    return campaign


async def schedule_missed(world):
    campaign = await scheduled(world)
    world.clock.forward(hours=2)
    await perform_due(world.office, world.account.id, campaign)


async def auto_approved(world):
    await world.submitted()
    await world.switch_off()


async def withdrawn(world):
    campaign = await world.submitted()
    await world.act("maya", Action.WITHDRAW, campaign)


async def archived(world):
    campaign = await world.submitted()
    await world.act("maya", Action.ARCHIVE, campaign)


async def revoked(world):
    campaign = await scheduled(world)
    await world.act("ada", Action.REVOKE, campaign, reason="Wrong season")


async def edited(world):
    campaign = await scheduled(world)
    words = type(SMS)(sender_id="ACME", body="Other words")
    await world.act("max", Action.EDIT, campaign, content=words, if_pending=IfPending.WITHDRAW)


async def held(world):
    campaign = await scheduled(world)
    await RevisionRow.filter(campaign_id=campaign).update(segment="Everybody")
    world.clock.forward(hours=1)
    await perform_due(world.office, world.account.id, campaign)


# story, rows of the transition table, kind, who
STORIES = [
    (submitted, {3}, "campaign:submitted", CHECKERS),
    (approved, {7}, "campaign:approved", ["maya"]),
    (rejected, {8}, "campaign:rejected", ["maya"]),
    (expired, {9}, "campaign:expired", [*CHECKERS, "maya"]),
    (schedule_missed, {12}, "campaign:schedule_missed", ["maya"]),
    (auto_approved, {15}, "campaign:auto_approved", ["maya"]),
    (withdrawn, {4}, "campaign:withdrawn", CHECKERS),
    (archived, {17}, "campaign:archived", CHECKERS),
    (revoked, {10}, "campaign:revoked", ["chen", "maya"]),
    (edited, {5}, "campaign:edited", ["chen", "maya"]),
    (held, set(), "campaign:held", ["ada"]),
]


def test_every_row_that_tells_somebody_has_its_story_and_its_words():
    told = {row.number for row in TRANSITIONS if row.tells}

    assert set().union(*(rows for _, rows, _, _ in STORIES)) == told
    assert {kind for _, _, kind, _ in STORIES} == set(WORDING)


@pytest.mark.parametrize(("story", "kind", "who"), [(s, k, w) for s, _, k, w in STORIES])
@pytest.mark.sampled
async def test_the_right_people_get_one_mail_each(world, sink, story, kind, who):
    await story(world)
    lane = world.mail_lane(sink.port)
    while await lane.round():
        pass

    told = [letter for letter in sink.letters if letter.mail["X-Gql-Approvals-Event"] == kind]
    assert sorted(letter.recipients[0].partition("@")[0] for letter in told) == sorted(who)
    assert all(letter.recipients == [letter.mail["To"].addresses[0].addr_spec] for letter in told)
    assert all("Diwali sale" in letter.text and "Diwali sale" in letter.html for letter in told)
    assert len({letter.mail["Subject"] for letter in sink.letters}) == 1
    assert len({letter.mail["References"] for letter in sink.letters}) == 1
    assert len({letter.mail["Message-ID"] for letter in sink.letters}) == len(sink.letters)
    assert all(message.delivered_at for message in await world.messages("mail"))


async def test_the_submission_shows_what_is_reviewed(world, sink):
    campaign = await world.submitted(
        note="Please be quick",
        scheduled_at=world.clock().replace(hour=6, minute=30) + timedelta(days=2),
    )
    await world.mail_lane(sink.port, review_url="https://app.test/c/{campaign}/r/{request}").round()

    letter = next(letter for letter in sink.letters if letter.recipients == ["chen@acme.test"])
    for part in (letter.text, letter.html):
        for words in (
            "Lapsed buyers", "1,200 people", "12:00 (Asia/Kolkata, UTC+05:30)", "Sale ends tonight",
            "Cleo, Ada", "Please be quick", "1 by anyone who may approve", "https://app.test/c/",
        ):  # fmt: skip
            assert words in part
    assert "Chen, " not in letter.text
    assert letter.mail["From"].addresses[0].display_name == "Maya via Campaign approval"
    assert letter.mail["Auto-Submitted"] == "auto-generated"
    assert letter.mail["List-Id"] == "Campaign approval <acme.approvals.acme.test>"
    assert (await world.campaign(campaign)).request.note == "Please be quick"


async def test_a_rejection_quotes_its_reason(world, sink):
    await rejected(world)
    lane = world.mail_lane(sink.port)
    await lane.round()

    letter = next(letter for letter in sink.letters if letter.recipients == ["maya@acme.test"])
    assert "> The price is wrong" in letter.text
    assert "The price is wrong</blockquote>" in letter.html


async def test_a_revocation_quotes_its_reason(world, sink):
    await revoked(world)
    await world.mail_lane(sink.port).round()
    await world.mail_lane(sink.port).round()

    letters = [one for one in sink.letters if one.mail["X-Gql-Approvals-Event"] == "campaign:revoked"]
    assert len(letters) == 2
    assert all("> Wrong season" in letter.text for letter in letters)


async def test_without_a_review_address_there_is_no_link(world, sink):
    await submitted(world)
    await world.mail_lane(sink.port).round()

    assert all("http" not in letter.text and "href" not in letter.html for letter in sink.letters)


async def test_a_mail_that_comes_late_says_that_nothing_is_left_to_decide(world, sink):
    await withdrawn(world)
    await world.mail_lane(sink.port).round()

    late = [letter for letter in sink.letters if letter.mail["X-Gql-Approvals-Event"] == "campaign:submitted"]
    assert len(late) == 3
    assert all("nothing left to decide" in letter.text for letter in late)


LOSSES = [
    (submitted, "chen", {"roles": ["viewer"]}),
    (submitted, "chen", {"active": False}),
    (rejected, "maya", {"active": False}),
    (revoked, "chen", {"roles": []}),
    (held, "ada", {"roles": ["checker"]}),
]


@pytest.mark.parametrize(("story", "name", "loss"), LOSSES)
@pytest.mark.sampled
async def test_who_lost_the_right_gets_no_mail(world, sink, story, name, loss):
    await story(world)
    await world.change_member(name, **loss)
    kind = STORIES[[s for s, *_ in STORIES].index(story)][2]
    while await world.mail_lane(sink.port).round():
        pass

    told = [letter for letter in sink.letters if letter.mail["X-Gql-Approvals-Event"] == kind]
    assert f"{name}@acme.test" not in [letter.recipients[0] for letter in told]
    user = world.members[name].user_id
    [message] = [
        m
        for m in await world.messages("mail")
        if m.payload["recipient"] == user and m.payload["event"] == kind
    ]
    assert message.given_up_at is not None
    assert message.delivered_at is None


async def test_one_right_of_several_is_enough(world, sink):
    """Involved people still see the campaign when they lost the right to make."""
    await rejected(world)
    await world.change_member("maya", roles=[])
    await world.mail_lane(sink.port).round()

    assert "maya" in sink.told


async def test_a_manual_campaign_is_said_to_wait(world, sink):
    campaign = await world.submitted(publish_mode=PublishMode.MANUAL)
    await world.act("chen", Action.APPROVE, campaign)
    await world.mail_lane(sink.port).round()

    [letter] = [letter for letter in sink.letters if letter.recipients == ["maya@acme.test"]]
    assert "waits for somebody to publish it" in letter.text


async def test_nobody_of_another_account_is_told(database, sink):
    here = await World.open(database)
    there = await World.open(database, slug="globex", clock=here.clock)
    await there.submitted()
    await there.mail_lane(sink.port).round()

    assert {letter.recipients[0].partition("@")[2] for letter in sink.letters} == {"globex.test"}
