"""statusCounts, and what is counted no further than to a thousand."""
# ruff: noqa: E501, S608  # GraphQL documents keep their lines; the names of our own tables

import shutil
from datetime import UTC, datetime

import pytest
from tests.schema.client import START, on_one_database
from tests.schema.conftest import POLICIES
from tortoise.connection import get_connection

from gql_approvals.persistence.models import CampaignRow, CommentRow, RevisionRow, UserRow
from gql_approvals.policy.engine import Policy
from gql_approvals.workflow.vocabulary import CampaignStatus

COUNTS = "{ viewer { account { statusCounts { status count } } } }"
MANY = 1003


async def counts(api, who="vera", account=None):
    """The counts of the viewer's account by status, in the order they came, without the zeros."""
    found = (await api.ask(who, COUNTS, account))["viewer"]["account"]["statusCounts"]
    assert [item["status"] for item in found] == list(CampaignStatus)
    return {item["status"]: item["count"] for item in found if item["count"]}


def columns_of(row):
    """A table and its columns but for the id."""
    names = [column for column in row._meta.fields_db_projection.values() if column != "id"]
    return row._meta.db_table, names


async def multiplied(api, row):
    """Store a table's one row again and again."""
    table, names = columns_of(row)
    columns = ", ".join(names)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})"
    insert = f"{numbers} INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}, n"
    await get_connection(api.database.dialect).execute_script(insert)
    assert await row.all().count() == MANY


async def each_with_a_revision(api):
    """Give the one revision that there is to every campaign."""
    table, names = columns_of(RevisionRow)
    values = ", ".join("c.id" if name == "campaign_id" else f"r.{name}" for name in names)
    copies = f"SELECT {values} FROM campaign c, {table} r WHERE c.id <> r.campaign_id"
    insert = f"INSERT INTO {table} ({', '.join(names)}) {copies}"
    await get_connection(api.database.dialect).execute_script(insert)


@on_one_database
async def test_an_account_without_campaigns_has_every_status_with_zero(api):
    assert await counts(api) == {}


@pytest.mark.slow
async def test_every_status_is_counted_as_it_is_at_this_moment(api):
    for status in CampaignStatus:
        if status != "EXPIRED":
            await api.in_status(status)
    await api.create()
    await api.scheduled()
    await api.mutate("gwen", "createCampaign", **_elsewhere())

    assert await counts(api) == {
        "DRAFT": 2,
        "PENDING_REVIEW": 1,
        "APPROVED": 2,
        "REJECTED": 1,
        "SENT": 1,
        "ARCHIVED": 1,
    }
    api.clock.pass_(days=20)  # no clock has run
    assert await counts(api) == {
        "DRAFT": 2,
        "APPROVED": 1,
        "REJECTED": 1,
        "EXPIRED": 2,
        "SENT": 1,
        "ARCHIVED": 1,
    }
    for status, count in (await counts(api)).items():
        text = "query($s: [CampaignStatus!]) { campaigns(filter: {status: $s}) { totalCount } }"
        assert (await api.ask("vera", text, s=[status]))["campaigns"]["totalCount"] == count


@on_one_database
async def test_only_what_the_viewer_may_see_is_counted(api, tmp_path):
    await api.create()
    await api.create(channel="sms")
    await api.submitted(channel="sms")
    before = api.office.policy()
    shutil.copy(POLICIES / "model.conf", tmp_path)
    hiding = "\np, delivery, *, view, sms, status is draft, deny\n"
    (tmp_path / "policy.csv").write_text((POLICIES / "policy.csv").read_text("utf-8") + hiding, "utf-8")

    api.office.policy.exchange(Policy.load(tmp_path, now=datetime(2026, 11, 21, tzinfo=UTC)))
    try:
        assert await counts(api, "dora") == {"DRAFT": 1, "PENDING_REVIEW": 1}
        assert await counts(api, "vera") == {"DRAFT": 2, "PENDING_REVIEW": 1}
    finally:
        api.office.policy.exchange(before)


@on_one_database
async def test_each_of_the_viewers_accounts_is_counted_by_itself(api):
    await api.create()
    await api.create()
    await api.mutate("gwen", "createCampaign", **_elsewhere())

    text = "{ viewer { accounts { slug statusCounts { status count } } } }"
    for chosen in ("acme", "globex"):
        found = (await api.ask("noor", text, chosen))["viewer"]["accounts"]
        drafts = {item["slug"]: item["statusCounts"][0] for item in found}
        assert drafts == {
            "acme": {"status": "DRAFT", "count": 2},
            "globex": {"status": "DRAFT", "count": 1},
        }


async def test_nothing_is_counted_beyond_a_thousand(api):
    await api.create()
    await multiplied(api, CampaignRow)

    await each_with_a_revision(api)

    assert await counts(api) == {"DRAFT": 1000}
    page = (await api.ask("vera", "{ campaigns(first: 1) { totalCount edges { cursor } } }"))["campaigns"]
    assert (page["totalCount"], len(page["edges"])) == (1000, 1)


@pytest.mark.slow
async def test_comments_are_counted_up_to_a_thousand_and_paged_to_the_end(api):
    campaign = await api.create()
    maya = await UserRow.get(email="maya@acme.test")
    await CommentRow.create(campaign_id=(await CampaignRow.get()).id, by=maya, at=START, body="Hm.")
    await multiplied(api, CommentRow)

    seen, after = 0, "null"
    while after:
        part = f"comments(first: 100, after: {after}) {{ totalCount edges {{ cursor }} pageInfo {{ hasNextPage endCursor }} }}"
        page = (await api.show(campaign, part))["comments"]
        seen += len(page["edges"])
        after = f'"{page["pageInfo"]["endCursor"]}"' if page["pageInfo"]["hasNextPage"] else None
        assert page["totalCount"] == 1000
    assert seen == MANY


def _elsewhere():
    return {
        "name": "G",
        "content": {"sms": {"senderId": "G", "body": "b"}},
        "audience": {"segment": "S", "estimatedSize": 3},
    }
