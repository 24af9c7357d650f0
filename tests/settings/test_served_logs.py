"""What a real server of two workers writes: records and nothing else, its decisions among them."""

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
from tests.schema.client import settle
from tests.server.server_process import running

from gql_approvals.app import now_utc
from gql_approvals.persistence.database import Database

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|WARNING) +[\w.]+ \S.*")


async def _let_in(url: str) -> None:
    async with Database.open(url) as database:
        await database.transaction(lambda: settle(now_utc()))


@pytest.fixture
def written(sqlite_url: str, tmp_path: Path):
    """Serve in this form, let somebody be refused, and give the lines."""
    asyncio.run(_let_in(sqlite_url))

    def serve(form: str) -> list[str]:
        with running(tmp_path, workers=2, DATABASE_URL=sqlite_url, DEMO="true", LOG=form) as server:
            answer = httpx.post(
                f"{server.url}/graphql",
                json={"query": "{ auditLog { totalCount } }"},
                headers={"Authorization": "Bearer demo-insecure-vera"},
                trust_env=False,
            )
            assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            server.terminate()
        return server.log.read_text("utf-8").splitlines()

    return serve


@pytest.mark.slow
def test_a_server_writes_one_json_object_a_line(written):
    found = [json.loads(line) for line in written("json")]

    assert all(list(record)[:4] == ["time", "level", "logger", "event"] for record in found)
    [decision] = [record for record in found if record["event"] == "policy:decision"]
    assert (decision["account"], decision["action"], decision["result"]) == ("acme", "view_audit", "deny")
    assert sum(record["event"].startswith("Started server process") for record in found) == 2
    [answered] = [record for record in found if record.get("path") == "/graphql"]
    assert (answered["event"], answered["request_id"]) == ("http:answered", decision["request_id"])


@pytest.mark.slow
def test_a_server_writes_one_line_of_text_a_record(written):
    lines = written("text")

    assert [line for line in lines if not LINE.fullmatch(line)] == []
    [decision] = [line for line in lines if " policy:decision " in line]
    assert " account=acme " in decision
    assert " action=view_audit " in decision
    assert " result=deny code=FORBIDDEN " in decision
