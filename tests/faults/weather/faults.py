"""Everything that goes wrong around a server, by name. Each fault begins, lasts for a moment, and ends.

After `strike` the world is whole again; the server may still need a moment to be ready. What does not apply
to a place's database must not be struck there: see `Fault.databases` and `Fault.needs`.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.faults.weather.clock import NOTICED_S
from tests.faults.weather.place import DatabaseKind, Need, Place
from tests.faults.weather.sinks import HandoverMode, MailMode

HOUR_S = 3600
BOTH: frozenset[DatabaseKind] = frozenset({"sqlite", "postgresql"})
POSTGRESQL: frozenset[DatabaseKind] = frozenset({"postgresql"})
SQLITE: frozenset[DatabaseKind] = frozenset({"sqlite"})
STRIKE_S = 120  # no fault lasts longer, restart of the server included

Strike = Callable[[Place, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """`needs`: what the place must have. `lasts_s`: about how long, at most."""

    name: str
    about: str
    harm: Strike
    databases: frozenset[DatabaseKind] = BOTH
    needs: frozenset[Need] = frozenset()
    lasts_s: float = 5

    async def strike(self, place: Place, rng: random.Random) -> None:
        """Do it, hold it for a moment, and undo it, also when cancelled.

        Raises:
            NotReady: when a server that was ended does not start again.
            TimeoutError: when it takes longer than two minutes.
        """
        assert place.kind in self.databases, f"`{self.name}` is no fault of {place.kind}"
        async with asyncio.timeout(STRIKE_S):
            await self.harm(place, rng)


def needs_of(faults: Collection[Fault]) -> frozenset[Need]:
    """What a place must have for all of these."""
    return frozenset().union(*(fault.needs for fault in faults))


def applicable(database: DatabaseKind) -> list[Fault]:
    """The faults of a database, in their order."""
    return [fault for fault in FAULTS.values() if database in fault.databases]


# ------------------------------------------------------------------------------------------ processes
async def _kill_worker(place: Place, rng: random.Random) -> None:
    pids = place.server.worker_pids
    if place.server.workers == 1 or not pids:
        await _kill_all(place, rng)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(rng.choice(pids), signal.SIGKILL)


async def _kill_all(place: Place, rng: random.Random) -> None:
    await asyncio.to_thread(place.server.kill)
    await _for(rng, 0.1, 1)
    await asyncio.to_thread(place.server.start)


async def _term(place: Place, rng: random.Random) -> None:
    await asyncio.to_thread(place.server.terminate)
    await _for(rng, 0, 0.5)
    await asyncio.to_thread(place.server.start)


def _pause(shortest_s: float, longest_s: float) -> Strike:
    async def harm(place: Place, rng: random.Random) -> None:
        pids = place.server.worker_pids
        if not pids:
            return
        pid = rng.choice(pids)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            try:
                await _for(rng, shortest_s, longest_s)
            finally:
                os.kill(pid, signal.SIGCONT)

    return harm


# ------------------------------------------------------------------------------------------ PostgreSQL
async def _terminate_backends(place: Place, _rng: random.Random) -> None:
    assert place.cluster is not None
    await place.cluster.terminate_backends()


async def _kill_backend(place: Place, rng: random.Random) -> None:
    assert place.cluster is not None
    if await place.cluster.kill_backend(rng):
        await asyncio.sleep(0.1)  # until PostgreSQL has seen it
        await place.cluster.until_ready()


def _down(how: signal.Signals) -> Strike:
    async def harm(place: Place, rng: random.Random) -> None:
        assert place.cluster is not None
        await asyncio.to_thread(place.cluster.stop, how)
        try:
            await _for(rng, 0.1, 2)
        finally:
            await asyncio.to_thread(place.cluster.start)

    return harm


# ------------------------------------------------------------------------------------------ network
async def _reset(place: Place, rng: random.Random) -> None:
    assert place.proxy is not None
    for _ in range(rng.randint(1, 4)):
        await asyncio.to_thread(place.proxy.reset)
        await _for(rng, 0.05, 0.5)


async def _latency(place: Place, rng: random.Random) -> None:
    assert place.proxy is not None
    place.proxy.latency_s = rng.uniform(0.03, 0.3)
    try:
        await _for(rng, 1, 3)
    finally:
        await asyncio.to_thread(place.proxy.heal)


async def _silence(place: Place, rng: random.Random) -> None:
    assert place.proxy is not None
    place.proxy.is_silent = True
    try:
        await _for(rng, 2, 6)
    finally:
        await asyncio.to_thread(place.proxy.heal)


async def _slices(place: Place, rng: random.Random) -> None:
    assert place.proxy is not None
    place.proxy.is_sliced = True
    try:
        await _for(rng, 1, 3)
    finally:
        await asyncio.to_thread(place.proxy.heal)


async def _refusal(place: Place, rng: random.Random) -> None:
    assert place.proxy is not None
    await asyncio.to_thread(place.proxy.refuse)
    try:
        await _for(rng, 0.5, 3)
    finally:
        await asyncio.to_thread(place.proxy.heal)


# ------------------------------------------------------------------------------------------ machine
def _clock(seconds: int) -> Strike:
    """Far off, and right again: two jumps."""

    async def harm(place: Place, rng: random.Random) -> None:
        assert place.clock is not None
        place.clock.move(seconds)
        try:
            await _for(rng, NOTICED_S + 0.5, NOTICED_S + 3)
        finally:
            place.clock.move(0)
        await asyncio.sleep(NOTICED_S)

    return harm


async def _full(place: Place, rng: random.Random) -> None:
    assert place.disk is not None
    try:
        await asyncio.to_thread(place.disk.fill)
        await _for(rng, 1, 3)
    finally:
        place.disk.free()


# ------------------------------------------------------------------------------------------ other sides
def _mail(mode: MailMode) -> Strike:
    async def harm(place: Place, rng: random.Random) -> None:
        place.mails.mode = mode
        try:
            await _for(rng, 1, 4)
        finally:
            place.mails.mode = "take"

    return harm


def _handover(mode: HandoverMode) -> Strike:
    async def harm(place: Place, rng: random.Random) -> None:
        place.handovers.mode = mode
        try:
            await _for(rng, 1, 4)
        finally:
            place.handovers.mode = "take"

    return harm


async def _for(rng: random.Random, shortest_s: float, longest_s: float) -> None:
    await asyncio.sleep(rng.uniform(shortest_s, longest_s))


_PROXY: frozenset[Need] = frozenset({"proxy"})
_CLOCK: frozenset[Need] = frozenset({"clock"})
_DISK: frozenset[Need] = frozenset({"disk"})
_TABLE = (
    Fault("kill9_worker", "kill -9 of one worker, which is replaced", _kill_worker),
    Fault("kill9_all", "kill -9 of every process, then a start", _kill_all, lasts_s=20),
    Fault("term", "SIGTERM, then a start", _term, lasts_s=20),
    Fault("pause", "a worker stands still for 8 s", _pause(8, 8), lasts_s=8),
    Fault("pause_short", "a worker stands still for 1 to 2 s", _pause(1, 2), lasts_s=2),
    Fault("pg_terminate", "PostgreSQL ends every session", _terminate_backends, POSTGRESQL),
    Fault("pg_kill_backend", "kill -9 of one of PostgreSQL's processes", _kill_backend, POSTGRESQL),
    Fault("pg_restart", "PostgreSQL is stopped (fast) and started", _down(signal.SIGINT), POSTGRESQL),
    Fault("pg_crash", "PostgreSQL is stopped (immediate) and recovers", _down(signal.SIGQUIT), POSTGRESQL),
    Fault("net_reset", "connections to PostgreSQL are reset", _reset, POSTGRESQL, _PROXY),
    Fault("net_latency", "every byte takes up to 0.3 s longer", _latency, POSTGRESQL, _PROXY),
    Fault("net_blackhole", "bytes are kept for 2 to 6 s", _silence, POSTGRESQL, _PROXY, 6),
    Fault("net_slice", "bytes arrive in pieces of 1 to 7", _slices, POSTGRESQL, _PROXY),
    Fault("net_down", "connections are reset and refused", _refusal, POSTGRESQL, _PROXY),
    Fault("clock_forward", "the clock jumps an hour ahead, then back", _clock(HOUR_S), BOTH, _CLOCK),
    Fault("clock_back", "the clock jumps an hour back, then ahead", _clock(-HOUR_S), BOTH, _CLOCK),
    Fault("disk_full", "there is no room for SQLite's file", _full, SQLITE, _DISK),
    Fault("mail_451", "the mail server puts mails off", _mail("451")),
    Fault("mail_550", "the mail server refuses recipients for good", _mail("550")),
    Fault("mail_hang", "the mail server takes a mail and does not say so", _mail("hang")),
    Fault("mail_drop", "the mail server takes a mail and hangs up", _mail("drop")),
    Fault("mail_reset", "the mail server hangs up before it has a mail", _mail("reset")),
    Fault("http_500", "the sending system answers 500", _handover("500")),
    Fault("http_503", "the sending system answers 503 with Retry-After", _handover("503")),
    Fault("http_410", "the sending system answers 410: never again", _handover("410")),
    Fault("http_hang", "the sending system takes a body and does not say so", _handover("hang")),
    Fault("http_drop", "the sending system takes a body and hangs up", _handover("drop")),
    Fault("http_reset", "the sending system hangs up before it has read", _handover("reset")),
)
FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _TABLE})
