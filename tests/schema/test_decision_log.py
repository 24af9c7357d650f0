"""The decision log: what the policy allowed that was done, and all that it denied; each once, and no more."""

import asyncio
import logging
import shutil
from datetime import UTC, datetime

import pytest
from tests.schema.client import NOBODYS_HASH, api_schema, hash_of, on_one_database
from tests.schema.conftest import POLICIES
from tests.schema.natural import FIGURES, NEW, SITUATIONS
from tests.schema.test_coverage import ACTIONS

from gql_approvals.persistence import idempotency, people
from gql_approvals.persistence.faults import Contention
from gql_approvals.persistence.models import RevisionRow
from gql_approvals.policy.engine import Policy
from gql_approvals.service.caller import authenticate
from gql_approvals.service.perform import fingerprint_of, perform, perform_due
from gql_approvals.service.tasks import CampaignTask
from gql_approvals.workflow.account import ACCOUNT_ROWS
from gql_approvals.workflow.identity import parse_global_id
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.transitions import PERMISSION_OF
from gql_approvals.workflow.vocabulary import Action

pytestmark = pytest.mark.wide

LOG = "gql_approvals.decisions"
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
MUTATIONS = sorted(api_schema().mutation_type.fields)
PERMISSIONS = PERMISSION_OF | {action: row.permission for action, row in ACCOUNT_ROWS.items()}
LARGE = 150_000
HIDDEN_FROM_DORA = "\np, delivery, *, view, sms, always, deny\n"
# A query field that vera may not ask for, and the permission that it needs.
CLOSED = {
    "{ members { totalCount } }": "manage_members",
    "{ auditLog { totalCount } }": "view_audit",
    "{ policyStatus { version } }": "view_policy",
    "{ disableApprovalsPreview { confirmToken } }": "manage_approvals",
    'query($maya: ID!) { explain(input: {action: "edit", userId: $maya}) { allowed } }': "explain_others",
}


@pytest.fixture
def decided(caplog):
    """Take the records since the last time, as their fields."""
    caplog.set_level(logging.INFO, logger=LOG)

    def take():
        records = [record for record in caplog.records if record.name == LOG]
        caplog.clear()
        assert {(record.getMessage(), record.levelname) for record in records} <= {
            ("policy:decision", "INFO")
        }
        return [{k: v for k, v in vars(record).items() if k not in STANDARD} for record in records]

    return take


@pytest.fixture
def under(api, tmp_path):
    """Put the shipped policy in force with some lines more, until the test ends."""
    before = api.office.policy()

    def exchange(more):
        shutil.copy(POLICIES / "model.conf", tmp_path)
        (tmp_path / "policy.csv").write_text((POLICIES / "policy.csv").read_text("utf-8") + more, "utf-8")
        api.office.policy.exchange(Policy.load(tmp_path, now=datetime(2026, 11, 21, tzinfo=UTC)))

    yield exchange
    api.office.policy.exchange(before)


def line_text(line):
    """The words of a policy line that a record names."""
    file, _, number = line.partition(":")
    return [
        word.strip() for word in (POLICIES / file).read_text("utf-8").splitlines()[int(number) - 1].split(",")
    ]


