"""Recomputing audit chains: whether every entry is as it was written, and which is the first that is not.

What an entry's hash is made of stands in `audit.py` and docs/hashes.md. Here it is put together from the
stored text of the detail, which is canonical already: a reading that rebuilds it takes three times as long.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from gql_approvals.persistence.audit import GENESIS
from gql_approvals.persistence.snapshot import Row, Snapshot
from gql_approvals.workflow.content import Json, utc_text
from gql_approvals.workflow.identity import global_id

_ENTRIES = (
    "SELECT seq, kind, at, actor_id, campaign_id, detail, policy_version, previous_hash, hash "
    "FROM audit_event WHERE account_id = ? ORDER BY seq, id"
)
_ACCOUNTS = "SELECT id, slug, audit_seq, audit_hash FROM account ORDER BY slug"
_STRAYS = (
    "SELECT account_id, seq FROM audit_event WHERE account_id NOT IN (SELECT id FROM account) "
    "ORDER BY account_id, seq LIMIT 1"
)


class Mismatch(StrEnum):
    """What does not fit at the first bad entry."""

    HASH = "hash"  # it is not what was written, or its hash is not
    LINK = "link"  # it does not refer to the entry before it
    GAP = "gap"  # entries before it are gone
    DUPLICATE = "duplicate"  # there are two of its number
    END = "end"  # the chain does not end where its account says
    HEAD = "head"  # it is not what it was when a head was saved
    STRAY = "stray"  # it belongs to no account


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far an account's chain has come: the number and the hash of its last entry, 0 and zeros of none."""

    account: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The first bad entry of an account, and why."""

    seq: int
    mismatch: Mismatch
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one account. `head`: of the entries that were read; `saved`: heads compared with."""

    head: Head
    entries: int
    saved: int
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class _Account:
    id: int
    head: Head


async def heads(reading: Snapshot) -> list[Head]:
    """The heads of all accounts, as the accounts state them."""
    return [account.head for account in await _accounts(reading)]


async def check(
    reading: Snapshot,
    slugs: Collection[str] = (),
    *,
    saved: Iterable[Head] = (),
    expect: Callable[[int], None] = lambda _: None,
    advance: Callable[[int], None] = lambda _: None,
) -> AsyncGenerator[Verdict]:
    """Recompute the chains of these accounts, by default all, one after the other.

    `saved`: heads of earlier days, whose entries must still be there. `expect` is told how many entries
    there should be, `advance` how many more were read.
    """
    chosen = [one for one in await _accounts(reading) if not slugs or one.head.account in slugs]
    expect(sum(one.head.seq for one in chosen))
    kept: dict[str, list[Head]] = defaultdict(list)
    for head in saved:
        kept[head.account].append(head)
    for account in chosen:
        yield await _check_account(reading, account, kept.pop(account.head.account, []), advance)
    for slug, gone in kept.items():
        if not slugs or slug in slugs:
            last = max(gone, key=lambda head: head.seq)
            yield _missing(slug, last, len(gone))
    if not slugs:
        for account_id, seq in await reading.rows(_STRAYS):
            message = f"it belongs to the account with the id {account_id}, which is not there"
            yield _verdict_on(f"#{account_id}", Finding(seq=seq, mismatch=Mismatch.STRAY, message=message))


async def entries(reading: Snapshot, slug: str) -> AsyncGenerator[dict[str, Json]]:
    """An account's entries in their order, each with the fields and values that `auditLog` answers.

    Raises:
        ValueError: when one cannot be read, which an intact chain does not contain.
    """
    (account_id,) = [one.id for one in await _accounts(reading) if one.head.account == slug]
    async for batch in reading.batches(_ENTRIES, account_id):
        for row in batch:
            seq, kind, at, actor, campaign, detail, version, previous, own = row
            yield {
                "seq": seq,
                "kind": kind,
                "at": _time(at),
                "actor": None if actor is None else global_id("User", actor),
                "campaign": None if campaign is None else global_id("Campaign", campaign),
                "detail": json.loads(detail),
                "policyVersion": version,
                "previousHash": previous,
                "hash": own,
            }


# ------------------------------------------------------------------------------------------- one chain
@dataclass(slots=True)
class Chain:
    """One account's chain as far as it was read; `finding` is the first thing that does not fit."""

    saved: Mapping[int, Sequence[str]] = field(default_factory=dict[int, Sequence[str]])
    seq: int = 0
    hash: str = GENESIS
    entries: int = 0
    finding: Finding | None = None

    def read(self, rows: Sequence[Row]) -> None:
        """Go on with the rows that follow, until one does not fit."""
        for row in rows:
            self.entries += 1
            self.finding = self._mismatch(row)
            if self.finding is None:
                self.seq, self.hash = row[0], row[8]
                self.finding = self._unlike_saved() if self.seq in self.saved else None
            if self.finding is not None:
                return

    def _mismatch(self, row: Row) -> Finding | None:
        seq, previous, own = row[0], row[7], row[8]
        if seq != self.seq + 1:
            return _out_of_order(seq, self.seq)
        try:
            computed = hash_of(row)
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            return _bad(seq, Mismatch.HASH, "its content cannot be read")
        if computed != own:
            return _bad(seq, Mismatch.HASH, f"its content makes the hash `{computed}`, and it says `{own}`")
        if previous != self.hash:
            said = f"it follows `{previous}`, and the hash of entry {self.seq} is `{self.hash}`"
            return _bad(seq, Mismatch.LINK, said)
        return None

    def _unlike_saved(self) -> Finding | None:
        for hash_then in self.saved[self.seq]:
            if hash_then != self.hash:
                said = f"its hash is `{self.hash}`, and was `{hash_then}` when the head was saved"
                why = "the chain was written anew, at this entry or one before it"
                return _bad(self.seq, Mismatch.HEAD, f"{said}: {why}")
        return None


