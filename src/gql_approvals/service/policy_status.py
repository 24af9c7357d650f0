"""Which policy is in force where: what each worker says of itself, as long as it says so."""

from datetime import datetime, timedelta

from gql_approvals.persistence import policies
from gql_approvals.persistence.policies import WorkerReport

REPORT_S = 5.0
FRESH = timedelta(seconds=3 * REPORT_S)  # whoever reported within this is alive


async def alive_workers(now: datetime) -> tuple[WorkerReport, ...]:
    """The last reports of all workers of all nodes, sorted by node."""
    return await policies.reports(now - FRESH)


async def versions_in_force(now: datetime) -> tuple[str, ...]:
    """The versions that decide somewhere at the moment; more than one for long means that nodes differ."""
    return tuple(sorted({report.version for report in await alive_workers(now)}))
