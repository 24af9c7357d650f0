"""What a driver's error means to a caller: one table for both databases.

The backends translate every statement, BEGIN, COMMIT and ROLLBACK through `translating`, because Tortoise
wraps only four families of asyncpg's errors. Errors that are not listed pass unchanged: they are mistakes
in a statement (Tortoise's own classes) or in our code.
"""
# pyright: reportMissingTypeStubs=false

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

import asyncpg  # type: ignore[import-untyped]  # it has no types
from tortoise.exceptions import BaseORMException

from gql_approvals.errors import Unavailable


class Contention(Unavailable):
    """Another transaction was in the way and nothing was changed: the whole transaction may run again."""


_BUSY = "the database is busy with other changes: send the same request again in a moment"
_SILENT = "the database does not answer: send the same request again in a moment"
_FULL = "the database cannot store anything at present: send the same request again later"

# The first row that fits is taken. PostgreSQL's own classes are named by their SQLSTATE.
_BY_CLASS: tuple[tuple[type[BaseException], type[Unavailable], str], ...] = (
    (asyncpg.SerializationError, Contention, _BUSY),  # 40001
    (asyncpg.DeadlockDetectedError, Contention, _BUSY),  # 40P01
    (asyncpg.LockNotAvailableError, Contention, _BUSY),  # 55P03: lock_timeout
    (asyncpg.PostgresConnectionError, Unavailable, _SILENT),  # 08, ConnectionDoesNotExistError among them
    (asyncpg.InvalidAuthorizationSpecificationError, Unavailable, _SILENT),  # 28: a password that changed
    (asyncpg.InvalidCatalogNameError, Unavailable, _SILENT),  # 3D000: the database was dropped
    (asyncpg.OperatorInterventionError, Unavailable, _SILENT),  # 57: cancelled, shut down, starting up
    (asyncpg.ReadOnlySQLTransactionError, Unavailable, _FULL),  # 25006: a standby, during a fail-over
    (asyncpg.InsufficientResourcesError, Unavailable, _FULL),  # 53: disk full, too many connections
    (asyncpg.PostgresSystemError, Unavailable, _FULL),  # 58: input/output errors of the server
    (asyncpg.ObjectNotInPrerequisiteStateError, Unavailable, _SILENT),  # 55000: not accepting connections
    (asyncpg.InternalClientError, Unavailable, _SILENT),  # a backend was ended under a running statement
    (asyncpg.InterfaceError, Unavailable, _SILENT),  # "connection is closed"; see `_meaning`
    (asyncpg.ProtocolError, Unavailable, _SILENT),
    (OSError, Unavailable, _SILENT),  # ConnectionRefusedError, ConnectionResetError, TimeoutError
)

# Primary result codes of SQLite (the lower byte of an extended code).
_BY_SQLITE_CODE: dict[int, tuple[type[Unavailable], str]] = {
    sqlite3.SQLITE_BUSY: (Contention, _BUSY),
    sqlite3.SQLITE_LOCKED: (Contention, _BUSY),
    sqlite3.SQLITE_NOMEM: (Unavailable, _FULL),
    sqlite3.SQLITE_READONLY: (Unavailable, _FULL),
    sqlite3.SQLITE_IOERR: (Unavailable, _FULL),
    sqlite3.SQLITE_FULL: (Unavailable, _FULL),
    sqlite3.SQLITE_CANTOPEN: (Unavailable, _FULL),
    sqlite3.SQLITE_PROTOCOL: (Contention, _BUSY),
}


@contextmanager
def translating() -> Generator[None, None, None]:
    """Translate what the driver raises inside.

    Raises:
        Contention: when the transaction lost against another one and may run again.
        Unavailable: when the database was lost, is full, or refuses to work at present.
    """
    try:
        yield
    except Exception as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: BaseException) -> Unavailable | None:
    if isinstance(error, BaseORMException) and error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]  # Tortoise keeps the driver's error as its argument
    if isinstance(error, sqlite3.Error):
        kind, text = _BY_SQLITE_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, (None, ""))
        return kind(text) if kind else None
    if isinstance(error, ValueError):  # asyncpg's DataError is an InterfaceError, too: a bad argument
        return None
    return next((kind(text) for cls, kind, text in _BY_CLASS if isinstance(error, cls)), None)
