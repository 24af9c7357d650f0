"""The matrices find what they are for: each of these faults, planted in the server, is noticed."""

from dataclasses import replace

import pytest
from tests.authorisation.test_reading import read
from tests.authorisation.trying import try_campaigns
from tests.authorisation.world import ON

from gql_approvals.persistence import audit
from gql_approvals.service import reading, scopes, tasks
from gql_approvals.service.scene import Scene
from gql_approvals.workflow import transitions

pytestmark = pytest.mark.slow


def everybody_may(patch):
    patch.setattr(Scene, "may", lambda *_, **__: True)


def tokens_are_not_looked_at(patch):
    patch.setattr(scopes, "demand", lambda *_: None)


def what_is_hidden_is_shown(patch):
    patch.setattr(reading, "shows", lambda *_: True)


def lists_are_open(patch):
    patch.setattr(reading, "demand", lambda *_: None)


def policy_lines_are_told(patch):
    patch.setattr(Scene, "shown", lambda _, reasons, __: reasons)


def what_is_hidden_is_forbidden_instead_of_not_there(patch):
    require = tasks.require
    patch.setattr(
        tasks, "require", lambda scene, user, asked, kind: require(scene, user, asked[-1:], kind=kind)
    )


def contributors_decide(patch):
    def without(row):
        return replace(row, state_guards=tuple(g for g in row.state_guards if g.__name__ != "self_review"))

    patch.setattr(transitions, "ROWS_OF", transitions.by_action([*map(without, transitions.TRANSITIONS)]))


def everything_is_written_twice(patch):
    append = audit.append

    async def twice(account, *entries):
        numbers = await append(account, *entries)
        await append(account, *entries)
        return numbers

    patch.setattr(audit, "append", twice)


def nothing_is_written(patch):
    async def nothing(account, *entries):
        del account
        return list(range(1, len(entries) + 1))

    patch.setattr(audit, "append", nothing)


def a_refusal_leaves_an_entry(patch):
    async def clock(task, scene):
        del task
        await audit.append(scene.account.id, audit.Entry(kind="campaign:looked_at", at=scene.now, actor=None))
        return True

    patch.setattr(tasks.CampaignTask, "clock", clock)


MUTATING = {
    everybody_may: ("outsider", "other", ""),
    tokens_are_not_looked_at: ("maker", "other", "decide"),
    what_is_hidden_is_forbidden_instead_of_not_there: ("outsider", "other", ""),
    contributors_decide: ("checker", "own", ""),
    everything_is_written_twice: ("maker", "other", ""),
    nothing_is_written: ("maker", "other", ""),
    a_refusal_leaves_an_entry: ("auditor", "other", ""),
}
READING = {
    what_is_hidden_is_shown: "outsider",
    lists_are_open: "checker",
    policy_lines_are_told: "checker",
    everybody_may: "outsider",
}


async def test_there_is_nothing_to_notice_without_a_fault(small_world):
    assert await try_campaigns(small_world, ("checker",), [ON], relations=["own"]) == []


@pytest.mark.parametrize("fault", MUTATING, ids=lambda fault: fault.__name__)
async def test_a_fault_in_what_may_be_done_is_noticed(small_world, monkeypatch, fault):
    role, relation, label = MUTATING[fault]
    fault(monkeypatch)

    assert await try_campaigns(small_world, (role,), [ON], labels=[label], relations=[relation])


@pytest.mark.parametrize("fault", READING, ids=lambda fault: fault.__name__)
async def test_a_fault_in_what_may_be_read_is_noticed(small_world, monkeypatch, fault):
    fault(monkeypatch)

    assert await read(small_world, (READING[fault],), [ON], relations=["other"])
