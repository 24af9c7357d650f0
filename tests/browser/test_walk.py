"""The story of the explorer's tabs, on the demo: every tab runs, and nothing is pasted."""

import re

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Window

pytestmark = pytest.mark.alone
STORY = ["WhoAmI", "ReviewQueue", "CreateCampaign", "SubmitCampaign", "ApproveCampaign", "WatchCampaigns"]


def test_a_maker_submits_a_checker_approves_and_a_second_window_sees_it(window: Window):
    maker, watcher = window(), window()
    watcher.act_as("vera")
    watcher.open("WatchCampaigns")
    watcher.page.locator(".graphiql-execute-button").click()
    expect(watcher.page.get_by_label("Stop query (Ctrl-Enter)")).to_be_visible()

    maker.run("maya@acme.test")
    maker.open("CreateCampaign")
    maker.run("CreateCampaignPayload")
    campaign = maker.answer()["createCampaign"]["campaign"]["id"]
    maker.open("SubmitCampaign")
    expect(maker.hint).to_contain_text("“Spring sale”, from CreateCampaign")
    assert maker.variables()["input"]["campaignId"] == campaign
    maker.run("PENDING_REVIEW")
    maker.open("ApproveCampaign")
    expect(maker.hint).to_contain_text("“Spring sale”, from SubmitCampaign")
    maker.run(re.compile("FORBIDDEN.*ask an administrator", re.DOTALL))
    assert "that takes the role `admin` or `checker`" in str(maker.answer())
    maker.act_as("chen")
    maker.run("ApproveCampaignPayload")

    assert maker.answer()["approveCampaign"]["campaign"] == {
        "id": campaign,
        "status": "SENT",
        "authorisation": "QUORUM",
    }
    expect(watcher.page.locator(".result-window")).to_contain_text("SENT")
    assert watcher.answer()["campaignChanged"]["id"] == campaign
    expect(watcher.page.get_by_label("Acting as")).to_have_value("demo-insecure-vera")


def test_the_first_tabs_are_numbered_and_another_one_is_not(window: Window):
    page = window().page

    page.get_by_label("New tab").click()

    buttons = page.locator(".graphiql-tab-button")
    expect(buttons).to_have_count(len(STORY) + 1)
    shown = buttons.evaluate_all(
        "all => all.map(one => [getComputedStyle(one, '::before').content, one.textContent])"
    )
    assert shown[:-1] == [[f'"{number}"', name] for number, name in enumerate(STORY, 1)]
    assert shown[-1][0] == "none"


@pytest.mark.parametrize(
    ("tab", "who", "answer"),
    [
        ("ReviewQueue", "chen", "reviewInbox"),
        ("SubmitCampaign", "maya", "SubmitCampaignPayload"),
        ("ApproveCampaign", "cleo", "ApproveCampaignPayload"),
    ],
)
def test_a_tab_waits_for_no_other_one(window: Window, tab: str, who: str, answer: str):
    explorer = window()
    explorer.act_as(who)

    explorer.open(tab)
    if tab != "ReviewQueue":
        expect(explorer.hint).to_contain_text("Filled in: “")

    explorer.run(answer)


def test_the_first_of_the_review_queue_is_what_one_approves(window: Window):
    checker = window()
    checker.act_as("chen")
    checker.open("ReviewQueue")
    checker.run("contentHash")
    first = checker.answer()["reviewInbox"]["edges"][0]["node"]

    checker.open("ApproveCampaign")

    given = checker.variables()["input"]
    assert (given["campaignId"], given["contentHash"]) == (first["campaign"]["id"], first["contentHash"])
    expect(checker.hint).to_contain_text(f"“{first['campaign']['name']}”, from ReviewQueue")


def test_what_somebody_has_typed_stays(window: Window):
    maker = window()
    maker.open("SubmitCampaign")
    expect(maker.hint).to_contain_text("Filled in")
    mine = {"input": {"campaignId": "of my own", "note": "mine"}}
    maker.write_variables(mine)
    maker.page.wait_for_timeout(300)  # GraphiQL notes what is typed a moment later

    maker.open("CreateCampaign")
    maker.run("CreateCampaignPayload")
    maker.open("SubmitCampaign")

    assert maker.variables() == mine
    maker.run("NOT_FOUND")
    maker.run("check the id")


def test_a_value_filled_in_gives_way_to_a_later_answer_even_after_a_reload(window: Window):
    maker = window()
    seen: list[str] = []
    for _ in range(2):
        maker.open("CreateCampaign")
        maker.run("CreateCampaignPayload")
        maker.open("SubmitCampaign")
        assert maker.variables()["input"]["campaignId"] == maker.page.evaluate(
            "JSON.parse(localStorage.getItem('gql-approvals:filled')).at(-1)"
        )
        seen.append(maker.variables()["input"]["campaignId"])
        maker.page.wait_for_timeout(800)  # until GraphiQL has stored its tabs
        maker.page.reload()
    assert len(set(seen)) == 2


def test_what_nobody_could_fill_in_says_where_it_comes_from(window: Window):
    explorer = window()
    explorer.page.get_by_label("Acting as").select_option("nobody")
    explorer.page.evaluate("localStorage.clear()")
    explorer.page.reload()

    explorer.open("SubmitCampaign")

    assert explorer.variables()["input"]["campaignId"] == "<run CreateCampaign first: its id comes here>"
    explorer.run("UNAUTHENTICATED")


def test_the_bar_leads_to_the_mails(window: Window):
    explorer = window()

    with explorer.page.expect_popup() as mails:
        explorer.page.get_by_role("link", name="Mails").click()

    expect(mails.value.get_by_role("heading", name="Outbox")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_everything_is_in_reach_and_readable(window: Window, scheme: str):
    explorer = window()
    page = explorer.page
    page.set_viewport_size({"width": 390, "height": 780})
    page.emulate_media(color_scheme=scheme)
    page.reload()

    explorer.open("ApproveCampaign")  # the fifth: the list of tabs scrolls
    expect(explorer.hint).to_contain_text("Filled in")
    explorer.run("FORBIDDEN")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in (".graphiql-query-editor", ".graphiql-editor-tool", ".result-window"):
        box = page.locator(part).first.bounding_box()
        assert box
        assert box["height"] >= 180, part
        assert box["width"] >= 240, part
    answer = page.locator(".result-window").bounding_box()
    variables = page.locator(".graphiql-editor-tool").first.bounding_box()
    assert answer
    assert variables
    assert answer["y"] >= variables["y"] + variables["height"] - 1, "the answer is not below the variables"
    for part in (
        "#hint",
        "#person",
        "nav a >> nth=1",
        ".graphiql-tab-button >> nth=0",
    ):
        assert contrast_of(page.locator(part)) >= 4.5, (scheme, part)
    assert contrast_of(page.locator(".cm-property").first) >= 3, "GraphiQL's own colours"
    assert (luminance_of(page.locator("#hint")) < 0.2) == (scheme == "dark")


BACKGROUND = """part => {
  const rgb = (text) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  let behind = part;
  const fill = (one) => getComputedStyle(one).backgroundColor;
  while (rgb(fill(behind))[3] < 255 && behind.parentElement) behind = behind.parentElement;
  return [getComputedStyle(part).color, fill(behind)].map((one) => luminance(rgb(one)));
}"""


def luminance_of(part) -> float:
    return float(part.evaluate(BACKGROUND)[1])


def contrast_of(part) -> float:
    """As the accessibility guidelines define it: 1 to 21."""
    low, high = sorted(part.evaluate(BACKGROUND))
    return float((high + 0.05) / (low + 0.05))
