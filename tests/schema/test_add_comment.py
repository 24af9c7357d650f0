"""addComment, and the comments of a campaign."""
# ruff: noqa: E501  # GraphQL documents keep their lines

import json

import pytest
from tests.schema.client import nodes_of, on_one_database, paths_of

from gql_approvals.persistence.models import CommentRow

pytestmark = pytest.mark.wide

COMMENTS = "comments { totalCount edges { node { id by { name } at body section } } }"


async def comments(api, campaign):
    """What was said about a campaign, as everybody reads it."""
    return nodes_of((await api.show(campaign, COMMENTS))["comments"])


async def test_a_checker_says_something_that_everybody_reads(api):
    campaign = await api.submitted()
    given = {"campaignId": campaign["id"], "body": "  Größe?\n🎄 ", "section": "AUDIENCE"}

    done = await api.send("chen", "addComment", "comment { id by { name } at body section }", **given)

    key = done["comment"].pop("id")
    assert done["comment"] == {
        "by": {"name": "Chen"},
        "at": "2026-11-21T09:00:00Z",
        "body": "  Größe?\n🎄 ",
        "section": "AUDIENCE",
    }
    assert await comments(api, campaign) == [{"id": key, **done["comment"]}]
    text = "query($id: ID!) { node(id: $id) { ... on Comment { body section } } }"
    assert (await api.ask("vera", text, id=key))["node"] == {
        "body": "  Größe?\n🎄 ",
        "section": "AUDIENCE",
    }
    assert (await api.kinds(campaign["id"]))[-1] == "comment:added"


async def test_comments_come_oldest_first_in_full_pages(api):
    campaign, other = await api.create(), await api.create()
    for number in range(5):
        await api.comment(campaign, ("maya", "chen")[number % 2], f"{number}")
        await api.comment(other, body="elsewhere")

    assert [comment["body"] for comment in await comments(api, campaign)] == ["0", "1", "2", "3", "4"]
    seen, after = [], "null"
    for size in (2, 2, 1):
        part = f"comments(first: 2, after: {after}) {{ totalCount edges {{ node {{ body }} }} pageInfo {{ hasNextPage endCursor }} }}"
        page = (await api.show(campaign, part))["comments"]
        assert (len(page["edges"]), page["totalCount"]) == (size, 5)
        seen += [node["body"] for node in nodes_of(page)]
        after = json.dumps(page["pageInfo"]["endCursor"])
    assert (seen, page["pageInfo"]["hasNextPage"]) == (["0", "1", "2", "3", "4"], False)


@on_one_database
async def test_a_comment_leaves_the_campaign_as_it_was_and_tells_nobody(api):
    campaign = await api.submitted()
    api.clock.pass_(minutes=1)
    before = await api.footprint()

    await api.comment(campaign, "ada")

    after = await api.footprint()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "comment": 1,
        "audit_event": 1,
        "entries": 1,
    }
    assert await api.campaign(campaign["id"]) == campaign


@on_one_database
async def test_something_can_be_said_even_of_what_was_put_away(api):
    campaign = await api.in_status("ARCHIVED")

    await api.comment(campaign, "chen")

    assert len(await comments(api, campaign)) == 1
    assert (await api.campaign(campaign["id"]))["status"] == "ARCHIVED"


@on_one_database
async def test_who_comments_does_not_contribute(api):
    campaign = await api.create()
    await api.comment(campaign, "chen")
    await api.act("maya", "submitCampaign", campaign)

    assert (await api.decided(campaign, "chen"))["status"] == "SENT"


async def test_what_cannot_be_read_or_kept_is_refused(api):
    campaign = await api.create()

    for body in ("", "  \n\t", "a\0b", "\ud800", "x" * 10_001):
        assert paths_of(await api.refused("maya", "addComment", campaign, body=body)) == ["body"], body
    assert (await api.comment(campaign, body="ß" * 10_000))["body"] == "ß" * 10_000


@on_one_database
async def test_only_who_may_comment_may(api):
    campaign = await api.create(channel="sms")

    for who in ("vera", "noor", "dora", "sofia"):
        account = "acme" if who == "noor" else None
        given = {"campaignId": campaign["id"], "body": "Hm."}
        refused = await api.mutate(who, "addComment", account=account, **given)
        assert (refused["code"], refused["action"]) == ("FORBIDDEN", "comment")
    assert await CommentRow.all().count() == 0
    for who in ("max", "cleo", "ada", "leo"):
        await api.comment(campaign, who)


@on_one_database
async def test_a_duplicate_carries_no_comments(api):
    campaign = await api.create()
    await api.comment(campaign)

    copy = (await api.act("maya", "duplicateCampaign", campaign))["campaign"]

    assert await comments(api, copy) == []


@on_one_database
async def test_a_comment_on_an_overdue_campaign_is_kept_with_the_expiry(api):
    campaign = await api.submitted()
    api.clock.pass_(days=15)

    await api.comment(campaign)

    assert await api.kinds(campaign["id"]) == [
        "campaign:created",
        "campaign:submitted",
        "campaign:expired",
        "comment:added",
    ]
