"""Every address that the server has, asked with junk: found by walking its routes, so that a new one is asked too."""
# ruff: noqa: E501  # tables and sentences keep their lines

import json
import logging
import random
from urllib.parse import quote

import httpx
import pytest
from starlette.routing import Route, WebSocketRoute
from tests.hostile.texts import TEXTS
from tests.http.junk import junk
from tests.schema.client import CONTENT, START, document
from tests.schema.conftest import POLICIES
from tests.schema.natural import NEW

from gql_approvals import app
from gql_approvals.settings import Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")
SOCKETS = {"/graphql"}  # what is asked of them is in tests/live
SAFE = {503}  # the demo's receiver without a secret; readiness without a database
ROUNDS = 25


@pytest.fixture
async def whole(sqlite_url, tmp_path, monkeypatch):
    """The server with everything that it can have: the demo's pages, the explorer, the schema's files."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url=sqlite_url, policies=str(POLICIES), demo=True)
    application = app.create(settings, now=lambda: START, driven=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application), base_url="http://approvals.test"
        ) as client,
    ):
        yield application, client


def paths(route: Route, choice: random.Random) -> list[str]:
    """The route's address, with junk where it takes something, behind it, and in its query."""
    text = quote(choice.choice(list(TEXTS.values())).encode("utf-8", "surrogatepass")[:500], safe="")
    plain = route.path
    for name in ("{id:int}", "{name:path}"):
        plain = plain.replace(name, choice.choice(["1", "0", "9" * 30, text or "x", "../../etc/passwd"]))
    return [plain, f"{plain}/", f"{plain}{text}", f"{plain}?{text}", f"{plain}?query={text}&x[]={text}"]


@pytest.mark.slow
async def test_no_address_has_a_fault_whatever_is_asked(whole, caplog):
    application, client = whole
    asked: dict[str, int] = {}
    for route in application.routes:
        if isinstance(route, WebSocketRoute):
            assert route.path in SOCKETS
            continue
        assert isinstance(route, Route), route
        choice = random.Random(route.path)  # noqa: S311  # the same each time
        for number in range(ROUNDS):
            sent = junk(number)
            for path in paths(route, choice):
                method = choice.choice(METHODS)
                answer = await client.request(method, path, content=sent.content, headers=sent.headers)
                assert answer.status_code < 500 or answer.status_code in SAFE, (
                    method,
                    path,
                    answer.text[:300],
                )
                assert "Traceback" not in answer.text
                asked[route.path] = asked.get(route.path, 0) + 1
    assert {"/graphql", "/healthz/live", "/healthz/ready", "/schema.json", "/dev/outbox"} <= set(asked)
    assert min(asked.values()) == ROUNDS * 5
    assert sum(asked.values()) >= 1_000
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


# --------------------------------------------------------- what a page of another origin can make a browser send
SIMPLE = ("text/plain", "text/plain; charset=utf-8", "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=x", None, "")  # fmt: skip


def forged() -> list[tuple[str, str, dict[str, str], bytes]]:
    """A mutation in every form that needs no preflight."""
    body = json.dumps({"query": document("createCampaign", ""), "variables": {"input": NEW}})
    form = f"query={quote(document('createCampaign', ''))}&variables={quote(json.dumps({'input': NEW}))}"
    part = f'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{body}\r\n--x--\r\n'
    found = [
        ("POST", "/graphql", {} if kind is None else {"Content-Type": kind}, text.encode())
        for kind in SIMPLE
        for text in (body, form, part, f'{body[:-1]}, "x": "="}}')
    ]
    found += [("POST", f"/graphql?{form}", {"Content-Type": "text/plain"}, b"")]
    found += [(method, f"/graphql?{form}", {}, b"") for method in ("GET", "HEAD")]
    hidden = f"query Q {{ viewer {{ roles }} }} {document('createCampaign', '')}"
    target = f"/graphql?query={quote(hidden)}&operationName=Do&variables={quote(json.dumps({'input': NEW}))}"
    return [*found, ("GET", target, {}, b""), ("POST", target, {"Content-Type": "text/plain"}, b"")]


@pytest.mark.wide
async def test_no_form_link_or_image_of_another_page_can_change_anything(api):
    """Even with the token, which a browser never adds by itself."""
    before = await api.footprint()
    sent = forged()
    for origin in ("https://evil.test", "null", None):
        for method, target, headers, body in sent:
            more = {"Authorization": "Bearer demo-insecure-maya"} | ({"Origin": origin} if origin else {})
            answer = await api.client.request(method, target, content=body, headers=headers | more)
            assert 400 <= answer.status_code < 500, (method, target[:60], headers, answer.text[:200])
            assert "set-cookie" not in answer.headers
    assert len(sent) * 3 >= 60
    assert await api.footprint() == before
    assert CONTENT["email"] == NEW["content"]["email"]  # the same, sent as it should be, is taken
    assert (await api.create())["status"] == "DRAFT"
