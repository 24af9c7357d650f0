"""The laws that hold whatever the policy files say (spec 1-workflow, rules 3 and 4).

They stand here, not in `policy.csv`, so that deleting a line cannot delete them.
"""

from gql_approvals.workflow.vocabulary import Permission

# Maker xor checker: nobody holds permissions of both kinds (seed B) ...
MAKE = (Permission.CREATE, Permission.EDIT, Permission.DUPLICATE, Permission.SUBMIT)
DECIDE = (Permission.APPROVE, Permission.REJECT)
SEPARATED = frozenset(MAKE + DECIDE)
# ... except who could switch the whole control off anyway (seed A: admins are approvers by default).
EXEMPTS = Permission.MANAGE_APPROVALS

REQUIRES_VIEW = frozenset(
    {Permission.EDIT, Permission.DUPLICATE, Permission.SUBMIT, Permission.APPROVE, Permission.REJECT}
)

# About the account, not about one campaign: neither channels nor conditions can apply.
ACCOUNT_WIDE = frozenset(
    {
        Permission.MANAGE_APPROVALS,
        Permission.MANAGE_MEMBERS,
        Permission.VIEW_AUDIT,
        Permission.VIEW_POLICY,
        Permission.EXPLAIN_OTHERS,
        Permission.RECORD_METRICS,
    }
)

# An account in which nobody has one of these is locked: no line but one in the file can open it again.
NEVER_WITHOUT = (Permission.APPROVE, Permission.MANAGE_MEMBERS, Permission.MANAGE_APPROVALS)
