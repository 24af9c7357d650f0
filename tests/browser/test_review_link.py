"""A mail's link, from the outbox to the decision; and links that lead nowhere."""

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Window
from tests.browser.watched import Watched
from tests.server.server_process import ServerProcess

pytestmark = pytest.mark.alone
CREATE = """mutation Create($name: String!) {
  createCampaign(input: {
    name: $name
    content: { sms: { senderId: "ACME", body: "Hello" } }
    audience: { segment: "All", estimatedSize: 10 }
  }) { ... on CreateCampaignPayload { campaign { id } } }
}"""
SUBMIT = """mutation Submit($id: ID!) {
  submitCampaign(input: { campaignId: $id, note: "Is the tone right?" }) { __typename }
}"""
FIND = """query Find($name: String!) { campaigns(filter: { search: $name }) { edges { node { id } } } }"""
HOSTILE = "</script><script>document.title = 'taken over'</script>'\"`"


def ask(server: ServerProcess, who: str, query: str, **variables: str):
    answer = httpx.post(
        f"{server.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer demo-insecure-{who}"},
        trust_env=False,
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def submitted(server: ServerProcess, name: str) -> str:
    """The id of a campaign of this name that waits for its review."""
    campaign = ask(server, "maya", CREATE, name=name)["createCampaign"]["campaign"]["id"]
    assert ask(server, "maya", SUBMIT, id=campaign)["submitCampaign"]["__typename"] == "SubmitCampaignPayload"
    return campaign


def named(server: ServerProcess, name: str) -> str:
    [edge] = ask(server, "maya", FIND, name=name)["campaigns"]["edges"]
    return edge["node"]["id"]


def mail_of(page: Page, server: ServerProcess, subject: str, to: str) -> None:
    """Open the text of the newest mail of this subject to this person in the outbox."""
    thread = page.locator(".thread").filter(has_text=subject)
    line = thread.get_by_role("link").filter(has_text=f"{to}@acme.test").last
    for _ in range(50):
        page.goto(f"{server.url}/dev/outbox")
        if line.count():
            break
        page.wait_for_timeout(100)
    line.click()
    page.get_by_text("Text", exact=True).click()


def test_a_mail_s_link_opens_the_review_and_a_rejection_s_reason_comes_by_mail(
    context: BrowserContext, demo: ServerProcess
):
    campaign = submitted(demo, "Loud sale")
    page = context.new_page()
    mail_of(page, demo, "Loud sale", "cleo")
    link = page.get_by_role("link", name=re.compile("review="))
    address = link.get_attribute("href")
    assert address == f"{demo.url}/graphql?review={campaign}"
    with context.expect_page() as opened:
        link.click()
    opened.value.close()  # looked at from its beginning instead
    review = Watched(context.new_page(), address, "ReviewCampaign")

    expect(review.hint).to_contain_text(
        "You act as Chen, the first who may decide on “Loud sale” (Chen, Cleo"
    )
    expect(review.page.locator(".result-window")).to_contain_text("Is the tone right?")
    request = review.answer()["campaign"]["openRequest"]
    assert {"Chen", "Cleo"} <= {
        one["user"]["name"] for one in request["eligibleApprovers"] if one["eligible"]
    }
    assert request["submittedBy"] == {"name": "Maya"}
    assert request["expiresAt"]
    assert request["revision"]["content"]["body"] == "Hello"
    review.open("ApproveCampaign")
    decided = {"campaignId": campaign, "contentHash": request["contentHash"]}
    assert review.variables()["input"] == {**decided, "comment": "Looks good."}
    review.open("RejectCampaign")
    assert review.variables()["input"] == {**decided, "reason": ""}
    review.run("INVALID_INPUT")
    review.write_variables({"input": {**decided, "reason": "Too loud, see our tone guide."}})
    review.run("RejectCampaignPayload")

    mail_of(page, demo, "Loud sale", "maya")
    expect(page.locator("pre")).to_contain_text("Too loud, see our tone guide.")
    assert review.complaints == []


def test_what_changed_since_the_revision_that_was_sent_is_shown(window: Window, demo: ServerProcess):
    campaign = named(demo, "Autumn newsletter")
    ask(demo, "max", SUBMIT, id=campaign)

    review = window(f"?review={campaign}")

    expect(review.page.locator(".result-window")).to_contain_text("changes")
    assert review.variables() == {"id": campaign, "compare": True, "from": 1, "to": 2}
    changes = {change["path"]: change for change in review.answer()["campaign"]["changes"]}
    assert changes["content.subject"]["before"] == "Autumn is here"
    assert changes["content.subject"]["after"] == "Autumn is here, part two"


