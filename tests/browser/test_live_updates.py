"""The demo in a browser: what somebody does in one window is seen in another person's."""

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.watched import Watched
from tests.server.server_process import running

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("workers", [1, 2])
def test_what_one_person_creates_appears_in_the_window_of_another(browser: Browser, tmp_path, workers: int):
    with running(tmp_path, workers, command=("demo",)) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        address = f"{server.url}/graphql"
        maker, watcher = (Watched(context.new_page(), address, "WhoAmI") for _ in range(2))
        watcher.page.get_by_label("Acting as").select_option("demo-insecure-vera")
        watcher.page.get_by_role("tab", name="WatchCampaigns").click()
        watcher.page.locator(".graphiql-execute-button").click()
        expect(watcher.page.get_by_label("Stop query (Ctrl-Enter)")).to_be_visible()
        answered = watcher.page.locator(".result-window")
        for number in range(20):  # the page does not say when the server has begun to tell it
            maker.page.get_by_role("tab", name="CreateCampaign").click()
            maker.run("CreateCampaignPayload")
            if "Spring sale" in answered.inner_text():
                break
            watcher.page.wait_for_timeout(100 * number)
        expect(answered).to_contain_text("campaignChanged")
        expect(answered).to_contain_text("Spring sale")
        context.close()
        assert (maker.complaints, watcher.complaints) == ([], [])
        assert server.faults() == []
