"""What a change of the policy changes for people: exactly what both versions decide otherwise, in words."""

import random
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from gql_approvals.policy import Facts, Policy, read_policy
from gql_approvals.policy.classes import GrantClass
from gql_approvals.policy.differences import Differences
from gql_approvals.policy.impact import Impact, Standing, every_role, impact
from gql_approvals.policy.impact_text import impact_lines
from gql_approvals.policy.subject import Member
from gql_approvals.policy.wording import in_words
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

from .conftest import BASE, NOW, SHIPPED
from .random_policies import ACCOUNTS, ROLES, UNKNOWN, Drawn, accepted, draw, numbers

SHIPPED_TEXT = (SHIPPED / "policy.csv").read_text()
RELATIONS = ((False, False), (False, True), (True, True))  # who created a campaign is involved in it
PEOPLE = (
    Member("acme", "tom", frozenset({"text_approver"})),
    Member("acme", "tess", frozenset({"text_approver"})),
    Member("acme", "ada", frozenset({"admin"})),
    Member("acme", "max", frozenset({"maker"})),
    Member("acme", "ina", frozenset({"intern"})),
    Member("acme", "leo", frozenset({"legal_reviewer"})),
    Member("acme", "uma", frozenset({"auditor"})),
    Member("acme", "nils", frozenset()),
    Member("globex", "ada", frozenset({"admin"})),
    Member("globex", "gus", frozenset({"maker"})),
    Member("globex", "gil", frozenset({"checker"})),
)


@pytest.fixture
def changed(folder: Callable[..., Path], shipped: Policy) -> Callable[..., list[str]]:
    """The lines for an edit of the shipped file, for a few members or for roles."""

    def lines(old: str, new: str, *, of_roles: bool = False) -> list[str]:
        assert old in SHIPPED_TEXT
        edited = Policy.load(folder(SHIPPED_TEXT.replace(old, new)), now=NOW)
        members = every_role(shipped, edited) if of_roles else PEOPLE
        return list(impact_lines(impact(shipped, edited, members), of_roles=of_roles))

    return lines


def added(line: str) -> tuple[str, str]:
    """An edit that puts a line behind the file's last one."""
    last = SHIPPED_TEXT.splitlines(keepends=True)[-1]
    return last, last + line + "\n"


# ---------------------------------------------------------------------------------------- exactness
def edited(dice: random.Random, drawn: Drawn) -> Drawn:
    """Some lines fewer, some others more, as an admin would."""
    dropped = [number for number, line in enumerate(drawn.lines, 1) if line and dice.random() < 0.2]
    more = [row for row in draw(dice, edited=0).rows if row.startswith("p") and dice.random() < 0.2]
    return Drawn(drawn.without(*dropped).policy + "\n".join(more) + "\n")


def versions(dice: random.Random, folder: Path) -> Iterator[tuple[Policy, Policy]]:
    """Random policies that are accepted, each with an edited one."""
    while True:
        drawn, old = accepted(dice, folder, edited=0)
        new, _ = read_policy(edited(dice, drawn).write(folder), now=NOW)
        if new is not None:
            yield old, new


def campaigns(*versions: Policy) -> list[Facts]:
    """Campaigns of every kind, with audiences around all numbers that the files mention."""
    found = numbers("".join(one.files.policy.text + one.files.model.text for one in versions))
    sizes = sorted({0, 10**7, *(number + more for number in found for more in (-1, 0, 1))})
    kinds = product(Channel, CampaignStatus, RELATIONS, sizes)
    return [Facts(channel, status, *relation, size) for channel, status, relation, size in kinds]


def within(where: GrantClass, facts: Facts) -> bool:
    return (
        facts.channel in where.channels
        and facts.status in where.statuses
        and where.own in (None, facts.own)
        and where.involved in (None, facts.involved)
        and where.audience_from <= facts.audience < (where.audience_to or facts.audience + 1)
    )


