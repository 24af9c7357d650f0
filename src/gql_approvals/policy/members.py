"""What a policy would mean for the people who hold its roles: nobody may both make and decide (rule 3)."""

from collections.abc import Iterable, Iterator

from gql_approvals.policy.duties import EXEMPTS
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.problem import Code, PolicyProblem, Severity
from gql_approvals.policy.subject import Member


def conflicting_members(
    policy: Policy, members: Iterable[Member], severity: Severity
) -> Iterator[PolicyProblem]:
    """A problem for each member whose roles are in conflict, which only their account may read.

    It is an error of files that are to be put in force, and a warning about those that are.
    """
    for member in members:
        if not policy.conflict(member.roles, member.account):
            continue
        made, decided = policy.answers.sides(member.roles, member.account)
        held = " and ".join(f"`{role}`" for role in sorted(member.roles)) or "no role"
        message = (
            f"{member.name} holds {held} in `{member.account}`, and could {made.action} "
            f"(line {made.row.line}) and {decided.action} (line {decided.row.line}): "
            "nobody may both make and decide"
        )
        help_text = f"take a role from them first, or grant one `{EXEMPTS}`, or change one of the lines"
        place = (decided.row.line, decided.row.cells[1].column)
        yield PolicyProblem(
            policy.files.policy.name,
            *place,
            Code.MEMBERS,
            message,
            help_text,
            severity,
            member.account,
        )


def as_seen_from(problem: PolicyProblem, account: str) -> PolicyProblem:
    """The problem without the name of a person of another account."""
    if problem.account in (None, account):
        return problem
    message = "a member of another account could both make and decide"
    return PolicyProblem(
        problem.file, problem.line, problem.column, problem.code, message, severity=problem.severity
    )
