"""`backup` and `restore`: the whole database in one file, and back."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gql_approvals.cli.output import format_option, show
from gql_approvals.cli.progress import progress
from gql_approvals.settings import from_environment

if TYPE_CHECKING:  # asyncpg is loaded only where there is a database to read
    from gql_approvals.cli.examining import Examined
    from gql_approvals.persistence.address import Address

_file = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@_file
@format_option
def backup(file: Path, form: str) -> None:
    """Write all of the database into the new FILE.

    Servers may go on working meanwhile. The file has everything that was acknowledged before the command
    began. It is complete or not there, is read back before it gets its name, and holds secrets: keep it like
    the database. SQLite is copied; PostgreSQL is dumped by its own `pg_dump`, which must be installed. Exits
    with 1 when an audit entry is not as it was written; the file is there nevertheless.
    """
    from gql_approvals.persistence.address import parse

    url = from_environment().database_url
    address = parse(url)
    found = asyncio.run(_backup(address, url, file, form))
    size = file.stat().st_size
    text = [f"{file}: {size:,} bytes, {address.shown}", *found.lines]
    show({"file": str(file), "bytes": size, "database": address.shown, **found.data}, "\n".join(text), form)
    _exit(found)


@click.command()
@_file
@click.option("--verify", is_flag=True, help="Only check the file; the database is left alone.")
@format_option
def restore(file: Path, *, verify: bool, form: str) -> None:
    """Put the backup FILE into an empty database.

    The one that GQL_APPROVALS_DATABASE_URL names; all of it or nothing. Then the tables are brought up to
    this release, and every hash of the audit trail is recomputed. Exits with 1 when an audit entry is not as
    it was written.
    """
    from gql_approvals.cli import examining

    if verify:
        found = asyncio.run(examining.examine_copy(file, form))
        show(
            {"file": str(file), **found.data},
            "\n".join([f"{file}: read, and nothing was restored", *found.lines]),
            form,
        )
    else:
        found = _restored(file, form)
    _exit(found)


def _exit(found: "Examined") -> None:
    if found.tampered:
        raise click.exceptions.Exit(1)


async def _backup(address: "Address", url: str, file: Path, form: str) -> "Examined":
    from gql_approvals.cli.examining import examine
    from gql_approvals.cli.new_file import new_file
    from gql_approvals.persistence import backups
    from gql_approvals.persistence.snapshot import snapshot

    async with snapshot(url) as reading:
        await backups.release_in(reading, address.shown)
    with new_file(file) as temporary:
        with progress(f"writing {file}", form) as bar:
            if address.dialect == "sqlite":
                backups.copy_file(address.target, temporary, address.shown, bar.reach)
            else:
                await backups.dump(address, temporary, bar.reach)
        return await examine(temporary, form, str(file))


def _restored(file: Path, form: str) -> "Examined":
    from gql_approvals.persistence.address import parse

    url = from_environment().database_url
    address = parse(url)
    found, applied = asyncio.run(_restore(file, address, url, form))
    text = [
        f"{file} is restored into {address.shown}",
        *found.lines,
        *(f"applied {name}" for name in applied),
    ]
    data = {"file": str(file), "database": address.shown, "applied": applied, **found.data}
    show(data, "\n".join(text), form)
    return found


async def _restore(file: Path, address: "Address", url: str, form: str) -> "tuple[Examined, list[str]]":
    from gql_approvals.cli import auditing
    from gql_approvals.cli.examining import HASHES, Examined, release_of
    from gql_approvals.persistence import backups
    from gql_approvals.persistence.database import Database

    _require_same_kind(backups.kind_of(file), address, file)
    release = await release_of(file)
    _require_empty(await backups.tables_of(address), address.shown)
    with progress(f"restoring {file}", form) as bar:
        if address.dialect == "sqlite":
            backups.require_whole(file, str(file))
            backups.copy_file(str(file), Path(address.target), str(file), bar.reach)
        else:
            backups.load(file, address, bar.reach)
    async with Database.open(url, pool_size=1) as database:
        applied = await database.migrate()
    verdicts = await auditing.verify(url, form=form)
    return Examined(release=release, verdicts=verdicts, checked=(HASHES,)), applied


def _require_same_kind(kind: str, address: "Address", file: Path) -> None:
    if kind != address.dialect:
        fix = f"name a {kind} database in GQL_APPROVALS_DATABASE_URL"
        raise click.ClickException(f"`{file}` is a backup from {kind}, and {address.shown} is none: {fix}")


def _require_empty(tables: list[str], shown: str) -> None:
    if tables:
        named = ", ".join(tables[:3]) + (" and others" if tables[3:] else "")
        fix = "name a new database in GQL_APPROVALS_DATABASE_URL, and point the servers to it afterwards"
        raise click.ClickException(f"{shown} is not empty: it has the tables {named}; {fix}")
