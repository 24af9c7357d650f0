"""The use cases: one method a mutation or query, one transaction each.

Here policy, persistence and workflow meet. Nothing here knows GraphQL, HTTP, SMTP or a role's name.
"""
