"""Policy tests: what a line asks, what a failing one tells, and what the shipped ones let pass."""

import re
import time
from collections.abc import Callable
from itertools import product

import pytest

from gql_approvals.policy import Facts, Policy
from gql_approvals.policy.engine import examine
from gql_approvals.policy.expectations import check_expectations, read_expectations
from gql_approvals.policy.expected import RELATIONS
from gql_approvals.policy.files import PolicyFiles, SourceFile
from gql_approvals.policy.problem import PolicyProblem, Severity
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

from .conftest import BASE, NOW, SHIPPED
from .large import large_policy

MODEL = (SHIPPED / "model.conf").read_text()
POLICY = (SHIPPED / "policy.csv").read_text()
LAWS = (SHIPPED / "tests" / "laws.csv").read_text()
NEXT = BASE.count("\n") + 1  # the line behind the base lines
MEND = ": change the policy, or the test if it no longer says what you want"


def check(policy: Policy, text: str) -> tuple[int, list[str]]:
    """How many answers were compared, and the message of each line that does not hold."""
    expectations, mistakes = read_expectations(text, "t.csv")
    assert mistakes == []
    compared, problems = check_expectations(policy.answers, expectations)
    return compared, [problem.message for problem in problems]


def under_the_laws(policy: str) -> tuple[Policy | None, list[PolicyProblem]]:
    """Load a policy's text with the shipped tests; the problems are the errors."""
    files = PolicyFiles(
        SourceFile("model.conf", MODEL),
        SourceFile("policy.csv", policy),
        (SourceFile("laws.csv", LAWS),),
    )
    loaded, problems = examine(files, now=NOW)
    return loaded, [problem for problem in problems if problem.severity is Severity.ERROR]


# ---------------------------------------------------------------- what a line asks


@pytest.mark.parametrize(
    ("line", "compared"),
    [
        # nothing tells campaigns apart: one case an account
        ("expect, maker, globex, edit, any, any, any, any, allow", 1),
        ("expect, maker, *, view_audit, any, any, any, any, deny", 2),
        # involved or not; here, and in acme
        ("expect, maker, globex, withdraw, any, any, any, involved, allow", 1),
        ("expect, maker, globex, withdraw, any, any, any, own, allow", 1),
        ("expect, maker, globex, withdraw, any, any, any, none, deny", 1),
        # on e-mail or elsewhere, own or not
        ("expect, intern, acme, edit, email, any, any, own, allow", 1),
        ("expect, intern, acme, edit, any, any, any, involved, deny", 2),
        ("expect, intern, acme, edit, sms, any, any, any, deny", 2),
        # both ends of 0-50,000, and 50,001
        ("expect, text_approver, acme, approve, sms, 50k, pending_review, none, allow", 1),
        ("expect, text_approver, acme, approve, whatsapp, 50_001, any, any, deny", 1),
        ("expect, text_approver, acme, approve, email, any, any, any, deny", 3),
        ("expect, text_approver, globex, approve, sms, 1, any, any, deny", 1),
        # several roles of one person, in any order; nobody both makes and decides
        ("expect, maker checker, *, approve, any, any, any, any, deny", 2),
        ("expect, auditor intern, acme, create, email, any, any, any, allow", 1),
        ("expect, everyone, *, view, any, any, any, any, allow", 2),
        # both ends of 0-99,999, and 100,000
        ("approvals, globex, any, any, 1 anyone", 1),
        ("approvals, acme, sms, 99_999, 1 anyone", 1),
        ("approvals, acme, any, 100k, 1 legal_reviewer and 1 anyone and 1 checker", 1),
    ],
)
def test_a_line_that_holds_compares_one_case_of_each_class(shipped: Policy, line: str, compared: int | None):
    if compared is None:  # on e-mail only `own` is allowed, elsewhere nothing
        assert check(shipped, line)[1] == []
    else:
        assert check(shipped, line) == (compared, [])


def test_accounts_without_requirements_of_their_own_are_asked_once(load: Callable[..., Policy]):
    policy = load("p, member, globex, publish, any, always, allow\np2, acme, any, always, 1, anyone\n")
    assert check(policy, "approvals, *, any, any, 1 anyone") == (2, [])


