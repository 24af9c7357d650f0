"""W3 and W4: each contender really submits and votes, and writes the audit chain on."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from bench.workloads.filling import file_of, fill
from bench.workloads.operations import W3, W4, Drafts
from bench.workloads.serving import CONTENDERS, Contender
from tests.bench.conftest import CAMPAIGNS
from tests.bench.test_contenders import application

from bench import asgi
from gql_approvals.cli.auditing import verify
from gql_approvals.persistence import campaigns
from gql_approvals.persistence.database import Database
from gql_approvals.workflow.vocabulary import CampaignStatus


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.wide)])
def own(request: pytest.FixtureRequest, folder: Path) -> str:
    """A database with the seed, to be written to."""
    if request.param == "sqlite":
        copy = folder / "own.db"
        shutil.copyfile(file_of(request.getfixturevalue("small_sqlite")), copy)
        return f"sqlite:///{copy}"
    postgres = request.getfixturevalue("postgres")
    url = postgres.url(postgres.create())
    fill(url, CAMPAIGNS, migrated=True)
    return url


def written(contender: Contender, url: str, folder: Path, drafts: Drafts) -> dict[str, Any]:
    """What it answers to both, without what differs from campaign to campaign."""
    served = application(contender.name, url, folder)
    submitted, approved = drafts.take(1)

    async def both() -> list[dict[str, Any]]:
        async with served.router.lifespan_context(served):
            return [
                json.loads(
                    await asgi.post(
                        served, contender.body(one, given), token=one.token, path=contender.path(one)
                    )
                )
                for one, given in ((W3, submitted[0]), (W4, approved[0]))
            ]

    answers = {name: one for answer in asyncio.run(both()) for name, one in answer["data"].items()}
    assert answers["submitCampaign"]["request"].pop("contentHash") == approved[0]["contentHash"]
    assert answers["approveCampaign"]["decision"].pop("contentHash") == approved[0]["contentHash"]
    for answer in answers.values():
        assert answer["campaign"].pop("id") == submitted[0]["id"]
    first, second = (
        answers[name]["campaign"].pop("version") for name in ("submitCampaign", "approveCampaign")
    )
    assert second == first + 1
    return answers


@pytest.mark.slow
def test_all_contenders_write_the_same(own, folder):
    drafts = Drafts(CAMPAIGNS)
    answers = [written(one, own, folder, drafts) for one in CONTENDERS]
    assert answers[0]["submitCampaign"] == {
        "campaign": {"status": "PENDING_REVIEW"},
        "request": {"status": "OPEN"},
    }
    assert answers[1:] == answers[:1] * 2

    [verdict] = asyncio.run(verify(own, form="json"))
    assert verdict.finding is None
    assert verdict.entries == 2 * len(CONTENDERS)

    async def loaded() -> dict[int, Any]:
        async with Database.open(own):
            return await campaigns.load(1, [2, 3, 4])

    found = asyncio.run(loaded())
    assert {one.status for one in found.values()} == {CampaignStatus.PENDING_REVIEW}
    assert {one.version - 2 * one.head.number for one in found.values()} == {2}
    assert {vote.by for one in found.values() for vote in one.open_request.votes} == {1}