def told(found: Impact, member: Member, permission: Permission, facts: Facts) -> list[bool]:
    """What the impact says about one decision: gained or lost; [] when nothing."""
    return [
        one.gained
        for one in found.changes
        if member.account in one.accounts
        and member.name in one.members
        and permission in one.permissions
        and within(one.where, facts)
    ]


def decided(old: Policy, new: Policy, member: Member, permission: Permission, facts: Facts) -> list[bool]:
    """The same, by asking both."""
    who = (member.roles, member.account, permission, facts)
    before, after = old.allows(*who), new.allows(*who)
    return [] if before == after else [after]


def compare(dice: random.Random, old: Policy, new: Policy, *, asked: int | None = None) -> int:
    """Check that the impact says of each decision what asking says; return how many differ.

    `asked`: of how many campaigns, for each member and permission; None = all.
    """
    everything = campaigns(old, new)
    members = [
        Member(account, f"{account}{number}", frozenset(dice.sample((*ROLES, UNKNOWN), number)))
        for account, number in product(ACCOUNTS, (0, 1, 2, 3))
    ]
    found = impact(old, new, members)
    differing = 0
    for member, permission in product(members, Permission):
        for facts in everything if asked is None else dice.sample(everything, asked):
            expected = decided(old, new, member, permission, facts)
            assert told(found, member, permission, facts) == expected, (member, permission, facts)
            differing += len(expected)
    sizes = {Facts(one.channel, CampaignStatus.DRAFT, audience=one.audience) for one in everything}
    for account, facts in product(ACCOUNTS, sizes):
        before, after = (policy.answers.needed(account, facts) for policy in (old, new))
        needs = [
            (one.old, one.new) for one in found.needs if account in one.accounts and within(one.where, facts)
        ]
        assert needs == ([] if before == after else [(before, after)]), (account, facts)
    for member, role in product(members, (*ROLES, "admin")):
        told_of = [one.gained for one in found.standings if counts_now(one, member, role)]
        assert told_of == standing(old, new, member, role), (member, role)
    return differing


def counts_now(one: Standing, member: Member, role: str) -> bool:
    return one.role == role and member.account in one.accounts and member.name in one.members


def standing(old: Policy, new: Policy, member: Member, role: str) -> list[bool]:
    """Whether the member's approvals count for the role now, or no longer; [] when nobody asks for it."""
    asked = {
        line.approver
        for policy in (old, new)
        for line in policy.answers.rules.requirements
        if line.account in ("*", member.account)
    }
    before, after = (policy.holds_role(member.roles, member.account, role) for policy in (old, new))
    counting = new if after else old
    may = counting.ever_allows(member.roles, member.account, Permission.APPROVE)
    return [after] if role in asked and before != after and may else []


def test_it_says_what_both_versions_decide_otherwise_and_nothing_else(tmp_path: Path):
    dice = random.Random(7)  # noqa: S311 - a repeatable choice, no secret
    pairs = versions(dice, tmp_path / "policies")
    differing = sum(compare(dice, *next(pairs), asked=20) for _ in range(4))

    assert differing > 100


@pytest.mark.slow
def test_it_says_so_about_every_campaign(tmp_path: Path):
    dice = random.Random(8)  # noqa: S311 - a repeatable choice, no secret
    pairs = versions(dice, tmp_path / "policies")
    differing = sum(compare(dice, *next(pairs)) for _ in range(25))

    assert differing > 50_000


@pytest.mark.slow
def test_it_says_so_under_edited_matchers(tmp_path: Path):
    dice = random.Random(9)  # noqa: S311 - a repeatable choice, no secret
    for _ in range(6):
        (_, old), (_, new) = (accepted(dice, tmp_path / "policies", edited=share) for share in (0, 1))
        apart, everything = Differences(old, new), campaigns(old, new)
        one = Member(dice.choice(ACCOUNTS), "one", frozenset(dice.sample(ROLES, 2)))
        for permission in (Permission.PUBLISH, Permission.EDIT):
            found = apart.permission(one.account, one.roles, permission)
            for facts in dice.sample(everything, 100):
                expected = decided(old, new, one, permission, facts)
                assert [gained for gained, where in found if within(where, facts)] == expected, facts


