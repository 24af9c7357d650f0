"""The figures of a real server of two workers: whichever worker is asked, they are those of the whole."""

import asyncio
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.schema.client import settle
from tests.server.server_process import ServerProcess, running

from gql_approvals.app import now_utc
from gql_approvals.observability.figures import COUNTED, FOUND
from gql_approvals.observability.shared_figures import _place
from gql_approvals.persistence.database import Database

TOKEN = "a-token-of-metrics-0123456789"
REFUSED = "mutation { enableApprovals(input: {}) { __typename } }"
pytestmark = pytest.mark.alone


async def _let_in(url: str) -> None:
    async with Database.open(url) as database:
        await database.transaction(lambda: settle(now_utc()))


def ask(server: ServerProcess, query: str, **headers: str) -> dict[str, object]:
    given = {"Authorization": "Bearer demo-insecure-vera", **headers}
    answer = httpx.post(
        f"{server.url}/graphql", json={"query": query}, headers=given, trust_env=False, timeout=30
    )
    return dict(answer.json())


def scrape(server: ServerProcess, token: str = TOKEN) -> httpx.Response:
    """A new connection each time, so that any worker may answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{server.url}/metrics", headers=headers, trust_env=False, timeout=30)


def figures(server: ServerProcess) -> dict[str, float]:
    """Sample → value, without our prefix."""
    answer = scrape(server)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("gql_approvals_"): float(value) for name, value in samples}


def folders() -> set[Path]:
    return set(_place().glob("gql-approvals-figures-*"))


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    asyncio.run(_let_in(database_url))
    with running(
        tmp_path, workers=2, DATABASE_URL=database_url, DEMO="true", LOG="json", METRICS_TOKEN=TOKEN
    ) as running_server:
        yield running_server


def test_any_worker_tells_the_truth_about_all_also_when_one_was_killed(server: ServerProcess):
    for _ in range(40):
        ask(server, REFUSED)
        ask(server, "{ viewer { roles } }")
    ask(server, "{ nope }")
    refused = 'mutations_total{action="ENABLE_APPROVALS",code="FORBIDDEN"}'
    viewed = 'operations_total{field="viewer",outcome="OK",type="query"}'

    seen = [figures(server) for _ in range(10)]
    assert {(one[refused], one[viewed], one["workers"]) for one in seen} == {(40, 40, 2)}
    assert seen[0]['operation_seconds_count{field="viewer",type="query"}'] == 40
    assert seen[0]['operations_total{field="none",outcome="GRAPHQL_VALIDATION_FAILED",type="none"}'] == 1
    both = Counter(record["request_id"] for record in server.records("http:answered"))
    assert sum(both.values()) >= 81

    for _ in range(3):
        victim, *_ = server.worker_pids[-2:]
        started = server.log.read_text().count("Application startup complete")
        os.kill(victim, signal.SIGKILL)
        server.wait_ready(started + 1)

    after = [figures(server) for _ in range(10)]
    assert {(one[refused], one[viewed], one["workers"]) for one in after} == {(40, 40, 2)}
    ask(server, REFUSED)
    assert figures(server)[refused] == 41


def test_figures_are_for_whoever_has_the_token(server: ServerProcess):
    for wrong in ("", "wrong", TOKEN[:-1], f"{TOKEN}x", "demo-insecure-ada"):
        answer = scrape(server, wrong)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "gql_approvals_" not in answer.text


def test_every_figure_is_told_and_nothing_that_anybody_wrote(server: ServerProcess):
    searching = 'query Hunter22 { campaigns(filter: { search: "hunter22" }) { totalCount } }'
    for query in (REFUSED, "{ viewer { roles } }", searching):
        ask(server, query, **{"X-Request-Id": "hunter22-hunter22"})
    httpx.get(f"{server.url}/hunter22", trust_env=False)

    text = scrape(server).text
    told = set(re.findall(r"# TYPE gql_approvals_(\w+)", text))
    # what has labels is told once it has happened
    later = {name for name, one in COUNTED.items() if one.labels and one.kind == "counter"}
    told = {name.removesuffix("_total") for name in told}
    assert {*COUNTED, *FOUND} - told <= later
    assert told <= {*COUNTED, *FOUND}
    for secret in ("hunter22", "Hunter22", "acme", "vera", "Vera", TOKEN):
        assert secret not in text
    assert figures(server)["database_up"] == 1


def test_what_a_server_leaves_is_removed_by_itself_or_by_the_next(sqlite_url: str, tmp_path: Path):
    asyncio.run(_let_in(sqlite_url))
    given = {"DATABASE_URL": sqlite_url, "DEMO": "true", "LOG": "json"}
    before = folders()
    with running(tmp_path, workers=2, **given) as first:
        [mine] = folders() - before
        first.kill()
        assert mine.exists()
        with running(tmp_path, workers=2, **given) as second:
            assert not mine.exists()
            [its] = folders() - before
            assert scrape(second, "").status_code == 200  # the demo's are open
            second.terminate()
            assert not its.exists()


def test_there_are_no_figures_where_nobody_asked_for_them(sqlite_url: str, tmp_path: Path):
    before = folders()
    with running(tmp_path, workers=2, DATABASE_URL=sqlite_url) as server:
        assert folders() == before
        assert httpx.get(f"{server.url}/metrics", trust_env=False).status_code == 404


def test_a_proxy_is_believed_only_where_it_is_named(sqlite_url: str, tmp_path: Path):
    asyncio.run(_let_in(sqlite_url))
    said = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.2.3"}
    seen: dict[str, str] = {}
    for proxies in ("", "127.0.0.0/8,10.0.0.0/8", "10.0.0.0/8"):
        given = {"DATABASE_URL": sqlite_url, "DEMO": "true", "LOG": "json", "TRUSTED_PROXIES": proxies}
        with running(tmp_path, **given) as server:
            ask(server, "{ viewer { roles } }", **said, **{"X-Request-Id": "proxied-1"})
            [record] = _until_told(server)
            seen[proxies] = record["address"]
    assert seen == {
        "": "127.0.0.1",
        "127.0.0.0/8,10.0.0.0/8": "203.0.113.9",
        "10.0.0.0/8": "127.0.0.1",
    }


def _until_told(server: ServerProcess) -> list[dict[str, str]]:
    for _ in range(100):
        found = server.records("http:answered", request_id="proxied-1")
        if found:
            return found
        time.sleep(0.02)
    return []
