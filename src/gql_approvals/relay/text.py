"""What people typed, made fit for a header, a line, or a body. Nothing here escapes HTML: templates do."""

import re
import unicodedata

HEADER_LENGTH = 200
BODY_LENGTH = 4000
_ORDERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NEWLINES = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")


def one_line(text: str, limit: int = HEADER_LENGTH) -> str:
    """The text on one line: controls, line ends and marks that reorder letters become single spaces."""
    printable = "".join(" " if _is_odd(letter) else letter for letter in text)
    return clipped(" ".join(printable.split()), limit)


def header_text(text: str) -> str:
    """One line that no mail program takes for an encoded word.

    Several releases of Python decode `=?utf-8?q?a=0d=0aBcc:_x?=` when they write a header, and so emit the
    line that was hidden in it (CVE-2024-6923).
    """
    return one_line(text).replace("=?", "=\u200b?")


def paragraphs(text: str) -> str:
    """The text with its lines; what is no letter shows as U+FFFD."""
    lines = _NEWLINES.sub("\n", text)
    shown = "".join("\ufffd" if _is_odd(letter) and letter not in "\n\t" else letter for letter in lines)
    return clipped(shown, BODY_LENGTH)


def clipped(text: str, limit: int) -> str:
    """The text's beginning, with a mark where something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_odd(letter: str) -> bool:
    """Controls, half surrogate pairs, line and paragraph separators, marks that reorder letters."""
    return letter in _ORDERING or unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}
