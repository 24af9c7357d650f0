"""A changed policy file is in force, or refused, on every worker; and everybody concerned learns of it."""

import shutil

import pytest
from tests.relay.world import World

from gql_approvals.errors import BadPolicy
from gql_approvals.persistence import lookups, people, policies
from gql_approvals.persistence.audit import AuditEvent
from gql_approvals.policy.subject import Facts
from gql_approvals.service import policy_status
from gql_approvals.service.policy_reload import kept, policy_to_begin_with
from gql_approvals.workflow.vocabulary import Action, Channel, Permission

from .conftest import Worker

pytestmark = pytest.mark.wide

LARGE = Facts(Channel.SMS, audience=55_000)
TEXT_APPROVER = frozenset({"text_approver"})


def may_approve(worker: Worker) -> bool:
    return worker.office.policy().allows(TEXT_APPROVER, "acme", Permission.APPROVE, LARGE)


async def every_event(world: World) -> list[AuditEvent]:
    found: list[AuditEvent] = []
    while (event := await lookups.audit_event_at(world.account.id, len(found) + 1)) is not None:
        found.append(event)
    return found


async def kinds(world: World) -> list[str]:
    return [event.entry.kind for event in await every_event(world)]


async def test_an_edit_is_in_force_and_its_lines_are_logged(worker: Worker, caplog):
    before = worker.version
    assert not may_approve(worker)
    worker.edit("audience <= 50k, allow", "audience <= 60k, allow")
    await worker.look()
    assert may_approve(worker)
    assert worker.office.policy.refused is None
    (record,) = [one for one in caplog.records if one.message == "policy:in_force"]
    assert (record.before, record.version) == (before, worker.version)
    assert record.lines == [
        f"{sign} p, text_approver, acme, {action}, sms whatsapp, audience <= {size}, allow"
        for sign, size in (("-", "50k"), ("+", "60k"))
        for action in ("approve", "reject")
    ]


@pytest.mark.slow
async def test_what_is_known_about_the_roles_in_use_is_known_before_the_first_request(worker: Worker):
    worker.edit("audience <= 50k, allow", "audience <= 60k, allow")
    await worker.look()
    policy = worker.office.policy()
    for roles in ({"maker"}, {"checker"}, {"admin"}, {"viewer"}):
        assert all(isinstance(policy.ever_allows(frozenset(roles), "acme", p), bool) for p in Permission)
    assert "judge" not in vars(policy.answers)  # Casbin has not even been started here


@pytest.mark.slow
async def test_a_comment_makes_a_version_that_changes_no_line(worker: Worker, caplog):
    worker.edit("# Who may do", "# What people may do. Who may do")
    await worker.look()
    (record,) = [one for one in caplog.records if one.message == "policy:in_force"]
    assert record.lines == []


async def test_a_refused_file_leaves_the_last_good_version_in_force_until_it_is_mended(
    worker: Worker, caplog
):
    good = worker.version
    worker.edit("p, legal_reviewer,   acme,    approve, ", "p, legal_reviewer,   acme,    aprove,  ")
    await worker.look(12)
    refused = worker.office.policy.refused
    assert worker.version == good
    assert refused is not None
    assert refused.places == ("policy.csv:109:31 [action]",)
    assert [problem.help for problem in refused.problems] == ["did you mean `approve`?"]
    (record,) = [one for one in caplog.records if one.message == "policy:refused"]
    assert (record.in_force, record.version) == (good, refused.version)
    assert len(record.problems) == 1
    worker.edit("p, legal_reviewer,   acme,    aprove,  ", "p, legal_reviewer,   acme,    approve, ")
    await worker.look()
    assert (worker.version, worker.office.policy.refused) == (good, None)


@pytest.mark.slow
async def test_a_failing_test_refuses_the_change_it_was_written_against(worker: Worker):
    good = worker.version
    tests = worker.folder / "tests"
    (tests / "own.csv").write_text("expect, text_approver, acme, approve, sms, 50001, any, none, deny\n")
    await worker.look()
    assert worker.office.policy.refused is None
    worker.edit("audience <= 50k, allow", "audience <= 60k, allow")
    await worker.look()
    refused = worker.office.policy.refused
    assert refused is not None
    assert [problem.code for problem in refused.problems] == ["test"]
    assert worker.version == good
    (tests / "own.csv").unlink()
    await worker.look()
    assert worker.office.policy.refused is None
    assert may_approve(worker)


@pytest.mark.slow
async def test_a_folder_that_disappears_is_refused_and_one_that_comes_back_is_taken(worker: Worker):
    good, away = worker.version, worker.folder.with_name("away")
    worker.folder.rename(away)
    await worker.look()
    assert worker.office.policy.refused is not None
    assert {problem.code for problem in worker.office.policy.refused.problems} == {"missing"}
    away.rename(worker.folder)
    await worker.look()
    assert (worker.version, worker.office.policy.refused) == (good, None)


