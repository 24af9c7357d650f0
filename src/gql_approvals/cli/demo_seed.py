"""Performs the demo's stories, at the times they tell of, through the doors that the API uses.

So audit chains, hashes, outbox and votes are real; only the clock is not.
"""

import zoneinfo
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gql_approvals.cli import administration as admin
from gql_approvals.cli.demo_data import ACCOUNTS, PEOPLE, STORIES
from gql_approvals.cli.demo_story import Clock, Step, Story
from gql_approvals.cli.progress import Bar
from gql_approvals.persistence import campaigns
from gql_approvals.persistence.database import Database
from gql_approvals.policy.engine import Policy
from gql_approvals.service.caller import Caller
from gql_approvals.service.perform import Office, perform, perform_due
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.policy_reload import keep_text
from gql_approvals.service.scopes import EVERY
from gql_approvals.service.tasks import AccountTask, CampaignTask
from gql_approvals.workflow.account import AccountIntent
from gql_approvals.workflow.case import Rules
from gql_approvals.workflow.intent import UNSET, Intent
from gql_approvals.workflow.model import Campaign, Metrics
from gql_approvals.workflow.vocabulary import AccountAction, Action, PublishMode

FOUNDED_DAYS_AGO = 100
Callers = dict[tuple[str, str], Caller]  # by account and first name
_HASHED = frozenset({Action.APPROVE, Action.REJECT, Action.PUBLISH})


@dataclass
class _SetTime:
    """A clock that is set by hand."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class _Deed:
    """A step at its moment; without one: the creation of the story's campaign."""

    at: datetime
    story: Story
    step: Step | Clock | None


async def seed(database: Database, policy: Policy, now: datetime, bar: Bar) -> None:
    """Fill an empty, migrated database; the bar counts campaigns."""
    clock = _SetTime(now - _days(FOUNDED_DAYS_AGO))
    office = Office(database=database, policy=PolicyInForce(policy), now=clock, rules=Rules())
    await keep_text(policy, clock())
    callers = await database.transaction(lambda: _found(office))
    made: dict[str, int] = {}
    deeds = sorted(_deeds(now), key=lambda deed: deed.at)
    left = Counter(deed.story.name for deed in deeds)
    bar.expect(len(left))
    for deed in deeds:
        clock.at = deed.at
        if deed.step is None:
            made[deed.story.name] = await _create(office, callers, deed.story, now)
        else:
            await _do(office, callers, deed.story, deed.step, made[deed.story.name])
        left[deed.story.name] -= 1
        if not left[deed.story.name]:
            bar.advance()
    clock.at = now
    await database.transaction(lambda: _open_doors(office))


async def _found(office: Office) -> Callers:
    """Make the accounts and their people and return everybody."""
    callers: Callers = {}
    for slug, (name, zone) in ACCOUNTS.items():
        new = admin.NewAccount(slug=slug, name=name, time_zone=zone)
        account = await admin.create_account(office, new)
        for person in (person for person in PEOPLE if slug in person.roles):
            someone = admin.Person(email=person.email, name=person.name.capitalize())
            member = await admin.admit(office, account, someone, frozenset(person.roles[slug]))
            callers[slug, person.name] = Caller(
                user_id=member.user_id, account=account, member=member, accounts=(account,), scopes=EVERY
            )
    return callers


async def _open_doors(office: Office) -> None:
    """Make the tokens: last of all, so that a database with demo tokens holds all of the demo."""
    for person in PEOPLE:
        await admin.create_token(office, person.email, name="demo", days=None, demo=person.token)


def _deeds(now: datetime) -> list[_Deed]:
    """Everything that happens, story by story, each at its moment."""
    deeds: list[_Deed] = []
    for story in STORIES:
        deeds.append(_Deed(now - _days(story.days_ago), story, None))
        for step in story.then:
            due = _nine(story, now) or now
            moment = due if isinstance(step, Clock) else now - _days(step.days_ago)
            deeds.append(_Deed(moment, story, step))
    return deeds


def _nine(story: Story, now: datetime) -> datetime | None:
    """The story's scheduled time: nine o'clock where its account is."""
    if story.at_nine is None:
        return None
    zone = zoneinfo.ZoneInfo(ACCOUNTS[story.account][1])
    return (
        (now.astimezone(zone) + _days(story.at_nine))
        .replace(hour=9, minute=0, second=0, microsecond=0)
        .astimezone(UTC)
    )


async def _create(office: Office, callers: Callers, story: Story, now: datetime) -> int:
    due = _nine(story, now)
    intent = Intent(
        action=Action.CREATE,
        name=story.name,
        content=story.content,
        audience=story.audience,
        publish_mode=PublishMode.SCHEDULED if due else story.mode,
        scheduled_at=UNSET if due is None else due,
    )
    task = CampaignTask(intent=intent, campaign_id=None)
    result = await perform(office, callers[story.account, story.maker], task)
    return int(str(result["campaign"]))


async def _do(office: Office, callers: Callers, story: Story, step: Step | Clock, campaign_id: int) -> None:
    caller = callers[story.account, story.maker if isinstance(step, Clock) else step.who]
    if isinstance(step, Clock):
        await perform_due(office, caller.account.id, campaign_id)
        return
    campaign = (await campaigns.load(caller.account.id, [campaign_id]))[campaign_id]
    await perform(office, caller, _task(step.what, campaign))


def _task(what: Intent | Metrics, campaign: Campaign) -> CampaignTask | AccountTask:
    if isinstance(what, Metrics):
        intent = AccountIntent(action=AccountAction.RECORD_METRICS, metrics=what)
        return AccountTask(intent=intent, publication_id=None if campaign.live is None else campaign.live.id)
    if what.action in _HASHED:
        what = replace(what, content_hash=campaign.head.hashes.content)
    if what.action is Action.EDIT:
        what = replace(what, expected_version=campaign.version)
    return CampaignTask(intent=what, campaign_id=campaign.id)


def _days(number: float) -> timedelta:
    return timedelta(days=number)
