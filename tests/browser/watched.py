"""A page of the explorer that is looked at closely."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, expect


@dataclass
class Watched:
    """The explorer at an address, and everything it did that it must not do."""

    page: Page
    address: str
    first_tab: str
    complaints: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.address))

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("request", self.request)
        self.page.on("requestfailed", self.failed)
        self.page.on("response", lambda r: r.status >= 400 and self.complaints.append(f"{r.status}: {r.url}"))
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error(`violation of ${event.violatedDirective} by ${event.blockedURI}`))"
        )
        self.page.goto(self.address)
        expect(self.page.locator(".graphiql-tab").first).to_contain_text(self.first_tab)

    def console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"console {kind}: {text}")

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.complaints.append(f"foreign request: {request.url}")

    def failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # leaving a page ends what it was asking
            self.complaints.append(f"failed: {request.url} ({request.failure})")

    def run(self, expected: str | re.Pattern[str]) -> None:
        self.page.locator(".graphiql-execute-button").click()
        if self.page.get_by_role("menuitem").count():
            self.page.get_by_role("menuitem").first.click()
        expect(self.page.locator(".result-window")).to_contain_text(expected)

    def open(self, tab: str) -> None:
        expect(self.hint).not_to_be_empty()  # the page has come to rest
        self.page.get_by_role("tab", name=tab).click()
        expect(self.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")

    def act_as(self, name: str) -> None:
        self.page.get_by_label("Acting as").select_option(f"demo-insecure-{name}")

    @property
    def hint(self) -> Any:
        return self.page.locator("#hint")

    def variables(self) -> Any:
        """What stands in the variables editor."""
        return json.loads(self.text_of(".graphiql-editor-tool .CodeMirror"))

    def write_variables(self, variables: Any) -> None:
        """Type them over what stands there."""
        self.page.locator(".graphiql-editor-tool .CodeMirror").first.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(json.dumps(variables, indent=2))

    def answer(self) -> Any:
        """The data of the whole answer; only what is in sight of it is in the document."""
        return json.loads(self.text_of(".result-window .CodeMirror"))["data"]

    def text_of(self, editor: str) -> str:
        return str(self.page.locator(editor).first.evaluate("editor => editor.CodeMirror.getValue()"))