def test_a_revision_that_was_never_sent_is_compared_with_the_one_reviewed_before(
    window: Window, demo: ServerProcess
):
    review = window(f"?review={named(demo, 'Data protection update')}")

    expect(review.page.locator(".result-window")).to_contain_text("We changed our terms")
    assert review.variables() | {"from": 1, "to": 2, "compare": True} == review.variables()


def test_a_link_leaves_the_tabs_that_one_had_alone(window: Window, demo: ServerProcess):
    campaign, before = submitted(demo, "Quiet sale"), window()
    before.page.locator(".graphiql-query-editor .CodeMirror").click()
    before.page.keyboard.press("Control+A")
    before.page.keyboard.insert_text("query MyOwn { __typename }")
    before.page.wait_for_timeout(1000)  # until GraphiQL has stored it

    review = window(f"?review={campaign}")
    expect(review.page.locator(".result-window")).to_contain_text("Quiet sale")
    expect(review.page.locator(".graphiql-tab")).to_have_count(3)
    review.page.wait_for_timeout(1000)
    review.page.get_by_role("link", name="All tabs").click()

    expect(review.page.get_by_role("tab", name="MyOwn")).to_be_visible()
    expect(review.page.locator(".graphiql-tab")).to_have_count(6)


def test_whoever_acts_already_goes_on_acting_and_is_told_who_may(window: Window, demo: ServerProcess):
    campaign, page = submitted(demo, "Calm sale"), window()
    page.act_as("maya")
    page.page.goto(f"{demo.url}/graphql?review={campaign}")

    expect(page.hint).to_contain_text("You act as Maya, who may not decide on “Calm sale”. Who may: Chen")
    page.act_as("cleo")
    expect(page.hint).to_contain_text("You act as Cleo, who may decide on “Calm sale”")
    page.open("ApproveCampaign")
    page.run("ApproveCampaignPayload")
    page.page.reload()
    expect(page.page.get_by_label("Acting as")).to_have_value("demo-insecure-cleo")
    expect(page.hint).to_contain_text("“Calm sale” waits for no decision: it is SENT.")


def test_a_campaign_that_waits_for_nothing_says_so(window: Window, demo: ServerProcess):
    review = window(f"?review={named(demo, 'Summer clearance')}")

    expect(review.hint).to_have_text(
        "“Summer clearance” waits for no decision: it is ARCHIVED. It was never submitted."
    )
    expect(review.page.locator(".result-window")).to_contain_text("openRequest")
    assert review.answer()["campaign"]["openRequest"] is None
    review.open("ApproveCampaign")
    assert review.variables()["input"]["contentHash"] == "<comes with it>"


def test_another_account_s_campaign_is_none(window: Window, demo: ServerProcess):
    review = window()
    review.act_as("gil")
    review.page.goto(f"{demo.url}/graphql?review={submitted(demo, 'Own sale')}")

    expect(review.hint).to_contain_text("You act as Gil, who may not see a campaign with the id ")
    assert review.text_of(".result-window .CodeMirror") == ""
    review.act_as("chen")
    expect(review.hint).to_contain_text("You act as Chen, who may decide on “Own sale”")
    expect(review.page.locator(".result-window")).to_contain_text("Own sale")


@pytest.mark.parametrize(
    "junk", [HOSTILE, "x" * 5_000, "Q2FtcGFpZ246OTk5OTk5", "{campaign}", "\u202e\0", "javascript:alert(1)"]
)
def test_a_junk_id_is_data_and_gets_a_clear_page(window: Window, junk: str):
    review = window(f"?review={quote(junk)}")

    expect(review.hint).to_contain_text("Nobody of the demo may see a campaign with the id")
    assert review.page.title() == "gql-approvals explorer"
    assert review.variables()["id"] == junk.strip()[:200]
    assert len(review.hint.inner_text()) < 300
    review.run('"campaign": null')


def test_a_link_without_an_id_says_so(window: Window):
    expect(window("?review=").hint).to_have_text("The link names no campaign: open it from the mail again.")
