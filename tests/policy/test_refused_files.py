"""One broken file a mistake, with the exact message an admin reads."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gql_approvals.errors import BadPolicy
from gql_approvals.policy import Policy, read_policy
from gql_approvals.policy.problem import Severity

from .conftest import BASE, NOW, SHIPPED

FIRST = BASE.count("\n") + 1  # the line that the broken text starts in
MODEL = (SHIPPED / "model.conf").read_text()

# the text behind the base lines, then every message, its line counted from that text's first line
MISTAKES = {
    "unknown kind of line": (
        "P, admin, *, view, any, always, allow",
        ["1:1: [kind] unknown kind of line `P`: did you mean `p`?"],
    ),
    "line that starts with a comma": (
        ", admin, *, view, any, always, allow",
        ["1:1: [kind] the line starts with an empty column: it is one of `g`, `p`, `p2`"],
    ),
    "too few columns": (
        "p, admin, *, view, any, always",
        [
            (
                "1:31: [columns] a `p` line has 6 columns (role, account, action, channels, when, effect), "
                "this one has 5: `effect` is missing"
            )
        ],
    ),
    "too many columns": (
        "g, admin, member, *, allow",
        [
            (
                "1:22: [columns] a `g` line has 3 columns (role, inherits from, account), this one has 4: "
                "there is one comma too many, or several"
            )
        ],
    ),
    "empty column": ("p, admin, *, , any, always, allow", ["1:14: [blank] the column `action` is empty"]),
    "semicolons": (
        "p; admin; *; view; any; always; allow\np; admin; *; edit; any; always; allow",
        [
            (
                "1:1: [separator] columns are separated by `;` (and in 1 more line): use commas; "
                'in Excel, save as "CSV UTF-8 (comma delimited)"'
            )
        ],
    ),
    "tabs": (
        "p\tadmin\t*\tview\tany\talways\tallow",
        [
            (
                '1:1: [separator] columns are separated by tabs: use commas; in Excel, save as "CSV UTF-8 '
                '(comma delimited)"'
            )
        ],
    ),
    "open quote": (
        'p, admin, *, "view, any, always, allow',
        ["1:14: [quote] a quote is not closed: no column needs quotes: remove them"],
    ),
    "text behind a quote": (
        'p, admin, *, "view"s, any, always, allow',
        ["1:20: [quote] there is text behind the closing quote: no column needs quotes: remove them"],
    ),
    "role name with a space": (
        "p, big boss, *, view, any, always, allow",
        ["1:4: [role] `big boss` is no role name: use letters, digits, `_` and `-`"],
    ),
    "misspelt role": (
        "p, memberr, *, view, any, always, allow",
        [
            (
                "1:4: [role] unknown role `memberr`: did you mean `member`? a new role is declared by a "
                "`g, memberr, ...` line"
            )
        ],
    ),
    "unknown parent": (
        "g, boss, admn, *",
        ["1:10: [role] unknown role `admn`: did you mean `admin`?"],
    ),
    "unknown approver": (
        "p2, *, any, always, 1, admni",
        ["1:24: [role] unknown role `admni`: did you mean `admin`?"],
    ),
    "anyone in place of everyone": (
        "p, anyone, *, comment, any, always, allow",
        ["1:4: [role] unknown role `anyone`: did you mean `everyone`?"],
    ),
    "everyone who inherits": (
        "g, everyone, member, *",
        [
            "1:4: [role] `everyone` takes no part in inheritance: write `p, everyone, ...` lines instead",
        ],
    ),
    "malformed account": (
        "p, admin, ac*, view, any, always, allow",
        [
            "1:11: [account] `ac*` is no account: write an account's short name, or `*` for every account",
        ],
    ),
    "unknown action": (
        "p, admin, *, craete, any, always, allow",
        ["1:14: [action] unknown action `craete`: did you mean `create`?"],
    ),
    "unknown channel": (
        "p, admin, *, edit, sms emial, always, allow",
        ["1:24: [channel] unknown channel `emial`: did you mean `email`?"],
    ),
    "any and a channel": (
        "p, admin, *, edit, sms any, always, allow",
        ["1:24: [channel] `any` stands alone: leave the others out"],
    ),
    "channel named twice": (
        "p, admin, *, edit, sms sms, always, allow",
        ["1:24: [channel] `sms` is named twice"],
    ),
    "unknown effect": (
        "p, admin, *, edit, any, always, Deny",
        ["1:33: [effect] unknown effect `Deny`: did you mean `deny`?"],
    ),
    "several mistakes in one line": (
        "p, admin, *, craete, emial, owned, alow",
        [
            "1:14: [action] unknown action `craete`: did you mean `create`?",
            "1:22: [channel] unknown channel `emial`: did you mean `email`?",
            "1:29: [when] unknown condition `owned`: did you mean `own`?",
            "1:36: [effect] unknown effect `alow`: did you mean `allow`?",
        ],
    ),
    "unknown status": (
        "p, admin, *, edit, any, status is draft or pending, allow",
        ["1:44: [when] unknown status `pending`: did you mean `pending_review`?"],
    ),
    "malformed number": (
        "p, admin, *, edit, any, audience <= lots, allow",
        ["1:37: [when] expected a number after `<=`, found `lots`: write 50000, 50_000, 50k or 2m"],
    ),
    "number with commas in quotes": (
        'p, admin, *, edit, any, "audience <= 50,000", allow',
        ["1:38: [when] expected a number after `<=`, found `50,000`: write 50000, 50_000, 50k or 2m"],
    ),
    "equals sign": (
        "p, admin, *, edit, any, audience = 5, allow",
        ["1:34: [when] expected `<=`, `<`, `>=` or `>` after `audience`, found `=`"],
    ),
    "or between conditions": (
        "p, admin, *, edit, any, own or involved, allow",
        ["1:29: [when] found `or` between two conditions: write two lines instead"],
    ),
    "unfinished condition": (
        "p, admin, *, edit, any, own and, allow",
        ["1:32: [when] expected a condition at the end"],
    ),
    "not status": (
        "p, admin, *, edit, any, not status is draft, allow",
        ["1:29: [when] expected `own` or `involved` after `not`, found `status`"],
    ),
    "always and more": (
        "p, admin, *, edit, any, own and always, allow",
        ["1:33: [when] `always` stands alone: leave it out"],
    ),
    "own and not own": (
        "p, admin, *, edit, any, own and not own, allow",
        ["1:37: [when] can never be true: `own` and `not own`"],
    ),
    "own and not involved": (
        "p, admin, *, edit, any, own and not involved, allow",
        ["1:33: [when] can never be true: who created a campaign is `involved` in it"],
    ),
    "empty interval": (
        "p, admin, *, edit, any, audience > 10k and audience <= 10_000, allow",
        ["1:44: [when] can never be true: no audience is that small and that large"],
    ),
    "two statuses at once": (
        "p, admin, *, edit, any, status is draft and status is sent, allow",
        ["1:45: [when] can never be true: a campaign has one status: write `status is A or B`"],
    ),
    "channels of an account-wide action": (
        "p, admin, *, view_audit, sms, own, allow",
        [
            "1:26: [scope] `view_audit` is about the account, not about one campaign: channels must be `any`",
            "1:31: [scope] `view_audit` is about the account, not about one campaign: when must be `always`",
        ],
    ),
    "condition on create": (
        "p, admin, *, create, sms, audience < 5, allow",
        [
            (
                "1:27: [scope] a campaign that is being created has no status, creator or audience yet: "
                "when must be `always`"
            )
        ],
    ),
    "requirement by status": (
        "p2, *, any, status is draft, 1, admin",
        [
            (
                "1:13: [scope] only the audience can decide how many approvals a campaign needs: "
                "write `always` or `audience >= 100k`"
            )
        ],
    ),
    "no approvals": (
        "p2, *, any, always, 0, admin",
        [
            (
                "1:21: [number] `0` is no whole number from 1 to 999: "
                "a campaign always needs at least one approval"
            )
        ],
    ),
    "number of approvals in words": (
        "p2, *, any, always, two, admin",
        ["1:21: [number] `two` is no whole number from 1 to 999"],
    ),
    "circle": (
        "g, a, b, *\ng, b, c, acme\ng, c, a, acme",
        ["1:4: [cycle] roles inherit in a circle: a -> b -> c -> a: remove one of the lines 7, 8, 9"],
    ),
    "role that inherits itself": (
        "g, a, a, *",
        ["1:4: [cycle] roles inherit in a circle: a -> a: remove the line"],
    ),
    "inheritance that Casbin would cut": (
        "\n".join(f"g, r{n}, r{n + 1}, *" for n in range(8)) + "\ng, r8, member, *",
        [
            (
                "1:4: [depth] role `r0` inherits over 9 links, Casbin follows 8: "
                "inherit from the farthest role directly"
            )
        ],
    ),
    "role that makes and decides": (
        "p, ana, *, submit, any, always, allow\np, ana, acme, reject, sms, own, allow",
        [
            (
                "2:15: [duties] role `ana` may submit (line 7) and reject (line 8) in `acme`: nobody may "
                "both make and decide: split the role in two, or grant it `manage_approvals`"
            )
        ],
    ),
    "role that makes and inherits to decide": (
        "g, boss, checker, *\np, checker, *, approve, any, always, allow\np, boss, *, edit, sms, own, allow",
        [
            (
                "2:16: [duties] role `boss` may edit (line 9) and approve (line 8): nobody may both make and "
                "decide: split the role in two, or grant it `manage_approvals`"
            )
        ],
    ),
    "edit without view": (
        "p, everyone, acme, view, sms, always, deny\np, ana, acme, edit, sms, always, allow",
        [
            (
                "2:15: [view] role `ana` may edit, but not view in `acme`: "
                f"line {FIRST} denies it: change that line"
            )
        ],
    ),
    "requirement of a role of another account": (
        "p, ana, acme, approve, any, always, allow\np2, *, any, always, 1, ana",
        [
            (
                "2:24: [quorum] the requirement can never be met: no holder of `ana` may approve such a "
                "campaign: name another role, or let this one approve"
            )
        ],
    ),
    "requirement for sizes that the role may not approve": (
        "p, ana, acme, approve, sms, audience < 5k, allow\np2, acme, sms, audience >= 5k, 1, ana",
        [
            (
                "2:35: [quorum] the requirement can never be met: no holder of `ana` may approve such a "
                "campaign in `acme`: name another role, or let this one approve"
            )
        ],
    ),
    "requirement of nobody": (
        "p, writer, *, comment, any, always, allow\np2, *, any, always, 1, writer",
        [
            (
                "2:24: [quorum] the requirement can never be met: no holder of `writer` may approve such a "
                "campaign: name another role, or let this one approve"
            )
        ],
    ),
    "lock-out by a deny": (
        "p, everyone, acme, manage_members, any, always, deny\np, everyone, *, approve, any, always, deny",
        [
            "-5:1: [lockout] nobody may approve",
            "-5:1: [lockout] nobody may manage_members in `acme`",
            "-5:1: [lockout] nobody may approve in `acme`",
        ],
    ),
}


def messages(place: Path) -> list[str]:
    with pytest.raises(BadPolicy) as caught:
        Policy.load(place, now=NOW)
    return caught.value.message.split("\n")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_file_with_this_mistake_is_refused_with_its_place_and_the_way_out(
    folder: Callable[..., Path], name: str
):
    text, expected = MISTAKES[name]
    placed = [
        f"policies/policy.csv:{int(line) + FIRST - 1}:{rest}"
        for line, _, rest in (one.partition(":") for one in expected)
    ]
    help_text = ": give the permission to a role" if name == "lock-out by a deny" else ""
    assert sorted(messages(folder(BASE + text + "\n"))) == sorted(one + help_text for one in placed)


def test_every_mistake_of_a_file_is_reported_at_once(folder: Callable[..., Path]):
    text = BASE + "p, admin, *, craete, any, always, allow\ng, admin, nobody, *\n"
    found = messages(folder(text, model="[nonsense\n"))
    assert [one.split(":")[0] for one in found].count("policies/model.conf") == 9
    assert len([one for one in found if one.startswith("policies/policy.csv")]) == 2


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", ",,,\n"])
def test_a_file_without_lines_is_refused(folder: Callable[..., Path], text: str):
    expected = (
        "policies/policy.csv:1:1: [empty] the file holds no line: nobody could do anything: restore the file"
    )
    assert messages(folder(text)) == [expected]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (BASE.encode() + b"# caf\xe9\n", f"{FIRST}:6"),
        (BASE.encode("utf-16"), "1:1"),
        (BASE.encode("utf-16-le"), "1:1"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused(folder: Callable[..., Path], data: bytes, place: str):
    expected = f"policies/policy.csv:{place}: [encoding] the file is not UTF-8: save it as UTF-8"
    assert messages(folder(data)) == [expected]


def test_what_is_no_file_and_what_is_too_large_is_refused_unread(folder: Callable[..., Path]):
    place = folder(b"#" * 4_000_001)
    (place / "model.conf").unlink()
    os.mkfifo(place / "model.conf")
    assert messages(place) == [
        "policies/model.conf:1:1: [missing] is no file",
        "policies/policy.csv:1:1: [examination] is larger than 4 MB: take lines out",
    ]


def test_missing_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert messages(Path("policies")) == [
        "policies/model.conf:1:1: [missing] there is no such file",
        "policies/policy.csv:1:1: [missing] there is no such file",
    ]


MODEL_MISTAKES = {
    "no matcher": (
        MODEL.replace("m2 = ", "m3 = "),
        [
            (
                "1:1: [model] `m2` is missing in [matchers]: add `m2 = inScope(r2.account, p2.account) && "
                "listed(r2.obj.channel, p2.channels) && holds(p2.when, r2.obj)`"
            ),
            "30:1: [model] unknown definition `m3` in [matchers]: remove it",
        ],
    ),
    "other columns": (
        MODEL.replace("r2 = account, obj", "r2 = account"),
        ["12:1: [model] `r2` cannot be changed: write `r2 = account, obj`"],
    ),
    "other effect": (
        MODEL.replace(" && !some(where (p.eft == deny))", ""),
        [
            (
                "23:1: [model] `e` cannot be changed: "
                "write `e = some(where (p.eft == allow)) && !some(where (p.eft == deny))`"
            )
        ],
    ),
    "section that Casbin ignores": (
        MODEL + '\n[constraint_definition]\nc = sod("maker", "checker")\n',
        ["33:1: [model] unknown definition `c` in [constraint_definition]: remove it"],
    ),
    "empty": ("\n", ["1:1: [empty] the file is empty"]),
    "unknown function": (
        MODEL.replace("m = r.act", "m = isWeekend() && r.act"),
        ["1:1: [matcher] Casbin cannot evaluate a matcher: Function 'isWeekend' not defined,"],
    ),
}


@pytest.mark.parametrize("name", MODEL_MISTAKES)
def test_a_model_with_this_mistake_is_refused(folder: Callable[..., Path], name: str):
    model, expected = MODEL_MISTAKES[name]
    found = messages(folder(BASE, model))
    for one, start in zip(found, expected, strict=True):
        assert one.startswith(f"policies/model.conf:{start}")


def test_a_matcher_that_casbin_cannot_parse_is_refused(folder: Callable[..., Path]):
    found = messages(folder(BASE, MODEL.replace("m = r.act", "m = ) r.act")))
    assert len(found) == 1
    assert found[0].startswith("policies/model.conf:1:1: [matcher] Casbin cannot evaluate a matcher: ")


WARNINGS = {
    "byte order mark": (
        b"\xef\xbb\xbf" + BASE.encode(),
        ["1:1: [bom] the file starts with a byte order mark"],
    ),
    "quotes": (
        '"p","admin","*","edit","any","own and audience <= 50k","allow"\n',
        [f"{FIRST}:1: [quoted] there are quotes around a column"],
    ),
    "padding": (
        "# note,,,,\ng,deputy,member,acme,,,\n,,,,,,\n",
        [f"{FIRST + 1}:22: [padded] there are commas behind the last column (and in 1 more line)"],
    ),
    "trailing comment": (
        "g, deputy, member, acme # the boss\n",
        [f"{FIRST}:25: [comment] there are comments behind a rule"],
    ),
}


@pytest.mark.parametrize("text", [BASE.replace("\n", "\r\n"), BASE.replace("\n", "\r"), "\n" + BASE.rstrip()])
def test_line_ends_do_not_matter(folder: Callable[..., Path], text: str):
    assert read_policy(folder(text), now=NOW)[1] == ()


@pytest.mark.parametrize("name", WARNINGS)
def test_what_spreadsheets_do_to_a_file_is_accepted_with_a_warning(folder: Callable[..., Path], name: str):
    text, expected = WARNINGS[name]
    policy, problems = read_policy(folder(text if isinstance(text, bytes) else BASE + text), now=NOW)
    assert policy is not None
    assert policy.problems == problems
    hint = ": it is understood here, but other Casbin tools read it otherwise"
    assert [one.text for one in problems] == [f"policies/policy.csv:{text}{hint}" for text in expected]
    assert {one.severity for one in problems} == {Severity.WARNING}


def test_lines_without_effect_are_pointed_out(folder: Callable[..., Path]):
    text = "g,  admin,  member, *\ng, idler, sleeper, *\ng, sleeper, x, *\np, x, *, comment, any, own, deny\n"
    _, problems = read_policy(folder(BASE + text), now=NOW)
    idle = "is granted nothing: add"
    assert [one.text for one in problems] == [
        f"policies/policy.csv:{FIRST}:1: [duplicate] line 1 says the same: remove one of the two",
        f"policies/policy.csv:{FIRST + 1}:4: [idle] role `idler` {idle} `p, idler, ...` lines",
        f"policies/policy.csv:{FIRST + 2}:4: [idle] role `sleeper` {idle} `p, sleeper, ...` lines",
    ]


# two lines behind the base lines, and what is said of one of them
USELESS = {
    "the same, for fewer channels": (
        "p, admin, *, edit, any, own, allow\np, admin, *, edit, sms email, own, allow\n",
        "2:1: [shadowed] line 7 already says this (p, admin, *, edit, any, own, allow): remove this line",
    ),
    "the narrower line stands first": (
        "p, admin, *, edit, any, audience < 10k, allow\np, admin, *, edit, any, audience <= 20k, allow\n",
        (
            "1:1: [shadowed] line 8 already says this (p, admin, *, edit, any, audience <= 20k, allow): "
            "remove this line"
        ),
    ),
    "two ways to say one thing": (
        "p, admin, *, edit, any, audience < 10k, allow\np, admin, *, edit, any, audience <= 9_999, allow\n",
        (
            "2:1: [shadowed] line 7 already says this (p, admin, *, edit, any, audience < 10k, allow): "
            "remove this line"
        ),
    ),
    "every account includes one": (
        "p, admin, *, edit, any, own, allow\np, admin, acme, edit, any, own and involved, allow\n",
        "2:1: [shadowed] line 7 already says this (p, admin, *, edit, any, own, allow): remove this line",
    ),
    "inherited": (
        "p, admin, *, edit, any, always, allow\np, admin, *, comment, any, involved, allow\n",
        (
            "2:1: [shadowed] line 6 already says this (p, member, *, comment, any, always, allow): "
            "remove this line"
        ),
    ),
    "inheritance in every account includes one": (
        "p, admin, *, edit, any, always, allow\ng, admin, member, acme\n",
        "2:1: [shadowed] line 1 already says this (g, admin, member, *): remove this line",
    ),
    "a smaller number of approvals": (
        "p2, *, any, audience > 5, 2, admin\np2, acme, sms, audience > 6, 1, admin\n",
        "2:1: [shadowed] line 7 already says this (p2, *, any, audience > 5, 2, admin): remove this line",
    ),
    "allowed, and denied to everyone": (
        "p, admin, acme, edit, sms, own, allow\np, everyone, acme, edit, sms email, involved, deny\n",
        "1:1: [unreachable] never takes effect: line 8 denies all of it: remove one of the two",
    ),
    "denied, though nobody may": (
        "p, admin, acme, edit, sms, own, allow\np, everyone, acme, edit, email, always, deny\n",
        ("2:1: [unreachable] never takes effect: it denies what nobody is allowed anyway: remove the line"),
    ),
    "denied where it is not allowed": (
        "p, admin, acme, edit, sms, involved, allow\np, admin, acme, edit, any, not involved, deny\n",
        ("2:1: [unreachable] never takes effect: it denies what nobody is allowed anyway: remove the line"),
    ),
}


@pytest.mark.parametrize("name", USELESS)
def test_lines_that_change_nothing_are_pointed_out(folder: Callable[..., Path], name: str):
    text, expected = USELESS[name]
    _, problems = read_policy(folder(BASE + text), now=NOW)
    line, rest = expected.split(":", 1)
    assert [one.text for one in problems] == [f"policies/policy.csv:{FIRST + int(line) - 1}:{rest}"]


# pairs of lines that look alike, and of which none can be removed
USEFUL = (
    "p, member, *, edit, any, audience <= 10, allow\np, admin, *, edit, any, audience >= 10, allow\n",
    "p, admin, *, edit, any, own, allow\np, admin, *, edit, any, involved and audience < 5, allow\n",
    "p, admin, acme, edit, any, always, allow\np, admin, *, edit, any, own, allow\n",
    "p, admin, *, edit, any, always, allow\np, admin, *, edit, sms, involved, deny\n",
    "p, everyone, *, discard, any, always, allow\np, admin, *, discard, any, always, allow\n",
    "p2, *, any, audience > 5, 2, admin\np2, *, any, audience > 4, 1, admin\n",
    "p, admin, acme, edit, any, always, allow\np, everyone, bank, view, sms, always, deny\n",
)


@pytest.mark.parametrize("text", USEFUL)
def test_lines_that_change_something_are_not_pointed_out(folder: Callable[..., Path], text: str):
    assert read_policy(folder(BASE + text), now=NOW)[1] == ()


def test_accounts_that_do_not_exist_are_pointed_out(folder: Callable[..., Path]):
    place = folder(BASE + "p, admin, acmee, edit, any, always, allow\n")
    _, problems = read_policy(place, now=NOW, accounts={"acme", "globex"})
    assert [one.text for one in problems] == [
        f"policies/policy.csv:{FIRST}:11: [account] there is no account `acmee`: did you mean `acme`?"
    ]


def test_the_shipped_files_have_nothing_to_point_out(shipped: Policy):
    assert shipped.problems == ()
