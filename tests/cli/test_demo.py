"""The demo: complete at once, kept over restarts, started over when asked, and never in anybody's way."""

import asyncio
import contextlib
import json
import re
import resource
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from tests.databases import look

from gql_approvals.cli.demo_data import ACCOUNTS, PEOPLE, STORIES
from gql_approvals.cli.demo_reset import erase
from gql_approvals.cli.demo_seed import seed
from gql_approvals.cli.demo_start import choose_settings, prepare
from gql_approvals.cli.progress import Bar
from gql_approvals.errors import BadDatabase
from gql_approvals.persistence import campaigns, outbox, people
from gql_approvals.persistence.database import Database
from gql_approvals.policy.engine import Policy
from gql_approvals.settings import Settings
from gql_approvals.workflow.model import Campaign
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, RequestStatus

pytestmark = pytest.mark.wide

POLICIES = Path(__file__).parents[2] / "policies"
NOW = datetime.now(UTC)
LAST = r"globex +noor "  # the banner's last line


async def fill(url: str) -> None:
    policy = Policy.load(POLICIES, now=NOW)
    async with Database.open(url) as database:
        await seed(database, policy, NOW, Bar())


async def of_account(slug: str) -> list[Campaign]:
    account = await people.account_by_slug(slug)
    return [] if account is None else list((await campaigns.load(account.id, range(1, 50))).values())


@pytest.fixture
def seeded(database_url: str) -> str:
    """A database with the demo in it."""
    asyncio.run(fill(database_url))
    return database_url


@pytest.fixture
def shown(demo_template: Path) -> str:
    """One that no test changes."""
    return f"sqlite:///{demo_template}"


def ask(base: str, token: str, query: str) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310  # our own server
        f"{base}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the same
        return json.load(answer)["data"]


# ------------------------------------------------------------------------------------------------ data
def test_the_data_show_every_status_and_every_channel(shown: str):
    found = look(shown, lambda: of_account("acme"))

    assert {campaign.status for campaign in found} == set(CampaignStatus)
    assert {campaign.channel for campaign in found} == set(Channel)
    assert Counter(story.account for story in STORIES) == {"acme": len(found), "globex": 3}


def test_the_data_tell_the_stories_that_people_look_for(shown: str):
    found = {campaign.name: campaign for campaign in look(shown, lambda: of_account("acme"))}

    large = found["Year-end sale, everyone"]
    assert large.status is CampaignStatus.PENDING_REVIEW
    assert large.head.audience.estimated_size == 120_000
    assert large.open_request is not None
    assert {r.role for r in large.open_request.requirements} == {"anyone", "checker", "legal_reviewer"}

    rejected = found["App: dark mode is here"]
    assert [(d.verdict, bool(d.reason)) for r in rejected.requests for d in r.decisions] == [
        ("REJECTED", True)
    ]

    again = found["Autumn newsletter"]
    assert (again.status, again.head.number, again.live_revision and again.live_revision.number) == (
        "DRAFT",
        2,
        1,
    )
    assert again.live is not None
    assert again.live.metrics.sent == 45_000

    assert found["Back in stock"].requests[-1].status is RequestStatus.EXPIRED
    coming = found["Parcel pick-up reminder"].due_at
    assert coming is not None
    assert NOW + timedelta(days=11) < coming < NOW + timedelta(days=13)


def test_what_was_done_in_the_demo_has_left_its_mails(shown: str):
    kinds = Counter(message.kind for message in look(shown, lambda: outbox.newest(500)))

    assert kinds["handover"] == 4
    assert kinds["mail"] > 40


def test_the_people_are_there_with_their_tokens(shown: str):
    async def bearers() -> dict[str, dict[str, frozenset[str]]]:
        found: dict[str, dict[str, frozenset[str]]] = {}
        for person in PEOPLE:
            bearer = await people.bearer_of(f"demo-insecure-{person.name}", NOW)
            assert bearer is not None
            found[person.name] = {account.slug: member.roles for account, member in bearer.memberships}
        return found

    assert look(shown, bearers) == {
        person.name: {slug: frozenset(roles) for slug, roles in person.roles.items()} for person in PEOPLE
    }


@pytest.mark.alone
def test_filling_a_database_takes_two_seconds_at_most(sqlite_url: str):
    before = time.process_time()

    asyncio.run(fill(sqlite_url))

    assert time.process_time() - before <= 2


# --------------------------------------------------------------------------------------------- restarts
@pytest.mark.slow
def test_a_second_start_keeps_what_is_there(seeded: str):
    before = look(seeded, lambda: of_account("acme"))

    ready = asyncio.run(prepare(Settings(database_url=seeded, policies=str(POLICIES)), reset=False))

    assert not ready.seeded
    assert {slug for slug, _, _ in ready.roles} == set(ACCOUNTS)
    assert look(seeded, lambda: of_account("acme")) == before


