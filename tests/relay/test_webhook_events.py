"""Every kind of event, made by what makes it, and compared with the table in docs/webhooks.md."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.relay.misbehaving import receiving
from tests.relay.test_webhooks import hooked, messages
from tests.relay.world import SHIPPED

from gql_approvals.cli import administration
from gql_approvals.errors import Refusal
from gql_approvals.persistence import people
from gql_approvals.persistence.models import RevisionRow
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.groups import Groups
from gql_approvals.service import webhooks as service
from gql_approvals.service.events import EVENTS
from gql_approvals.service.perform import perform, perform_due
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.policy_reload import tell_accounts
from gql_approvals.service.sign_in import Claims, SignIn
from gql_approvals.service.tasks import AccountTask
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.content import Audience
from gql_approvals.workflow.model import Metrics
from gql_approvals.workflow.vocabulary import AccountAction, Action, PublishMode

pytestmark = pytest.mark.wide

EVERYBODY = Audience(segment="Everybody", definition=None, estimated_size=9)
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gql_approvals"
DOCUMENT = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z_]+:[a-z_]+)` \| (.+?) \| (.*?) \| `(.+)` \|$", re.MULTILINE)
KIND = re.compile(r'"((?:account|campaign|comment|delivery|identity|member|policy|token|webhook):[a-z_]+)"')
# What looks like a kind of event and is none: log records, what nobody can listen to yet, and the trial.
NO_EVENTS = {"policy:refused", "policy:in_force", "policy:decision", "account:created", "webhook:test"}


async def account(world, action, /, member=None, publication=None, **fields):
    task = AccountTask(
        intent=AccountIntent(action=action, **fields),
        member_id=None if member is None else world.members[member].id,
        publication_id=publication,
    )
    await perform(world.office, world.caller("ada"), task)


async def reviews(world):
    """From a draft to every end that a review has."""
    campaign = await world.create()
    await world.act(
        "maya", Action.EDIT, campaign, audience=Audience(segment="All", definition=None, estimated_size=9)
    )
    await world.act("maya", Action.EDIT, campaign, name="Holi sale")
    await world.act("max", Action.COMMENT, campaign, body="nice")
    await world.act("maya", Action.SUBMIT, campaign)
    await world.act("maya", Action.WITHDRAW, campaign)
    await world.act("maya", Action.SUBMIT, campaign)
    await world.act("chen", Action.REJECT, campaign, reason="no")
    await world.act("maya", Action.DUPLICATE, campaign)
    await world.act("maya", Action.ARCHIVE, campaign)
    manual = await world.submitted(publish_mode=PublishMode.MANUAL)
    await world.act("chen", Action.APPROVE, manual)
    await world.act("chen", Action.REVOKE, manual, reason="wrong")
    await world.change_member("cleo", roles={"checker", "legal_reviewer"})
    big = await world.submitted(audience=replace(EVERYBODY, estimated_size=200_000))
    await world.act("chen", Action.APPROVE, big)


async def ends(world):
    """What is sent, edited again, held, and late."""
    sent = await world.submitted()
    await world.act("chen", Action.APPROVE, sent)
    live = (await world.campaign(sent)).live.id
    await world.change_member("ada", roles={"admin", "delivery"})
    metrics = Metrics(sent=9, delivered=8)
    await account(world, AccountAction.RECORD_METRICS, publication=live, metrics=metrics)
    await world.act(
        "maya", Action.EDIT, sent, audience=Audience(segment="All", definition=None, estimated_size=9)
    )
    await world.act("maya", Action.DISCARD, sent)
    held = await world.submitted(publish_mode=PublishMode.MANUAL)
    await world.act("chen", Action.APPROVE, held)
    await RevisionRow.filter(campaign_id=held).update(segment="Nobody")
    with pytest.raises(Refusal):
        await world.act("maya", Action.PUBLISH, held)
    late = await world.submitted(scheduled_at=world.clock() + timedelta(days=1))
    await world.act("chen", Action.APPROVE, late)
    unread = await world.submitted()
    world.clock.forward(days=15)
    for overdue in (late, unread):
        await perform_due(world.office, world.account.id, overdue)


async def switch(world):
    await world.submitted()
    await world.switch_off()
    campaign = await world.create(scheduled_at=world.clock() + timedelta(days=1))
    await world.act("maya", Action.PUBLISH, campaign)
    await account(world, AccountAction.ENABLE_APPROVALS)
    await account(world, AccountAction.UPDATE_ACCOUNT, name="Acme Ltd")


async def members(world):
    await account(
        world, AccountAction.ADD_MEMBER, email="new@acme.test", name="New", roles=frozenset({"viewer"})
    )
    await account(world, AccountAction.ASSIGN_ROLES, member="vera", roles=frozenset({"maker"}))
    await account(world, AccountAction.DISABLE_MEMBER, member="vera")
    await account(world, AccountAction.ENABLE_MEMBER, member="vera")
    text = await administration.issue(
        world.office, "maya@acme.test", name="t", days=1, scopes=frozenset({"decide"})
    )
    await administration.revoke(world.office, text)

    async def verify(_, now):
        return Claims(
            issuer="https://login.test", subject="1", issued_at=now, groups=frozenset({"g"}), name="Vera",
            email="vera@acme.test",
        )  # fmt: skip

    await SignIn(world.office, verify, Groups((("g", "acme", "maker"),)))("token")


async def server(world, tmp_path):
    """What the server's operator does: other policy files, and other webhooks."""
    await tell_accounts(world.office)
    for name in ("model.conf", "policy.csv"):
        text = (ROOT / "policies" / name).read_text("utf-8")
        (tmp_path / name).write_text(text + "\n# another\n", "utf-8")
    other = PolicyInForce(Policy.load(tmp_path, now=world.clock()))
    assert other().version != SHIPPED.version
    await tell_accounts(replace(world.office, policy=other))
    async with receiving() as receiver:
        another = await hooked(world, receiver)
    await service.rotate(world.office, another.id)
    await world.office.database.transaction(
        lambda: service.disable(world.office, another.id, "the receiver answered 410 Gone")
    )
    await service.enable(world.office, another.id)
    await service.remove(world.office, another.id)


