"""The figures that are looked up when somebody asks for them, as samples of `observability.figures.FOUND`."""

import asyncio
from collections.abc import Iterator

from gql_approvals import __version__
from gql_approvals.errors import Unavailable
from gql_approvals.observability import meters
from gql_approvals.observability.meters import Sample
from gql_approvals.persistence.database import migration_names
from gql_approvals.service.perform import Office
from gql_approvals.service.standing import Standing, Standings


async def found_samples(office: Office, standings: Standings) -> list[Sample]:
    """What is known now; without its database a server tells the rest."""
    found = list(_of_this_node(office))
    try:
        await office.database.ping()
        standing = await standings.now(office)
    except Unavailable:
        return [*found, ("database_up", (), 0)]
    return [*found, ("database_up", (), 1), *_of(standing)]


def _of_this_node(office: Office) -> Iterator[Sample]:
    yield meters.build(__version__, migration_names()[-1])
    policy = office.policy
    yield ("policy_loaded_timestamp_seconds", (), policy().loaded_at.timestamp())
    yield ("policy_refused", (), float(policy.refused is not None))


def _of(standing: Standing) -> Iterator[Sample]:
    yield ("found_age_seconds", (), asyncio.get_running_loop().time() - standing.at_s)
    for kind, one in standing.backlog.items():
        for state in ("waiting", "due", "dead"):
            yield ("outbox_messages", (kind, state), getattr(one, state))
        yield ("outbox_oldest_seconds", (kind,), one.oldest.total_seconds())
        yield ("outbox_overdue_seconds", (kind,), one.overdue.total_seconds())
    yield ("campaigns_due", (), standing.overdue.campaigns)
    yield ("campaigns_overdue_seconds", (), standing.overdue.since.total_seconds())
    yield ("accounts", (), standing.trails.accounts)
    yield ("audit_entries", (), standing.trails.entries)
    for version in standing.policies:
        yield ("policy_info", (version,), 1)
