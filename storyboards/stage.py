"""What a story is played on: a folder, a terminal, servers, a browser, and the book that is written meanwhile."""

import fcntl
import io
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
DESKTOP, PHONE = {"width": 1200, "height": 750}, {"width": 390, "height": 780}
COLUMNS, ROWS = 110, 50
START_S, COMMAND_S = 60, 300
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
ASKS = (b"[y/N]", b"[y/N]:")
_STEERING = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")  # colours, and where the cursor goes
_SCREEN = """\
<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #fff }
pre { display: inline-block; margin: 0; padding: 14px 18px; border-radius: 8px; background: #14181f; color: #d8dee9;
      font: 14px/1.45 "DejaVu Sans Mono", "Liberation Mono", monospace }
</style>"""
_PROMPT = "\x1b[32m$\x1b[0m "


class NotAsTold(Exception):
    """A step of a story did not do what the story says."""


@dataclass
class Book:
    """One story's page: paragraphs and pictures, in the order in which they were seen."""

    name: str
    folder: Path
    lines: list[str] = field(default_factory=list)
    pictures: int = 0

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self.lines += [text, ""]

    def picture(self, about: str) -> Path:
        """Where the next picture goes; `about`: what it shows, for who cannot see it."""
        self.pictures += 1
        file = f"{self.name}-{self.pictures:02}.png"
        self.lines += [f"![{about}]({file})", ""]
        return self.folder / file

    def write(self) -> None:
        """Write the page."""
        (self.folder / f"{self.name}.md").write_text("\n".join(self.lines).rstrip() + "\n", "utf-8")


@dataclass
class Stage:
    """Where one story is played. `folder`: where its commands run."""

    folder: Path
    browser: Browser
    book: Book
    variables: dict[str, str] = field(default_factory=dict)
    columns: int = COLUMNS
    _screen: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What commands see: this project's command first, no setting of who records, a fixed width."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("GQL_APPROVALS_")}
        own.pop("NO_COLOR", None)
        path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
        wide = {"COLUMNS": str(self.columns), "TERM": "xterm-256color", "FORCE_COLOR": "1"}
        return {**own, **wide, "PATH": path, **self.variables}

    def copy(self, *names: str) -> None:
        """Copy files and folders of the repository to where the commands run."""
        for name in names:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.folder / name)
            else:
                shutil.copy(ROOT / name, self.folder)

    # ------------------------------------------------------------------------------------ terminal
    def run(self, command: str, *, code: int = 0, answer: str = "", shown: bool = True) -> str:
        """Run a command as one types it, and keep it on the screen; return what it printed, uncoloured.

        `answer`: what is typed when it asks, which ends with `[y/N]`.

        Raises:
            NotAsTold: when it ends with another code.
        """
        ended, text = _in_terminal(command, self.folder, self.environment, answer, self.columns)
        if ended != code:
            raise NotAsTold(f"`{command}` ended with {ended} instead of {code}:\n{text}")
        if shown:
            self._screen.append(f"{_PROMPT}{command}\n{text}")
        return Text.from_ansi(text).plain

    def type(self, text: str) -> None:
        """Put text on the screen that no command printed, such as the lines of a log."""
        self._screen.append(text)

    def show_screen(self, about: str) -> None:
        """Picture what is on the screen, and clear it."""
        text = "\n".join(part.rstrip("\n") for part in self._screen)
        self._screen.clear()
        console = Console(record=True, width=self.columns, file=io.StringIO(), force_terminal=True)
        console.print(Text.from_ansi(text), soft_wrap=False)
        html = console.export_html(theme=MONOKAI, inline_styles=True, code_format="<pre>{code}</pre>")
        with self.window(DESKTOP) as page:
            page.set_content(_SCREEN + html)
            page.locator("pre").screenshot(path=self.book.picture(about))

    # ------------------------------------------------------------------------------------ browser
    @contextmanager
    def window(self, size: Mapping[str, int] = DESKTOP, scheme: str = "light") -> Iterator[Page]:
        """A browser window of its own: another person's."""
        context: BrowserContext = self.browser.new_context(viewport=dict(size), color_scheme=scheme)
        context.set_default_timeout(20_000)
        try:
            yield context.new_page()
        finally:
            context.close()

    def show(self, page: Page, about: str) -> None:
        """Picture a window."""
        page.mouse.move(2, 2)
        page.screenshot(path=self.book.picture(about), animations="disabled", caret="hide")

    # ------------------------------------------------------------------------------------ servers
    @contextmanager
    def serving(self, *arguments: str) -> Iterator["Server"]:
        """`gql-approvals ARGUMENTS` on a free port, for as long as it is needed."""
        log = self.folder / "server.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "gql_approvals", *arguments, "--port", "0"],
                cwd=self.folder, env={**self.environment, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield Server(log, wait_for_address(process, log, START_S))
        finally:
            process.terminate()
            process.wait(20)


@dataclass(frozen=True)
class Server:
    """One that listens."""

    log: Path
    url: str

    def ask(self, token: str, query: str, **variables: object) -> dict[str, Any]:
        """The data that the token's owner gets.

        Raises:
            NotAsTold: when there are errors.
        """
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=30,
        ).json()
        if "errors" in answer:
            raise NotAsTold(str(answer["errors"]))
        return dict(answer["data"])

    def wait_for_log(self, words: str) -> str:
        """The first line of its log with these words, as soon as there is one."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            for line in self.log.read_text("utf-8").splitlines():
                if words in line:
                    return line
            time.sleep(0.1)
        raise NotAsTold(f"nothing in the log says `{words}`:\n{self.log.read_text('utf-8')}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise NotAsTold("the storyboards need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def _in_terminal(
    command: str, folder: Path, environment: dict[str, str], answer: str, columns: int
) -> tuple[int, str]:
    """Run it in a terminal of its own, which is what makes it use colours; its code and what it wrote."""
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    written, deadline = b"", time.monotonic() + COMMAND_S
    while (left := deadline - time.monotonic()) > 0 and select.select([own], [], [], left)[0]:
        try:
            part = os.read(own, 65536)
        except OSError:  # the terminal was closed: it has ended
            break
        if not part:
            break
        written += part
        if answer and _STEERING.sub(b"", written).rstrip().endswith(ASKS):
            os.write(own, answer.encode())
            answer = ""
    else:
        os.killpg(process.pid, signal.SIGKILL)
    os.close(own)
    return process.wait(COMMAND_S), written.decode().replace("\r\n", "\n")


def wait_for_address(
    process: "subprocess.Popen[bytes]", log: Path, within_s: float, look: Callable[[str], None] | None = None
) -> str:
    """Where the server answers that writes this log; `look` is shown the log meanwhile.

    Raises:
        NotAsTold: when it ends, or is not ready in time.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        text = log.read_text("utf-8", "replace")
        if process.poll() is not None:
            raise NotAsTold(f"the server ended with {process.returncode}:\n{text}")
        if look is not None:
            look(text)
        found = _ADDRESS.search(text)
        if found and "Application startup complete" in text:
            return found[0]
        time.sleep(0.05)
    raise NotAsTold(f"the server is not ready after {within_s:g} s:\n{log.read_text('utf-8', 'replace')}")
