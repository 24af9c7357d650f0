"""The system's Chromium, headless."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from tests.browser.watched import Watched
from tests.server.server_process import ServerProcess, running

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")  # no longer: an event loop runs in this thread meanwhile
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("the browser tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The demo, as one starts it; its campaigns are a module's."""
    with running(tmp_path_factory.mktemp("demo"), command=("demo",)) as server:
        yield server
        assert server.faults() == []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, which remembers nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


Window = Callable[..., Watched]


@pytest.fixture
def window(context: BrowserContext, demo: ServerProcess) -> Iterator[Window]:
    """`window("?review=…")`: another window of that browser, on the demo; nothing in it may go wrong."""
    complaints: list[str] = []

    def open_another(query: str = "", server: ServerProcess = demo) -> Watched:
        first = "ReviewCampaign" if "review=" in query else "WhoAmI"
        return Watched(context.new_page(), f"{server.url}/graphql{query}", first, complaints)

    yield open_another
    assert complaints == []
