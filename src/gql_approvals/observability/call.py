"""What is being served at the moment: one HTTP request, one socket, or one operation on a socket.

Whoever finds something out about it writes it down here; log records, figures and spans tell it. Nothing that
callers wrote is kept but names.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from secrets import token_hex
from time import perf_counter

# What other servers send as ids of requests, and what can harm neither a header nor a log.
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,128}")
_ID_BYTES = 16
OK = "OK"
_TOLD = ("connection", "operation", "type", "field", "outcome", "refusal", "user", "account")


@dataclass(slots=True)
class Call:
    """One of them, as far as it is known.

    `connection`: the id of the socket that an operation came over. `operation`: its name in the document.
    `field`: its first root field. `outcome`: OK, or the code of its first error; `refusal`: the code that its
    mutation was refused with. `user`: a global id. `account`: a slug. `traceparent`, `tracestate`: as W3C
    Trace Context says, unchecked.
    """

    id: str
    began_s: float
    address: str = ""
    connection: str | None = None
    operation: str | None = None
    type: str | None = None
    field: str | None = None
    outcome: str | None = None
    refusal: str | None = None
    user: str | None = None
    account: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None

    @property
    def took_s(self) -> float:
        """How long it has been going on."""
        return perf_counter() - self.began_s

    def told(self) -> dict[str, object]:
        """What an access record says of it; its id is in every record."""
        told: dict[str, object] = {"ms": round(1000 * self.took_s, 1), "address": self.address}
        for name in _TOLD:
            value = getattr(self, name)
            if value is not None:
                told[name] = value
        return told


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def current() -> Call | None:
    """What this task serves; None in what runs beside the requests."""
    return _current.get()


def begin(given_id: str | None = None, **known: str | None) -> Call:
    """Serve another call, in this task and those that it starts. `given_id` is taken if it is well-formed."""
    call = Call(id_from(given_id), perf_counter(), **known)  # type: ignore[arg-type]  # texts all of them
    _current.set(call)
    return call


@contextmanager
def within(connection: Call | None) -> Generator[Call]:
    """Serve one operation of a connection, in this block and in the tasks that it starts."""
    fresh = Call(token_hex(_ID_BYTES), perf_counter())
    call = fresh if connection is None else replace(connection, id=fresh.id, began_s=fresh.began_s)
    call.connection = None if connection is None else connection.id
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


def id_from(given: str | None) -> str:
    """The id that was given, if it is one; else another that nobody has."""
    return given if given is not None and _WELL_FORMED.fullmatch(given) else token_hex(_ID_BYTES)


def request_id() -> str:
    """The id of what is being served; outside of everything a fresh one."""
    call = _current.get()
    return token_hex(_ID_BYTES) if call is None else call.id