EXCEPTIONS = """\
p, member, acme, publish, email sms, audience > 50k and audience <= 80k, allow
p, member, acme, publish, whatsapp, own and status is draft or approved, allow
p, member, acme, publish, onsite, not involved, allow
p, everyone, acme, publish, sms, status is sent, deny
"""
SIZES = (0, 50_000, 50_001, 80_000, 80_001, 10**9)


def test_any_fails_when_one_campaign_of_all_is_an_exception(load: Callable[..., Policy]):
    policy = load(EXCEPTIONS)
    words = {relation: word for word, relation in RELATIONS.items()}
    answers = {
        (channel.lower(), str(size), status.lower(), words[relation]): policy.allows(
            frozenset({"member"}), "acme", Permission.PUBLISH, Facts(channel, status, *relation, size)
        )
        for channel, size, status, relation in product(Channel, SIZES, CampaignStatus, RELATIONS.values())
    }
    outcomes: set[tuple[bool, bool]] = set()
    for fixed in product(
        ("any", "sms", "whatsapp"), ("any", "50000", "50001"), ("any", "draft"), ("any", *RELATIONS)
    ):
        results = {
            answer
            for campaign, answer in answers.items()
            if all(wanted in ("any", word) for wanted, word in zip(fixed, campaign, strict=True))
        }
        tests = [
            f"expect, member, acme, publish, {', '.join(fixed)}, {result}" for result in ("allow", "deny")
        ]
        allow_fails, deny_fails = (bool(check(policy, test)[1]) for test in tests)
        assert (allow_fails, deny_fails) == (False in results, True in results), fixed
        outcomes.add((allow_fails, deny_fails))
    assert len(outcomes) == 3


# ---------------------------------------------------------------- what a failing line tells


@pytest.mark.parametrize(
    ("policy", "test", "told"),
    [
        (
            "p, member, acme, publish, sms, audience > 50k and status is approved and not involved, allow",
            "expect, member, acme, publish, any, any, any, any, deny",
            (
                "expected deny for member in acme on sms, audience 50,001, approved, not "
                "involved, got allow: "
                "role `member` may publish on sms when audience > 50k and status is approved and "
                "not involved "
                f"(policy.csv:{NEXT})"
            ),
        ),
        (
            "p, member, acme, publish, any, audience < 50k, allow",
            "expect, admin, *, publish, any, any, any, any, allow",
            "expected allow for admin, got deny: no rule allows `admin` to publish, and 1 more case",
        ),
        (
            "p, everyone, acme, comment, any, own, deny",
            "expect, member, acme, comment, any, any, any, any, allow",
            (
                "expected allow for member in acme, own, got deny: role `everyone` may not comment when own "
                f"(policy.csv:{NEXT})"
            ),
        ),
        (
            "p, member, acme, publish, any, not own, allow",
            "expect, member, acme, publish, any, any, any, any, deny",
            (
                "expected deny for member in acme, not own, got allow: role `member` may publish "
                "when not own "
                f"(policy.csv:{NEXT})"
            ),
        ),
        (
            "p, member, acme, publish, any, involved, allow",
            "expect, member, acme, publish, onsite, 7, draft, any, deny",
            (
                "expected deny for member in acme on onsite, audience 7, draft, involved, got allow: "
                f"role `member` may publish when involved (policy.csv:{NEXT})"
            ),
        ),
        (
            "p, member, acme, view_audit, any, always, allow",
            "expect, member, *, view_audit, any, any, any, any, deny",
            f"expected deny for member in acme, got allow: role `member` may view_audit (policy.csv:{NEXT})",
        ),
        (
            "p, member, acme, publish, any, own, allow",
            "expect, everyone, acme, publish, email, any, any, own, allow",
            (
                "expected allow for a member without a role in acme on email, own, got deny: no rule allows "
                "a member without a role to publish; that takes the role `member`"
            ),
        ),
        (
            (
                "g, writer, member, *\np, writer, *, submit, any, always, allow\n"
                "g, judge, member, *\np, judge, *, reject, any, always, allow"
            ),
            "expect, judge writer, acme, submit, any, any, any, any, allow",
            (
                "expected allow for judge and writer in acme, got deny: nobody may both make and decide: "
                f"role `writer` may submit (policy.csv:{NEXT + 1}), "
                f"role `judge` may reject (policy.csv:{NEXT + 3})"
            ),
        ),
        (
            "p2, acme, sms, audience >= 100k, 2, admin",
            "approvals, *, any, any, 1 anyone",
            "expected 1 anyone in acme on sms, audience 100,000, got 2 admin (policy.csv:7)",
        ),
        (
            "p2, acme, sms, audience < 100k, 2, admin",
            "approvals, acme, any, any, 2 admin and 1 anyone",
            (
                "expected 2 admin and 1 anyone in acme on email, audience 0, got 1 anyone (no "
                "`p2` line fits), "
                "and 5 more cases"
            ),
        ),
    ],
)
def test_a_failing_line_tells_one_case_and_what_decided_it(
    load: Callable[..., Policy], policy: str, test: str, told: str
):
    assert check(load(policy + "\n"), test)[1] == [told]


