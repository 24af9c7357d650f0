"""What is left of the caller's budget, as a field; the root value of every operation carries it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import strawberry

from gql_approvals.schema.budget import Allowance
from gql_approvals.schema.context import Info
from gql_approvals.schema.fields import about, field
from gql_approvals.schema.queries import Query


@dataclass(frozen=True, slots=True)
class Root:
    """The root value of an operation. `allowance` None: no budget is set."""

    allowance: Allowance | None = None


@strawberry.type(description="How many operations the viewer may still ask for, as this worker counts.")
class RateLimit:
    """Answers `schema.budget.Allowance`."""

    limit: int = about("Operations a minute; a root field counts as one.")
    remaining: int = about("How many are left after this one.")
    reset_at: datetime = about("When all of them are there again.")
    cost: int = about("How many this one counted as.")


def _rate_limit(root: strawberry.Parent[Root | None], info: Info) -> RateLimit | None:
    """What is left of the viewer's budget of operations; null when there is no limit."""
    allowance = None if root is None else root.allowance
    if allowance is None:
        return None
    return RateLimit(
        limit=allowance.limit,
        remaining=allowance.remaining,
        reset_at=info.context.office.now() + timedelta(seconds=allowance.reset_s),
        cost=allowance.cost,
    )


@strawberry.type(name="Query", description="Everything that can be read.")
class RootQuery(Query):
    """The root of all reading, with what concerns the request itself."""

    rate_limit: RateLimit | None = field(_rate_limit)
