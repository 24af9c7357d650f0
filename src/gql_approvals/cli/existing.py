"""A database that is there already: commands that only look make none where there is none."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gql_approvals.errors import BadDatabase, Unavailable
from gql_approvals.persistence.address import parse

if TYPE_CHECKING:  # Tortoise is loaded only where there is a database to open
    from gql_approvals.persistence.database import Database


class NoDatabase(Exception):
    """There is no database that could be asked; the text says why."""


@asynccontextmanager
async def existing_database(url: str) -> AsyncGenerator["Database"]:
    """Open a database; none is made where there is none.

    Raises:
        NoDatabase: when it is not there, does not answer, or is not migrated.
    """
    try:
        _require_file(url)
        from gql_approvals.persistence.database import Database

        async with Database.open(url, pool_size=1) as database:
            await database.require_migrated()
            yield database
    except (BadDatabase, Unavailable) as error:
        raise NoDatabase(f"no database ({error.message})") from error


def _require_file(url: str) -> None:
    """Opening a SQLite database would make one."""
    address = parse(url)
    if address.dialect == "sqlite" and not Path(address.target).is_file():
        raise NoDatabase("no database")