def test_a_failing_line_is_one_error_at_its_result(load: Callable[..., Policy]):
    text = "# a comment\n\nexpect, member, *, comment, any, any, any, any,   deny\n"
    expectations, _ = read_expectations(text, "policies/tests/own.csv")
    _, (problem,) = check_expectations(load().answers, expectations)
    assert problem.text == (
        "policies/tests/own.csv:3:51: [test] expected deny for member, got allow: "
        f"role `member` may comment (policy.csv:6){MEND}"
    )
    assert problem.severity is Severity.ERROR


def test_what_an_edited_matcher_looks_at_is_tried_too(load: Callable[..., Policy]):
    model = MODEL.replace("m = r.act", "m = (r.obj.audience < 1000 || r.act != 'comment') && r.act").replace(
        "m2 = in", "m2 = r2.obj.audience >= 500 && in"
    )
    policy = load("p2, *, any, always, 1, admin\n", model)
    assert not policy.answers.remembers
    compared, (answer, approvals) = check(
        policy,
        "expect, member, acme, comment, any, any, any, any, allow\napprovals, acme, sms, any, 1 admin\n"
        "expect, member, acme, comment, any, 999, any, any, allow\napprovals, acme, sms, 500, 1 admin\n",
    )
    assert answer.startswith("expected allow for member in acme, audience 1,000, got deny")
    assert approvals == (
        "expected 1 admin in acme on sms, audience 0, got 1 anyone (no `p2` line fits), and 1 more case"
    )
    assert compared > 4


# ---------------------------------------------------------------- the shipped tests


def test_the_shipped_tests_name_no_number_and_no_example_role():
    rules = "\n".join(line for line in LAWS.splitlines() if not line.startswith("#"))
    assert re.findall(r"\d", rules) == []
    assert set(re.findall(r"^expect, (\w+), *(\S+),", rules, re.MULTILINE)) == {
        ("everyone", "*"),
        ("maker", "*"),
        ("checker", "*"),
    }


def test_the_examples_in_the_shipped_tests_are_true(shipped: Policy):
    examples = re.findall(r"^#   ((?:expect|approvals), +\S.*)$", LAWS, re.MULTILINE)
    examples = [line for line in examples if line.count(",") in {4, 8} and "ACCOUNT" not in line]
    assert len(examples) == 8
    compared, failures = check(shipped, "\n".join(examples))
    assert (compared > 8, failures) == (True, [])


def edited(*changes: tuple[str, str]) -> str:
    """The shipped policy with some text replaced; of a line's columns the spaces do not matter."""
    text = re.sub(r" *, +", ", ", POLICY)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def without(*starts: str) -> str:
    """The shipped policy without the lines that start so."""
    lines = edited().splitlines()
    kept = [line for line in lines if not line.startswith(starts)]
    assert len(kept) < len(lines)
    return "\n".join(kept) + "\n"


