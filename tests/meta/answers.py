"""What is shown on a page against what is answered.

An id, a hash, a version or a secret on the page stands for the one that is answered in its place, from the
first time on, also in what is sent and typed. Times and sizes are not compared, and `…` stands for any text.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.meta.pages import Block

from gql_approvals.reload import node_of

NODE = "server-1:/srv/approvals/policies"  # what the pages call this machine and its folder
_TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)|[A-Z]\w\w \d\d [A-Z]\w\w \d{4}, \d\d:\d\d UTC"
    r"|\d{4}-\d\d-\d\d|[\d,]+ (?=bytes)"
)
_HASH = r"\b(?:[0-9a-f]{64}|(?=[a-f]*[0-9])[0-9a-f]{12})\b"
_SECRET = r"\b(?:gqa|whsec)_[\w+/=-]{30,}"
_TOKEN = re.compile(rf"{_HASH}|{_SECRET}|\b[A-Z][\w-]{{9,}}\b")


@dataclass
class Answers:
    """Compares, and remembers what stands for what."""

    known: dict[str, str] = field(default_factory=dict[str, str])

    def compare(self, block: Block, printed: str) -> None:
        shown, printed = _timeless(block.text), _timeless(printed.replace(node_of(Path("policies")), NODE))
        for on_page, real in zip(_tokens(shown), _tokens(printed), strict=False):
            self.known.setdefault(on_page, real)
        expected, got = self.real(shown).splitlines(), printed.splitlines()
        if len(expected) == len(got):
            pairs = zip(expected, got, strict=True)
            expected = [real if _fits(line, real) else line for line, real in pairs]
        assert expected == got, block.where

    def compare_json(self, block: Block, value: object) -> None:
        page = json.dumps(json.loads(block.text), indent=2, ensure_ascii=False)
        self.compare(replace(block, text=page), json.dumps(value, indent=2, ensure_ascii=False))

    def real(self, text: str) -> str:
        """The text with what there really is."""
        return _TOKEN.sub(lambda match: self.known.get(match[0], match[0]), text)


def _fits(line: str, real: str) -> bool:
    form = ".+".join(re.escape(part) for part in line.split("…"))
    return re.fullmatch(form, real) is not None


def _tokens(text: str) -> list[str]:
    return [one for one in _TOKEN.findall(text) if re.fullmatch(f"{_HASH}|{_SECRET}", one) or _is_id(one)]


def _is_id(text: str) -> bool:
    """Whether it is one of the API's ids: base64 of a type's name and a number."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return False
    return re.fullmatch(rb"[A-Z][A-Za-z]+:\d+", plain) is not None


def _timeless(text: str) -> str:
    """The text without what another day or machine prints otherwise, nor blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in re.sub(_TIMES, "TIME", text).splitlines())
