"""What left the server: everything that committed arrived under one id, and nothing else did."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.faults.clients import digest
from tests.faults.ledger import Ledger, Row
from tests.faults.offices import Offices
from tests.faults.town import Town
from tests.faults.weather.sinks import Taken
from tests.server.server_history import rows

from gql_approvals.errors import Unavailable
from gql_approvals.persistence import undelivered
from gql_approvals.persistence.message_state import NOT_TOLD
from gql_approvals.persistence.outbox import LEASE

DRAIN_S = 30.0  # and a second for every RATE messages that wait
RATE = 10
DEAD_HOLDER_S = 4.0  # a lease that stays so long while nothing is wrong belongs to nobody
FINAL = "550"  # what a mail server answers that wants a mail never: the only reason to give up so soon
NOTICE = "-policy-"  # of a policy file that was refused: no account's log has an entry of that
_WAITING = "delivered_at IS NULL AND dropped_at IS NULL"


@dataclass(frozen=True)
class Sinks:
    """What has reached the other sides."""

    mails: Sequence[Taken]
    handovers: Sequence[Taken]
    webhooks: Sequence[Taken]


# --------------------------------------------------------------------------------------------- draining
async def drain(database_url: str, office: Offices) -> float:
    """Let everything that waits be delivered now that all is well; gives how long that took, in seconds.

    Pauses after failed attempts are cut short, and leases that a dead worker holds run out: both as time
    would do. A lease longer than any may be is left to the server, which must not wait for it.
    """
    begun = time.monotonic()
    waiting = await _number(database_url)
    held: dict[object, float] = {}
    while time.monotonic() - begun < DRAIN_S + waiting / RATE:
        dead = await rows(database_url, _DEAD)
        ids = [key for (key,) in dead]
        ids += [key for (key,) in await rows(database_url, _paused())]
        try:
            await office.office.database.transaction(lambda ids=ids: undelivered.make_due(ids, _now()))
            if not ids and await _number(database_url) == 0:
                return time.monotonic() - begun
            await _end_leases(database_url, held)
        except Unavailable:
            pass
        await asyncio.sleep(0.3)
    return time.monotonic() - begun


_DEAD = (
    "SELECT id FROM outbox_message WHERE delivered_at IS NULL AND dropped_at IS NOT NULL "  # noqa: S608
    f"AND last_error LIKE '{FINAL}%'"
)


def _paused() -> str:
    """Which messages wait for another attempt, and are in nobody's hands."""
    now = _now().isoformat(" ", "microseconds")
    free = f"(leased_until IS NULL OR leased_until <= '{now}')"
    return f"SELECT id FROM outbox_message WHERE {_WAITING} AND {free} AND attempts > 0"  # noqa: S608  # above


def _now() -> datetime:
    return datetime.now(UTC)


async def _number(database_url: str) -> int:
    query = f"SELECT count(*) FROM outbox_message WHERE {_WAITING}"  # noqa: S608  # above
    return int((await rows(database_url, query))[0][0])


async def _end_leases(database_url: str, held: dict[object, float]) -> None:
    """Let the leases run out that nobody works on."""
    found = await rows(
        database_url,
        f"SELECT id, leased_until FROM outbox_message WHERE {_WAITING} AND leased_until IS NOT NULL",  # noqa: S608
    )
    latest, now = _now() + LEASE + timedelta(seconds=5), time.monotonic()
    for key, until in found:
        since = held.setdefault((key, str(until)), now)
        at = datetime.fromisoformat(until) if isinstance(until, str) else until
        if now - since > DEAD_HOLDER_S and at <= latest:
            await rows(
                database_url,
                "UPDATE outbox_message SET leased_until = '2000-01-01 00:00:00.000000+00:00' "  # noqa: S608
                f"WHERE id = {key} AND {_WAITING}",
            )


