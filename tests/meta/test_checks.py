"""A mistake that is planted in a page is found."""

import pytest
from tests.meta.answers import Answers
from tests.meta.checks import command_mistakes, mistakes, spoken_commands
from tests.meta.pages import anchors, blocks, links, slug
from tests.meta.reader import Reader, Server

from gql_approvals.settings import Settings

PLANTED = {
    "unknown language": ("klingon", "Qapla'", "no language"),
    "no language": ("", "anything", "no language"),
    "misspelt field": ("graphql", "{ viewer { rolls } }", "Cannot query field 'rolls'"),
    "missing argument": ("graphql", "{ campaign { id } }", "required"),
    "unfinished document": ("graphql", "{ viewer {", "Syntax Error"),
    "comma too much": ("json", '{"a": 1,}', "JSONDecodeError"),
    "open quotation mark": ("csv", 'p, "maker', "Error"),
    "no value": ("toml", "workers =", "TOMLDecodeError"),
    "a line of no form": ("ini", "[unit]\n???", "ParsingError"),
    "not Python": ("python", "if True", "SyntaxError"),
    "unknown command": ("sh", "$ gql-approvals serv", "no `gql-approvals serv`"),
    "unknown command of a group": ("sh", "gql-approvals token mak x@y.z", "no `gql-approvals token mak`"),
    "unknown option": ("sh", ".venv/bin/gql-approvals serve --wrokers 2", "No such option"),
    "unknown choice": ("sh", "gql-approvals migrate --format yml", "'yml' is not one of"),
    "word too much": ("sh", "gql-approvals migrate acme", "nobody expects `acme`"),
    "behind an environment": ("sh", "GQL_APPROVALS_MAIL=console uv run gql-approvals serv", "serv"),
    "behind another command": ("sh", "true && gql-approvals serv", "serv"),
    "on a continued line": ("sh", "gql-approvals serve \\\n  --wrokers 2", "No such option"),
    "in a pipe": ("sh", "cat a | gql-approvals schema dif -", "dif"),
    "behind a quotation of two lines": ("sh", "A='one\ntwo'\ngql-approvals serv", "no `gql-approvals serv`"),
    "below what a console printed": (
        "console",
        "$ true\nserved\n$ gql-approvals serv",
        "no `gql-approvals serv`",
    ),
    "a second value that is none": ("json", '{"a": 1}\n{"b": }', "JSONDecodeError"),
    "unknown target": ("sh", "make dmeo", "no `make dmeo`"),
    "open quotation mark in a shell": ("sh", "echo 'a", "quotation"),
}


@pytest.mark.parametrize(("language", "text", "told"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_mistake_is_found(language: str, text: str, told: str):
    (block,) = blocks(f"```{language}\n{text}\n```\n")

    found = mistakes(block)

    assert len(found) == 1
    assert told in found[0]
    assert found[0].startswith("page:1: ")


def test_what_is_right_is_not_called_a_mistake():
    page = """
```sh
$ gql-approvals token create maya@acme.test --scope make > token.txt   # a comment
export GQL_APPROVALS_MAIL=console && make demo ARGS="--port 8001"
git show main:schema.graphql | gql-approvals schema diff - --exit-code
```
```json
{"one": 1}
{"two": 2}
```
```ini
GQL_APPROVALS_MAIL=console
```
```ini
[Unit]
Description=Approvals
```
"""
    assert [told for block in blocks(page) for told in mistakes(block)] == []


def test_a_block_that_never_ends_is_found():
    with pytest.raises(AssertionError, match=r"page:1: this block never ends"):
        list(blocks("```sh\nls\n"))


def test_a_command_in_a_sentence_is_looked_at():
    (spoken,) = spoken_commands("Type `gql-approvals outbox retrye`.")

    assert list(command_mistakes(spoken.split())) != []


def test_links_and_headings_are_read_as_repository_viewers_read_them():
    page = (
        "# A `b` & c\n## Twice\n## Twice\n```sh\n# no\n```\n"
        '[x](y.md#twice-1) [z](http://a.b/c) <a id="d"></a>\n'
    )

    assert anchors(page) == {"a-b--c", "twice", "twice-1", "d"}
    assert links(page) == [("y.md", "twice-1")]
    assert slug("[STALE_REVISION](x.md)") == "stale_revision"


ASKED = '```graphql\n{ campaign(id: "Q2FtcGFpZ246MTE") { id name status } }\n```\n'
SHOWN = '{"data": {"campaign": {"id": "Q2FtcGFpZ246MTE", "name": "%s", "status": "%s"}}}'


def _read(demo: Settings, caplog: pytest.LogCaptureFixture, page: str) -> None:
    reader = Reader(Server(demo, caplog))
    for block in blocks(page):
        reader.do(block)


def _answer(name: str, status: str) -> str:
    return f"{ASKED}```json as maya\n{SHOWN % (name, status)}\n```\n"


def test_another_answer_than_the_one_shown_is_found(demo: Settings, caplog: pytest.LogCaptureFixture):
    _read(demo, caplog, _answer("Year-end sale, everyone", "PENDING_REVIEW"))
    _read(demo, caplog, _answer("Year-end …", "PENDING_REVIEW"))
    for wrong in (
        _answer("Year-end sale, everyone", "DRAFT"),
        _answer("Out of …", "PENDING_REVIEW"),
        _answer("…", ""),
    ):
        with pytest.raises(AssertionError, match=r"page:4"):
            _read(demo, caplog, wrong)


def test_an_id_on_a_page_stands_for_one_id_only():
    answers = Answers()
    one, other, third = "Q2FtcGFpZ246MTE", "Q2FtcGFpZ246MTI", "Q2FtcGFpZ246MTM"
    (first, second) = blocks(f'```json\n["{one}"]\n```\n```json\n["{one}", "{one}"]\n```\n')

    answers.compare_json(first, [other])

    assert answers.real(f'id: "{one}"') == f'id: "{other}"'
    answers.compare_json(second, [other, other])
    with pytest.raises(AssertionError, match=r"page:4"):
        answers.compare_json(second, [other, third])