def told(record, *names):
    return tuple(record[name] for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_every_mutation_is_logged_once_when_it_is_refused_and_once_when_it_is_done(
    api, decided, mutation
):
    action = ACTIONS[mutation]
    ask = await SITUATIONS[mutation](api)
    given = ask.given | {"idempotencyKey": "k"}
    decided()

    assert (await api.mutate("vera", mutation, **given))["code"] == "FORBIDDEN"
    [refused] = decided()
    assert (await api.mutate(ask.who, mutation, **given))["__typename"].endswith("Payload")
    [done] = decided()
    assert (await api.mutate(ask.who, mutation, **given))["__typename"].endswith("Payload")

    assert decided() == [], "what is answered again is not decided again"
    known = ("account", "action", "intent", "policy_version")
    assert told(refused, *known) == ("acme", PERMISSIONS[action], action, api.office.policy().version)
    assert told(done, *known) == told(refused, *known)
    assert told(refused, "result", "code", "roles", "user") == (
        "deny", "FORBIDDEN", [], await api.user_id("vera"),
    )  # fmt: skip
    assert told(done, "result", "code", "user") == ("allow", None, await api.user_id(ask.who))
    assert line_text(done["line"])[3] == PERMISSIONS[action]
    asked_about = given.get("campaignId")
    assert asked_about is None or done["campaign"] == refused["campaign"] == asked_about


async def test_a_record_tells_who_what_upon_which_facts_and_by_which_line(api, decided):
    campaign = await api.submitted()
    decided()

    await api.decided(campaign)

    [record] = decided()
    assert line_text(record.pop("line")) == ["p", "checker", "*", "approve", "any", "always", "allow"]
    assert record == {
        "account": "acme",
        "user": await api.user_id("chen"),
        "roles": ["checker"],
        "action": "approve",
        "intent": "APPROVE",
        "campaign": campaign["id"],
        "channel": "EMAIL",
        "status": "PENDING_REVIEW",
        "own": False,
        "involved": False,
        "audience": 1000,
        "result": "allow",
        "code": None,
        "reason": "role `checker` may approve",
        "policy_version": api.office.policy().version,
    }


@on_one_database
async def test_what_concerns_the_account_has_no_facts(api, decided):
    await api.switch_off()

    [record] = decided()
    facts = told(record, "campaign", "channel", "status", "own", "involved", "audience")
    assert (record["intent"], facts) == ("DISABLE_APPROVALS", (None,) * 6)


@on_one_database
async def test_a_campaign_that_is_created_is_named_when_there_is_one(api, decided):
    assert await api.code("vera", "createCampaign", **NEW) == "FORBIDDEN"
    [refused] = decided()
    campaign = await api.create(size=7)
    [done] = decided()

    assert (refused["campaign"], done["campaign"]) == (None, campaign["id"])
    facts = ("channel", "status", "own", "involved", "audience")
    assert told(refused, *facts) == ("EMAIL", "DRAFT", True, True, 1000)
    assert told(done, *facts) == ("EMAIL", "DRAFT", True, True, 7)


@on_one_database
async def test_the_policy_s_lines_are_in_the_log_whoever_was_refused(api, decided):
    campaign = await api.submitted(channel="sms", size=60_000)
    decided()

    refused = await api.refused("sofia", "approveCampaign", campaign, contentHash=hash_of(campaign))

    [record] = decided()
    assert refused["reasons"][0]["source"] is None
    assert record["reason"] == refused["reasons"][0]["message"]
    assert line_text(record["line"])[:4] == ["p", "text_approver", "acme", "approve"]


# ------------------------------------------------------------------------------------------ what is denied
@pytest.mark.parametrize("query", CLOSED)
async def test_a_query_that_the_policy_does_not_open_is_a_denial(api, decided, query):
    maya = await api.user_id("maya")

    assert (await api.fault("vera", query, maya=maya))["code"] == "FORBIDDEN"

    [record] = decided()
    assert told(record, "action", "result", "code", "intent", "campaign", "audience") == (
        CLOSED[query], "deny", "FORBIDDEN", None, None, None,
    )  # fmt: skip


async def test_what_is_hidden_is_a_denial_that_is_answered_as_if_it_were_not_there(api, decided, under):
    campaign = await api.sent(channel="sms")
    under(HIDDEN_FROM_DORA)
    decided()

    assert await api.ask("dora", "query($id: ID!) { campaign(id: $id) { name } }", id=campaign["id"]) == {
        "campaign": None
    }
    [read] = decided()
    assert await api.code("dora", "archiveCampaign", campaign) == "NOT_FOUND"
    [changed] = decided()
    given = {"publicationId": campaign["live"]["id"], **FIGURES}
    assert await api.code("dora", "recordDeliveryMetrics", **given) == "NOT_FOUND"
    [reported] = decided()

    assert [record["intent"] for record in (read, changed, reported)] == [None, "ARCHIVE", "RECORD_METRICS"]
    for record in (read, changed, reported):
        assert told(record, "action", "result", "code", "campaign", "channel", "status") == (
            "view", "deny", "NOT_FOUND", campaign["id"], "SMS", "SENT",
        )  # fmt: skip
        assert record["reason"] == "role `delivery` may not view on sms"
        assert record["policy_version"] == api.office.policy().version


@on_one_database
async def test_own_work_is_denied_by_law_and_not_by_a_line(api, decided):
    campaign = await api.edited(await api.create(), "ada")
    campaign = (await api.act("maya", "submitCampaign", campaign))["campaign"]
    decided()

    assert await api.code("ada", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "SELF_REVIEW"

    [record] = decided()
    assert told(record, "action", "result", "code", "involved", "own", "line") == (
        "approve", "deny", "SELF_REVIEW", True, False, None,
    )  # fmt: skip
    assert "somebody else must decide" in record["reason"]


@on_one_database
async def test_roles_that_exclude_each_other_are_denied_by_law_with_the_line_of_the_first(api, decided):
    member = await api.member_id("vera")

    given = {"memberId": member, "roles": ["maker", "checker"]}
    assert await api.code("ada", "assignRoles", **given) == "SEGREGATION_OF_DUTIES"

    [record] = decided()
    assert told(record, "action", "intent", "result", "code") == (
        "manage_members", "ASSIGN_ROLES", "deny", "SEGREGATION_OF_DUTIES",
    )  # fmt: skip
    assert "`maker`" in record["reason"]
    assert "`checker`" in record["reason"]
    assert line_text(record["line"])[1] in {"maker", "checker"}


@on_one_database
async def test_a_vote_that_counts_for_nothing_is_denied_by_law(api, decided):
    campaign = await api.decided(await api.submitted(size=LARGE))
    decided()

    assert await api.code("cleo", "approveCampaign", campaign, contentHash=hash_of(campaign)) == "FORBIDDEN"

    [record] = decided()
    assert told(record, "action", "result", "code", "line") == ("approve", "deny", "FORBIDDEN", None)


@on_one_database
async def test_a_denial_is_logged_when_what_the_clock_wrote_is_kept(api, decided):
    campaign = await api.submitted()
    api.clock.pass_(days=15)
    decided()

    refused = await api.mutate("vera", "approveCampaign", campaignId=campaign["id"], contentHash=NOBODYS_HASH)

    assert refused["code"] == "FORBIDDEN"
    assert [told(record, "result", "status") for record in decided()] == [("deny", "EXPIRED")]


# -------------------------------------------------------------------------------------- what is no decision
@on_one_database
async def test_what_is_read_shown_as_possible_or_previewed_is_no_decision(api, decided):
    campaign = await api.create()
    query = """query($id: ID!) {
      campaign(id: $id) { name viewerActions { action allowed } } submitPreview(campaignId: $id) { allowed }
      explain(input: {action: "edit", campaignId: $id}) { allowed } campaigns { totalCount }
      reviewInbox { totalCount } viewer { permissions }
    }"""
    decided()

    await api.ask("vera", query, id=campaign["id"])

    assert decided() == []


async def test_what_never_was_or_is_another_account_s_is_no_decision(api, decided):
    foreign = await api.mutate("gwen", "createCampaign", "campaign { id }", **NEW)
    decided()

    for key in (foreign["campaign"]["id"], "Q2FtcGFpZ246OTk5OTk"):
        assert await api.code("maya", "submitCampaign", campaignId=key) == "NOT_FOUND"
        found = await api.ask("maya", "query($id: ID!) { campaign(id: $id) { name } }", id=key)
        assert found == {"campaign": None}
    member = {"memberId": "TWVtYmVyOjk5OTk5", "roles": []}
    assert await api.code("ada", "assignRoles", **member) == "NOT_FOUND"
    publication = {"publicationId": "UHVibGljYXRpb246OTk5OTk", **FIGURES}
    assert await api.code("vera", "recordDeliveryMetrics", **publication) == "NOT_FOUND"

    assert decided() == []


@on_one_database
async def test_what_the_workflow_refuses_is_no_decision(api, decided):
    campaign = await api.create()
    decided()

    assert await api.code("chen", "approveCampaign", campaign, contentHash=NOBODYS_HASH) == "WRONG_STATUS"
    assert await api.code("max", "updateCampaign", campaign, expectedVersion=9, name="x") == "STALE_VERSION"
    assert await api.code("maya", "createCampaign", **NEW, idempotencyKey=" ") == "INVALID_INPUT"

    assert decided() == []


async def test_what_the_clock_does_is_no_decision(api, decided):
    campaign = await api.scheduled()
    api.clock.pass_(days=1)
    account = await people.account_by_slug("acme")
    decided()

    await perform_due(api.office, account.id, parse_global_id(campaign["id"])[1])

    assert (await api.campaign(campaign["id"]))["status"] == "SENT"
    assert decided() == []


@on_one_database
async def test_a_campaign_that_is_held_instead_of_sent_was_changed_upon_a_yes(api, decided):
    campaign = await api.approved()
    await RevisionRow.filter(campaign_id=parse_global_id(campaign["id"])[1]).update(segment="Everybody")
    decided()

    given = {"campaignId": campaign["id"], "contentHash": hash_of(campaign)}
    assert (await api.mutate("maya", "publishCampaign", **given))["code"] == "STALE_REVISION"

    assert [told(record, "action", "result", "code") for record in decided()] == [
        ("publish", "allow", "STALE_REVISION")
    ]


# ------------------------------------------------------------------------------ transactions that end oddly
class Troubled(CampaignTask):
    """The submission of a campaign whose first attempts meet `trouble` when all is written."""

    def meeting(self, *trouble):
        self._trouble = list(trouble)
        return self

    async def apply(self, scene, user_id):
        done = await super().apply(scene, user_id)
        if self._trouble:
            raise self._trouble.pop(0)
        return done


class Twin(Troubled):
    """The same, which finds when it runs again that its twin has been quicker."""

    async def lock(self, account_id):
        await super().lock(account_id)
        if not self._trouble:
            await self._twin(account_id, fingerprint_of(self))

    def after(self, twin):
        self._twin = twin
        return self


class Waiting(CampaignTask):
    """The same, in its transaction when `begun` is set, which goes on when `may_end` is."""

    def meeting(self, begun, may_end):
        self._begun, self._may_end = begun, may_end
        return self

    async def lock(self, account_id):
        await super().lock(account_id)
        self._begun.set()
        await self._may_end.wait()


async def _submission(api, kind):
    campaign = await api.create()
    intent = Intent(action=Action.SUBMIT)
    return campaign, kind(intent=intent, campaign_id=parse_global_id(campaign["id"])[1])


async def _caller(api, who):
    return await authenticate(f"demo-insecure-{who}", "acme", api.clock())


@pytest.mark.parametrize(("who", "result"), [("maya", "allow"), ("vera", "deny")])
async def test_a_transaction_that_runs_again_is_one_decision(api, decided, who, result):
    _, task = await _submission(api, Troubled)
    caller = await _caller(api, who)
    decided()

    outcome = await asyncio.gather(
        perform(api.office, caller, task.meeting(Contention("busy"), Contention("busy"))),
        return_exceptions=True,
    )

    assert [record["result"] for record in decided()] == [result], outcome


async def test_what_a_twin_did_between_two_attempts_is_the_twin_s_decision(api, decided):
    _, task = await _submission(api, Twin)
    caller = await _caller(api, "maya")

    async def twin(account_id, fingerprint):
        done = {"fingerprint": fingerprint, "result": {"campaign": 1}, "now": api.clock()}
        await idempotency.remember(account_id, caller.user_id, "k", **done)

    decided()
    result = await perform(api.office, caller, task.meeting(Contention("busy")).after(twin), key="k")

    assert result == {"campaign": 1}
    assert decided() == []


async def test_a_transaction_that_is_undone_is_no_decision(api, decided):
    campaign, task = await _submission(api, Troubled)
    decided()

    with pytest.raises(ZeroDivisionError):
        await perform(api.office, await _caller(api, "maya"), task.meeting(ZeroDivisionError()))

    assert (await api.campaign(campaign["id"]))["status"] == "DRAFT"
    assert decided() == []


async def test_what_is_done_is_logged_although_the_caller_has_gone(api, decided):
    _, task = await _submission(api, Waiting)
    begun, may_end = asyncio.Event(), asyncio.Event()
    caller = await _caller(api, "maya")
    decided()
    running = asyncio.create_task(perform(api.office, caller, task.meeting(begun, may_end)))
    await begun.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert decided() == []
    may_end.set()
    await api.create()  # waits for the account, which the other transaction has locked

    assert [told(record, "intent", "result") for record in decided()] == [
        ("SUBMIT", "allow"),
        ("CREATE", "allow"),
    ]