def hash_of(row: Row) -> str:
    """The hash that a stored entry should have.

    Raises:
        ValueError, TypeError: when a part of it is nothing that this program has ever written.
    """
    seq, kind, at, actor, campaign, detail, version, previous, _ = row
    if not isinstance(json.loads(detail), dict):
        raise TypeError(detail)
    text = (
        f'{{"actor":{_id("User", actor)},"at":"{_time(at)}","campaign":{_id("Campaign", campaign)},'
        f'"detail":{detail},"kind":{_json(kind)},"policyVersion":{_json(version)},'
        f'"previousHash":{_json(previous)},"seq":{int(seq)}}}'
    )
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _time(stored: Any) -> str:  # noqa: ANN401  # PostgreSQL gives a time, SQLite a text
    if isinstance(stored, datetime):
        return utc_text(stored)
    moment = datetime.fromisoformat(stored)
    if moment.isoformat(" ", "microseconds") != stored:
        raise ValueError(stored)  # another spelling of a time is an edit as well
    return utc_text(moment)


@lru_cache(maxsize=4096)
def _id(kind: str, key: int | None) -> str:
    return "null" if key is None else f'"{global_id(kind, key)}"'


@lru_cache(maxsize=4096)
def _json(text: str | None) -> str:
    if text is not None and not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # SQLite
        raise TypeError(text)
    return json.dumps(text, ensure_ascii=False)


def _out_of_order(seq: Any, last: int) -> Finding:  # noqa: ANN401  # SQLite stores anything
    if not isinstance(seq, int) or seq < 1:
        return _bad(last + 1, Mismatch.GAP, f"an entry has the number `{seq}`, and numbers begin with 1")
    if seq == last:
        return _bad(seq, Mismatch.DUPLICATE, "there are two entries of this number")
    gone = f"entry {last + 1} is" if seq == last + 2 else f"the entries {last + 1} to {seq - 1} are"
    return _bad(last + 1, Mismatch.GAP, f"{gone} missing: entry {seq} follows {last or 'the beginning'}")


def _bad(seq: int, mismatch: Mismatch, message: str) -> Finding:
    return Finding(seq=seq, mismatch=mismatch, message=message)


# ---------------------------------------------------------------------------------------- all of them
async def _accounts(reading: Snapshot) -> list[_Account]:
    return [
        _Account(account_id, Head(account=slug, seq=seq, hash=text))
        for account_id, slug, seq, text in await reading.rows(_ACCOUNTS)
    ]


async def _check_account(
    reading: Snapshot, account: _Account, saved: Sequence[Head], advance: Callable[[int], None]
) -> Verdict:
    by_seq: dict[int, list[str]] = defaultdict(list)
    for head in saved:
        by_seq[head.seq].append(head.hash)
    chain = Chain(saved=by_seq)
    async for batch in reading.batches(_ENTRIES, account.id):
        chain.read(batch)
        advance(len(batch))
        if chain.finding is not None:
            break
    slug = account.head.account
    return Verdict(
        head=Head(account=slug, seq=chain.seq, hash=chain.hash),
        entries=chain.entries,
        saved=len(saved),
        finding=chain.finding or _wrong_end(chain, account.head, saved),
    )


def _wrong_end(chain: Chain, stated: Head, saved: Sequence[Head]) -> Finding | None:
    """What is wrong with a chain that fits in itself, by the account's own word and by the saved heads."""
    longest = max((head.seq for head in saved), default=0)
    if longest > chain.seq:
        gone = f"it is missing: a saved head is at entry {longest}, and the chain ends with entry {chain.seq}"
        return _bad(chain.seq + 1, Mismatch.HEAD, gone)
    if (chain.seq, chain.hash) == (stated.seq, stated.hash):
        return None
    if stated.seq > chain.seq:
        gone = f"it is missing: the account is at entry {stated.seq}, and the chain ends with {chain.seq}"
        return _bad(chain.seq + 1, Mismatch.END, gone)
    if stated.seq < chain.seq:
        return _bad(stated.seq + 1, Mismatch.END, f"it is one too many: the account is at entry {stated.seq}")
    said = f"its hash is `{chain.hash}`, and the account says `{stated.hash}`"
    return _bad(chain.seq, Mismatch.END, said)


def _missing(slug: str, last: Head, saved: int) -> Verdict:
    message = f"the account is gone: a saved head is at entry {last.seq}"
    return _verdict_on(slug, Finding(seq=1, mismatch=Mismatch.HEAD, message=message), saved)


def _verdict_on(slug: str, finding: Finding, saved: int = 0) -> Verdict:
    return Verdict(head=Head(account=slug, seq=0, hash=GENESIS), entries=0, saved=saved, finding=finding)
