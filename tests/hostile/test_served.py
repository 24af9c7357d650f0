"""A real server, and hostile texts wherever HTTP has room for one: headers, address, names, and the document."""
# ruff: noqa: E501  # tables and sentences keep their lines

import asyncio
import base64
import json
import re
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.hostile.texts import TEXTS
from tests.schema.client import settle
from tests.server.server_process import ServerProcess, running

from gql_approvals.app import now_utc
from gql_approvals.persistence.database import Database

pytestmark = pytest.mark.slow

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:INFO|WARNING) +[\w.]+ \S.*")
HEADERS = ("User-Agent", "X-Request-Id", "Idempotency-Key", "X-Account", "Origin", "Host", "Referer", "Accept",
           "Authorization", "Content-Type", "Cookie", "X-Forwarded-For", "traceparent", "Last-Event-ID",
           "If-None-Match", "Sec-WebSocket-Protocol")  # fmt: skip
ASK = {"query": "query Who { viewer { roles } }", "operationName": "Who"}


async def _let_in(url: str) -> None:
    async with Database.open(url) as database:
        await database.transaction(lambda: settle(now_utc()))


def exchange(server: ServerProcess, request: bytes) -> bytes:
    """What the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while part := line.recv(65536):
            answer += part
    return answer


def posting(body: object, *more: bytes, target: bytes = b"/graphql", method: bytes = b"POST") -> bytes:
    content = json.dumps(body).encode()
    given = {line.partition(b":")[0].lower() for line in more}
    usual = {
        b"host": b"Host: approvals.test",
        b"content-type": b"Content-Type: application/json",
        b"authorization": b"Authorization: Bearer demo-insecure-vera",
    }
    lines = [
        method + b" " + target + b" HTTP/1.1",
        *(line for name, line in usual.items() if name not in given),
    ]
    length = f"Content-Length: {len(content)}".encode()
    return b"\r\n".join([*lines, *more, length, b"Connection: close", b"", content])


def requests(text: str) -> dict[str, bytes]:
    """The text in every place of a request, as it is and as a careful client would write it."""
    raw = text.encode("utf-8", "surrogatepass")
    found = {f"{name}: raw": posting(ASK, name.encode() + b": " + raw) for name in HEADERS}
    careful = quote(raw, safe="").encode()
    found |= {f"{name}: quoted": posting(ASK, name.encode() + b": " + careful) for name in HEADERS}
    token = base64.urlsafe_b64encode(raw).rstrip(b"=")
    found["a token"] = posting(ASK, b"Authorization: Bearer " + token + b"." + token + b".x")
    for path in (b"/", b"/graphql/", b"/graphiql/", b"/schema.graphql/", b"/dev/outbox/", b"/healthz/"):
        found[f"{path.decode()}…"] = posting(ASK, target=path + careful, method=b"GET")
    for name in (b"query", b"variables", b"operationName", b"extensions"):
        target = b"/graphql?" + name + b"=" + careful
        found[f"?{name.decode()}"] = posting(ASK, target=target, method=b"GET")
    found["a raw path"] = posting(ASK, target=b"/" + raw, method=b"GET")
    found["a method"] = posting(ASK, method=raw)
    found["operationName"] = posting({**ASK, "operationName": text})
    found["a document"] = posting({"query": text})
    found["a comment"] = posting({"query": f"# {text}\n{{ viewer {{ roles }} }}"})
    literal = json.dumps(text)
    found["a literal"] = posting(
        {"query": f"{{ campaigns(filter: {{search: {literal}}}) {{ totalCount }} }}"}
    )
    found["a variable's name"] = posting({**ASK, "variables": {text: text}})
    found["extensions"] = posting({**ASK, "extensions": {text: {"persistedQuery": text}}})
    found["a hash"] = posting({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": text}}})
    found["a refusal in the decision log"] = posting(
        {"query": "query($id: ID!) { explain(input: {action: $id, userId: $id, campaignId: $id}) { allowed } }",
         "variables": {"id": text}}
    )  # fmt: skip
    return found


@pytest.mark.parametrize(("form", "texts"), [("json", list(TEXTS)), ("text", list(TEXTS)[::4])])
def test_no_text_in_a_request_is_a_fault_or_breaks_a_line_of_the_log(
    sqlite_url: str, tmp_path: Path, form: str, texts: list[str]
):
    asyncio.run(_let_in(sqlite_url))
    sent = 0
    with running(tmp_path, DATABASE_URL=sqlite_url, DEMO="true", LOG=form) as server:
        for name in texts:
            for place, request in requests(TEXTS[name]).items():
                answer = exchange(server, request)
                for status in re.findall(rb"^HTTP/1\.1 (\d+)", answer, re.MULTILINE):
                    assert int(status) < 500, (name, place, answer[:500])
                assert b"Traceback" not in answer
                assert answer.count(b"\nHTTP/1.1 ") <= 8, (name, place)
                sent += 1
        server.terminate()
        assert server.faults() == []
        lines = server.log.read_text("utf-8").splitlines()
    assert sent == len(texts) * len(requests("")) > 1_000
    assert server.log.read_text("utf-8").count("\n") == len(lines)
    for line in lines:
        assert line.isprintable(), line[:300]
        if form == "json":
            assert list(json.loads(line))[:4] == ["time", "level", "logger", "event"]
        else:
            assert LINE.fullmatch(line), line[:300]
