"""Rights by Casbin: a role may do an action; in which status, the workflow says."""

import logging

import casbin
from casbin import Enforcer

from bench.workloads.contenders.rights import ACTIONS

MODEL = """
[request_definition]
r = sub, act

[policy_definition]
p = sub, act

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.act == p.act && g(r.sub, p.sub)
"""
POLICY = """
p, viewer, VIEW
p, maker, COMMENT
p, maker, EDIT
p, maker, SUBMIT
p, maker, WITHDRAW
p, maker, PUBLISH
p, maker, DISCARD
p, maker, ARCHIVE
p, maker, DUPLICATE
p, checker, COMMENT
p, checker, APPROVE
p, checker, REJECT
p, checker, REVOKE
g, maker, viewer
g, checker, viewer
g, admin, maker
g, admin, checker
"""


def enforcer() -> Enforcer:
    """Casbin with these rules."""
    logging.getLogger("casbin").setLevel(logging.ERROR)  # it would write down every no
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    made = Enforcer(model)
    for words in (line.split(", ") for line in POLICY.strip().splitlines()):
        (made.add_policy if words[0] == "p" else made.add_grouping_policy)(*words[1:])
    return made


def may(rules: Enforcer, roles: list[str], action: str, status: str) -> bool:
    """Whether one of the roles may do it now."""
    return status in ACTIONS[action][1] and any(rules.enforce(role, action) for role in roles)
