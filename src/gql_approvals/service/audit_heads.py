"""Telling the heads of audit chains outside, where whoever changes the database cannot change them.

A head that was told proves all entries up to it: `audit verify --head`. Each is told once, and only when the
chain has grown since.
"""

import hashlib
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from gql_approvals.persistence import heads, outbox, people
from gql_approvals.persistence.chain import Head
from gql_approvals.persistence.outbox import MAIL, Message
from gql_approvals.service.perform import Office

HEAD = "audit:head"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFacts:
    """What the mail says. `address`: as an operator has set it."""

    key: str
    at: datetime
    address: str
    head: Head


async def heads_to_tell(office: Office, every: timedelta, addresses: Collection[str]) -> AsyncGenerator[Head]:
    """The heads that are due, each with its mails written; the caller is the only one who gets it.

    Raises:
        Unavailable: when the database is lost; the rest is due at the next call.
    """
    for account_id in await heads.due(office.now(), every):
        head = await office.database.transaction(partial(_take, office, account_id, every, addresses))
        if head is not None:
            yield head


async def _take(office: Office, account_id: int, every: timedelta, addresses: Collection[str]) -> Head | None:
    await people.lock_account(account_id)
    now = office.now()
    head = await heads.take(account_id, now, every)
    if head is not None:
        await outbox.write_once(_message(account_id, head, address, now) for address in addresses)
    return head


def _message(account_id: int, head: Head, address: str, now: datetime) -> Message:
    to = hashlib.sha256(address.encode()).hexdigest()[:8]
    return Message(
        account_id=account_id,
        key=f"{head.account}-head-{head.hash[:12]}-{to}",
        kind=MAIL,
        payload={
            "event": HEAD,
            "address": address,
            "account": head.account,
            "seq": head.seq,
            "hash": head.hash,
        },
        created_at=now,
    )


def head_facts(message: Message) -> HeadFacts:
    """What the mail says: what was true when it was written.

    Raises:
        LookupError: when the message is none that was written here.
    """
    match message.payload:
        case {"address": str(address), "account": str(account), "seq": int(seq), "hash": str(text)}:
            head = Head(account=account, seq=seq, hash=text)
            return HeadFacts(key=message.key, at=message.created_at, address=address, head=head)
        case _:
            raise LookupError(message.key)