# ------------------------------ who would be in conflict
@pytest.mark.slow
async def test_a_file_that_would_put_a_member_in_conflict_is_refused_naming_them(worker: Worker):
    world, good = worker.world, worker.version
    await world.change_member("vera", roles={"maker", "auditor"})
    worker.edit("p, auditor,          acme,    view_audit,", "p, auditor, acme, reject, any, always, allow\n"
                "p, auditor,          acme,    view_audit,")  # fmt: skip
    await worker.look()
    refused = worker.office.policy.refused
    assert worker.version == good
    assert refused is not None
    (text,) = refused.texts_for("acme")
    assert "[members] Vera <vera@acme.test> holds `auditor` and `maker` in `acme`, and could create" in text
    assert "nobody may both make and decide: take a role from them first" in text
    assert "Vera" not in "".join(refused.texts_for("globex"))
    assert "a member of another account could both make and decide" in refused.texts_for("globex")[0]
    await world.change_member("vera", roles={"auditor"})
    await worker.look()
    assert worker.office.policy.refused is None
    assert worker.version != good


# ------------------------------ who is told
@pytest.mark.slow
async def test_each_account_s_audit_log_says_when_a_version_came_once(worker: Worker, world: World):
    other = Worker(world, worker.folder)
    globex = await people.create_account(
        "globex", name="Globex", time_zone="UTC", now=world.clock(), policy_version=worker.version
    )
    await other.look()
    before, seen = worker.version, len(await kinds(world))
    worker.edit("audience <= 50k, allow", "audience <= 60k, allow")
    await worker.look()
    await other.look()
    assert other.version == worker.version
    assert (await kinds(world))[seen:] == ["policy:changed"]
    for account, seq in ((world.account.id, seen + 1), (globex.id, 1)):
        event = await lookups.audit_event_at(account, seq)
        assert event is not None
        assert event.entry.detail == {"from": before, "to": worker.version}
        assert event.entry.policy_version == worker.version
        assert event.entry.actor is None


@pytest.mark.slow
async def test_a_refusal_that_stands_for_ten_seconds_is_mailed_once_to_who_may_see_the_policy(
    worker: Worker, world: World
):
    other = Worker(world, worker.folder)
    await world.change_member("vera", roles={"auditor"})
    worker.edit("p, delivery,", "p; delivery,")
    for one in (worker, other):
        await one.look()
    world.clock.forward(seconds=9)
    for one in (worker, other):
        await one.look()
    assert await world.messages() == []
    world.clock.forward(seconds=1)
    for one in (worker, other):
        await one.look()
        await one.look()
    messages = await world.messages()
    told = {world.members[name].user_id for name in ("ada", "vera")}
    assert {message.payload["recipient"] for message in messages} == told
    assert len(messages) == 2
    assert all(":89:1: " in str(message.payload["problems"]) for message in messages)


@pytest.mark.slow
async def test_a_mistake_that_is_mended_at_once_is_mailed_to_nobody(worker: Worker, world: World):
    worker.edit("p, delivery,", "p; delivery,")
    await worker.look()
    assert worker.office.policy.refused is not None
    worker.edit("p; delivery,", "p, delivery,")
    world.clock.forward(seconds=9)
    await worker.look()
    assert worker.office.policy.refused is None
    world.clock.forward(seconds=60)
    await worker.look()
    assert await world.messages() == []


# ------------------------------ what is kept
@pytest.mark.slow
async def test_the_text_of_every_version_that_ever_decided_is_kept(worker: Worker, world: World):
    texts: dict[str, str] = {}
    for size in ("50k", "60k", "70k"):
        if size != "50k":
            worker.edit(
                f"audience <= {'50k' if size == '60k' else '60k'}, allow", f"audience <= {size}, allow"
            )
            await worker.look()
        texts[worker.version] = worker.office.policy().files.policy.text
        world.office = worker.office
        campaign = await world.submitted(note=size)
        await world.act("chen", Action.APPROVE, campaign)
    for version, text in texts.items():
        found = await policies.text_of(version)
        assert found is not None
        assert found.policy == text
        again = await kept(version, world.clock())
        assert again is not None
        assert again.version == version
    used = {event.entry.policy_version for event in await every_event(world)}
    assert used == set(texts)


# ------------------------------ other workers, nodes
async def test_every_worker_says_which_version_it_obeys(worker: Worker, world: World, tmp_path):
    elsewhere = Worker(world, shutil.copytree(worker.folder, tmp_path / "elsewhere"))
    elsewhere.edit("audience <= 50k, allow", "audience <= 60k, allow")
    await elsewhere.look()
    worker.edit("p, delivery,", "p; delivery,")
    await worker.look()
    found = await policy_status.alive_workers(world.clock())
    assert {(one.version, bool(one.refused)) for one in found} == {
        (worker.version, True),
        (elsewhere.version, False),
    }
    assert len(await policy_status.versions_in_force(world.clock())) == 2
    world.clock.forward(seconds=16)
    await worker.look()
    assert await policy_status.versions_in_force(world.clock()) == (worker.version,)


@pytest.mark.slow
async def test_a_worker_that_is_started_anew_obeys_what_its_node_s_others_do(worker: Worker, world: World):
    node = worker.driver.worker.rpartition(":")[0]

    async def begin():
        since = world.clock() - policy_status.FRESH
        return await policy_to_begin_with(worker.folder, world.clock(), node=node, alive_since=since)

    worker.edit("audience <= 50k, allow", "audience <= 60k, allow")
    await worker.look()
    worker.edit("p, delivery,", "p; delivery,")
    await worker.look()
    in_force = await begin()
    assert in_force().version == worker.version
    assert in_force.refused is not None
    assert in_force.refused.places == worker.office.policy.refused.places
    world.clock.forward(seconds=16)
    with pytest.raises(BadPolicy, match=r"policy\.csv:89:1: "):
        await begin()
