"""What a campaign's HTML says, as text: what is read, what is left out, and that nothing makes it slow."""

import time

import pytest

from gql_approvals.relay.html_text import MAX_HTML, html_text

READ = [
    ("<h1>Hello</h1><p>There</p>", "Hello\n\nThere"),
    ("one<br>two<br/>three", "one\ntwo\nthree"),
    ("one<br><br>two", "one\n\ntwo"),
    ("<div><div><div>one</div></div></div><div>two</div>", "one\ntwo"),
    ("<ul>\n <li>one</li>\n <li>two</li>\n</ul>after", "• one\n• two\n\nafter"),
    ("<table><tr><td>one<td>two</table>", "one\ntwo"),
    ("a <b>bold</b> and <i>thin</i> word", "a bold and thin word"),
    ("fish &amp; chips &lt;3 &eacute;&#8364;", "fish & chips <3 é€"),
    ("  much \n\n  room\t", "much room"),
    ("<style>p { color: red }</style>seen<script>alert('<p>no</p>')</script>", "seen"),
    ("<SCRIPT>no</SCRIPT >seen", "seen"),
    ("<title>no</title>seen<!-- <p>no</p> -->", "seen"),
    ('<img src="x" alt="A lamp"><img src="y">', "[A lamp][image]"),
    ('<img alt="a > b">after', "[a > b]after"),
    ("5 < 6 > 4 & so on", "5 < 6 > 4 & so on"),
    ("<!DOCTYPE html><?xml version='1'?><![CDATA[x]]>seen", "seen"),
    ("unfinished <a href='", "unfinished"),
    ("unfinished <!-- comment", "unfinished"),
    ("<script>never ends", ""),
    ("&lt;script&gt;", "<script>"),
    ("", ""),
]


@pytest.mark.parametrize(("html", "text"), READ)
def test_the_text_is_what_a_reader_sees(html: str, text: str):
    assert html_text(html).text == text


def test_links_are_listed_with_what_is_clicked():
    html = (
        '<a href="https://a.test/?x=1&amp;y=2">See <b>it</b></a> <a name="here">no link</a>'
        "<a href=bare>plain</a><A HREF = ' spaced '><img alt=Lamp></A><a href='open'>never closed"
    )

    assert html_text(html).links == (
        ("See it", "https://a.test/?x=1&y=2"),
        ("plain", "bare"),
        ("[Lamp]", "spaced"),
        ("never closed", "open"),
    )


def test_what_is_not_text_is_counted():
    html = "<img><img/><script>x</script><form></form><iframe></iframe><video></video>"

    assert html_text(html).holds == {"image": 2, "script": 1, "form": 1, "frame": 1, "video": 1}


UNFINISHED = [
    "<!--", "<!", "<?", "<![CDATA[", "<a ", '<a b="', "<a b='", "<a b=\"'", "</a ", "</", "<a =", "<a b=",
    "<a\t'", "<a/", "<", "&", "&#", "<script>", "<style><", "<a  ", "<a b  ", "<br>", "<p> ", "\n<p>",
    " <br> ", "<li>", "<a href=x>", "<a href=x>y", "<img alt=x>",
]  # fmt: skip


@pytest.mark.parametrize("ending", ["", ">", "-->", '">'])
@pytest.mark.slow
def test_no_markup_makes_it_slow(ending: str):
    """The standard library's parser needs minutes for these together; this needs a second."""
    start = time.process_time()
    for piece in UNFINISHED:
        html_text(piece * (40_000 // len(piece)) + ending)

    assert time.process_time() - start < 10


def test_what_is_too_long_is_cut():
    assert html_text("x" * (MAX_HTML + 10)).text == "x" * MAX_HTML
