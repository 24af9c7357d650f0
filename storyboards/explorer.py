"""The explorer's story: a campaign from its first word to its approval, in a browser."""

from typing import Any

from playwright.sync_api import Page, expect

from storyboards.stage import PHONE, Server, Stage


def play(stage: Stage) -> None:
    """Play it."""
    say = stage.book.say
    say("# The explorer's first minutes")
    say(
        "Recorded by `make storyboards`: `make demo`, then its address in a browser. No account, no other service, no request that leaves the machine."
    )
    stage.copy("policies")
    with stage.serving("demo") as server, stage.window() as maya:
        say("## Who am I?\n\nThe first tab asks, and the menu above says as whom. Ctrl-Enter runs a tab.")
        open_explorer(maya, server)
        run(maya, "maya@acme.test")
        stage.show(maya, "GraphiQL, acting as Maya, a maker: her name, her role, what she may do")

        say(
            "## What waits for a decision?\n\nEvery campaign says what the person may do with it, and why not."
        )
        choose(maya, "Chen")
        tab(maya, "ReviewQueue", "reviewInbox")
        stage.show(maya, "The review queue, as Chen, a checker")

        say(
            "## Writing and handing in\n\nMaya writes a campaign. What the answer brings is filled into the next tab."
        )
        choose(maya, "Maya")
        tab(maya, "CreateCampaign", "CreateCampaignPayload")
        tab(maya, "SubmitCampaign", "SubmitCampaignPayload")
        stage.show(maya, "Submitted: its content hash, and who may decide")

        say("## Nobody approves their own work\n\nMaya tries, and is told why not and who may.")
        tab(maya, "ApproveCampaign", "Forbidden")
        stage.show(maya, "Forbidden, with reasons")

        say(
            "## A second window, a second person\n\nVera watches in her own window while Chen approves in this one."
        )
        with stage.window() as vera:
            open_explorer(vera, server)
            choose(vera, "Vera")
            vera.get_by_role("tab", name="WatchCampaigns").click()
            vera.locator(".graphiql-execute-button").click()
            expect(vera.get_by_label("Stop query (Ctrl-Enter)")).to_be_visible()
            vera.wait_for_timeout(1500)  # the page does not say when the server has begun to tell it
            choose(maya, "Chen")
            run(maya, "ApproveCampaignPayload")
            stage.show(maya, "Approved by Chen, with the very hash that was read")
            expect(vera.locator(".result-window")).to_contain_text("Spring sale")
            stage.show(vera, "Vera's window: the approval arrived as it happened")

        after(stage, server, maya)
    say("`make demo ARGS=--reset` brings the beginning back.")


def after(stage: Stage, server: Server, maya: Page) -> None:
    """The mails, where they lead, and other screens."""
    say = stage.book.say
    say(
        "## The mails\n\nIn the demo nothing is sent: <http://127.0.0.1:8000/dev/outbox> shows each mail as its reader gets it."
    )
    maya.wait_for_timeout(2000)  # what is told last is delivered by then
    maya.goto(f"{server.url}/dev/outbox")
    stage.show(maya, "The outbox, a thread for each review")
    maya.get_by_role("link", name="Chen").first.click()
    expect(maya.frame_locator("iframe").get_by_text("Open the review").first).to_be_visible()
    stage.show(maya, "The mail that asks for a review: copy, segment, time, who else may decide")

    say(
        "## From the mail to the decision\n\nThe mail's link opens the review, as somebody who may decide, with approve and reject next to it."
    )
    waiting = server.ask(
        "demo-insecure-chen", "{ reviewInbox(first: 1) { edges { node { campaign { id } } } } }"
    )
    with stage.window() as linked:
        linked.goto(f"{server.url}/graphql?review={first_id(waiting)}")
        expect(linked.locator(".graphiql-tab").first).to_contain_text("ReviewCampaign")
        expect(linked.locator(".result-window")).to_contain_text("PENDING_REVIEW")
        stage.show(linked, "The review that the mail was about")

    say("## Dark, and on a phone")
    with stage.window(scheme="dark") as dark:
        open_explorer(dark, server)
        run(dark, "maya@acme.test")
        stage.show(dark, "The explorer on a dark desktop")
    with stage.window(PHONE, "dark") as phone:
        open_explorer(phone, server)
        run(phone, "maya@acme.test")
        phone.locator(".result-window").scroll_into_view_if_needed()
        stage.show(phone, "The explorer on a phone")


def open_explorer(page: Page, server: Server) -> None:
    """Open it, and wait until its tabs are there."""
    page.goto(f"{server.url}/graphql")
    expect(page.locator(".graphiql-tab").first).to_contain_text("WhoAmI")


def choose(page: Page, name: str) -> None:
    """Act as somebody else."""
    page.get_by_label("Acting as").select_option(f"demo-insecure-{name.lower()}")


def tab(page: Page, name: str, expected: str) -> None:
    """Open a tab and run it."""
    page.get_by_role("tab", name=name).click()
    run(page, expected)


def run(page: Page, expected: str) -> None:
    """Run the tab that is open; what is expected is in the answer."""
    page.locator(".graphiql-execute-button").click()
    expect(page.locator(".result-window")).to_contain_text(expected)


def first_id(answer: dict[str, Any]) -> str:
    """The id of the first campaign in the inbox."""
    return str(answer["reviewInbox"]["edges"][0]["node"]["campaign"]["id"])
