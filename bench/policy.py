"""The policy engine in one process: decisions, examination, explanations, differences."""

import asyncio
import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import casbin
from tests.policy.large import large_policy

from bench.rows import Row, at_most, median, only, percentile, ratio_at_least, shown
from gql_approvals.policy import Facts, Policy
from gql_approvals.policy.examination import Question, examine_apart
from gql_approvals.policy.files import MODEL_FILE, POLICY_FILE, read_files
from gql_approvals.policy.impact import impact
from gql_approvals.policy.impact_text import impact_lines
from gql_approvals.policy.model import register
from gql_approvals.policy.subject import Member
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

SHIPPED = Path(__file__).parents[1] / "policies"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LARGE = 1_000  # lines
FOLDERS = ("shipped file", f"{LARGE:,} lines")
MEMBERS = 10_000
ACCOUNTS = ("acme", "globex", "account0", "account7", "account42")
CAMPAIGNS = [
    Facts(channel, CampaignStatus.PENDING_REVIEW, own, own, size)
    for channel, own, size in itertools.product((Channel.SMS, Channel.EMAIL), (False, True), (1_000, 60_000))
]
_numbers = itertools.count()

Asked = tuple[frozenset[str], str, Permission, Facts]


@contextmanager
def folders() -> Iterator[dict[str, Path]]:
    """The shipped folder and one whose policy has 1 000 lines, as copies that may be changed."""
    with tempfile.TemporaryDirectory(prefix="gql-approvals-bench-") as place:
        found = dict(zip(FOLDERS, (Path(place) / "shipped", Path(place) / "large"), strict=True))
        for folder in found.values():
            shutil.copytree(SHIPPED, folder)
        (found[FOLDERS[1]] / POLICY_FILE).write_text(large_policy(LARGE))
        yield found


def fresh(folder: Path) -> Policy:
    """The folder's policy, that was never loaded before: it has another comment each time."""
    with (folder / POLICY_FILE).open("a") as file:
        file.write(f"# {next(_numbers)}\n")
    return Policy.load(folder, now=NOW)


def questions(policy: Policy) -> list[Asked]:
    """Every action of every role of some accounts, on several campaigns."""
    return [
        (frozenset({role}), account, permission, facts)
        for account in ACCOUNTS
        for role in policy.roles(account)
        for permission, facts in itertools.product(Permission, CAMPAIGNS)
    ]


def decisions() -> Iterator[Row]:
    """A decision that was made before, beside `enforce` of a bare enforcer on the same files."""
    for name in FOLDERS:
        yield from decisions_of(name)


