"""A reader of mails and of HTML that shares no code with what writes them: raw bytes, RFC 5322, 2045 and 2047.

It is strict: whatever a lenient program on the way might read in another way fails.
"""
# ruff: noqa: E501  # tables and sentences keep their lines

import base64
import quopri
import re
from dataclasses import dataclass
from html.parser import HTMLParser

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_WORD = re.compile(r"=\?([^?\s]+)\?([bqBQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")
_BOUNDARY = re.compile(r'boundary="([^"]+)"')


@dataclass(frozen=True)
class Part:
    """`headers`: (name, value), unfolded and decoded, in order."""

    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.headers]

    def __getitem__(self, name: str) -> str:
        [value] = [value for known, value in self.headers if known.lower() == name.lower()]
        return value

    @property
    def parts(self) -> list["Part"]:
        """What stands between the boundaries, which stand nowhere else."""
        [boundary] = _BOUNDARY.findall(self["Content-Type"])
        _, *parts, rest = self.body.split(f"--{boundary}".encode())
        assert rest.strip() == b"--"
        return [read(part.removeprefix(b"\r\n")) for part in parts]

    @property
    def text(self) -> str:
        assert self["Content-Transfer-Encoding"] == "quoted-printable"
        return quopri.decodestring(self.body).decode("utf-8").replace("\r\n", "\n")


def read(raw: bytes) -> Part:
    """Every line ends with CR LF, and no CR or LF stands elsewhere; lines and letters are those of RFC 5322."""
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    assert b"\0" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = re.sub(r"\r\n(?=[ \t])", "", head.decode("ascii")).split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        assert colon, line
        assert _NAME.fullmatch(name), line
        headers.append((name, decoded(value.strip())))
    return Part(tuple(headers), body)


def decoded(value: str) -> str:
    """Encoded words as they are meant; blanks between two of them are none (RFC 2047, 6.2)."""

    def meant(found: re.Match[str]) -> str:
        charset, how, text = found.groups()
        if how in "bB":
            return base64.b64decode(text, validate=True).decode(charset)
        return quopri.decodestring(text.replace("_", " ").encode(), header=True).decode(charset)

    return _WORD.sub(meant, _BETWEEN_WORDS.sub(r"\1\2", value))


class _Skeleton(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[tuple[str, str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, "", ""))
        self.found.update((tag, name, value or "") for name, value in attrs)

    def handle_comment(self, data: str) -> None:
        self.found.add(("!--", data, ""))

    def handle_decl(self, decl: str) -> None:
        self.found.add(("!", decl, ""))

    def handle_pi(self, data: str) -> None:
        self.found.add(("?", data, ""))


def skeleton(html: str) -> set[tuple[str, str, str]]:
    """Everything in the HTML that is no text: (element, attribute, value)."""
    reader = _Skeleton()
    reader.feed(html)
    reader.close()
    return reader.found
