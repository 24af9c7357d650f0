"""What benchmarks measure is real: the product answers the seed as if it had written it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bench.workloads import operations, seed
from bench.workloads.contenders import product
from bench.workloads.filling import fill
from bench.workloads.multiplying import multiply
from tests.bench.conftest import CAMPAIGNS

from bench import asgi
from gql_approvals.cli.auditing import verify
from gql_approvals.persistence import campaigns
from gql_approvals.persistence.database import Database
from gql_approvals.workflow.vocabulary import CampaignStatus

COUNTS = "{ viewer { user { name } account { slug statusCounts { status count } } permissions } }"


def asked(url: str, folder: Path, query: str, token: str, **variables: Any) -> dict[str, Any]:
    """What the product answers."""

    async def answer() -> dict[str, Any]:
        application = product.application(url, folder)
        async with application.router.lifespan_context(application):
            body = json.dumps({"query": query, "variables": variables}).encode()
            return json.loads(await asgi.post(application, body, token=token))

    found = asyncio.run(answer())
    assert "errors" not in found, found
    return found["data"]


def test_the_seed_is_as_large_as_promised():
    found = seed.rows(1_000)
    sizes = {table: len(rows) for table, rows in found.items()}
    assert sizes["campaign"] == 1_000
    assert sizes["revision"] == pytest.approx(2_000, rel=0.01)
    assert sizes["decision"] == pytest.approx(4_000, rel=0.02)
    status = seed.COLUMNS["campaign"].split().index("status")
    pending = [row for row in found["campaign"] if row[status] == CampaignStatus.PENDING_REVIEW]
    assert len(pending) == 200
    assert sizes["app_user"] == sizes["member"] == 50


def test_the_seed_is_the_same_every_time():
    assert seed.rows(50) == seed.rows(50)


def test_every_campaign_of_the_seed_is_whole_and_has_the_hashes_of_its_content(filled):
    async def loaded() -> dict[int, Any]:
        async with Database.open(filled):
            return await campaigns.load(1, range(1, CAMPAIGNS + 1))

    found = asyncio.run(loaded())
    assert sorted(found) == list(range(1, CAMPAIGNS + 1))
    for campaign in found.values():
        assert campaign.head.hashes.content == campaign.head.hash_as_stored(campaign.channel)
        for request in campaign.requests:
            assert len({vote.by for vote in request.votes}) == len(request.votes)
            assert not campaign.contributors & {vote.by for vote in request.votes}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.wide)])
def test_many_campaigns_are_whole_copies_of_some(kind, request, folder):
    url = f"sqlite:///{folder / 'many.db'}"
    if kind == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(postgres.create())
    fill(url, 40, migrated=kind == "postgresql")
    multiply(url, 3)

    async def loaded() -> dict[int, Any]:
        async with Database.open(url):
            return await campaigns.load(1, range(1, 130))

    found = asyncio.run(loaded())
    assert sorted(found) == list(range(1, 121))
    for number, campaign in found.items():
        original = found[(number - 1) % 40 + 1]
        assert campaign.head.hashes == original.head.hashes
        assert campaign.contributors == original.contributors
        assert campaign.updated_at - original.updated_at == timedelta(minutes=(number - 1) // 40)
        assert [len(one.votes) for one in campaign.requests] == [len(one.votes) for one in original.requests]
        assert (campaign.live is None) == (original.live is None)


def test_the_product_counts_every_status_of_the_seed(filled, folder):
    counts = asked(filled, folder, COUNTS, seed.CHECKER)["viewer"]["account"]["statusCounts"]
    expected = [seed.Kind(number).status for number in range(1, CAMPAIGNS + 1)]
    assert {one["status"]: one["count"] for one in counts} == {
        status.value: expected.count(status) for status in CampaignStatus
    }


def test_the_inbox_of_the_seed_is_what_the_checker_may_decide(filled, folder):
    page = asked(filled, folder, operations.W2.document, operations.W2.token, first=50)["reviewInbox"]
    assert len(page["edges"]) == 50
    assert page["pageInfo"]["hasNextPage"]
    for edge in page["edges"]:
        decisions = edge["node"]["decisions"]
        assert len(decisions) == seed.QUORUM - 1
        assert "Person 1" not in [one["by"]["name"] for one in decisions]
        allowed = {one["action"] for one in edge["node"]["campaign"]["viewerActions"] if one["allowed"]}
        assert allowed == {"VIEW", "COMMENT", "APPROVE", "REJECT"}


def test_the_audit_chain_of_the_seed_is_intact(filled):
    (verdict,) = asyncio.run(verify(filled, form="json"))
    assert verdict.finding is None