def paused(role: str) -> str:
    """The shipped policy with nothing made in acme by holders of the role."""
    actions = ("create", "edit", "duplicate", "submit")
    return edited() + "".join(f"p, {role}, acme, {action}, any, always, deny\n" for action in actions)


SENSIBLE = {
    "a higher limit": edited(("50k", "60k")),
    "a lower requirement": edited(("100k", "20k")),
    "no example role": without(
        "g, text", "p, text", "g, int", "p, int", "g, legal", "p, legal", "g, aud", "p, aud", "p2, acme"
    ),
    "an example role renamed": edited(("text_approver", "messenger")),
    "no aliases": without("g, creator", "g, approver"),
    "no delivery": without("p, delivery"),
    "two approvals of large campaigns": edited() + "p2, *, any, audience >= 1m, 2, checker\n",
    "a role of one's own": edited()
    + "g, sms_writer, viewer, globex\np, sms_writer, globex, create, sms, always, allow\n"
    + "p, sms_writer, globex, submit, sms, own, allow\n",
    "no whatsapp for makers": edited() + "p, maker, *, create, whatsapp, always, deny\n",
    "makers edit what is theirs": edited(
        ("p, maker, *, edit, any, always", "p, maker, *, edit, any, involved")
    ),
    "makers do not publish": without("p, maker, *, publish"),
    "checkers decide on small campaigns": edited()
    + "p, checker, globex, approve, any, audience > 1m, deny\n",
    "admins do not decide": without("p, admin, *, approve", "p, admin, *, reject"),
    "everyone comments, stops, and reads the rules": edited()
    + "p, everyone, *, comment, any, always, allow\np, everyone, *, revoke, any, always, allow\n"
    + "p, everyone, *, view_policy, any, always, allow\np, everyone, *, view_audit, any, always, allow\n",
    "checkers look after members": edited() + "p, checker, acme, manage_members, any, always, allow\n",
    "only lawyers decide in one account": edited(("p2, acme, any, audience >= 100k, 1, checker\n", ""))
    + "p, checker, acme, approve, any, always, deny\np, checker, acme, reject, any, always, deny\n",
    "makers pause in one account": paused("maker"),
    "one account is closed": paused("everyone") + "p, everyone, acme, publish, any, always, deny\n",
}


@pytest.mark.parametrize("name", SENSIBLE)
@pytest.mark.sampled
def test_a_sensible_edit_is_not_refused(name: str):
    assert SENSIBLE[name] != edited()
    policy, errors = under_the_laws(SENSIBLE[name])
    assert [error.text for error in errors] == []
    assert policy is not None


