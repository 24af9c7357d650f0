"""The explorer in a real browser, against a small schema of its own."""

import json
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import strawberry
import uvicorn
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from tests.browser.watched import Watched

from gql_approvals.http import graphiql
from gql_approvals.http.graphiql_tabs import Tab

# Text in a configuration must not be able to end the script element that carries it.
HOSTILE = "</script><script>document.title = 'taken over'</script>"
MAYA = graphiql.DemoPerson("Maya", "maker", "demo-insecure-maya")
CHEN = graphiql.DemoPerson("Chen", f"checker {HOSTILE}", "demo-insecure-chen")
TABS = (
    Tab("query Callers {\n  authorization\n  account\n}\n"),
    Tab("subscription Watch {\n  watch\n}\n"),
    Tab("query Other($input: String) {\n  echo(input: $input)\n}\n", '{\n  "input": "said"\n}\n'),
)


def header(info: strawberry.Info, name: str) -> str | None:
    return info.context["request"].headers.get(name)


@strawberry.type
class Query:
    @strawberry.field(description="The token that came with the request.")
    def authorization(self, info: strawberry.Info) -> str | None:
        return header(info, "authorization")

    @strawberry.field
    def account(self, info: strawberry.Info) -> str | None:
        return header(info, "x-account")

    @strawberry.field
    def echo(self, input: str | None) -> str | None:
        return input


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def watch(self, info: strawberry.Info) -> AsyncIterator[str]:
        yield f"live as {info.context['connection_params'].get('Authorization')}"


def app(config: graphiql.GraphiqlConfig) -> Starlette:
    view = GraphQL(strawberry.Schema(Query, subscription=Subscription), graphql_ide=None)

    async def page(_request: HttpRequest) -> Response:
        return graphiql.graphiql_page(config)

    return Starlette(
        routes=[
            Route("/explorer", page),
            Route("/graphql", view, methods=["POST"]),
            WebSocketRoute("/graphql", view),
            *graphiql.graphiql_routes(),
        ]
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    config = graphiql.GraphiqlConfig(people=(MAYA, CHEN), tabs=TABS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app(config), log_level="warning", ws="websockets-sansio"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.01)
            assert server.started, "the test's own server did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    watched = Watched(context.new_page(), f"{address}/explorer", "Callers")
    yield watched
    context.close()
    assert watched.complaints == []


@pytest.mark.alone
def test_the_explorer_asks_as_the_chosen_person(watched: Watched):
    page = watched.page
    expect(page.get_by_label("Acting as")).to_have_value(MAYA.token)
    watched.run("Bearer demo-insecure-maya")
    page.get_by_label("Acting as").select_option(CHEN.token)
    page.get_by_label("Account").fill("globex")
    page.get_by_label("Account").blur()
    watched.run("Bearer demo-insecure-chen")
    watched.run('"account": "globex"')
    assert page.title() == "gql-approvals explorer"


@pytest.mark.alone
def test_a_person_survives_a_reload_and_a_second_window_can_be_somebody_else(watched: Watched):
    page = watched.page
    page.get_by_label("Acting as").select_option(CHEN.token)
    page.reload()
    expect(page.get_by_label("Acting as")).to_have_value(CHEN.token)
    second = Watched(page.context.new_page(), watched.address, "Callers", watched.complaints)
    expect(second.page.get_by_label("Acting as")).to_have_value(MAYA.token)
    second.run("Bearer demo-insecure-maya")
    watched.run("Bearer demo-insecure-chen")


@pytest.mark.alone
def test_a_typed_token_is_sent_and_never_kept_beyond_the_tab(watched: Watched):
    page = watched.page
    page.get_by_label("Acting as").select_option("another token…")
    expect(page.get_by_label("API token")).to_be_focused()
    page.get_by_label("API token").fill("gqa_secret")
    page.get_by_label("API token").press("Enter")
    watched.run("Bearer gqa_secret")
    expect(page.get_by_label("Acting as")).to_have_value("other")
    assert "gqa_secret" not in page.evaluate("JSON.stringify(localStorage)")


@pytest.mark.alone
def test_the_headers_editor_has_the_last_word(watched: Watched):
    page = watched.page
    page.get_by_role("button", name="Headers").click()
    page.locator(".graphiql-editor-tool .CodeMirror").nth(1).click()
    page.keyboard.insert_text('{"authorization": "Bearer typed-by-hand"}')
    watched.run("Bearer typed-by-hand")


@pytest.mark.alone
def test_subscriptions_carry_the_person(watched: Watched):
    watched.page.get_by_role("tab", name="Watch").click()
    watched.run("live as Bearer demo-insecure-maya")


@pytest.mark.alone
def test_docs_explorer_and_variables_are_there(watched: Watched):
    page = watched.page
    page.get_by_role("tab", name="Other").click()
    watched.run('"echo": "said"')
    page.get_by_label("Show Documentation Explorer").click()
    expect(page.locator(".graphiql-plugin")).to_contain_text("Query")
    page.get_by_label("Show GraphiQL Explorer").click()
    expect(page.locator(".graphiql-explorer-root")).to_contain_text("authorization")


@pytest.mark.alone
def test_phone_width_and_dark_mode_are_usable(browser: Browser, address: str):
    context = browser.new_context(viewport={"width": 390, "height": 780}, color_scheme="dark")
    watched = Watched(context.new_page(), f"{address}/explorer", "Callers")
    watched.run("Bearer demo-insecure-maya")
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    question, answer = (page.locator(part).bounding_box() for part in (".graphiql-editors", ".result-window"))
    assert question
    assert answer
    assert answer["y"] > question["y"] + 100, "the answer is not below the question"
    assert min(question["width"], answer["width"]) > 250
    expect(page.get_by_label("Acting as")).to_be_visible()
    expect(page.get_by_label("API token")).to_be_hidden()
    background = page.evaluate("getComputedStyle(document.getElementById('identity')).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", background)[:3]) < 100
    context.close()
    assert watched.complaints == []


@pytest.mark.alone
def test_headers_are_strict_and_files_are_kept_for_good(watched: Watched):
    page = watched.page.request.get(watched.address)
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    block = re.search(r'id="graphiql-config">(.*?)</script>', page.text())
    assert block
    assert json.loads(block[1])["people"][1]["roles"] == CHEN.roles
    for path in re.findall(r'(?:src|href)="(/graphiql/[^"]+)"', page.text()):
        file = watched.page.request.get(watched.origin + path)
        assert file.ok, path
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable", path
        assert file.headers["content-encoding"] == "gzip", path
    absent = watched.page.request.get(f"{watched.origin}/graphiql/{graphiql.asset_version()}/absent.js")
    assert (absent.status, absent.headers.get("cache-control")) == (404, None)


def test_without_its_files_the_page_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(graphiql, "STATIC", tmp_path)
    response = graphiql.graphiql_page(graphiql.GraphiqlConfig())
    assert response.status_code == 503
    assert "vendor/graphiql.min.js" in graphiql.missing_files()
    assert b"pip install --force-reinstall" in bytes(response.body)
    assert b"<script" not in bytes(response.body)
