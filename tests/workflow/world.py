"""The people, the contents and the store that the workflow's tests share.

A world stands where the service will stand: it gives out ids, keeps what is written, and knows what time
it is. It keeps no opinion of its own about what is allowed.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gql_approvals.errors import Refusal
from gql_approvals.workflow import transitions
from gql_approvals.workflow.case import Case, Change, Rules
from gql_approvals.workflow.content import Audience, SmsContent
from gql_approvals.workflow.intent import Intent
from gql_approvals.workflow.model import Account, Campaign, Requirement, Revision
from gql_approvals.workflow.vocabulary import (
    ANYONE,
    Action,
    CampaignStatus,
    IfPending,
    NotifyScope,
    PublishMode,
    RevisionState,
)

MAYA, MIKE, CLEO, CARL, ADA = 1, 2, 3, 4, 5
MAKERS, CHECKERS, ADMIN = (MAYA, MIKE), (CLEO, CARL), ADA
EVERYBODY = (*MAKERS, *CHECKERS, ADMIN)
MAKERS_AND_ADMIN, CHECKERS_AND_ADMIN = (*MAKERS, ADMIN), (*CHECKERS, ADMIN)
ROLES = {CLEO: {ANYONE, "checker"}, CARL: {ANYONE, "checker"}, ADA: {ANYONE}}

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RULES = Rules(review=14 * DAY, grace=5 * MINUTE)
OTHER_HASH = hashlib.sha256(b"something else").hexdigest()


@dataclass(frozen=True)
class Words:
    """What a maker writes, as the test remembers it."""

    body: str
    size: int = 1200
    mode: PublishMode = PublishMode.MANUAL
    time: datetime | None = None

    @property
    def content(self):
        return SmsContent(sender_id="ACME", body=self.body)

    @property
    def audience(self):
        return Audience(segment="everybody", definition={"country": "NL"}, estimated_size=self.size)

    @property
    def fields(self):
        return {
            "content": self.content,
            "audience": self.audience,
            "publish_mode": self.mode,
            "scheduled_at": self.time,
        }

    @property
    def hash(self):
        """The content hash, computed by other means than the product's."""
        when = None if self.time is None else self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        definition = {"country": "NL"}
        return sha256(
            {
                "COPY": sha256({"channel": "SMS", "content": {"body": self.body, "senderId": "ACME"}}),
                "AUDIENCE": sha256(
                    {"definition": definition, "estimatedSize": self.size, "segment": "everybody"}
                ),
                "SCHEDULE": sha256({"publishMode": self.mode.value, "scheduledAt": when}),
            }
        )


def sha256(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def words_of(revision: Revision) -> Words:
    """What a stored revision says."""
    assert isinstance(revision.content, SmsContent)
    size = revision.audience.estimated_size
    return Words(revision.content.body, size, revision.publish_mode, revision.scheduled_at)


@dataclass(frozen=True)
class Electorate:
    """Checkers and the admin may approve, unless they have lost the right."""

    without: frozenset[int] = frozenset()

    def counts_for(self, user_id):
        return frozenset() if user_id in self.without else frozenset(ROLES.get(user_id, ()))

    def members(self):
        return EVERYBODY


@dataclass
class World:
    """One account with one campaign."""

    now: datetime = NOON
    account: Account = field(
        default_factory=lambda: Account(
            id=7,
            slug="acme",
            name="Acme",
            time_zone="Europe/Amsterdam",
            approvals_enabled=True,
            notify_scope=NotifyScope.INVOLVED,
        )
    )
    requirements: tuple[Requirement, ...] = (Requirement(role=ANYONE, needed=1),)
    electorate: Electorate = Electorate()
    campaign: Campaign | None = None
    revisions: dict[int, Revision] = field(default_factory=dict)
    sent: list = field(default_factory=list)
    keys: int = 0

    # ------------------------------------------------------------------------------------- asking
    def case(self, person: int | None, action: Action, *, probing: bool = False, **fields) -> Case:
        return Case(
            account=self.account,
            campaign=None if action is Action.CREATE else self.campaign,
            actor=person,
            intent=Intent(action=action, **fields),
            now=self.now,
            electorate=self.electorate,
            requirements=self.requirements,
            policy_version="policy-1",
            rules=RULES,
            probing=probing,
        )

    def refusal(self, person: int | None, action: Action, **fields) -> Refusal | None:
        return transitions.refusal_of(self.case(person, action, **fields))

    def answer(self, person: int | None, action: Action, **fields) -> str:
        """What `apply` would answer: a refusal's code, or OK. Nothing is kept."""
        try:
            change = transitions.apply(self.case(person, action, **fields))
        except Refusal as refusal:
            return refusal.code
        return "OK" if change.refusal is None else change.refusal.code

    # -------------------------------------------------------------------------------------- doing
    def do(self, person: int | None, action: Action, **fields) -> Change:
        """Apply and keep; a duplicate is not kept, since it is another campaign."""
        change = transitions.apply(self.case(person, action, **fields))
        if action is not Action.DUPLICATE:
            self.keep(change)
        return change

    def keep(self, change: Change) -> None:
        after = change.campaign
        head = replace(after.head, id=after.head.id or self._key())
        live, live_revision = after.live, after.live_revision
        if live is not None and live_revision is not None:
            live = replace(live, id=live.id or self._key())
            live_revision = replace(
                live_revision, id=head.id if live_revision.id is None else live_revision.id
            )
        self.campaign = replace(
            after,
            id=after.id or self._key(),
            head=head,
            live=live,
            live_revision=live_revision,
            requests=tuple(
                replace(
                    request,
                    id=request.id or self._key(),
                    decisions=tuple(replace(vote, id=vote.id or self._key()) for vote in request.decisions),
                )
                for request in after.requests
            ),
        )
        self.revisions[head.number] = head
        for number in [n for n in self.revisions if n > (change.discarded_above or n)]:
            self.revisions[number] = replace(self.revisions[number], state=RevisionState.DISCARDED)
        self.sent += [event.hands_over for event in change.events if event.hands_over is not None]

    def _key(self) -> int:
        self.keys += 1
        return self.keys

    # ------------------------------------------------------------------------------ short sentences
    @property
    def status(self) -> CampaignStatus:
        assert self.campaign is not None
        return self.campaign.status

    def ask_for(self, needed: int, role: str = ANYONE) -> "World":
        self.requirements = (Requirement(role=role, needed=needed),)
        return self

    def switch(self, *, on: bool) -> "World":
        self.account = replace(self.account, approvals_enabled=on)
        return self

    def wait(self, time: timedelta) -> "World":
        self.now += time
        return self

    def create(self, words: Words, by: int = MAYA) -> "World":
        self.do(by, Action.CREATE, name="Spring sale", **words.fields)
        return self

    def edit(self, words: Words, by: int = MAYA, **fields) -> "World":
        self.do(by, Action.EDIT, if_pending=IfPending.WITHDRAW, **words.fields, **fields)
        return self

    def submit(self, by: int = MAYA, **fields) -> "World":
        self.do(by, Action.SUBMIT, **fields)
        return self

    def approve(self, by: int = CLEO, **fields) -> "World":
        self.do(by, Action.APPROVE, **fields)
        return self

    def reject(self, by: int = CLEO) -> "World":
        self.do(by, Action.REJECT, reason="the price is wrong")
        return self

    def perform(self, action: Action, by: int | None = MAYA, **fields) -> "World":
        self.do(by, action, **fields)
        return self
