"""The policy in force, as the API answers it to those who may see the policy."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from gql_approvals.persistence.policies import WorkerReport
from gql_approvals.policy.members import as_seen_from
from gql_approvals.policy.problem import PolicyProblem as Problem
from gql_approvals.policy.problem import Severity
from gql_approvals.schema.fields import about
from gql_approvals.service.policy_in_force import PolicyInForce


@strawberry.type(description="A mistake, or something remarkable, in a policy file.")
class PolicyProblem:
    """Answers `policy.problem.PolicyProblem`."""

    file: str = about("The file.")
    line: int = about("Counted from 1.")
    column: int = about("Counted from 1, in characters.")
    code: str = about("A stable code; docs/policies.md explains each.")
    message: str = about("What it is.")
    help: str | None = about("How to fix it.")
    refuses: bool = about("Whether files with this are refused; otherwise it is a warning.")


@strawberry.type(description="Which policy one worker process obeys.")
class PolicyWorker:
    """Answers `persistence.policies.WorkerReport`."""

    node: str = about("The machine and its policy folder.")
    version: str = about("The version in force there.")
    loaded_at: datetime = about("Since when.")
    refused: bool = about("Whether the folder holds newer files, which are refused.")
    seen_at: datetime = about("When the worker last said so; one that is silent for 15 s is left out.")


@strawberry.type(description="The policy in force, and what is wrong with the files if they are another one.")
class PolicyStatus:
    """Answers `service.policy_in_force.PolicyInForce`."""

    version: str = about("The version in force: a hash over both files.")
    loaded_at: datetime = about("When this worker put it in force.")
    roles: list[str] = about("The roles that members of this account can hold.")
    refused_version: str | None = about("The version of the files in the folder, if they are refused.")
    refused_at: datetime | None = about("When they were refused.")
    problems: list[PolicyProblem] = about(
        "Of the refused files, or else warnings about those in force; and members who hold both sides."
    )
    workers: list[PolicyWorker] = about("Every worker of every node: all agree when a change has arrived.")


def policy_status(
    policy: PolicyInForce,
    *,
    problems: Iterable[Problem],
    workers: Iterable[WorkerReport],
    account_slug: str,
) -> PolicyStatus:
    """The status as people of this account may see it."""
    in_force, refused = policy(), policy.refused
    return PolicyStatus(
        version=in_force.version,
        loaded_at=in_force.loaded_at,
        roles=list(in_force.roles(account_slug)),
        refused_version=None if refused is None else refused.version,
        refused_at=None if refused is None else refused.since,
        problems=[_problem(as_seen_from(one, account_slug)) for one in problems],
        workers=[_worker(worker) for worker in workers],
    )


def _problem(value: Problem) -> PolicyProblem:
    return PolicyProblem(
        file=value.file,
        line=value.line,
        column=value.column,
        code=value.code,
        message=value.message,
        help=value.help,
        refuses=value.severity is Severity.ERROR,
    )


def _worker(value: WorkerReport) -> PolicyWorker:
    return PolicyWorker(
        node=value.node,
        version=value.version,
        loaded_at=value.loaded_at,
        refused=bool(value.refused),
        seen_at=value.seen_at,
    )
