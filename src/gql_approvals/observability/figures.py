"""Every figure that `/metrics` tells. docs/observability.md has the same table; a test compares them.

Labels have few values, all of them from our own code: names of the schema, codes, kinds. What callers write,
people's and campaigns' names are never among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

PREFIX = "gql_approvals_"
SECONDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
Kind: TypeAlias = Literal["counter", "histogram", "gauge"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; a counter's samples end in `_total`."""

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Its name for whoever asks."""
        return f"{PREFIX}{self.name}{'_total' if self.kind == 'counter' else ''}"


def _named(*figures: Figure) -> Mapping[str, Figure]:
    return {figure.name: figure for figure in figures}


# What workers count as it happens.
COUNTED = _named(
    Figure("http_requests", "counter", "HTTP requests answered", ("path", "status")),
    Figure(
        "operations",
        "counter",
        "GraphQL operations, by what they ask for first and by `OK` or the code of their first error",
        ("type", "field", "outcome"),
    ),
    Figure("operation_seconds", "histogram", "how long queries and mutations took", ("type", "field")),
    Figure(
        "mutations",
        "counter",
        "attempts at an action, by `OK` or the code that it was refused with",
        ("action", "code"),
    ),
    Figure("policy_decisions", "counter", "records of the decision log", ("permission", "result")),
    Figure("policy_reloads", "counter", "changed policy files, `in_force` or `refused`", ("outcome",)),
    Figure(
        "deliveries",
        "counter",
        "attempts to deliver a message: `delivered`, `failed` (tried again), `dropped`, `not_told`, `gone`",
        ("kind", "outcome"),
    ),
    Figure("campaigns_moved", "counter", "campaigns that their time moved: sent, expired"),
    Figure("transactions", "counter", "transactions: `committed`, `rolled_back`, `retried`", ("outcome",)),
    Figure("database_lost", "counter", "transactions that failed because the database did not answer"),
    Figure("transactions_open", "gauge", "transactions at this moment, those that wait for a connection too"),
    Figure("database_connections", "gauge", "PostgreSQL connections in use"),
    Figure("database_connections_limit", "gauge", "PostgreSQL connections that may be in use"),
    Figure("sockets", "gauge", "open WebSockets"),
    Figure("subscriptions", "gauge", "subscriptions being followed, over sockets and event streams"),
    Figure("workers", "gauge", "workers that serve"),
)

# What the worker that is asked looks up in the database, or knows of its own node.
FOUND = _named(
    Figure("outbox_messages", "gauge", "undelivered messages: `waiting`, `due`, `dead`", ("kind", "state")),
    Figure("outbox_oldest_seconds", "gauge", "age of the oldest waiting message", ("kind",)),
    Figure(
        "outbox_overdue_seconds",
        "gauge",
        "since when the message that is due longest could have been tried",
        ("kind",),
    ),
    Figure("campaigns_due", "gauge", "campaigns whose time has come and that were not moved yet"),
    Figure("campaigns_overdue_seconds", "gauge", "since when the longest due of them could have been moved"),
    Figure("accounts", "gauge", "accounts, each with an audit trail of its own"),
    Figure("audit_entries", "gauge", "entries of all audit trails; it never falls"),
    Figure("policy_info", "gauge", "1 for each version of the policy in force on some node", ("version",)),
    Figure("policy_loaded_timestamp_seconds", "gauge", "when this node's policy came into force"),
    Figure("policy_refused", "gauge", "1 while this node's policy files are refused"),
    Figure("database_up", "gauge", "1 if the database has answered just now"),
    Figure("found_age_seconds", "gauge", "how old the figures are that come from the database"),
    Figure("build_info", "gauge", "1, with what runs", ("version", "python", "migration")),
)
