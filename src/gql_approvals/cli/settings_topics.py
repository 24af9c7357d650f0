"""The settings by topic, each with an example: the order of their lists, and of the file that `init` writes.

An example is a value that is accepted; that of a secret is only a form.
"""

TOPICS: dict[str, dict[str, str]] = {
    "Database": {
        "database_url": "postgresql://approvals:PASSWORD@db.example:5432/approvals",
        "database_pool": "20",
    },
    "Policy": {"policies": "policies"},
    "People and sign-in": {
        "oidc_issuer": "https://login.example/realms/acme",
        "oidc_audience": "https://approvals.example",
        "oidc_algorithms": "RS256",
        "oidc_groups_claim": "realm_access.roles",
        "oidc_roles": "policies/groups.csv",
    },
    "Mail": {
        "mail": "smtp://USER:PASSWORD@mail.example:587",
        "mail_from": "approvals@acme.example",
        "review_url": "https://app.example/campaigns/{campaign}",
    },
    "Sending system": {
        "delivery_url": "https://sender.example/hand-over",
        "delivery_secret": "",
    },
    "Webhooks": {"webhook_allow_hosts": "n8n.internal,10.1.0.0/16"},
    "Outbox": {
        "relay": "off",
        "outbox_days": "90",
    },
    "Serving": {
        "production": "true",
        "allowed_origins": "https://app.example,https://admin.example",
        "workers": "2",
        "trusted_proxies": "127.0.0.1,10.0.0.0/8",
        "log": "json",
        "metrics_token": "",
        "graphiql": "off",
        "introspection": "on",
        "suggestions": "off",
        "operations": "operations.graphql",
        "compiled": "off",
    },
    "Audit trail": {
        "audit_heads": "log,auditor@acme.example",
        "audit_heads_s": "86400",
    },
    "Reviews and due times": {
        "review_days": "7",
        "grace_s": "600",
        "poll_s": "0.5",
    },
    "Limits": {
        "rate_limit": "6000",
        "max_depth": "12",
        "max_fields": "300",
        "max_aliases": "20",
        "max_nodes": "2000",
        "max_mutations": "5",
        "max_tokens": "800",
        "max_characters": "20000",
        "max_values": "2000",
        "max_comparisons": "1000",
    },
    "Demo": {"demo": "true"},
}
