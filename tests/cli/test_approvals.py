"""`approvals`: the switch, what waits, and what is asked before it is approved; on both databases."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.on_terminal import on_terminal

from gql_approvals.app import open_office
from gql_approvals.persistence import campaigns, lookups
from gql_approvals.service.caller import authenticate
from gql_approvals.service.perform import perform
from gql_approvals.service.tasks import CampaignTask
from gql_approvals.settings import Settings
from gql_approvals.workflow.content import Audience, SmsContent
from gql_approvals.workflow.intent import UNSET, Intent
from gql_approvals.workflow.vocabulary import Action, CampaignStatus, PublishMode

pytestmark = pytest.mark.wide

MAYA = "maya@acme.test"


class Acme:
    """The account acme, in which Maya submits what the test wants to wait."""

    def __init__(self, run: Callable, url: str) -> None:
        self._run = run
        self.url = url
        self.run("account", "create", "acme", "--admin", "ada@acme.test")
        for name, role in (("maya", "maker"), ("chen", "checker")):
            self.run("member", "add", "acme", f"{name}@acme.test", "--role", role)
        made = self.run("token", "create", MAYA, "--format", "json")
        self.token = json.loads(made.out)["token"]

    def run(self, *arguments: str):
        return self._run(*arguments, database_url=self.url)

    def submit(self, name: str, at: datetime | None = None, *, days_ago: float = 0, **more) -> int:
        """Submit a text message to 1200 people."""
        mode = {"publish_mode": PublishMode.SCHEDULED} if at else {}
        intent = Intent(
            action=Action.CREATE,
            name=name,
            content=SmsContent(sender_id="ACME", body="Buy!"),
            audience=Audience(segment="VIP", estimated_size=1200),
            scheduled_at=UNSET if at is None else at,
            **{**mode, **more},
        )
        now = datetime.now(UTC) - timedelta(days=days_ago)

        async def steps() -> int:
            async with open_office(Settings(database_url=self.url), lambda: now) as office:
                caller = await authenticate(self.token, "acme", datetime.now(UTC))
                made = await perform(office, caller, CampaignTask(intent=intent, campaign_id=None))
                key = int(str(made["campaign"]))
                found = (await campaigns.load(1, [key]))[key]
                submit = Intent(action=Action.SUBMIT, content_hash=found.head.hashes.content)
                await perform(office, caller, CampaignTask(intent=submit, campaign_id=key))
                return key

        return asyncio.run(steps())

    def seen(self):
        """The status of every campaign, and the kinds of all audit entries with their actors."""

        async def steps():
            async with open_office(Settings(database_url=self.url)):
                found = await campaigns.load(1, range(1, 20))
                events = await lookups.audit_events(1, range(1, 100))
                kinds = [(e.entry.kind, e.entry.actor) for e in sorted(events.values(), key=lambda e: e.seq)]
                return {one.name: one.status for one in found.values()}, kinds

        return asyncio.run(steps())


@pytest.fixture
def acme(run: Callable, database_url: str) -> Acme:
    return Acme(run, database_url)


def test_the_status_shows_what_waits_and_what_would_follow(acme):
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=2)
    acme.submit("At once")
    acme.submit("By hand", publish_mode=PublishMode.MANUAL)
    acme.submit("Later", soon)
    acme.submit("Too late", days_ago=30)

    everywhere = acme.run("approvals", "status").out.splitlines()
    text = acme.run("approvals", "status", "acme").out.splitlines()
    data = json.loads(acme.run("approvals", "status", "acme", "--format", "json").out)

    assert [line.split() for line in everywhere] == [
        ["account", "approvals", "waiting", "overdue"],
        ["acme", "on", "3", "1"],
    ]
    assert text[0] == "approvals of acme are on; 3 campaigns waiting, 1 overdue"
    assert [line.split(maxsplit=5) for line in text[2:4]] == [
        ["At", "once", "sms", "VIP", "1,200", "sent at once"],
        ["By", "hand", "sms", "VIP", "1,200", "waits to be published"],
    ]
    assert text[4].endswith(f"1,200     sent {soon:%Y-%m-%d %H:%M} UTC")
    assert text[5].endswith("1,200     expires, its time is over")
    assert [one["name"] for one in data["waiting"]] == ["At once", "By hand", "Later"]
    assert [one["name"] for one in data["overdue"]] == ["Too late"]
    assert data["waiting"][0] | {"id": ""} == {
        "id": "",
        "name": "At once",
        "channel": "SMS",
        "segment": "VIP",
        "audience": 1200,
        "publishMode": "ON_APPROVAL",
        "scheduledAt": None,
    }


def test_without_a_terminal_nothing_is_approved_unless_yes_is_given(acme):
    acme.submit("Sale")
    before = acme.seen()

    done = acme.run("approvals", "off", "acme")

    assert (done.code, done.out) == (1, "")
    assert (
        done.err.splitlines()[0] == "switching approvals of acme off approves 1 campaign waiting for approval"
    )
    assert done.err.splitlines()[-1] == (
        "Error: nobody can be asked here, and nothing was done: look with `approvals status`, then give --yes"
    )
    assert acme.seen() == before


def test_switching_off_approves_what_waits_as_the_system_and_says_so(acme):
    acme.submit("Sale")
    acme.submit("Too late", days_ago=30)

    done = acme.run("approvals", "off", "acme", "--yes")
    again = acme.run("approvals", "off", "acme", "--yes", "--format", "json")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "approvals of acme are off; 1 campaign approved, 1 expired"
    statuses, kinds = acme.seen()
    assert statuses == {"Sale": CampaignStatus.SENT, "Too late": CampaignStatus.EXPIRED}
    assert kinds[-4:] == [
        ("account:approvals_disabled", None),
        ("campaign:auto_approved", None),
        ("campaign:sent", None),
        ("campaign:expired", None),
    ]
    assert json.loads(again.out) == {
        "account": "acme",
        "approvalsEnabled": False,
        "already": True,
        "approved": [],
        "expired": [],
    }


def test_switching_on_is_told_and_audited_once(acme):
    acme.run("approvals", "off", "acme", "--yes")

    done, again = (acme.run("approvals", "on", "acme") for _ in range(2))

    assert [done.out, again.out] == ["approvals of acme are on\n", "approvals of acme were on before\n"]
    assert acme.seen()[1][-2:] == [("account:approvals_disabled", None), ("account:approvals_enabled", None)]


@pytest.mark.parametrize(
    "words", [("status", "acne"), ("on", "acne"), ("off", "acne"), ("off", "acne", "--yes")]
)
def test_an_account_that_is_not_there_is_named(acme, words):
    done = acme.run("approvals", *words)

    assert (done.code, done.out) == (1, "")
    assert done.err == "Error: account: there is no account `acne`: did you mean `acme`?\n"


@pytest.fixture
def terminal(acme: Acme, environment: dict[str, str], tmp_path: Path) -> Callable:
    """Run a command on a terminal."""
    settings = {**environment, "GQL_APPROVALS_DATABASE_URL": acme.url}
    return lambda *arguments: on_terminal(*arguments, folder=tmp_path, **settings)


@pytest.mark.slow
@pytest.mark.parametrize("word", ["n", "", "no"])
def test_whoever_does_not_say_yes_changes_nothing(acme, terminal, word):
    acme.submit("Sale")
    before = acme.seen()

    with terminal("approvals", "off", "acme") as asked:
        assert "Sale" in asked.until_asked()
        asked.answer(word)
        assert asked.end() == (1, "")

    assert acme.seen() == before


@pytest.mark.slow
def test_what_was_shown_is_what_is_approved(acme, terminal):
    acme.submit("Sale")

    with terminal("approvals", "off", "acme", "--format", "json") as asked:
        first = asked.until_asked()
        assert ("Sale" in first, "Surprise" in first) == (True, False)
        acme.submit("Surprise")
        asked.answer("y")
        second = asked.until_asked()
        assert acme.seen()[0]["Sale"] is CampaignStatus.PENDING_REVIEW
        asked.answer("y")
        code, out = asked.end()

    assert "what waits has changed meanwhile, so nothing was done; it is this:" in second
    assert "Surprise" in second
    assert code == 0
    assert [one["name"] for one in json.loads(out)["approved"]] == ["Sale", "Surprise"]
    assert set(acme.seen()[0].values()) == {CampaignStatus.SENT}