# what is appended; the first words of every error, where the last line of the shipped file is 0
DANGEROUS = {
    "makers may approve and switch approvals off": (
        (
            "p, maker, *, approve, sms, audience < 1k, allow\n"
            "p, maker, *, manage_approvals, any, always, allow\n"
        ),
        [
            (
                "expected deny for maker on sms, audience 0, got allow: role `maker` may approve on sms when "
                "audience < 1k (policy.csv:1), and 3 more cases"
            ),
            (
                "expected deny for maker, got allow: role `maker` may manage_approvals (policy.csv:2), "
                "and 1 more case"
            ),
        ],
    ),
    "checkers may edit and switch approvals off in one account": (
        (
            "p, checker, acme, edit, email, always, allow\n"
            "p, checker, acme, manage_approvals, any, always, allow\n"
        ),
        [
            (
                "expected deny for checker in acme on email, got allow: role `checker` may edit on email "
                "(policy.csv:1)"
            ),
            (
                "expected deny for checker in acme, got allow: role `checker` may "
                "manage_approvals (policy.csv:2)"
            ),
        ],
    ),
    "makers may appoint checkers": (
        "p, maker, *, manage_members, any, always, allow\n",
        [
            (
                "expected deny for maker, got allow: role `maker` may manage_members (policy.csv:1), "
                "and 1 more case"
            ),
        ],
    ),
    "everyone may publish something": (
        "p, everyone, acme, publish, onsite, own and audience < 5, allow\n",
        [
            (
                "expected deny for a member without a role in acme on onsite, audience 0, own, got allow: "
                "role `everyone` may publish on onsite when own and audience < 5 (policy.csv:1), "
                "and 1 more case"
            ),
        ],
    ),
    "everyone may hand out roles": (
        "p, everyone, acme, manage_members, any, always, allow\n",
        [
            (
                "expected deny for a member without a role in acme, got allow: role `everyone` may "
                "manage_members (policy.csv:1)"
            ),
            "expected deny for maker in acme, got allow: role `everyone` may manage_members (policy.csv:1)",
        ],
    ),
    "everyone may submit and switch approvals off": (
        (
            "p, everyone, globex, submit, any, own, allow\n"
            "p, everyone, globex, manage_approvals, any, always, allow\n"
        ),
        [
            (
                "expected deny for a member without a role in globex, own, got allow: role "
                "`everyone` may submit "
                "when own (policy.csv:1)"
            ),
            (
                "expected deny for a member without a role in globex, got allow: role `everyone` may "
                "manage_approvals (policy.csv:2)"
            ),
            (
                "expected deny for maker in globex, got allow: role `everyone` may manage_approvals "
                "(policy.csv:2)"
            ),
            (
                "expected deny for checker in globex, own, got allow: role `everyone` may submit when own "
                "(policy.csv:1)"
            ),
            (
                "expected deny for checker in globex, got allow: role `everyone` may manage_approvals "
                "(policy.csv:2)"
            ),
        ],
    ),
    "checkers do not see drafts": (
        "p, checker, *, view, any, status is draft, deny\n",
        [
            (
                "expected allow for checker, draft, got deny: role `checker` may not view when "
                "status is draft "
                "(policy.csv:1), and 1 more case"
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_dangerous_edit_is_refused_with_a_counter_example(name: str):
    text, expected = DANGEROUS[name]
    policy, errors = under_the_laws(POLICY + text)
    assert policy is None
    assert {error.code for error in errors} == {"test"}
    last = POLICY.count("\n")
    placed = [
        re.sub(r"policy\.csv:(\d)", lambda at: f"policy.csv:{last + int(at[1])}", one) for one in expected
    ]
    assert [error.message for error in errors] == placed


@pytest.mark.parametrize(
    "line",
    [
        "p, checker, *, edit, any, always, allow",
        "p, maker, *, approve, any, always, allow",
        "p, everyone, *, submit, any, always, allow",
    ],
)
def test_a_role_on_both_sides_is_refused_before_any_test_is_run(line: str):
    policy, errors = under_the_laws(f"{POLICY}{line}\n")
    assert policy is None
    assert "duties" in {error.code for error in errors}
    assert "test" not in {error.code for error in errors}


def test_a_maker_who_inherits_everything_is_refused():
    policy, errors = under_the_laws(edited(("g, maker, viewer", "g, maker, admin")))
    assert policy is None
    assert [error.message.split(" (")[0] for error in errors] == [
        f"expected deny for maker, got allow: role `admin` may {action}"
        for action in ("approve", "reject", "manage_approvals", "manage_members")
    ]


def test_a_renamed_maker_is_renamed_in_the_tests_too():
    policy, errors = under_the_laws(re.sub(r"\bmaker\b", "author", POLICY))
    assert policy is None
    assert {error.code for error in errors} == {"expectation"}
    assert errors[0].message == "unknown role `maker`"
    assert errors[0].help is not None
    assert errors[0].help.endswith("where a role was renamed or removed, do the same here")


@pytest.mark.slow
def test_the_shipped_tests_cost_little_even_on_a_thousand_lines():
    for text, most_ms, accounts in ((POLICY, 20, 1), (large_policy(1000), 300, 64)):
        policy, errors = under_the_laws(text)
        assert errors == []
        assert policy is not None
        assert len(policy.answers.rules.accounts) == accounts
        asked = policy.answers.judge.asked
        started = time.process_time()
        compared, failures = check(policy, LAWS)
        took_ms = (time.process_time() - started) * 1000
        assert failures == []
        assert compared > 20 * (1 + accounts) * 0.9
        assert policy.answers.judge.asked == asked  # all is remembered from the check of the file
        assert took_ms <= most_ms
