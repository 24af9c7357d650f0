"""The one path of every mutation.

    authenticate → begin, lock account, then what it is about → replay by idempotency key → load facts and
    roles → clock → visible? → allowed? → the token, too? → input → workflow → save state, decision, audit,
    outbox and key

All of it is one transaction; `authenticate` has happened before and is checked again inside. A refusal
changes nothing, except that an overdue campaign's expiry is kept. When it is over, what the policy said of it
goes into the decision log.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gql_approvals.errors import InvalidInput, Problem, Refusal, SegregationOfDuties, Unauthenticated
from gql_approvals.persistence import campaigns, idempotency, people, rosters
from gql_approvals.persistence.database import Database
from gql_approvals.service import scopes
from gql_approvals.service.attempts import attempting
from gql_approvals.service.caller import REFUSED, Caller, SignIn
from gql_approvals.service.decision_log import Asked
from gql_approvals.service.live import Feed
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.service.scene import Scene, View
from gql_approvals.service.tasks import Done, Result, Task, tick
from gql_approvals.workflow.case import Rules
from gql_approvals.workflow.content import is_storable, utc_text

MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What use cases work with: the database, the policy in force, the clock, the rules."""

    database: Database
    policy: PolicyInForce
    now: Callable[[], datetime]
    rules: Rules
    state_folder: Path | None = None
    sign_in: SignIn | None = None
    feed: Feed = field(default_factory=Feed)

    async def scene(self, account_id: int) -> Scene:
        """The account as it is now; within a transaction that holds its lock, as it will stay."""
        found = await rosters.roster(account_id)
        if found is None:
            raise Unauthenticated(REFUSED)
        return Scene(
            account=found.account,
            members=found.members,
            users=found.users,
            policy=self.policy(),
            now=self.now(),
            rules=self.rules,
        )

    def view(self, caller: Caller, load: Callable[[], Awaitable[Scene]]) -> View:
        """The caller's rights as they were authenticated; `load` gives the whole scene when it is needed."""
        return View(
            account=caller.account,
            member=caller.member,
            load=load,
            policy=self.policy(),
            now=self.now(),
            rules=self.rules,
        )


async def perform(office: Office, caller: Caller, task: Task, *, key: str | None = None) -> Result:
    """Perform a mutation and return the ids that its payload is built from.

    Raises:
        Refusal: when the mutation is refused; every mutation's possible refusals are in its result union.
        Unauthenticated: when the caller has been disabled, or their token revoked, meanwhile.
        Unavailable: when the database is lost or stays busy.
    """
    mutation = _Mutation(office, caller, task, key)
    # what is committed is logged, even if the caller goes away meanwhile
    return await asyncio.shield(asyncio.create_task(mutation.settle()))


class _Mutation:
    """One mutation on its way; `asked` is what the policy was asked in the last attempt at it."""

    def __init__(self, office: Office, caller: Caller, task: Task, key: str | None) -> None:
        self.office = office
        self.caller = caller
        self.task = task
        self.key = key
        self.fingerprint = fingerprint_of(task)
        self.asked: Asked | None = None

    async def settle(self) -> Result:
        """Try until it is done or refused, and count and log which."""
        with attempting(self.task.intent.action):
            return await self._settled()

    async def _settled(self) -> Result:
        try:
            done = await self.office.database.transaction(self.attempt)
            if isinstance(done, Refusal):
                raise done
        except Refusal as refusal:
            if self.asked is not None:
                self.asked.refused(refusal)
                _veil(refusal, self.asked)
            raise
        if self.asked is not None:
            self.asked.done(done.result.get("campaign"), done.refusal)
        if done.refusal is not None:
            raise done.refusal
        return done.result

    async def attempt(self) -> Done | Refusal:
        """Take the steps; a refusal is returned, not raised, where what the clock wrote is to be kept."""
        self.asked = None
        await people.lock_account(self.caller.account.id)
        await self.task.lock(self.caller.account.id)
        stored = await self.replayed()
        if stored is not None:
            return Done(stored)
        scene = await self.office.scene(self.caller.account.id)
        if self.caller.user_id not in scene.active or await self.has_lost_token():
            raise Unauthenticated(REFUSED)
        clock_wrote = await self.task.clock(scene)
        try:
            return await self.decided(scene)
        except Refusal as refusal:
            if clock_wrote:
                return refusal
            raise

    async def replayed(self) -> Result | None:
        """What was answered under this key before."""
        if self.key is None or not _is_usable(self.key):
            return None
        return await idempotency.replay(
            self.caller.account.id,
            self.caller.user_id,
            self.key,
            fingerprint=self.fingerprint,
            now=self.office.now(),
        )

    async def has_lost_token(self) -> bool:
        """Whether the token was revoked while the mutation waited for the account's lock."""
        return self.caller.token is not None and await people.is_revoked(self.caller.token)

    async def decided(self, scene: Scene) -> Done:
        """Ask the policy, then the workflow; save what it says, and under which key."""
        task, user_id = self.task, self.caller.user_id
        self.asked = Asked(scene, user_id, task.intent.action, task.questions(user_id))
        task.admit(scene, user_id)
        scopes.demand(self.caller.scopes, self.asked.questions[-1].permission, scene.policy.version)
        _check_key(self.key)
        done = await task.apply(scene, user_id)
        if self.key is not None and done.refusal is None:
            await idempotency.remember(
                scene.account.id,
                user_id,
                self.key,
                fingerprint=self.fingerprint,
                result=done.result,
                now=scene.now,
            )
        return done


async def perform_due(office: Office, account_id: int, campaign_id: int) -> None:
    """Do to a campaign what its time has come for, if it still has: the clock's only door."""

    async def steps() -> None:
        await people.lock_account(account_id)
        campaign = await campaigns.lock(account_id, campaign_id)
        if campaign is not None:
            await tick(await office.scene(account_id), campaign)

    await office.database.transaction(steps)


def fingerprint_of(task: Task) -> str:
    """SHA-256 over the mutation and its arguments: what an idempotency key is bound to."""
    text = json.dumps(_plain(task), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _veil(refusal: Refusal, asked: Asked) -> None:
    """Leave the policy's lines, which the log has, out of the answer to who may not see them."""
    if isinstance(refusal, SegregationOfDuties):
        refusal.reasons = asked.scene.shown(refusal.reasons, asked.user_id)


def _check_key(key: str | None) -> None:
    if key is not None and not _is_usable(key):
        message = f"must have from 1 to {MAX_KEY_LENGTH} characters that can be stored, and not only blanks"
        raise InvalidInput((Problem(("idempotencyKey",), message),))


def _is_usable(key: str) -> bool:
    """Whether the key can be stored, and looked for."""
    return is_storable(key) and bool(key.strip()) and len(key) <= MAX_KEY_LENGTH


def _plain(value: Any) -> Any:  # noqa: ANN401  # any argument
    """Arguments as JSON; what a task has loaded (its private fields) is no argument."""
    if is_dataclass(value):
        public = (one.name for one in fields(value) if not one.name.startswith("_"))
        return {name: _plain(getattr(value, name)) for name in public}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]  # any JSON
    if isinstance(value, frozenset):
        return sorted(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]  # of texts
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # any JSON
    return utc_text(value) if isinstance(value, datetime) else value
