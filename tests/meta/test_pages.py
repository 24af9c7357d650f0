"""What the pages show is right: every block, every command, every link; and what one reads, one can do."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.meta.checks import command_mistakes, mistakes, spoken_commands
from tests.meta.pages import BLOCKS, NEXT, PAGES, POLICIES, ROOT, STORIES, Block, anchors, links
from tests.meta.reader import Reader, Server

from gql_approvals.policy.engine import Policy
from gql_approvals.settings import Settings
from gql_approvals.workflow.vocabulary import Channel

README = PAGES["README.md"]
ANSWERED = {page for page, blocks in BLOCKS.items() if any(one.words[:2] == ("json", "as") for one in blocks)}
# Whoever reads these does more than others: each has a test of its own.
OWN_READER = {"docs/administration.md", POLICIES}


def test_the_readme_has_at_most_150_lines():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_right_in_its_language(page: str):
    assert [told for block in BLOCKS[page] for told in mistakes(block)] == []


@pytest.mark.parametrize("page", sorted((ANSWERED | STORIES) - OWN_READER))
@pytest.mark.sampled(1)
def test_whoever_does_what_a_page_says_sees_what_it_shows(
    page: str, demo: Settings, caplog: pytest.LogCaptureFixture
):
    reader = Reader(Server(demo, caplog))

    for block in BLOCKS[page]:
        reader.do(block)


BEFORE = {after: block for block, after in NEXT.items()}


def _asked_before(block: Block) -> bool:
    before = BEFORE.get(block)
    return before is not None and (before.words, before.heading) == (("graphql",), block.heading)


@pytest.mark.parametrize("page", PAGES)
def test_every_answer_on_a_page_follows_what_was_asked(page: str):
    answers = [one for one in BLOCKS[page] if one.words[:2] == ("json", "as")]
    stray = [
        one.where
        for one in answers
        if len(one.words) != 3 or BEFORE[one].words[:1] not in {("graphql",), ("json",)}
    ]
    unnamed = [one.where for one in BLOCKS[page] if one.words == ("json",) and _asked_before(one)]

    assert stray == []
    assert unnamed == [], "say whose answer it is: `json as NAME`"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_speaks_of_exists(page: str):
    spoken = [words.split() for words in spoken_commands(PAGES[page])]

    assert [told for words in spoken for told in command_mistakes(words)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str):
    lost: list[str] = []
    for file, anchor in links(PAGES[page]):
        target = ((ROOT / page).parent / file).resolve() if file else ROOT / page
        name = target.relative_to(ROOT).as_posix()
        if not target.exists() or (anchor and anchor not in anchors(PAGES.get(name, ""))):
            lost.append(f"{file}#{anchor}")

    assert lost == []


def test_every_page_can_be_found():
    led = {
        ((ROOT / page).parent / file).resolve().relative_to(ROOT).as_posix()
        for page in ("README.md", "docs/README.md")
        for file, _ in links(PAGES[page])
    }

    assert [
        page for page in PAGES if page.startswith("docs/") and "/adr/" not in page and page not in led
    ] == []


def test_the_policy_accepts_the_lines_that_the_readme_shows(tmp_path: Path):
    shutil.copytree(ROOT / "policies", tmp_path, dirs_exist_ok=True)
    (block,) = [one for one in BLOCKS["README.md"] if one.words == ("csv",)]
    with (tmp_path / "policy.csv").open("a", encoding="utf-8") as file:
        file.write(block.text)

    policy = Policy.load(tmp_path, now=datetime.now(UTC))

    assert policy.needed("acme", Channel.EMAIL, 50_000) == (("anyone", 2),)


def test_every_file_that_the_architecture_names_exists():
    names = set(re.findall(r"`([a-z_]+(?:/[a-z_.]*)+|[a-z_]+\.(?:py|csv))`", PAGES["docs/architecture.md"]))
    places = (ROOT, ROOT / "src" / "gql_approvals")

    lost = [name for name in sorted(names - {"changelog.d"}) if not any((p / name).exists() for p in places)]

    assert lost == []
