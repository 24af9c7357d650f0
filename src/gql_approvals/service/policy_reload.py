"""Putting other policy files in force, or refusing them, and telling those concerned.

The text of a version is kept before the version decides anything, so that every decision can be explained
for ever. Each account's audit log says from when on a version decided there.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from gql_approvals.errors import BadPolicy
from gql_approvals.observability import meters
from gql_approvals.persistence import audit, outbox, people, policies
from gql_approvals.persistence.audit import Entry
from gql_approvals.persistence.policies import PolicyText
from gql_approvals.policy.engine import Policy, examine
from gql_approvals.policy.examination import Question, examine_apart
from gql_approvals.policy.files import PolicyFiles, files_from, read_files
from gql_approvals.policy.members import conflicting_members
from gql_approvals.policy.problem import PolicyProblem, Severity, errors_of
from gql_approvals.policy.subject import Member
from gql_approvals.service.perform import Office
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.policy_notice import refused_messages

CHANGED = "policy:changed"

_log = logging.getLogger(__name__)


async def reload(office: Office, files: PolicyFiles) -> None:
    """Examine changed files, then put them in force or refuse them; one of both is logged.

    Raises:
        Unavailable: when the database is lost; then nothing has changed.
    """
    current = office.policy()
    if (files.version, files.tests) == (current.version, current.files.tests):
        office.policy.exchange(current)
        return
    policy, problems = await _examined(office, files)
    if policy is None:
        known = office.policy.refused
        if known is not None and (known.version, known.problems) == (files.version, problems):
            return  # looked at again, and nothing is different
        office.policy.refuse(files.version, problems, office.now())
        meters.count("policy_reloads", "refused")
        _log.error(
            "policy:refused",
            extra={"version": files.version, "in_force": current.version, "problems": errors_of(problems)},
        )
        return
    await keep_text(policy, office.now())
    before = office.policy.exchange(policy)
    meters.count("policy_reloads", "in_force")
    added, removed = changed_lines(before, policy)
    _log.warning(
        "policy:in_force",
        extra={
            "version": policy.version,
            "before": before.version,
            "lines": [*(f"- {line}" for line in removed), *(f"+ {line}" for line in added)],
            "problems": [problem.text for problem in problems],
        },
    )


async def _examined(office: Office, files: PolicyFiles) -> tuple[Policy | None, tuple[PolicyProblem, ...]]:
    """The policy of these files, if it may rule over the people there are."""
    role_sets = await people.role_sets()
    question = Question(
        files=files,
        now=office.now(),
        accounts=frozenset(await people.account_slugs()),
        role_sets=role_sets,
    )
    policy, problems = await examine_apart(question)
    if policy is None:
        return None, problems
    conflicts = await members_in_conflict(policy, after=office.policy())
    return (None if conflicts else policy), (*problems, *conflicts)


async def members_in_conflict(policy: Policy, *, after: Policy | None = None) -> tuple[PolicyProblem, ...]:
    """A problem for each active member of any account whose roles both make and decide (rule 3).

    `after`: the policy that this one would follow. Who is in conflict under both is left out then, since
    nothing gets worse for them; for the others it is an error.
    """
    mixed = {
        (account, roles)
        for account, roles in await people.role_sets()
        if policy.conflict(roles, account) and not (after and after.conflict(roles, account))
    }
    if not mixed:
        return ()
    found = [
        Member(account=one.account, name=f"{one.name} <{one.email}>", roles=one.roles)
        for one in await people.holdings()
        if (one.account, one.roles) in mixed
    ]
    return tuple(conflicting_members(policy, found, Severity.ERROR if after else Severity.WARNING))


async def keep_text(policy: Policy, now: datetime) -> None:
    """Store the text of a version that is about to decide something."""
    files = policy.files
    await policies.keep(PolicyText(policy.version, files.model.text, files.policy.text, now))


async def policy_to_begin_with(
    folder: Path, now: datetime, *, node: str, alive_since: datetime
) -> PolicyInForce:
    """What a worker of a running server begins with.

    The folder's files or, when these are refused while other workers of the node still serve an older
    version, that one: a worker that is started anew must not fail where the others go on. Members in conflict
    stop nothing here: by law they may neither make nor decide, and `policyStatus` names them.

    Raises:
        BadPolicy: when the files have mistakes and no other worker is alive.
    """
    files = read_files(folder)
    alive = [report for report in await policies.reports(alive_since) if report.node == node]
    accounts, role_sets = frozenset(await people.account_slugs()), await people.role_sets()
    question = Question(files=files, now=now, accounts=accounts, role_sets=role_sets)
    # An examination without end must not keep this worker from serving beside the others.
    policy, problems = await examine_apart(question) if alive else question.answer()
    if policy is not None:
        await keep_text(policy, now)
        return PolicyInForce(policy)
    last_good = await kept(max(alive, key=lambda report: report.loaded_at).version, now) if alive else None
    if last_good is None:
        raise BadPolicy("\n".join(errors_of(problems)))
    in_force = PolicyInForce(last_good)
    in_force.refuse(files.version, problems, now)
    return in_force


async def kept(version: str, now: datetime) -> Policy | None:
    """A version from the text that was kept; None when it never was, or would not be accepted any more."""
    text = await policies.text_of(version)
    if text is None:
        return None
    return examine(files_from(version, model=text.model, policy=text.policy), now=now)[0]


async def tell_accounts(office: Office) -> None:
    """Write `policy:changed` into the audit log of every account that another version ruled before.

    Raises:
        Unavailable: when the database is lost; whoever was not told is told by the next call.
    """
    version = office.policy().version
    for account_id, _ in await policies.accounts_to_tell(version):
        await office.database.transaction(partial(_tell, office, account_id, version))


async def _tell(office: Office, account_id: int, version: str) -> None:
    await people.lock_account(account_id)
    before = await policies.last_told(account_id)
    if not await policies.tell(account_id, version) or before is None:
        return  # another worker has told it; or it is told of a version for the first time
    detail = {"from": before, "to": version}
    entry = Entry(kind=CHANGED, at=office.now(), actor=None, detail=detail, policy_version=version)
    await audit.append(account_id, entry)


async def tell_of_refusal(office: Office, *, node: str, key: str) -> None:
    """Mail the mistakes of the refused files to whoever may see the policy; `key` names this refusal.

    Raises:
        Unavailable: when the database is lost; the same call may be made again.
    """
    refused = office.policy.refused
    if refused is None:
        return

    async def write(account_id: int) -> None:
        scene = await office.scene(account_id)
        texts = refused.texts_for(scene.account.slug)
        await outbox.write_once(refused_messages(scene, key=key, node=node, problems=texts))

    for account_id in await people.account_ids():
        await office.database.transaction(partial(write, account_id))


def changed_lines(before: Policy, after: Policy) -> tuple[Sequence[str], Sequence[str]]:
    """The rules that are new, and those that are gone, as they stand in the files."""
    old, new = Counter(before.rules_as_text()), Counter(after.rules_as_text())
    return tuple((new - old).elements()), tuple((old - new).elements())