@pytest.mark.slow
def test_a_reset_starts_over(seeded: str):
    ready = asyncio.run(prepare(Settings(database_url=seeded, policies=str(POLICIES)), reset=True))

    assert ready.seeded
    assert len(look(seeded, lambda: of_account("acme"))) == len([s for s in STORIES if s.account == "acme"])


@pytest.mark.slow
def test_a_reset_of_an_empty_database_fills_it(empty_database_url: str):
    assert asyncio.run(
        prepare(Settings(database_url=empty_database_url, policies=str(POLICIES)), reset=True)
    ).seeded


@pytest.mark.parametrize("reset", [False, True])
def test_other_people_s_data_are_left_alone(run: Callable, database_url: str, *, reset: bool):
    run("account", "create", "acme", "--admin", "ada@acme.example", database_url=database_url)

    with pytest.raises(BadDatabase, match=r"has accounts, but not the whole demo|not the demo's"):
        asyncio.run(prepare(Settings(database_url=database_url, policies=str(POLICIES)), reset=reset))

    assert look(database_url, lambda: people.user_by_email("ada@acme.example")) is not None


@pytest.mark.slow
def test_a_demo_with_an_account_of_its_own_is_not_reset(run: Callable, seeded: str):
    run("account", "create", "initech", "--admin", "bill@initech.example", database_url=seeded)

    with pytest.raises(BadDatabase, match="holds `initech`: it is left as it is"):
        asyncio.run(erase(seeded))

    assert look(seeded, lambda: people.account_by_slug("initech")) is not None


@pytest.mark.slow
def test_an_interrupted_start_is_told_and_can_be_started_over(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    settings = Settings(database_url=sqlite_url, policies=str(POLICIES))
    with monkeypatch.context() as patch:
        patch.setattr("gql_approvals.cli.demo_seed.perform_due", interrupt)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(fill(sqlite_url))

    with pytest.raises(BadDatabase, match="start over with --reset"):
        asyncio.run(prepare(settings, reset=False))
    assert asyncio.run(prepare(settings, reset=True)).seeded


async def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_a_reset_leaves_nothing_of_ours_and_everything_of_others(seeded: str):
    asyncio.run(anything(seeded, "CREATE TABLE of_somebody_else (id INTEGER)"))

    asyncio.run(erase(seeded))

    left = set(asyncio.run(anything(seeded, TABLES_OF[seeded.partition(":")[0]])))
    assert left - {"sqlite_sequence"} == {"of_somebody_else", "tortoise_migrations"}


TABLES_OF = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


async def anything(url: str, statement: str) -> list[str]:
    """Send a statement past the store; the first column of what comes back."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            found = [row[0] for row in connection.execute(statement).fetchall()]
            connection.commit()
            return found
    connection = await asyncpg.connect(url)
    found = [row[0] for row in await connection.fetch(statement)]
    await connection.close()
    return found


# --------------------------------------------------------------------------------------------- settings
def test_a_mail_s_link_opens_the_explorer_unless_another_page_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    theirs = {"GQL_APPROVALS_REVIEW_URL": "https://app.test/c/{campaign}"}

    assert choose_settings({}, "http://127.0.0.1:8000", None).review_url == (
        "http://127.0.0.1:8000/graphql?review={campaign}"
    )
    assert (
        choose_settings(theirs, "http://127.0.0.1:8000", None).review_url == "https://app.test/c/{campaign}"
    )


# ----------------------------------------------------------------------------------------------- server
@pytest.mark.alone
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_demo_is_ready_at_once_and_answers(serving: Callable, tmp_path: Path, workers: str):
    unit, before = cpu_of_an_import(), cpu_of_children()
    with serving("demo", "--port", "0", "--workers", workers, until=LAST) as banner:
        base = re.findall(r"GraphiQL +(http://127\.0\.0\.1:\d+)/graphql", banner)[0]
        answer = ask(
            base, "demo-insecure-maya", "{ viewer { user { name } roles } campaigns { totalCount } }"
        )

    assert answer == {
        "viewer": {"user": {"name": "Maya"}, "roles": ["maker"]},
        "campaigns": {"totalCount": 12},
    }
    # each worker, and the process that fills the database and watches over them, is little more than its code
    assert cpu_of_children() - before <= 3 * unit * (1 + int(workers))
    for told in (
        "/schema.graphql",
        "/dev/outbox",
        "sqlite:///.demo/",
        "version ",
        *(p.token for p in PEOPLE),
    ):
        assert told in banner
    assert (tmp_path / ".demo" / "delivery-secret").read_text().startswith("whsec_")


def cpu_of_an_import() -> float:
    """What loading the server's code takes on this machine."""
    before = cpu_of_children()
    subprocess.run([sys.executable, "-c", "import gql_approvals.app"], check=True)
    return cpu_of_children() - before


def cpu_of_children() -> float:
    """Seconds that processes which have ended took; the wall clock depends on what else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
