"""Whether a policy does what its tests expect; what a line of a test says stands in `expected`.

Nothing is judged here: every case is put to `Answers`, as a request would put it. `any` stands for all
classes that the lines about the action tell apart for these roles, an audience for both ends of its
interval.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from gql_approvals.errors import Reason
from gql_approvals.policy.answers import DUTIES_CONFLICT, ELSEWHERE, Answers
from gql_approvals.policy.classes import Classes, Distinctions, GrantClass
from gql_approvals.policy.duties import ACCOUNT_WIDE, EXEMPTS
from gql_approvals.policy.expected import (
    RELATIONS,
    Expectation,
    ExpectedAnswer,
    ExpectedApprovals,
    Relation,
    read_expectations,
    words,
)
from gql_approvals.policy.problem import Code, PolicyProblem, did_you_mean
from gql_approvals.policy.reasons import explain
from gql_approvals.policy.rules import EVERYWHERE, in_scope
from gql_approvals.policy.subject import NEUTRAL, Facts
from gql_approvals.workflow.vocabulary import ANYONE, EVERYONE, CampaignStatus, Channel

T = TypeVar("T", CampaignStatus, Channel)

# (own, involved), None = makes no difference
_RELATION_WORDS: dict[tuple[bool | None, bool | None], str] = {
    (None, None): "",
    (None, False): "not involved",
    (None, True): "involved",
    (False, None): "not own",
    (False, False): "not involved",
    (False, True): "involved",
    (True, None): "own",
    (True, True): "own",
}

__all__ = ["Expectation", "check_expectations", "read_expectations"]


@dataclass(frozen=True, slots=True)
class Case:
    """One question; `alike` are the facts with the same answer, None where facts do not matter."""

    account: str
    facts: Facts
    alike: GrantClass | None


def check_expectations(
    answers: Answers, expectations: Iterable[Expectation]
) -> tuple[int, list[PolicyProblem]]:
    """Return how many answers were compared, and a problem for each line that does not hold.

    A line about a role that the policy does not know is such a problem too: it would protect nothing.
    """
    known = answers.rules.roles()
    compared = 0
    problems: list[PolicyProblem] = []
    for expectation in expectations:
        mistakes = list(_unknown_roles(expectation, known))
        if not mistakes:
            count, told = _compare(answers, expectation)
            compared += count
            mistakes = [_failure(expectation, told)] if told else []
        problems += mistakes
    return compared, problems


def _unknown_roles(expectation: Expectation, known: frozenset[str]) -> Iterator[PolicyProblem]:
    if isinstance(expectation, ExpectedAnswer):
        cell, built_in = expectation.row.cells[1], EVERYONE
        named = list(words(cell.text))
    else:
        cell, built_in = expectation.row.cells[4], ANYONE
        named = list(words(cell.text))[1::3]  # `1 ROLE and 2 ROLE`
    for at, role in named:
        if role not in known and role != built_in:
            meant = did_you_mean(role, known | {built_in})
            place = (expectation.row.line, cell.column + at)
            end = "" if meant.endswith("?") else ";"
            help_text = f"{meant}{end} where a role was renamed or removed, do the same here"
            yield PolicyProblem(
                expectation.file, *place, Code.EXPECTATION, f"unknown role `{role}`", help_text
            )


def _failure(expectation: Expectation, told: str) -> PolicyProblem:
    place = (expectation.row.line, expectation.row.cells[-1].column)
    help_text = "change the policy, or the test if it no longer says what you want"
    return PolicyProblem(expectation.file, *place, Code.TEST, told, help_text)


def _compare(answers: Answers, expectation: Expectation) -> tuple[int, str]:
    """How many cases there are, and what to tell about the first that is otherwise; "" if all are right."""
    if isinstance(expectation, ExpectedAnswer):
        cases = list(_answer_cases(answers, expectation))
        wrong = [case for case in cases if not _answered(answers, expectation, case)]
        told = _told_answer(answers, expectation, wrong[0]) if wrong else ""
    else:
        cases = list(_approvals_cases(answers, expectation))
        wrong = [case for case in cases if not _required(answers, expectation, case)]
        told = _told_approvals(answers, expectation, wrong[0]) if wrong else ""
    more = len(wrong) - 1
    return len(cases), told + (f", and {more:,} more {'case' if more == 1 else 'cases'}" if more > 0 else "")


def _answered(answers: Answers, expected: ExpectedAnswer, case: Case) -> bool:
    roles = frozenset(expected.roles)
    return answers.allows(roles, case.account, expected.action, case.facts) == expected.allow


def _required(answers: Answers, expected: ExpectedApprovals, case: Case) -> bool:
    return set(answers.needed(case.account, case.facts)) == set(expected.needed)


def _answer_cases(answers: Answers, expected: ExpectedAnswer) -> Iterator[Case]:
    roles, action = frozenset(expected.roles), expected.action
    for account in _accounts(expected, (answers.place(one, action) for one in answers.places())):
        if action in ACCOUNT_WIDE:
            yield Case(account, NEUTRAL, None)
            continue
        # What the lines about these roles tell apart: the very classes that `allows` remembers by.
        for _, alike in answers.cell(roles, account, action).classes.members():
            for facts in _campaigns(expected, alike):
                yield Case(account, facts, alike)


def _campaigns(expected: ExpectedAnswer, alike: GrantClass) -> Iterator[Facts]:
    """The facts of this class that the line is about: as written, or examples where it says `any`."""
    relation = _relation(expected.relation, alike)
    if relation is not None:
        own, involved = relation
        for channel, status, audience in product(
            _either(expected.channel, alike.channels, Channel),
            _either(expected.status, alike.statuses, CampaignStatus),
            _audiences(expected.audience, alike),
        ):
            yield Facts(channel, status, own, involved, audience)


def _approvals_cases(answers: Answers, expected: ExpectedApprovals) -> Iterator[Case]:
    requirements, besides = answers.rules.requirements, _seen_by_matcher(answers)
    named = {line.account for line in requirements} if answers.remembers else answers.rules.accounts
    for account in _accounts(expected, (one if one in named else ELSEWHERE for one in answers.places())):
        lines = [line for line in requirements if in_scope(account, line.account)]
        for _, alike in Classes(lines, besides).members():
            for channel in _either(expected.channel, alike.channels, Channel):
                for audience in _audiences(expected.audience, alike):
                    yield Case(account, Facts(channel=channel, audience=audience), alike)


def _accounts(expectation: Expectation, different: Iterable[str]) -> Iterable[str]:
    """The account of the line, or each one that is different from the others."""
    return dict.fromkeys(different) if expectation.account == EVERYWHERE else (expectation.account,)


def _seen_by_matcher(answers: Answers) -> Distinctions:
    """What an edited matcher tells apart by itself, as it shows in an action that no line conditions."""
    unconditioned = answers.classes(ELSEWHERE, EXEMPTS).members()
    cuts = frozenset(alike.audience_from for _, alike in unconditioned)
    return Distinctions(channels=not answers.remembers, cuts=cuts)


def _either(wanted: T | None, members: frozenset[T], known: Iterable[T]) -> list[T]:
    """The wanted one, if it is in this class; the class's first, where any is wanted."""
    if wanted is None:
        return [one for one in known if one in members][:1]
    return [wanted] if wanted in members else []


