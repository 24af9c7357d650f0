"""How the databases find a page: by an index in the order of the list, so that a long list costs no more."""
# ruff: noqa: S608  # no input

from datetime import UTC, datetime, timedelta

import pytest
from tortoise.connection import get_connection
from tortoise.expressions import Q

from gql_approvals.persistence import pages
from gql_approvals.persistence.conditions import EVERYTHING, Moment
from gql_approvals.persistence.models import AccountRow, UserRow
from gql_approvals.persistence.pages import CampaignFilter, CampaignOrder
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel

AT = datetime(2030, 1, 1, tzinfo=UTC)
MOMENT = Moment(now=AT, grace=timedelta(minutes=5))
MANY = 4000  # rows of each account, of which each status, channel and creator has a part
NUMBERS = {
    "sqlite": f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})",
    "postgresql": f"WITH numbers AS (SELECT n FROM generate_series(1, {MANY}) n)",
}
CAMPAIGNS = """{numbers} INSERT INTO campaign (account_id, name, folded_name, channel, status, version,
    head_number, newest_number, audience, created_by_id, created_at, updated_at)
    SELECT {account}, 'Sale ' || n, 'sale ' || n, CASE n % 50 WHEN 0 THEN 'SMS' ELSE 'EMAIL' END,
    CASE WHEN n % 2 = 0 THEN 'PENDING_REVIEW' WHEN n % 20 = 1 THEN 'SENT' ELSE 'DRAFT' END, 1, 1, 1, 1000,
    CASE n % 40 WHEN 0 THEN {other} ELSE {maker} END, '{at}', '{at}' FROM numbers"""
REQUESTS = """INSERT INTO approval_request (account_id, campaign_id, revision_number, content_hash, status,
    requirements, policy_version, submitted_by_id, submitted_at, expires_at)
    SELECT account_id, id, 1, '', CASE status WHEN 'PENDING_REVIEW' THEN 'OPEN' ELSE 'APPROVED' END,
    '[]', '', created_by_id, '{at}', '{later}' FROM campaign"""


def listed(order=CampaignOrder.CREATED_AT, *, descending=True, **wanted):
    return pages.campaigns(
        1, EVERYTHING, CampaignFilter(**wanted), MOMENT, order=order, descending=descending
    )


NEWEST = "campaign_newest_idx|campaign_pkey"  # either begins behind the cursor, in the order of ids
LISTS = {
    "newest first": (listed, NEWEST),
    "oldest first": (lambda: listed(descending=False), NEWEST),
    "by update": (lambda: listed(CampaignOrder.UPDATED_AT), "campaign_updated_idx"),
    "by name": (lambda: listed(CampaignOrder.NAME, descending=False), "campaign_name_idx"),
    "of a status": (lambda: listed(statuses=frozenset({CampaignStatus.SENT})), "campaign_status_idx"),
    "of a channel": (lambda: listed(channels=frozenset({Channel.SMS})), "campaign_channel_idx"),
    "of a creator": (lambda: listed(created_by=2), "campaign_creator_idx"),
    "the inbox": (lambda: pages.inbox(1, 3, Q(campaign__audience__gte=0), AT), "approval_request_inbox_idx"),
}


@pytest.fixture
async def filled(database):
    """A database with many campaigns of several accounts; the lists are of the first."""
    people = [await UserRow.create(name=name, email=f"{name}@a.test", created_at=AT) for name in "abc"]
    accounts = [
        await AccountRow.create(
            slug=slug, name=slug, time_zone="UTC", approvals_enabled=True, notify_scope="INVOLVED",
            audit_hash="", created_at=AT,
        )
        for slug in ("mine", "yours", "theirs", "ours")
    ]  # fmt: skip
    assert (accounts[0].id, [one.id for one in people]) == (1, [1, 2, 3])
    at, later = (moment.isoformat(" ", "microseconds") for moment in (AT, AT + timedelta(days=1)))
    client = get_connection(database.dialect)
    values = {"numbers": NUMBERS[database.dialect], "maker": 1, "other": 2, "at": at, "later": later}
    for account in accounts:
        await client.execute_query(CAMPAIGNS.format(account=account.id, **values))
    for text in (REQUESTS, "ANALYZE"):
        await client.execute_query(text.format(**values))
    return database


async def plan_of(rows):
    """How the database means to find these rows, as one text."""
    return str([tuple(row) for row in await rows.explain()])


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.usefixtures("filled")
async def test_a_page_comes_from_an_index_in_its_order(name):
    make, index = LISTS[name]
    listing = make()
    first = await listing.page(10, None)
    assert len(first.ids) == 10
    assert first.has_next
    for after in (None, pages.cursor(first.entries[-1])):
        plan = await plan_of(listing.sorted(11, after))
        assert any(one in plan for one in index.split("|")), plan
        assert "TEMP B-TREE" not in plan, plan
        assert "Sort" not in plan, plan


@pytest.mark.usefixtures("filled")
async def test_a_plan_that_sorts_would_be_seen():
    plan = await plan_of(listed().rows.order_by("version").limit(11))
    assert "TEMP B-TREE" in plan or "Sort" in plan
