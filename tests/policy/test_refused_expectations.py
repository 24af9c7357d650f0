"""One broken policy test a mistake, with the exact message an admin reads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gql_approvals.policy import Policy, read_policy
from gql_approvals.policy.expectations import check_expectations, read_expectations
from gql_approvals.policy.problem import Severity

from .conftest import NOW

FINE = "expect, admin, *, edit, any, any, any, any, deny\n"
EXPECT = "(roles, account, action, channel, audience, status, relation, result)"
ACCOUNT_WIDE = "[expectation] `view_audit` is about the account, not about one campaign"

# the text of the file, then every message behind the file's name
MISTAKES = {
    "kind": (
        "expects, admin, *, edit, any, any, any, any, deny",
        ["1:1: [kind] unknown kind of line `expects`: did you mean `expect`?"],
    ),
    "line of a policy": (
        "p, admin, *, edit, any, always, allow",
        ["1:1: [kind] unknown kind of line `p`: it is one of `approvals`, `expect`"],
    ),
    "no kind": (
        ", admin, *, edit, any, any, any, any, deny",
        ["1:1: [kind] the line starts with an empty column: it is one of `approvals`, `expect`"],
    ),
    "too few columns": (
        "expect, admin, *, edit, any, any, any, deny",
        [f"1:44: [columns] an `expect` line has 8 columns {EXPECT}, this one has 7: `result` is missing"],
    ),
    "too many columns": (
        "expect, admin, *, edit, any, any, any, any, deny, really",
        [
            (
                f"1:51: [columns] an `expect` line has 8 columns {EXPECT}, this one has 9: "
                "there is one comma too many, or several"
            )
        ],
    ),
    "approvals without an audience": (
        "approvals, acme, sms, 1 admin",
        [
            (
                "1:30: [columns] an `approvals` line has 4 columns (account, channel, audience, needed), "
                "this one has 3: `needed` is missing"
            )
        ],
    ),
    "empty column": (
        "expect, , *, edit, any, any, any, any, deny",
        ["1:9: [blank] the column `roles` is empty"],
    ),
    "semicolons": (
        "expect; admin; *; edit; any; any; any; any; deny",
        [
            (
                "1:1: [separator] columns are separated by `;`: use commas; "
                'in Excel, save as "CSV UTF-8 (comma delimited)"'
            )
        ],
    ),
    "open quote": (
        'expect, "admin, *, edit, any, any, any, any, deny',
        ["1:9: [quote] a quote is not closed: no column needs quotes: remove them"],
    ),
    "role name": (
        "expect, admin b@d, *, edit, any, any, any, any, deny",
        ["1:15: [role] `b@d` is no role name: use letters, digits, `_` and `-`"],
    ),
    "everyone and a role": (
        "expect, admin everyone, *, edit, any, any, any, any, deny",
        ["1:15: [role] `everyone` stands alone: it is a member without a role: leave the others out"],
    ),
    "anyone in place of everyone": (
        "expect, anyone, *, edit, any, any, any, any, deny",
        ["1:9: [role] unknown role `anyone`: did you mean `everyone`?"],
    ),
    "role twice": (
        "expect, admin member admin, *, edit, any, any, any, any, deny",
        ["1:22: [role] `admin` is named twice: name each role once"],
    ),
    "account": (
        "expect, admin, any one, edit, any, any, any, any, deny",
        ["1:16: [account] `any one` is no account: write an account's short name, or `*` for every account"],
    ),
    "action": (
        "expect, admin, *, aprove, any, any, any, any, deny",
        ["1:19: [action] unknown action `aprove`: did you mean `approve`?"],
    ),
    "channel": (
        "expect, admin, *, edit, emial, any, any, any, deny",
        ["1:25: [channel] unknown channel `emial`: did you mean `email`?"],
    ),
    "two channels": (
        "expect, admin, *, edit, sms email, any, any, any, deny",
        ["1:25: [channel] `sms email` is more than one channel: write a line for each, or `any`"],
    ),
    "audience": (
        "expect, admin, *, edit, any, <= 50k, any, any, deny",
        ["1:30: [number] `<= 50k` is no number: write `any`, or 50000, 50_000, 50k or 2m"],
    ),
    "status": (
        "expect, admin, *, edit, any, any, pending, any, deny",
        ["1:35: [expectation] unknown status `pending`: did you mean `pending_review`?"],
    ),
    "relation": (
        "expect, admin, *, edit, any, any, any, owns, deny",
        ["1:40: [expectation] unknown relation `owns`: did you mean `own`?"],
    ),
    "result": (
        "expect, admin, *, edit, any, any, any, any, denied",
        ["1:45: [expectation] unknown result `denied`: did you mean `deny`?"],
    ),
    "several mistakes in one line": (
        "expect, admin, *, edti, any, any, any, any, no",
        [
            "1:19: [action] unknown action `edti`: did you mean `edit`?",
            "1:45: [expectation] unknown result `no`: it is one of `allow`, `deny`",
        ],
    ),
    "a campaign where the account is meant": (
        "expect, admin, *, view_audit, sms, 50k, draft, own, deny",
        [
            f"1:31: {ACCOUNT_WIDE}: channel must be `any`",
            f"1:36: {ACCOUNT_WIDE}: audience must be `any`",
            f"1:41: {ACCOUNT_WIDE}: status must be `any`",
            f"1:48: {ACCOUNT_WIDE}: relation must be `any`",
        ],
    ),
    "no approval": (
        "approvals, *, any, any, 0 admin",
        [
            (
                "1:25: [number] `0` is no whole number from 1 to 999: "
                "a campaign always needs at least one approval"
            )
        ],
    ),
    "role before the number": (
        "approvals, *, any, any, admin 1",
        ["1:25: [number] `admin` is no whole number from 1 to 999"],
    ),
    "number without a role": (
        "approvals, *, any, any, 1 admin and 2",
        ["1:38: [expectation] expected a role after `2` at the end: write how many of whom"],
    ),
    "nothing behind and": (
        "approvals, *, any, any, 1 admin and",
        ["1:36: [expectation] expected a number at the end: write how many of whom"],
    ),
    "or between approvals": (
        "approvals, *, any, any, 1 admin or 2 member",
        ["1:33: [expectation] expected `and`, found `or`: write `2 anyone`, or join several with `and`"],
    ),
    "approver twice": (
        "approvals, *, any, any, 1 admin and 2 admin",
        ["1:39: [role] `admin` is named twice: name each role once"],
    ),
    "approver's name": (
        "approvals, *, any, any, 1 anyone and 2 b@d",
        ["1:40: [role] `b@d` is no role name: use letters, digits, `_` and `-`"],
    ),
    "everyone in place of anyone": (
        "approvals, *, any, any, 1 everyone",
        ["1:27: [role] unknown role `everyone`: did you mean `anyone`?"],
    ),
    "mistakes in several lines": (
        f"# two\nexpect\n\n{FINE}tests, admin\n",
        [
            f"2:7: [columns] an `expect` line has 8 columns {EXPECT}, this one has 0: `roles` is missing",
            "5:1: [kind] unknown kind of line `tests`: it is one of `approvals`, `expect`",
        ],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_test_with_this_mistake_is_refused_with_its_place_and_the_way_out(name: str):
    text, expected = MISTAKES[name]
    expectations, problems = read_expectations(text, "policies/tests/own.csv")
    assert [problem.text for problem in problems] == [f"policies/tests/own.csv:{one}" for one in expected]
    assert {problem.severity for problem in problems} == {Severity.ERROR}
    assert len(expectations) == text.count(FINE)


KNOWN = "it is one of `admin`, `everyone`, `member`"
UNKNOWN = "where a role was renamed or removed, do the same here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "expect, admin membr, *, edit, any, any, any, any, deny",
            [f"1:15: [expectation] unknown role `membr`: did you mean `member`? {UNKNOWN}"],
        ),
        (
            "approvals, *, any, any, 1 anyone and 2 admni",
            [f"1:40: [expectation] unknown role `admni`: did you mean `admin`? {UNKNOWN}"],
        ),
        (
            "expect, boss x, *, edit, any, any, any, any, deny",
            [
                f"1:9: [expectation] unknown role `boss`: {KNOWN}; {UNKNOWN}",
                f"1:14: [expectation] unknown role `x`: {KNOWN}; {UNKNOWN}",
            ],
        ),
    ],
)
def test_a_role_that_the_policy_does_not_know_is_a_mistake_in_the_test(
    load: Callable[..., Policy], text: str, expected: list[str]
):
    expectations, mistakes = read_expectations(text, "own.csv")
    assert mistakes == []
    compared, problems = check_expectations(load().answers, expectations)
    assert compared == 0
    assert [problem.text for problem in problems] == [f"own.csv:{one}" for one in expected]


def test_a_role_of_another_account_is_known(load: Callable[..., Policy]):
    policy = load("g, writer, member, acme\np, writer, acme, edit, any, always, allow\n")
    expectations, _ = read_expectations("expect, writer, globex, edit, any, any, any, any, deny", "own.csv")
    assert check_expectations(policy.answers, expectations) == (1, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n# nothing but a comment\n",
        ",,,,,,,,\n",
        "expect,admin,*,edit,any,any,any,any,deny # nobody edits\n",
        '"expect","admin","*","edit","any","any","any","any","deny"\n',
        "expect,admin,*,edit,any,any,any,any,deny,,,\n",
    ],
)
def test_what_spreadsheets_do_to_a_test_is_accepted_without_a_warning(text: str):
    expectations, problems = read_expectations(text, "own.csv")
    assert problems == []
    assert len(expectations) == text.count("admin")


@pytest.mark.parametrize("name", ["a.csv", "b c.csv"])
def test_a_folder_with_a_broken_or_failing_test_is_refused(folder: Callable[..., Path], name: str):
    place = folder()
    (place / "tests").mkdir()
    file = place / "tests" / name
    file.write_bytes(b"\xef\xbb\xbf# as Excel writes it\r\n\r\n" + FINE.replace("\n", "\r\n").encode())
    policy, problems = read_policy(place, now=NOW)
    assert policy is not None
    assert {problem.severity for problem in problems} <= {Severity.WARNING}

    for text, code in (
        (FINE.replace("deny", "alow"), "expectation"),
        (FINE.replace("deny", "allow"), "test"),
    ):
        file.write_text(text)
        policy, problems = read_policy(place, now=NOW)
        assert policy is None
        assert [(problem.file, problem.line, problem.column, problem.code) for problem in problems] == [
            (f"policies/tests/{name}", 1, 45, code)
        ]
