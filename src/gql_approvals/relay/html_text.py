"""What a campaign's HTML says, as text: for a mail that shows it to a checker without obeying any of it.

One walk over the source, whose time grows with its length only. The standard library's parser is not used:
until Python 3.13.6 it takes minutes for a long row of unfinished tags, and the relay would wait for it.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape

MAX_HTML = 200_000  # letters that are read; mail programs cut messages at half of that
_OPENING = re.compile(r"<!--|<(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*)|<[!?/]")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>=]+)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"']+)))?"""
)
_REST_OF_TAG = re.compile(r"[\s/]*>")
_SPACE = re.compile(r"\s+")
# In what is collected these are marks, since what was written has single spaces only.
_LINE, _PARAGRAPH, _BREAK = "\n", "\f", "\r"
_UNSEEN = frozenset({"script", "style", "title"})  # what stands in them is no text
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "hr"})
_LINES = frozenset({"div", "li", "tr", "td", "th", "section", "article", "header", "footer", "center"})
_COUNTED = {"img": "image", "script": "script", "form": "form", "iframe": "frame", "video": "video"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlText:
    """`links`: (what is clicked, address), in order. `holds`: how many images, scripts, forms and so on."""

    text: str
    links: tuple[tuple[str, str], ...]
    holds: dict[str, int]


def html_text(html: str) -> HtmlText:
    """The text of the HTML, its lines where blocks end; what is unfinished at the end is left out."""
    reader = _Reader()
    place, end = 0, min(len(html), MAX_HTML)
    while place < end:
        found = _OPENING.search(html, place, end)
        if found is None:
            reader.say(html[place:end])
            break
        reader.say(html[place : found.start()])
        place = _after(html, found, reader, end)
    return reader.read()


def _after(html: str, found: re.Match[str], reader: "_Reader", end: int) -> int:
    """Take in what begins at `found`, and give the place behind it; `end` when it never ends."""
    name = (found["name"] or "").lower()
    if not name:
        close = "-->" if found[0] == "<!--" else ">"
        at = html.find(close, found.end(), end)
        return end if at < 0 else at + len(close)
    attributes: dict[str, str] = {}
    place = found.end()
    while one := _ATTRIBUTE.match(html, place, end):
        attributes.setdefault(one["name"].lower(), one["double"] or one["single"] or one["bare"] or "")
        place = one.end()
    rest = _REST_OF_TAG.match(html, place, end)
    if rest is None:
        return end
    reader.tag(name, attributes, is_end=bool(found["end"]))
    if name in _UNSEEN and not found["end"]:
        close_tag = re.compile(f"</{name}", re.IGNORECASE).search(html, rest.end(), end)
        return end if close_tag is None else close_tag.start()
    return rest.end()


@dataclass(slots=True)
class _Reader:
    """Collects the text. `_link`: the address and the place in `_pieces` where its text begins."""

    _pieces: list[str] = field(default_factory=list[str])
    _links: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _holds: Counter[str] = field(default_factory=Counter[str])
    _link: tuple[str, int] | None = None

    def say(self, source: str) -> None:
        if source:
            self._pieces.append(_SPACE.sub(" ", unescape(source)))

    def tag(self, name: str, attributes: dict[str, str], *, is_end: bool) -> None:
        if name == "a":
            self._end_link()
            if not is_end and attributes.get("href"):
                self._link = (unescape(attributes["href"]).strip(), len(self._pieces))
        if name in _COUNTED and not is_end:
            self._holds[_COUNTED[name]] += 1
        if name == "img":
            self.say(f"[{attributes.get('alt') or 'image'}]")
        if name == "br":
            self._pieces.append(_BREAK)
        elif name in _PARAGRAPHS:
            self._pieces.append(_PARAGRAPH)
        elif name in _LINES:
            self._pieces.append(_LINE + "• " if name == "li" and not is_end else _LINE)

    def read(self) -> HtmlText:
        self._end_link()
        return HtmlText(
            text=_tidy("".join(self._pieces)),
            links=tuple(self._links),
            holds=dict(self._holds),
        )

    def _end_link(self) -> None:
        if self._link is not None:
            address, start = self._link
            words = _SPACE.sub(" ", "".join(self._pieces[start:])).strip()
            self._links.append((words, address))
            self._link = None


def _tidy(text: str) -> str:
    """Lines begin once however many blocks end there, and there is no more than one empty line."""
    marked = re.sub(r"[ \n]*\f[ \n\f]*", _PARAGRAPH, text)
    lines = re.sub(r" *\n[ \n]*", _LINE, marked).replace(_PARAGRAPH, "\n\n")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\r *", "\n", lines)).strip()
