"""Heads of audit chains as they were kept: by `audit head`, the server's log, webhooks or mail.

Whatever is no head must plainly be something else, a log's other lines or a mail's words: a line that is
damaged is an error, since what it said is not compared.
"""

import email.policy
import json
import mailbox
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import click

from gql_approvals.persistence.chain import Head

EVENT = "audit:head"
_HASH = re.compile(r"[0-9a-f]{64}")
# As `logs` writes records as text; what collects them may write something before each.
_TOLD = re.compile(rf"Z INFO +gql_approvals\.heads {EVENT} account=(\S+) seq=(\d+) hash=({_HASH.pattern})$")
_RECORD = re.compile(r"Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) +\S+ (?P<event>\S+)")
_MAIL = re.compile(rb"(From |[A-Za-z][A-Za-z0-9-]*:[ \t])")
_FIX = "keep there what `gql-approvals audit head` prints, the server's log, webhooks or mails"


def read_heads(path: Path) -> list[Head]:
    """The heads in a file: lines of `audit head`, of a log or of webhooks' bodies; or a mail, or a mailbox.

    Raises:
        click.ClickException: when there is none, or a line is neither one nor plainly something else.
    """
    raw = path.read_bytes()
    if _MAIL.match(raw):
        found = [head for text in _mails(path, raw) for head in _heads_of_mail(text)]
    else:
        found = list(_heads_of_lines(path, raw.decode("utf-8", "replace")))
    if not found:
        raise click.ClickException(f"{path} has no heads: `gql-approvals audit head >> {path}` adds them")
    return found


def _heads_of_lines(path: Path, text: str) -> Iterator[Head]:
    for number, line in enumerate(text.split("\n"), 1):
        try:
            head = _head_in(line)
        except (ValueError, TypeError, KeyError, RecursionError):
            raise click.ClickException(f"{path}, line {number}: this is no head: {_FIX}") from None
        if head is not None:
            yield head


def _head_in(line: str) -> Head | None:
    """The head in a line; None when it plainly is something else.

    Raises:
        ValueError, TypeError, KeyError: when it is neither.
    """
    told = _TOLD.search(line.rstrip())
    if told is not None:
        return _head({"account": told[1], "seq": int(told[2]), "hash": told[3]})
    record = _RECORD.search(line)
    if not line.strip() or line.startswith("    ") or (record is not None and record["event"] != EVENT):
        return None  # nothing, what was raised, another record
    found = json.loads(line[max(0, line.find("{")) :])
    if not isinstance(found, dict):
        raise TypeError(found)
    data = cast("dict[str, Any]", found)
    if isinstance(data.get("event"), str):
        return _head(data) if data["event"] == EVENT else None
    if isinstance(data.get("type"), str):  # a webhook's: each names its entry, the chain's last one then
        return _head(data["data"]) if "hash" in data["data"] else None
    return _head(data)


def _head(data: Any) -> Head:  # noqa: ANN401  # whatever the file holds
    slug, seq, text = data["account"], data["seq"], data["hash"]
    if not (isinstance(slug, str) and isinstance(seq, int) and seq >= 0 and _HASH.fullmatch(text)):
        raise ValueError(data)
    return Head(account=slug, seq=seq, hash=text)


def _mails(path: Path, raw: bytes) -> Iterator[str]:
    """The texts of a mail, or of all mails of a mailbox."""
    sources = [raw]
    if raw.startswith(b"From "):
        with closing(mailbox.mbox(path, create=False)) as box:
            sources = [box.get_bytes(key) for key in box.iterkeys()]
    for source in sources:
        for part in email.message_from_bytes(source, policy=email.policy.default).walk():
            if part.get_content_type() == "text/plain":
                yield str(part.get_content())


def _heads_of_mail(text: str) -> Iterator[Head]:
    for line in text.splitlines():
        if line.startswith("{"):
            yield _head(json.loads(line))
