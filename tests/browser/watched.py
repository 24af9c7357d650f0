"""A page of the explorer that is looked at closely."""

import re
from dataclasses import dataclass, field

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
        return self.address.rpartition("/")[0]

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("request", self.request)
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
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

    def run(self, expected: str | re.Pattern[str]) -> None:
        self.page.locator(".graphiql-execute-button").click()
        if self.page.get_by_role("menuitem").count():
            self.page.get_by_role("menuitem").first.click()
        expect(self.page.locator(".result-window")).to_contain_text(expected)
