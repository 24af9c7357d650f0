"""Whoever asks while policies are exchanged gets the answers of one version, the one it took.

Readers ask in threads and in tasks. The writer puts versions in force whose memory is warm, cold or fresh
from an examination, so that Casbin itself is asked by several readers at once.
"""

import asyncio
import pickle
import random
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest

from gql_approvals.policy import Facts, Policy, engine, read_policy
from gql_approvals.service.policy_in_force import PolicyInForce
from gql_approvals.workflow.vocabulary import Channel, Permission

from .conftest import BASE, NOW, stock_enforcer
from .differential import copied
from .random_policies import MODEL, Drawn, Question, dice_for

ROLES = ("ant", "bee", "cat", "dog")
# What one version allows, the other one does not: {yes} and {no} change places.
LINES = "".join(
    f"g, {role}, member, *\n"
    f"p, {role}, *, {{yes}}, {channel}, audience <= {{size}}, allow\n"
    f"p, {role}, acme, {{no}}, any, own, allow\n"
    for role, channel in zip(ROLES, ("email", "sms", "whatsapp", "onsite"), strict=True)
)
SPACE = [
    Question(frozenset(roles), account, permission, Facts(channel, own=own, audience=size))
    for roles in (*((role,) for role in ROLES), ("ant", "bee"), ("cat", "dog"), ())
    for account, permission in product(("acme", "bank"), (Permission.PUBLISH, Permission.ARCHIVE))
    for channel, own, size in product(
        (Channel.EMAIL, Channel.SMS, Channel.ONSITE), (False, True), (10, 1_000)
    )
]
Answer = tuple[bool, str]  # whether it is allowed, and the first reason's code


@dataclass
class Race:
    """The versions, their answers by stock Casbin, and what the readers met."""

    texts: dict[str, bytes]
    expected: dict[str, dict[Question, bool]]
    folders: dict[str, Path]
    in_force: PolicyInForce
    stop: threading.Event = field(default_factory=threading.Event)
    wrong: list[object] = field(default_factory=list)
    pairs: int = 0
    torn: int = 0
    seen: set[str] = field(default_factory=set)
    asked: int = 0

    def read(self, dice: random.Random) -> Iterator[None]:
        """Ask in pairs until the race ends; between two questions others have their turn."""
        while not self.stop.is_set():
            one, two = dice.choice(SPACE), dice.choice(SPACE)
            policy = self.in_force()
            found = [self.answer(policy, one)]
            yield
            found.append(self.answer(policy, two))
            right = self.expected[policy.version]
            if [allowed for allowed, _ in found] != [right[one], right[two]]:
                self.wrong.append((policy.version, one, two, found))
            self.pairs += 1
            self.seen.add(policy.version)
            self.read_without_care(one)
            yield

    def answer(self, policy: Policy, question: Question) -> Answer:
        about = (question.roles, question.account, question.permission, question.facts)
        allowed, code = policy.allows(*about), policy.reasons(*about)[0].code
        if allowed != (code == "ALLOWED_BY_RULE"):
            self.wrong.append((policy.version, question, allowed, code))
        return allowed, code

    def read_without_care(self, question: Question) -> None:
        """Ask whatever is in force, twice: an answer of either version, not always of the same."""
        about = (question.roles, question.account, question.permission, question.facts)
        found = [self.in_force().allows(*about) for _ in range(2)]
        possible = {right[question] for right in self.expected.values()}
        if not set(found) <= possible:
            self.wrong.append((question, found, possible))
        self.torn += found[0] != found[1]

    def write(self, exchanges: int) -> None:
        """Put one version after the other in force."""
        versions = sorted(self.texts)
        warm = {version: copied(self.texts[version]) for version in versions}
        try:
            for number in range(exchanges):
                version = versions[number % 2]
                kind = number // 2 % 8
                if kind == 0:
                    policy = examined(self.folders[version])
                else:
                    policy = warm[version] if kind == 1 else copied(self.texts[version])
                before = self.in_force.exchange(policy)
                judge = vars(before.answers).get("judge")
                self.asked += judge.asked if judge else 0
        finally:
            self.stop.set()


def examined(folder: Path) -> Policy:
    engine._checked.cache_clear()
    policy, problems = read_policy(folder, now=NOW)
    assert policy is not None, problems
    return policy


@pytest.fixture
def race(tmp_path: Path) -> Iterator[Race]:
    texts: dict[str, bytes] = {}
    expected: dict[str, dict[Question, bool]] = {}
    folders: dict[str, Path] = {}
    for yes, no, size in (("publish", "archive", 50), ("archive", "publish", 5_000)):
        drawn = Drawn(BASE + LINES.format(yes=yes, no=no, size=size), MODEL)
        folder = drawn.write(tmp_path / yes)
        policy = examined(folder)
        texts[policy.version], folders[policy.version] = pickle.dumps(policy), folder
        expected[policy.version] = dict(answers_of_stock_casbin(folder))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads take turns as often as they can
    yield Race(texts, expected, folders, PolicyInForce(copied(next(iter(texts.values())))))
    sys.setswitchinterval(interval)
    engine._checked.cache_clear()


def answers_of_stock_casbin(folder: Path) -> Iterator[tuple[Question, bool]]:
    stock = stock_enforcer(folder)
    stock.enable_auto_save(auto_save=False)
    for one in SPACE:
        user = "+".join(sorted(one.roles)) or "nobody"
        for role in one.roles - {user}:
            stock.add_grouping_policy(user, role, one.account)
        yield one, stock.enforce(user, one.account, one.permission.value, one.facts)


def run(race: Race, exchanges: int, *, threads: int = 3, tasks: int = 4) -> None:
    """Threads read, tasks of one loop read, and a thread writes, all at once."""

    def read_in_thread(seed: int) -> None:
        try:
            for _ in race.read(dice_for(seed)):
                pass
        except BaseException as error:  # noqa: BLE001 - any is a finding
            race.wrong.append(error)

    async def read_in_task(seed: int) -> None:
        for _ in race.read(dice_for(seed)):
            await asyncio.sleep(0)

    async def all_tasks() -> None:
        await asyncio.gather(*(read_in_task(100 + seed) for seed in range(tasks)))

    crowd = [threading.Thread(target=read_in_thread, args=(seed,)) for seed in range(threads)]
    crowd.append(threading.Thread(target=race.write, args=(exchanges,)))
    for thread in crowd:
        thread.start()
    try:
        asyncio.run(all_tasks())
    finally:
        race.stop.set()
        for thread in crowd:
            thread.join()


def test_readers_get_the_answers_of_one_version_while_another_is_put_in_force(race: Race):
    run(race, exchanges=40)

    assert race.wrong == []
    assert race.pairs
    assert race.asked  # Casbin was asked while they raced


@pytest.mark.alone
def test_readers_get_the_answers_of_one_version_through_many_exchanges(race: Race):
    run(race, exchanges=1_200)

    assert race.wrong == []
    assert race.seen == set(race.texts)
    assert race.pairs > 1_000
    assert race.torn  # whoever asks what is in force twice does meet two versions


def test_the_versions_of_the_race_answer_every_question_otherwise_or_alike(race: Race):
    one, two = race.expected.values()

    different = [question for question in SPACE if one[question] != two[question]]
    assert len(different) > len(SPACE) / 4
    assert any(one[question] and two[question] for question in SPACE) or len(different) < len(SPACE)
