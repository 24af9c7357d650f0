"""`policyStatus`: which policy is in force, and what is wrong with files that are not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.schema.client import START

from gql_approvals.persistence import people, policies
from gql_approvals.persistence.policies import WorkerReport
from gql_approvals.policy.problem import Code, PolicyProblem, Severity

STATUS = """{ policyStatus {
  version loadedAt refusedVersion refusedAt
  problems { file line column code message help refuses }
  workers { node version refused seenAt }
} }"""

PROBLEMS = (
    PolicyProblem("policy.csv", 1, 1, Code.BOM, "a mark", severity=Severity.WARNING),
    PolicyProblem("policy.csv", 15, 22, Code.ACTION, "unknown action `aprove`", "did you mean `approve`?"),
    PolicyProblem("policy.csv", 40, 4, Code.MEMBERS, "Gil could do both", "ask Gil", account="globex"),
    PolicyProblem("policy.csv", 41, 4, Code.MEMBERS, "Max could do both", "ask Max", account="acme"),
)


@pytest.fixture
def refused(api) -> Iterator[None]:
    api.office.policy.refuse("0123456789ab", PROBLEMS, START)
    yield
    api.office.policy.exchange(api.office.policy())


@pytest.mark.usefixtures("refused")
async def test_the_mistakes_of_refused_files_are_told_with_their_places(api):
    status = (await api.ask("ada", STATUS))["policyStatus"]

    assert (status["version"], status["refusedVersion"]) == (api.office.policy().version, "0123456789ab")
    assert [tuple(one.values()) for one in status["problems"]] == [
        ("policy.csv", 1, 1, "bom", "a mark", None, False),
        ("policy.csv", 15, 22, "action", "unknown action `aprove`", "did you mean `approve`?", True),
        (
            "policy.csv",
            40,
            4,
            "members",
            "a member of another account could both make and decide",
            None,
            True,
        ),
        ("policy.csv", 41, 4, "members", "Max could do both", "ask Max", True),
    ]


async def test_files_in_force_have_nothing_refused(api):
    status = (await api.ask("ada", STATUS))["policyStatus"]

    assert (status["refusedVersion"], status["refusedAt"], status["problems"]) == (None, None, [])


async def test_a_member_who_holds_both_sides_is_named_to_their_account_only(api):
    held = next(one for one in await people.holdings() if one.name == "Vera")
    vera = next(one for one in await people.members(held.account_id) if one.user_id == held.user_id)
    await people.save_member(replace(vera, roles=frozenset({"maker", "checker"})))

    ours, theirs = [(await api.ask(name, STATUS))["policyStatus"]["problems"] for name in ("ada", "gil")]

    assert [(one["code"], one["refuses"]) for one in ours] == [("members", False)]
    assert ours[0]["message"].startswith(f"Vera <{held.email}> holds `checker` and `maker` in `acme`")
    assert [one["message"] for one in theirs] == ["a member of another account could both make and decide"]


async def test_workers_that_were_silent_for_long_are_left_out(api):
    def report(node: str, seconds: int) -> WorkerReport:
        return WorkerReport(
            id=f"{node}:1",
            node=node,
            version="0123456789ab",
            loaded_at=START,
            refused=("policy.csv:1:1 [empty]",),
            seen_at=api.clock() - timedelta(seconds=seconds),
        )

    await policies.report(report("one", 14))
    await policies.report(report("two", 16))
    try:
        status = (await api.ask("ada", STATUS))["policyStatus"]
    finally:
        await policies.forget("one:1")
        await policies.forget("two:1")

    assert [(one["node"], one["version"], one["refused"]) for one in status["workers"]] == [
        ("one", "0123456789ab", True)
    ]