# ---------------------------------------------------------------------------------------- in words
LIMIT = "audience <= 50k, allow"
NO_PUBLISHING = "p, everyone, *, publish, sms whatsapp, status is approved, deny"
INTERN = "p, intern,           acme,    edit,             email,        own,             allow"
MAKER = "p, maker,            *,       create,           any,          always,          allow"
LEGAL = "p2, acme,    any,      audience >= 100k, 1,         legal_reviewer"

DECIDE_ON_TEXTS = "approve and reject in acme on sms, whatsapp"
ON_TEXTS = "on sms, whatsapp; while approved"
LARGE = "on sms; audience at least 1,000,000"
WAS = "was 1 anyone, 1 checker and 1 legal_reviewer"
COMMENTING = "`everyone`, `intern`, `text_approver` and `viewer` may now comment"

EDITS: dict[str, tuple[tuple[str, str], list[str]]] = {
    "a widened number": (
        (LIMIT, "audience <= 80k, allow"),
        [f"+ 2 members may now {DECIDE_ON_TEXTS}; audience 50,001 to 80,000: tess, tom"],
    ),
    "a narrowed number": (
        (LIMIT, "audience < 50k, allow"),
        ["- 2 members may no longer approve and reject in acme on sms, whatsapp; audience 50,000: tess, tom"],
    ),
    "a new deny": (
        added(NO_PUBLISHING),
        [
            "- 2 members may no longer publish in acme on sms, whatsapp; while approved: ada, max",
            "- 2 members may no longer publish in globex on sms, whatsapp; while approved: ada, gus",
        ],
    ),
    "a relation": (
        (INTERN, INTERN.replace("own, ", "involved, ")),
        ["+ 1 member may now edit in acme on email; not own; involved: ina"],
    ),
    "a removed line": (
        (INTERN + "\n", ""),
        ["- 1 member may no longer edit in acme on email; own: ina"],
    ),
    "the same person in two accounts": (
        added("p, admin, *, record_metrics, any, always, allow"),
        ["+ 1 member may now record_metrics in acme and globex: ada"],
    ),
    "view, which others need": (
        added("p, legal_reviewer, acme, view, any, audience >= 1m, deny"),
        [
            "- 1 member may no longer view, approve and reject in acme; audience at least 1,000,000: leo",
        ],
    ),
    "a changed requirement": (
        (LEGAL, LEGAL.replace("1,  ", "2,  ")),
        [
            f"~ acme; audience at least 100,000: needs 1 anyone, 1 checker and 2 legal_reviewer, {WAS}",
        ],
    ),
    "a requirement everywhere": (
        added("p2, *, sms, audience >= 1m, 2, anyone"),
        [
            f"~ acme {LARGE}: needs 2 anyone, 1 checker and 1 legal_reviewer, {WAS}",
            f"~ globex {LARGE}: needs 2 anyone, was 1 anyone",
        ],
    ),
    "a line that names every channel, which a campaign without content has none of": (
        (MAKER, MAKER.replace("any,    ", " ".join(channel.lower() for channel in Channel) + ",")),
        [
            "- 1 member may no longer create in acme where no campaign is at hand: max",
            "- 1 member may no longer create in globex where no campaign is at hand: gus",
        ],
    ),
    "whose approvals count": (
        added("g, admin, legal_reviewer, acme"),
        ["+ approvals of 1 member now count for `legal_reviewer` in acme: ada"],
    ),
    "who inherits an approver's role": (
        added("g, auditor, legal_reviewer, acme"),
        [
            "+ 1 member may now comment, approve and reject in acme: uma",
            "+ approvals of 1 member now count for `legal_reviewer` in acme: uma",
        ],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.sampled
def test_an_edit_is_told_in_words(changed: Callable[..., list[str]], edit: str):
    (old, new), expected = EDITS[edit]

    assert changed(old, new) == expected


def test_a_role_that_is_removed_takes_everything_from_its_holders(changed: Callable[..., list[str]]):
    lines = [line for line in SHIPPED_TEXT.splitlines(keepends=True) if "text_approver" in line]
    start = SHIPPED_TEXT.index(lines[0])

    assert changed(SHIPPED_TEXT[start : SHIPPED_TEXT.index(lines[-1]) + len(lines[-1])], "") == [
        f"- 2 members may no longer {DECIDE_ON_TEXTS}; audience at most 50,000: tess, tom",
    ]


BOTH_SIDES = frozenset({"intern", "auditor"})
ALONE = {
    "roles that come into conflict": (
        "p, auditor, acme, reject, any, always, allow",
        [Member("acme", "ivo", BOTH_SIDES)],
        [
            "- 1 member may no longer create in acme on email: ivo",
            "- 1 member may no longer edit and submit in acme on email; own: ivo",
        ],
    ),
    "roles that are in conflict no more": (
        "p, intern, acme, manage_approvals, any, always, allow",
        [Member("acme", "ivo", BOTH_SIDES - {"auditor"} | {"text_approver"})],
        [
            "+ 1 member may now create in acme on email: ivo",
            "+ 1 member may now edit and submit in acme on email; own: ivo",
            "+ 1 member may now approve and reject in acme on sms, whatsapp; audience at most 50,000: ivo",
            "+ 1 member may now manage_approvals in acme: ivo",
        ],
    ),
    "an account that no line named before": (
        "p, checker, globex, publish, any, always, allow",
        [Member(account, account, frozenset({"checker"})) for account in ("globex", "initech")],
        ["+ 1 member may now publish in globex: globex"],
    ),
}


@pytest.mark.parametrize("case", ALONE)
def test_a_line_matters_to_whom_it_reaches(folder: Callable[..., Path], shipped: Policy, case: str):
    line, members, expected = ALONE[case]
    new = Policy.load(folder(f"{SHIPPED_TEXT}{line}\n"), now=NOW)

    assert list(impact_lines(impact(shipped, new, members), of_roles=False)) == expected


ROLE_EDITS: dict[str, tuple[tuple[str, str], list[str]]] = {
    "one account": (
        (LIMIT, "audience <= 80k, allow"),
        [
            f"+ role `text_approver` may now {DECIDE_ON_TEXTS}; audience 50,001 to 80,000",
        ],
    ),
    "every account": (
        added("p, everyone, *, comment, any, always, allow"),
        [
            f"+ roles `auditor`, `delivery`, {COMMENTING} in acme",
            "+ roles `delivery`, `everyone` and `viewer` may now comment in every other account",
        ],
    ),
    "a loss everywhere": (
        added(NO_PUBLISHING),
        [
            f"- roles `admin`, `creator` and `maker` may no longer publish in any account {ON_TEXTS}",
        ],
    ),
    "everywhere but in one": (
        added("p2, *, any, audience >= 100k, 1, checker"),
        ["~ every other account; audience at least 100,000: needs 1 anyone and 1 checker, was 1 anyone"],
    ),
    "whose approvals count": (
        added("g, admin, legal_reviewer, acme"),
        ["+ approvals of role `admin` now count for `legal_reviewer` in acme"],
    ),
}


@pytest.mark.parametrize("edit", ROLE_EDITS)
def test_roles_can_stand_in_for_members(changed: Callable[..., list[str]], edit: str):
    (old, new), expected = ROLE_EDITS[edit]

    assert changed(old, new, of_roles=True) == expected


# ---------------------------------------------------------------------------------------- no difference
SPLIT = SHIPPED_TEXT.replace(
    f"approve,          sms whatsapp, {LIMIT}",
    f"approve, sms, {LIMIT}\np, text_approver, acme, approve, whatsapp, {LIMIT}",
)
THE_SAME = {
    "a comment": SHIPPED_TEXT + "# Asked for by Ada.\n",
    "another order": "\n".join(reversed(SHIPPED_TEXT.splitlines())) + "\n",
    "another spelling": SHIPPED_TEXT.replace("50k", "50_000").replace("sms whatsapp", "whatsapp sms"),
    "one line as two": SPLIT,
    "the default": SHIPPED_TEXT.replace("p2, *,       any,      always,           1,         anyone\n", "")
    + "p2, *, any, audience >= 0, 1, anyone\n",
    "what never occurs": SHIPPED_TEXT
    + "p, intern, acme, edit, email, not involved, deny\n",  # of their own: all that they may edit
}


@pytest.mark.parametrize("edit", THE_SAME)
def test_another_text_that_means_the_same_has_no_impact(
    folder: Callable[..., Path], shipped: Policy, edit: str
):
    same = Policy.load(folder(THE_SAME[edit]), now=NOW)

    assert same.version != shipped.version
    for members in (PEOPLE, tuple(every_role(shipped, same))):
        found = impact(shipped, same, members)
        assert (found.count, found.members) == (0, len(members))


def test_nobody_is_asked_about_lines_that_did_not_change(folder: Callable[..., Path]):
    old = Policy.load(folder(SHIPPED_TEXT + "# old\n"), now=NOW)
    new = Policy.load(folder(SHIPPED_TEXT + "# new\n"), now=NOW)
    asked = [policy.answers.judge.asked for policy in (old, new)]
    apart = Differences(old, new)

    for member, permission in product(PEOPLE, Permission):
        assert apart.permission(member.account, member.roles, permission) == ()
    assert [policy.answers.judge.asked for policy in (old, new)] == asked


# ---------------------------------------------------------------------------------------- many members
def test_ten_thousand_members_cost_casbin_no_more_than_their_role_sets(folder: Callable[..., Path]):
    old = Policy.load(folder(SHIPPED_TEXT + "# old\n"), now=NOW)
    new = Policy.load(folder(SHIPPED_TEXT.replace("50k", "80k")), now=NOW)
    roles = sorted(old.answers.rules.roles())
    sets = [frozenset({one, other}) for one, other in product(roles, roles) if one <= other]
    few = [Member("acme", f"member{number}", held) for number, held in enumerate(sets)]
    many = [Member("acme", f"member{number:05}", sets[number % len(sets)]) for number in range(10_000)]
    impact(old, new, few)
    asked = [policy.answers.judge.asked for policy in (old, new)]

    found = impact(old, new, many)

    assert [policy.answers.judge.asked for policy in (old, new)] == asked
    assert (len(sets) > 60, found.members) == (True, 10_000)
    sms = Facts(Channel.SMS, audience=60_000)
    gained = [one.name for one in many if decided(old, new, one, Permission.APPROVE, sms)]
    words = "may now approve and reject in acme on sms, whatsapp; audience 50,001 to 80,000"
    assert list(impact_lines(found, of_roles=False)) == [
        f"+ {len(gained)} members {words}: {', '.join(gained[:5])} ..."
    ]


# ---------------------------------------------------------------------------------------- edited matchers
MATCHER = "holds(p.when, r.obj)\nm2"
ONLY_SMALL = '&& !(r.act == "edit" && r.obj.status == "SENT" && r.obj.audience > 300)'


def test_an_edited_matcher_is_asked_about_all_that_it_may_look_at(folder: Callable[..., Path]):
    model = (SHIPPED / "model.conf").read_text()
    assert MATCHER in model
    old = Policy.load(folder(), now=NOW)
    new = Policy.load(folder(model=model.replace(MATCHER, f"holds(p.when, r.obj) {ONLY_SMALL}\nm2")), now=NOW)
    lines = "p, admin, *, edit, any, always, allow\n"
    old, new = (Policy.load(folder(BASE + lines, policy.files.model.text), now=NOW) for policy in (old, new))
    admin = frozenset({"admin"})

    found = Differences(old, new).permission("acme", admin, Permission.EDIT)

    assert [(gained, in_words(where)) for gained, where in found] == [
        (False, "while sent; audience at least 301")
    ]
    assert Differences(old, new).permission("acme", admin, Permission.MANAGE_MEMBERS) == ()
    assert list(Differences(old, new).needs("acme")) == []
