"""Which releases may work with a database, so that old and new servers can work on it side by side.

A migration only adds what the release before it need not know: every release works with a database that a
newer one has migrated. A migration that takes something away says in `needs` which migration the releases
beside it must know at least. That is recorded in Tortoise's table, where older releases find it.
"""

from collections.abc import Collection, Iterable
from importlib import import_module

from gql_approvals.persistence import migrations

APPLIED, NEEDED = "approvals", "approvals:needs"  # apps, as Tortoise's table calls them


def needs_of(migration: str) -> str | None:
    """The migration that a release must know to work with what this one leaves; None: no matter which."""
    declared: str | None = getattr(
        import_module(f"{migrations.__name__}.{migration}").Migration, "needs", None
    )
    return declared


def misfit(known: Collection[str], recorded: Iterable[tuple[str, str]]) -> str | None:
    """Why a release cannot work with a database, and how to mend it; None when it can.

    `known`: its migrations. `recorded`: the database's, (app, name) each.
    """
    rows = set(recorded)
    missing = sorted(set(known) - {name for app, name in rows if app == APPLIED})
    unknown = sorted({name for app, name in rows if app == NEEDED} - set(known))
    if unknown:
        return (
            f"a newer release has changed the database, and only releases with the migration `{unknown[-1]}` "
            "can work with it: install one of these"
        )
    if len(missing) == len(known):
        return "the database is not migrated: run gql-approvals migrate"
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        return f"the database lacks this release's migration `{missing[0]}`{more}: run gql-approvals migrate"
    return None