async def test_every_kind_of_event_is_told_as_the_documentation_shows(world, tmp_path):
    async with receiving() as receiver:
        webhook = await hooked(world, receiver)
    for part in (reviews, ends, switch, members):
        await part(world)
    await server(world, tmp_path)
    assert await people.account_by_slug("acme")

    told = {}
    for message in await messages(world, webhook):
        told.setdefault(message.payload["type"], message.payload)
    assert sorted(told) == sorted(EVENTS)
    shown = [row(kind, told[kind]) for kind in EVENTS]
    assert [match.group() for match in ROW.finditer(DOCUMENT)] == shown, "\n".join(shown)
    assert {tuple(sorted(body["data"])) for body in told.values()} == {
        tuple(sorted(json.loads(example())["data"]))
    }


def row(kind, body):
    """The table's row: hashes shortened, and no number that another test's order would change."""
    campaign = body["data"]["campaign"]
    detail = json.dumps(body["data"]["detail"], ensure_ascii=False, sort_keys=True)
    detail = re.sub(r'"([0-9a-f]{6})[0-9a-f]{6,}"', '"…"', detail)
    return f"| `{kind}` | {EVENTS[kind]} | {'' if campaign is None else campaign['status']} | `{detail}` |"


def example():
    return re.search(r"```json\n(.+?)```", DOCUMENT, re.DOTALL).group(1)


def test_the_documented_body_is_of_a_kind_that_there_is():
    body = json.loads(example())

    assert body["type"] in EVENTS
    assert set(body) == {"type", "timestamp", "data"}


def literals() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        if path.name != "events.py":
            yield from KIND.findall(path.read_text("utf-8"))


def test_the_table_of_events_has_every_kind_that_the_source_names():
    assert set(literals()) - NO_EVENTS == set(EVENTS)
    assert not NO_EVENTS & set(EVENTS)
