"""What people may do: Casbin's answers from `policies/model.conf` and `policies/policy.csv`.

Who has which role is not known here; neither are campaigns, only the facts a decision depends on.
Casbin is imported nowhere else.
"""

from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.engine import Policy, read_policy
from gql_approvals.policy.problem import PolicyProblem
from gql_approvals.policy.subject import Facts

__all__ = ["Facts", "GrantClass", "Policy", "PolicyProblem", "read_policy"]
