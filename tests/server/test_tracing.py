"""Spans of a real server, as a real collector gets them; and what a collector that hangs costs: nothing."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.schema.client import settle
from tests.server.otlp_collector import attributes_of, collecting
from tests.server.server_process import running

from gql_approvals.app import now_utc
from gql_approvals.persistence.database import Database

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
MUTATION = "mutation Stop { enableApprovals(input: {}) { __typename } }"


async def _let_in(url: str) -> None:
    async with Database.open(url) as database:
        await database.transaction(lambda: settle(now_utc()))


@pytest.fixture
def settled(sqlite_url: str) -> str:
    asyncio.run(_let_in(sqlite_url))
    return sqlite_url


def ask(url: str, query: str, **headers: str) -> httpx.Response:
    given = {"Authorization": "Bearer demo-insecure-vera", **headers}
    return httpx.post(f"{url}/graphql", json={"query": query}, headers=given, trust_env=False, timeout=30)


@pytest.mark.slow
def test_an_operation_is_a_span_below_its_caller_s_and_above_its_transaction(
    settled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        with running(tmp_path, workers=2, DATABASE_URL=settled, DEMO="true", LOG="json") as server:
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "span-0001"}
            assert ask(server.url, MUTATION, **headers).status_code == 200
            assert ask(server.url, "{ nope }").status_code == 200
            assert ask(server.url, "{ auditLog { totalCount } }", traceparent="nonsense").status_code == 200
            server.terminate()
            records = server.records("http:answered", request_id="span-0001")

    [operation], [other] = collector.named("mutation"), collector.named("query")
    assert (operation.name, other.name) == ("mutation enableApprovals", "query auditLog")
    assert (operation.trace_id.hex(), operation.parent_span_id.hex()) == (TRACE, PARENT)
    assert (other.trace_id.hex() != TRACE, other.parent_span_id) == (True, b"")
    assert attributes_of(operation) == {
        "graphql.operation.name": "Stop",
        "graphql.operation.type": "mutation",
        "gql_approvals.field": "enableApprovals",
        "gql_approvals.outcome": "OK",
        "gql_approvals.refusal": "FORBIDDEN",
        "gql_approvals.account": "acme",
        "gql_approvals.request_id": "span-0001",
    }
    assert (other.status.code, other.status.message) == (2, "FORBIDDEN")
    [below] = [one for one in collector.named("transaction") if one.trace_id == operation.trace_id]
    assert below.parent_span_id == operation.span_id
    assert {resource["service.name"] for _, resource in collector.spans} == {"gql-approvals"}
    assert [record["request_id"] for record in records] == ["span-0001"]
    [decision] = server.records("policy:decision", request_id="span-0001")
    assert decision["trace_id"] == TRACE


@pytest.mark.alone
def test_a_collector_that_hangs_delays_neither_answers_nor_the_end(
    settled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with collecting(hangs=True) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        with running(tmp_path, workers=2, DATABASE_URL=settled, DEMO="true", LOG="json") as server:
            for _ in range(20):
                assert ask(server.url, "{ viewer { roles } }").status_code == 200
            time.sleep(0.5)
            assert server.terminate() < 6


LOADED = """
import sys
from gql_approvals.app import create
from gql_approvals.observability import meters, tracing
from gql_approvals.settings import Settings
create(Settings(production=True))
with tracing.exporting("1"), tracing.span("x"), tracing.operation_span():
    meters.count("operations", "query", "viewer", "OK")
print([name for name in sys.modules if name.partition(".")[0] in {"opentelemetry", "prometheus_client"}])
"""


@pytest.mark.slow
def test_nothing_of_it_is_loaded_where_nobody_asks_for_it(monkeypatch: pytest.MonkeyPatch):
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