def _relation(wanted: Relation | None, alike: GrantClass) -> Relation | None:
    """The same for relations; None also for a class that no person is in (own, but not involved)."""
    for own, involved in RELATIONS.values() if wanted is None else (wanted,):
        if alike.own in (None, own) and alike.involved in (None, involved):
            return own, involved
    return None


def _audiences(wanted: int | None, alike: GrantClass) -> list[int]:
    """The same for audiences, of which both ends of an interval are asked."""
    low, high = alike.audience_from, alike.audience_to
    if wanted is None:
        return [low] if high in (None, low + 1) else [low, high - 1]
    return [wanted] if low <= wanted and (high is None or wanted < high) else []


def _told_answer(answers: Answers, expected: ExpectedAnswer, case: Case) -> str:
    wanted, got = ("allow", "deny") if expected.allow else ("deny", "allow")
    who = " and ".join(expected.roles) or "a member without a role"
    reasons = explain(answers, frozenset(expected.roles), case.account, expected.action, case.facts)
    return f"expected {wanted} for {who}{_situation(expected, case)}, got {got}: {_because(reasons)}"


def _because(reasons: tuple[Reason, ...]) -> str:
    """The deciding reason; a conflict is decided by all of them together."""
    if reasons[0].code == DUTIES_CONFLICT:
        return "nobody may both make and decide: " + ", ".join(_with_source(one) for one in reasons)
    return _with_source(reasons[0])


def _with_source(reason: Reason) -> str:
    return f"{reason.message} ({reason.source})" if reason.source else reason.message


def _told_approvals(answers: Answers, expected: ExpectedApprovals, case: Case) -> str:
    wanted = " and ".join(f"{count} {role}" for role, count in expected.needed)
    got = " and ".join(
        f"{count} {role} ({_required_by(answers, case, role, count)})"
        for role, count in answers.needed(case.account, case.facts)
    )
    return f"expected {wanted}{_situation(expected, case)}, got {got}"


def _required_by(answers: Answers, case: Case, role: str, count: int) -> str:
    for line in answers.rules.requirements:
        says_so = (line.approver, line.approvals) == (role, count) and in_scope(case.account, line.account)
        if says_so and answers.judge.requires(line, case.account, case.facts):
            return f"policy.csv:{line.row.line}"
    return "no `p2` line fits"


def _situation(expectation: Expectation, case: Case) -> str:
    """Where the case is: what the line fixes, and what else makes a difference."""
    where = "" if case.account == ELSEWHERE else f" in {case.account}"
    alike, facts = case.alike, case.facts
    if alike is None:
        return where
    if facts.channel is not None and (expectation.channel or len(alike.channels) < len(Channel)):
        where += f" on {facts.channel.lower()}"
    details: list[str] = []
    if expectation.audience is not None or alike.audience_from or alike.audience_to is not None:
        details.append(f"audience {facts.audience:,}")
    if isinstance(expectation, ExpectedAnswer):
        if facts.status is not None and (expectation.status or len(alike.statuses) < len(CampaignStatus)):
            details.append(facts.status.lower())
        details.append(_RELATION_WORDS[expectation.relation or (alike.own, alike.involved)])
    return ", ".join([where, *filter(None, details)])
