"""Every unique constraint and index, in SQL that both databases read: one row each.

Migrations run the rows of their own name (`since`), and a test compares the table with the catalogue of a
migrated database. A row is never edited once released: a later migration drops it, and a new row follows.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constraint:
    """A unique constraint or an index; `on` is what stands after the table's name."""

    name: str
    table: str
    on: str
    unique: bool
    since: str

    @property
    def sql(self) -> str:
        """The statement that creates it."""
        kind = "UNIQUE INDEX" if self.unique else "INDEX"
        return f"CREATE {kind} {self.name} ON {self.table} {self.on}"


_FIRST = "0002_constraints"
_POLICY = "0004_policy"
_COMMENTS = "0005_comments"
_IDENTITIES = "0007_identities"
_WEBHOOKS = "0009_webhooks"
_RETENTION = "0012_retention"
_LISTS = "0013_lists"


def _unique(name: str, table: str, on: str, since: str = _FIRST) -> Constraint:
    return Constraint(name, table, on, unique=True, since=since)


def _index(name: str, table: str, on: str, since: str = _FIRST) -> Constraint:
    return Constraint(name, table, on, unique=False, since=since)


CONSTRAINTS: tuple[Constraint, ...] = (
    _unique("account_slug_key", "account", "(slug)"),
    _unique("app_user_email_key", "app_user", "(lower(email))"),
    _unique("member_person_key", "member", "(account_id, user_id)"),
    _unique("api_token_hash_key", "api_token", "(hash)"),
    _unique("revision_number_key", "revision", "(campaign_id, number)"),
    _unique("contributor_person_key", "contributor", "(campaign_id, number, user_id)"),
    _unique("approval_request_open_key", "approval_request", "(campaign_id) WHERE status = 'OPEN'"),
    _unique("decision_person_key", "decision", "(request_id, by_id)"),
    _unique("publication_revision_key", "publication", "(campaign_id, revision_number)"),
    _unique("audit_event_seq_key", "audit_event", "(account_id, seq)"),
    _unique("outbox_message_key_key", "outbox_message", "(key)"),
    _unique("idempotency_key_key", "idempotency_key", "(account_id, user_id, key)"),
    _index("campaign_newest_idx", "campaign", "(account_id, id)"),
    _index("campaign_status_idx", "campaign", "(account_id, status, id)"),
    _index("campaign_updated_idx", "campaign", "(account_id, updated_at, id)"),
    _index("campaign_name_idx", "campaign", "(account_id, folded_name, id)"),
    _index("campaign_due_idx", "campaign", "(due_at) WHERE due_at IS NOT NULL"),
    _index("approval_request_inbox_idx", "approval_request", "(account_id, status, submitted_at, id)"),
    _index("approval_request_campaign_idx", "approval_request", "(campaign_id, id)"),
    _index("decision_request_idx", "decision", "(request_id)"),
    _index("publication_campaign_idx", "publication", "(campaign_id, id)"),
    _index("audit_event_campaign_idx", "audit_event", "(account_id, campaign_id, seq)"),
    _index(
        "outbox_message_due_idx",
        "outbox_message",
        "(next_at) WHERE delivered_at IS NULL AND dropped_at IS NULL",
    ),
    _index("member_user_idx", "member", "(user_id)"),
    _unique("policy_version_version_key", "policy_version", "(version)", _POLICY),
    _index("comment_campaign_idx", "comment", "(campaign_id, id)", _COMMENTS),
    _unique("identity_subject_key", "identity", "(issuer, subject)", _IDENTITIES),
    _unique("identity_user_key", "identity", "(user_id, issuer)", _IDENTITIES),
    _index("webhook_account_idx", "webhook", "(account_id, id)", _WEBHOOKS),
    _index(
        "outbox_message_webhook_idx",
        "outbox_message",
        "(webhook_id, id) WHERE webhook_id IS NOT NULL",
        _WEBHOOKS,
    ),
    _index(
        "outbox_message_undelivered_idx",
        "outbox_message",
        "(kind) WHERE delivered_at IS NULL",
        _RETENTION,
    ),
    _index(
        "outbox_message_delivered_idx",
        "outbox_message",
        "(delivered_at) WHERE delivered_at IS NOT NULL",
        _RETENTION,
    ),
    _index("idempotency_key_created_idx", "idempotency_key", "(created_at)", _RETENTION),
    _index("campaign_channel_idx", "campaign", "(account_id, channel, id)", _LISTS),
    _index("campaign_creator_idx", "campaign", "(account_id, created_by_id, id)", _LISTS),
    _index("contributor_user_idx", "contributor", "(user_id, campaign_id, number)", _LISTS),
)


def statements(since: str) -> list[str]:
    """Give the statements that the migration named `since` runs."""
    return [constraint.sql for constraint in CONSTRAINTS if constraint.since == since]
