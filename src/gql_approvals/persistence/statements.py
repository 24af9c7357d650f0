"""Statements that are written by hand, for the reads that everything waits for, in both databases' words.

They find few rows by their keys, so that SQLite runs them without another thread.

Parameters are numbered: `$1`, `$2`, …. Rows are tuples, or read like them, in the order of the columns. What
JSON holds comes as text: `unpacked` reads it, and `moment` the times in it.
"""

# Tortoise is typed in part only.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import orjson
from tortoise.queryset import ValuesListQuery

from gql_approvals.persistence import sqlite_backend
from gql_approvals.persistence.models import AccountRow

Record: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Words:
    """How a database says it. `among`: whether a number is in the list that a parameter holds."""

    rows: str
    row: str
    json: str
    among: str
    locking: str
    parameter: str


_WORDS = {
    "postgres": Words(
        rows="json_agg",
        row="json_build_array",
        json="",
        among="= ANY({}::bigint[])",
        locking="FOR UPDATE OF {}",
        parameter="$",
    ),
    "sqlite": Words(
        rows="json_group_array",
        row="json_array",
        json="json",
        among="IN (SELECT value FROM json_each({}))",
        locking="",
        parameter=":p",
    ),
}


class Statement:
    """A SELECT: one text for both databases, or one that is spelt out for each."""

    def __init__(self, text: str | Callable[[Words], str]) -> None:
        self._texts = {
            dialect: (text if isinstance(text, str) else text(words)).replace("$", words.parameter)
            for dialect, words in _WORDS.items()
        }

    async def rows(self, *values: object) -> Sequence[Record]:
        """Run it, within the caller's transaction if there is one. A parameter may be a list of numbers.

        Raises:
            Unavailable: when the database is lost or busy.
        """
        client: Any = AccountRow._meta.db  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        dialect: str = client.capabilities.dialect
        # By name on SQLite, whose `?1` Python 3.12 takes for a name, too.
        given: Any = list(values)
        if dialect == "sqlite":
            given = {f"p{number}": _listed(value) for number, value in enumerate(values, 1)}
        if isinstance(client, sqlite_backend.Client):  # and no transaction of it
            return await client.read_soon(self._texts[dialect], given)
        found: tuple[int, Sequence[Record]] = await client.execute_query(self._texts[dialect], given)
        return found[1]


async def rows_of(query: ValuesListQuery[Any]) -> Sequence[Record]:
    """What a query of Tortoise finds, as the driver gives it: Tortoise reads a time ten times as slowly."""
    query._choose_db_if_not_chosen()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    query._make_query()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    client: Any = query._db  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    found: tuple[int, Sequence[Record]] = await client.execute_query(*query.query.get_parameterized_sql())
    return found[1]


def columns(table: str, names: Iterable[str]) -> str:
    """Some columns of a table, to be selected."""
    return ", ".join(f"{table}.{name}" for name in names)


def unpacked(value: Any) -> Any:  # noqa: ANN401  # JSON
    """What a column or an aggregate of JSON holds; None for none."""
    return orjson.loads(value) if isinstance(value, str) else value


def moment(value: Any) -> Any:  # noqa: ANN401  # a datetime, or None where the column may be null
    """A time: as the driver gives it, or from its text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, list) else value
