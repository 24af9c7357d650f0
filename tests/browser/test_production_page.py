"""The explorer in production: a token is typed, and kept in this browser tab only."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Window
from tests.server.server_process import ServerProcess, running

pytestmark = pytest.mark.alone


def command(folder: Path, database: str, *arguments: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
    done = subprocess.run(
        [sys.executable, "-m", "gql_approvals", *arguments],
        cwd=folder, env={**own, "GQL_APPROVALS_DATABASE_URL": database},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
    path = tmp_path_factory.mktemp("production") / "approvals.db"
    path.write_bytes(sqlite_template.read_bytes())
    command(path.parent, f"sqlite:///{path}", "account", "create", "acme", "--admin", "ada@acme.example")
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def token(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    made = command(
        tmp_path_factory.mktemp("token"), database, "token", "create", "ada@acme.example", "--format", "json"
    )
    return str(json.loads(made)["token"])


@pytest.fixture(scope="module")
def production(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"DATABASE_URL": database, "PRODUCTION": "true", "GRAPHIQL": "true"}
    with running(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


def test_a_token_is_typed_hidden_and_kept_in_this_window_only(
    window: Window, production: ServerProcess, token: str
):
    explorer = window(server=production)
    page = explorer.page
    expect(page.get_by_label("Acting as")).to_be_hidden()
    expect(page.get_by_role("link", name="Mails")).to_have_count(0)
    assert "demo-insecure" not in page.content()
    explorer.page.wait_for_timeout(500)
    assert explorer.text_of(".result-window .CodeMirror") == ""  # no schema is asked for
    explorer.run('"viewer": null')

    page.get_by_label("API token").fill(token)
    page.get_by_label("API token").press("Enter")
    explorer.run("ada@acme.example")
    page.reload()
    explorer.run("ada@acme.example")

    assert (
        page.get_by_label("API token").evaluate("field => getComputedStyle(field).webkitTextSecurity")
        == "disc"
    )
    assert token not in page.evaluate("JSON.stringify(localStorage)")
    second = window(server=production)
    expect(second.page.get_by_label("API token")).to_have_value("")
    second.run('"viewer": null')


def test_a_mail_s_link_opens_the_review_once_a_token_is_typed(
    window: Window, production: ServerProcess, token: str
):
    explorer = window(server=production)
    explorer.page.get_by_label("API token").fill(token)
    explorer.page.get_by_label("API token").press("Enter")
    explorer.open("CreateCampaign")
    explorer.run("CreateCampaignPayload")
    campaign = explorer.answer()["createCampaign"]["campaign"]["id"]

    review = window(f"?review={campaign}", server=production)

    expect(review.hint).to_have_text("Paste an API token above: the review opens then.")
    review.page.get_by_label("API token").fill(token)
    review.page.get_by_label("API token").press("Enter")
    expect(review.hint).to_contain_text("“Spring sale” waits for no decision: it is DRAFT.")
    expect(review.page.locator(".result-window")).to_contain_text("Spring sale")