# ---------------------------------------------------------------------------------------------- judging
def check_deliveries(ledger: Ledger, town: Town, sinks: Sinks, *, ceiling: int) -> int:
    """Judge what arrived; gives how many deliveries came again although they had been acknowledged.

    `ceiling`: how many of these may be, after faults that lose what the other side has answered.
    """
    outbox = {row["key"]: row for row in ledger.tables["outbox_message"]}
    arrived = {
        "mail": [(_key(mail.id), mail) for mail in sinks.mails],
        "handover": [(taken.id, taken) for taken in sinks.handovers],
        "webhook": [(taken.id, taken) for taken in sinks.webhooks],
    }
    by_key = {kind: _by_key(found) for kind, found in arrived.items()}
    _check_expected(ledger, town, outbox)
    for row in outbox.values():
        _check_settled(ledger, row, by_key[row["kind"]].get(row["key"], []))
    for kind, found in arrived.items():
        for key, one in found:
            if key not in outbox:
                ledger.wrong("ghost", f"a {kind} of what never happened: {key} {one.subject} {one.body}")
    _check_bodies(ledger, town, sinks)
    again = sum(
        count - 1
        for found in arrived.values()
        for count in Counter(key for key, one in found if one.acknowledged).values()
    )
    if again > ceiling:
        ledger.wrong("redelivered", f"{again} deliveries came again, {ceiling} may")
    return again


def _by_key(found: Sequence[tuple[str, Taken]]) -> dict[str, list[Taken]]:
    grouped: dict[str, list[Taken]] = defaultdict(list)
    for key, one in found:
        grouped[key].append(one)
    return grouped


def _key(message_id: str) -> str:
    """The outbox key in a mail's Message-ID."""
    return message_id.strip("<>").partition("@")[0]


def _check_settled(ledger: Ledger, row: Row, arrived: Sequence[Taken]) -> None:
    shown = {name: row[name] for name in ("key", "kind", "attempts", "last_error", "leased_until")}
    if row["delivered_at"] is not None:
        if not any(one.acknowledged for one in arrived):
            ledger.wrong("lost message", f"marked as delivered, and never taken: {shown}")
    elif row["dropped_at"] is None:
        ledger.wrong("undelivered", f"still waits after everything was well again: {shown}")
    elif row["last_error"] != NOT_TOLD:
        ledger.wrong("lost message", f"given up: {shown}")


def _check_expected(ledger: Ledger, town: Town, outbox: dict[str, Row]) -> None:
    """Everybody who had to be told was, of everything that the log has."""
    expected = {f"publication-{row['id']}" for row in ledger.tables["publication"]}
    kinds = {(effect.account, effect.seq): effect.kind for effect in ledger.effects}
    for (account, seq), users in ledger.eligible.items():
        expected |= {f"{account}-{seq}-{user}" for user in users}
    for account in town.accounts:
        if account.webhook is not None:
            expected |= {f"webhook-{account.webhook}-{seq}" for slug, seq in kinds if slug == account.slug}
    for key in sorted(expected - set(outbox))[:20]:
        ledger.wrong("lost message", f"never written: {key}")
    told = {f"{account}-{seq}-" for account, seq in kinds}
    for key, row in outbox.items():
        if NOTICE in key:
            continue
        if row["kind"] == "mail" and f"{key.rpartition('-')[0]}-" not in told:
            ledger.wrong("ghost", f"a mail of an entry that is not there: {row}")
        elif row["kind"] != "mail" and key not in expected:
            ledger.wrong("ghost", f"written for what is not there: {row}")


def _check_bodies(ledger: Ledger, town: Town, sinks: Sinks) -> None:
    """What was handed over is what was authorised; what a webhook was told is what the log has."""
    publications = {f"publication-{row['id']}": row for row in ledger.tables["publication"]}
    for taken in sinks.handovers:
        body, row = taken.body, publications.get(taken.id)
        parts = {
            "COPY": {"channel": body["channel"], "content": body["content"]},
            "AUDIENCE": body["audience"],
            "SCHEDULE": {"publishMode": body["publishMode"], "scheduledAt": body["scheduledAt"]},
        }
        computed = digest({name: digest(part) for name, part in parts.items()})
        if row is not None and not computed == body["contentHash"] == row["content_hash"]:
            ledger.wrong("sent unapproved", f"handed over {computed}, authorised {row}")
    numbers = {account.slug: account.number for account in town.accounts}
    hashes = {(row["account_id"], row["seq"]): row["hash"] for row in ledger.tables["audit_event"]}
    for taken in sinks.webhooks:
        data = taken.body["data"]
        if hashes.get((numbers[data["account"]], data["seq"])) != data["hash"]:
            ledger.wrong("ghost", f"told of what the log does not have: {json.dumps(taken.body)}")