def decisions_of(name: str) -> Iterator[Row]:
    """The same on one of the folders."""
    with folders() as found:
        folder = found[name]
        policy = fresh(folder)
        stock = casbin.Enforcer(str(folder / MODEL_FILE), str(folder / POLICY_FILE))
        register(stock)
        asked = questions(policy)
        _ask(policy, asked)
        warm: list[float] = []
        bare: list[float] = []
        for number in range(7):
            warm.append(_ask(policy, asked * (1 + 10_000 // len(asked))))
            bare.append(_enforce(stock, asked[number :: len(asked) // 30]))
    yield at_most(f"warm decision, {name}", median(warm), 2e-6)
    yield only(f"enforce of a bare enforcer, {name}", median(bare))
    yield ratio_at_least(f"warm decision faster than enforce, {name}", median(bare) / median(warm), 100)


def _ask(policy: Policy, asked: list[Asked]) -> float:
    """Seconds a decision."""
    allows = policy.allows
    begun_s = time.perf_counter()
    for roles, account, permission, facts in asked:
        allows(roles, account, permission, facts)
    return (time.perf_counter() - begun_s) / len(asked)


def _enforce(stock: casbin.Enforcer, asked: list[Asked]) -> float:
    begun_s = time.perf_counter()
    for roles, account, permission, facts in asked:
        stock.enforce(next(iter(roles)), account, permission.value, facts)
    return (time.perf_counter() - begun_s) / len(asked)


def examination() -> Iterator[Row]:
    """Load, check and tests, here and in the process of its own that a reload starts."""
    with folders() as found:
        here: dict[str, list[float]] = {name: [] for name in found}
        apart: dict[str, list[float]] = {name: [] for name in found}
        for _, (name, folder) in itertools.product(range(5), found.items()):
            begun_s = time.process_time()
            policy = fresh(folder)
            here[name].append(time.process_time() - begun_s)
            begun_s = time.perf_counter()
            held = [(account, frozenset({role})) for account in ACCOUNTS for role in policy.roles(account)]
            asyncio.run(examine_apart(Question(files=read_files(folder), now=NOW, role_sets=held)))
            apart[name].append(time.perf_counter() - begun_s)
        for name in found:
            yield at_most(f"load, check and tests, {name}", median(here[name]), 2.0, " of CPU")
        for name in found:
            yield only(f"examination in its own process, warm for the roles, {name}", median(apart[name]))


def explanations() -> Iterator[Row]:
    """Why an answer is what it is, asked for the first time and again."""
    with folders() as found:
        for name, folder in found.items():
            first: list[float] = []
            again: list[float] = []
            for _ in range(3):
                policy = fresh(folder)
                asked = _alike_once(policy)
                _ask(policy, asked)  # whoever asks why has got an answer
                for times in (first, again):
                    times += [_explain(policy, one) for one in asked]
            for how, times in (("first", first), ("again", again)):
                worst = f" (p99 {shown(percentile(times, 99))})"
                yield at_most(f"explain, {how}, {name}", median(times), 1e-3, worst)


def _alike_once(policy: Policy) -> list[Asked]:
    """Some questions about each action of each role, but only one of those that share what is remembered."""
    different = {
        (roles, policy.answers.place(account, permission), permission): (roles, account, permission, facts)
        for roles, account, permission, facts in questions(policy)
    }
    return [*different.values()]


def _explain(policy: Policy, one: Asked) -> float:
    begun_s = time.perf_counter()
    policy.reasons(*one)
    return time.perf_counter() - begun_s


def differences() -> Iterator[Row]:
    """What an edit changes for 10 000 members, in words."""
    with folders() as found:
        for name, folder in found.items():
            times: list[float] = []
            for _ in range(3):
                old = fresh(folder)
                file = folder / POLICY_FILE
                file.write_text(changed(file.read_text()))
                new = fresh(folder)
                members = [*_members(old)]
                begun_s = time.perf_counter()
                lines = [*impact_lines(impact(old, new, members), of_roles=False)]
                times.append(time.perf_counter() - begun_s)
                if not lines:
                    raise RuntimeError("nobody is concerned by the edit: nothing was measured")
            yield at_most(f"difference for {MEMBERS:,} members, {name}", median(times), 2.0)


def changed(text: str) -> str:
    """The policy with one rule's number changed back or forth, which changes what somebody may do.

    Raises:
        RuntimeError: when the shipped policy has no such rule any more.
    """
    for old, new in (("50k", "60k"), ("60k", "50k")):
        if f"audience <= {old}, allow" in text:
            return text.replace(f"audience <= {old}, allow", f"audience <= {new}, allow")
    raise RuntimeError("the shipped policy has no rule that says `audience <= 50k`")


def _members(policy: Policy) -> Iterator[Member]:
    """People in every account that the file names, with one of its roles, or two neighbouring ones."""
    places = [
        (account, frozenset(roles))
        for account in sorted(policy.answers.rules.accounts | {"globex"})
        for names in [policy.roles(account)]
        for roles in (*zip(names), *itertools.pairwise(names))
    ]
    for number in range(MEMBERS):
        account, roles = places[number % len(places)]
        yield Member(account, f"person {number}", roles)
