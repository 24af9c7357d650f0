"""The store: Tortoise models, migrations and repositories over SQLite and PostgreSQL.

Nothing of Tortoise leaves this package: callers get values, and errors from `gql_approvals.errors`.
"""
