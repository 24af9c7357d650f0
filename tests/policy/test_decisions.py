"""What the shipped policy says, what the laws add, and how much Casbin is asked."""

import threading
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from gql_approvals.policy import Facts, GrantClass, Policy
from gql_approvals.policy.check import LINKS_FOLLOWED
from gql_approvals.policy.matrix import render_matrix
from gql_approvals.workflow.vocabulary import CampaignStatus, Channel, Permission

from .conftest import BASE, NOW, SHIPPED

MATRIX = Path(__file__).with_name("matrix.txt")
EVERY_STATUS = frozenset(CampaignStatus)
SPACE = [
    Facts(channel, status, own, involved, size)
    for channel, status, own, involved, size in product(
        Channel, CampaignStatus, (False, True), (False, True), (0, 99, 100, 101, 50_000, 50_001, 10**7)
    )
]


def held(*roles: str) -> frozenset[str]:
    return frozenset(roles)


def regenerate_matrix() -> None:
    """Write the golden copy anew; `git diff` then shows what changed for whom."""
    MATRIX.write_text(render_matrix(Policy.load(SHIPPED, now=NOW), "acme"), encoding="utf-8")


def test_the_matrix_is_the_one_that_was_reviewed(shipped: Policy):
    assert render_matrix(shipped, "acme") == MATRIX.read_text(encoding="utf-8")


def test_the_roles_of_an_account_are_the_general_ones_and_its_own(shipped: Policy):
    general = ("admin", "approver", "checker", "creator", "delivery", "maker", "viewer")
    own = ("auditor", "intern", "legal_reviewer", "text_approver")
    assert shipped.roles("globex") == general
    assert shipped.roles("acme") == tuple(sorted(general + own))


@pytest.mark.parametrize(
    ("role", "permission", "facts", "expected"),
    [
        ("text_approver", Permission.APPROVE, Facts(Channel.SMS, audience=50_000), True),
        ("text_approver", Permission.APPROVE, Facts(Channel.SMS, audience=50_001), False),
        ("text_approver", Permission.APPROVE, Facts(Channel.EMAIL, audience=5), False),
        ("intern", Permission.EDIT, Facts(Channel.EMAIL, own=True, involved=True), True),
        ("intern", Permission.EDIT, Facts(Channel.EMAIL, involved=True), False),
        ("intern", Permission.DUPLICATE, Facts(Channel.EMAIL, own=True, involved=True), False),
        ("maker", Permission.WITHDRAW, Facts(Channel.EMAIL, involved=True), True),
        ("maker", Permission.WITHDRAW, Facts(Channel.EMAIL), False),
        ("auditor", Permission.VIEW_POLICY, Facts(), True),
        ("creator", Permission.CREATE, Facts(Channel.ONSITE), True),
        ("approver", Permission.REJECT, Facts(Channel.ONSITE), True),
    ],
)
def test_the_example_roles_do_what_their_comments_say(
    shipped: Policy, role: str, permission: Permission, facts: Facts, *, expected: bool
):
    assert shipped.allows(held(role), "acme", permission, facts) is expected
    custom = role in {"text_approver", "intern", "auditor"}
    assert shipped.allows(held(role), "globex", permission, facts) is (expected and not custom)


def test_roles_are_held_by_inheritance_and_everybody_is_anyone(shipped: Policy):
    assert shipped.holds_role(held("approver", "auditor"), "acme", "checker")
    assert not shipped.holds_role(held("checker"), "acme", "approver")
    assert not shipped.holds_role(held("admin"), "acme", "checker")
    assert shipped.holds_role(frozenset(), "acme", "anyone")
    assert shipped.holds_role(held("text_approver"), "acme", "viewer")
    assert not shipped.holds_role(held("text_approver"), "globex", "viewer")
    assert shipped.holds_role(held("gone"), "acme", "gone")
    assert not shipped.holds_role(held("checker"), "acme", "gone")


def test_from_a_hundred_thousand_recipients_on_a_checker_and_a_lawyer_are_needed(shipped: Policy):
    small, large = (("anyone", 1),), (("anyone", 1), ("checker", 1), ("legal_reviewer", 1))
    for channel in Channel:
        assert shipped.needed("acme", channel, 99_999) == small
        assert shipped.needed("acme", channel, 100_000) == large
        assert shipped.needed("globex", channel, 100_000) == small


def test_no_matching_requirement_means_one_approval_by_anyone(load: Callable[..., Policy]):
    policy = load("p2, *, sms, always, 3, admin\n")
    assert policy.needed("acme", Channel.EMAIL, 0) == (("anyone", 1),)
    assert policy.needed("acme", Channel.SMS, 0) == (("admin", 3),)


def test_of_several_requirements_the_highest_count_of_each_role_applies(load: Callable[..., Policy]):
    policy = load(
        "p2, *, any, always, 2, anyone\np2, acme, any, audience > 2m, 1, anyone\n"
        "p2, acme, sms email, audience < 50_000, 3, admin\np2, acme, sms, always, 2, admin\n"
    )
    assert policy.needed("acme", Channel.SMS, 49_999) == (("anyone", 2), ("admin", 3))
    assert policy.needed("acme", Channel.SMS, 50_000) == (("anyone", 2), ("admin", 2))
    assert policy.needed("acme", Channel.ONSITE, 2_000_001) == (("anyone", 2),)


def test_a_deny_on_everyone_beats_a_custom_role(load: Callable[..., Policy]):
    policy = load(
        "g, sender, member, acme\np, sender, acme, publish, any, always, allow\n"
        "p, everyone, acme, publish, whatsapp, audience > 1m, deny\n"
    )
    million = Facts(Channel.WHATSAPP, audience=1_000_000)
    more = Facts(Channel.WHATSAPP, audience=1_000_001)
    assert policy.allows(held("sender"), "acme", Permission.PUBLISH, million)
    assert not policy.allows(held("sender"), "acme", Permission.PUBLISH, more)
    (reason,) = policy.reasons(held("sender"), "acme", Permission.PUBLISH, more)
    line = BASE.count("\n") + 3
    assert (reason.code, reason.source) == ("DENIED_BY_RULE", f"policy.csv:{line}")
    assert reason.message == "role `everyone` may not publish on whatsapp when audience > 1m"


def test_who_may_not_view_may_not_decide_either(load: Callable[..., Policy]):
    policy = load("p, everyone, acme, view, sms, status is draft, deny\n")
    draft, sent = (Facts(Channel.SMS, status) for status in (CampaignStatus.DRAFT, CampaignStatus.SENT))
    assert policy.allows(held("admin"), "acme", Permission.APPROVE, sent)
    assert not policy.allows(held("admin"), "acme", Permission.APPROVE, draft)
    codes = [one.code for one in policy.reasons(held("admin"), "acme", Permission.APPROVE, draft)]
    assert codes == ["NEEDS_VIEW", "DENIED_BY_RULE"]


def test_nobody_holds_both_sides_and_every_source_is_named(shipped: Policy):
    lines = (SHIPPED / "policy.csv").read_text().split("\n")
    found = shipped.conflict(held("maker", "checker", "auditor"), "acme")
    assert [one.message for one in found] == ["role `maker` may create", "role `checker` may approve"]
    for reason, start in zip(found, ("p, maker, *, create", "p, checker, *, approve"), strict=True):
        assert reason.source is not None
        place = int(reason.source.removeprefix("policy.csv:"))
        assert " ".join(lines[place - 1].split()).startswith(start)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (held(), False),
        (held("maker", "creator", "intern", "viewer"), False),
        (held("checker", "legal_reviewer", "delivery"), False),
        (held("creator", "approver"), True),
        (held("intern", "text_approver"), True),
        (held("maker", "checker", "admin"), False),
        (held("admin"), False),
        (held("maker", "no_such_role"), False),
    ],
)
def test_who_holds_both_sides_may_neither_make_nor_decide(
    shipped: Policy, roles: frozenset[str], *, expected: bool
):
    assert bool(shipped.conflict(roles, "acme")) is expected
    if expected:
        for permission in (Permission.CREATE, Permission.EDIT, Permission.APPROVE, Permission.REJECT):
            assert not shipped.ever_allows(roles, "acme", permission)
            codes = {one.code for one in shipped.reasons(roles, "acme", permission, SPACE[0])}
            assert codes <= {"DUTIES_CONFLICT", "NO_RULE"}
        assert shipped.allows(roles, "acme", Permission.VIEW)


def test_a_role_of_one_account_is_no_conflict_in_another(shipped: Policy):
    assert shipped.conflict(held("maker", "text_approver"), "acme")
    assert not shipped.conflict(held("maker", "text_approver"), "globex")


def test_reasons_name_the_deciding_line_or_what_is_missing(shipped: Policy):
    large = Facts(Channel.SMS, audience=60_000)
    (yes,) = shipped.reasons(held("checker"), "acme", Permission.APPROVE, large)
    assert (yes.code, yes.message) == ("ALLOWED_BY_RULE", "role `checker` may approve")
    assert yes.source is not None
    (close,) = shipped.reasons(held("text_approver"), "acme", Permission.APPROVE, large)
    assert close.code == "NO_RULE"
    assert close.message == "role `text_approver` may approve only on sms, whatsapp when audience <= 50k"
    assert close.source is not None
    (far,) = shipped.reasons(held("intern"), "globex", Permission.APPROVE, large)
    assert far.code == "NO_RULE"
    assert far.message == "no rule allows `intern` to approve; that takes the role `admin` or `checker`"
    assert far.source is None


def covers(one: GrantClass, facts: Facts) -> bool:
    return (
        facts.channel in one.channels
        and facts.status in one.statuses
        and one.own in (None, facts.own)
        and one.involved in (None, facts.involved)
        and one.audience_from <= facts.audience
        and (one.audience_to is None or facts.audience < one.audience_to)
    )


TANGLED = """\
g, odd, member, *
p, odd, *, approve, sms email, own and audience < 100, allow
p, odd, *, approve, any, status is draft or sent and audience > 100, allow
p, odd, *, approve, onsite, not involved, allow
p, everyone, *, approve, email, status is sent and own, deny
p, everyone, *, view, app_push, audience >= 50_001, deny
"""


def test_allowed_classes_cover_exactly_what_is_allowed(load: Callable[..., Policy], shipped: Policy):
    for policy, account in ((load(TANGLED), "x"), (shipped, "acme")):
        for role in policy.roles(account):
            for permission in (Permission.APPROVE, Permission.EDIT, Permission.VIEW, Permission.WITHDRAW):
                classes = policy.allowed_classes(held(role), account, permission)
                for facts in SPACE:
                    covering = sum(covers(one, facts) for one in classes)
                    assert covering == policy.allows(held(role), account, permission, facts)


def test_the_usual_answer_is_one_class(shipped: Policy):
    everything = GrantClass(frozenset(Channel), EVERY_STATUS, None, None, 0, None)
    text = GrantClass(frozenset({Channel.SMS, Channel.WHATSAPP}), EVERY_STATUS, None, None, 0, 50_001)
    own = GrantClass(frozenset({Channel.EMAIL}), EVERY_STATUS, True, None, 0, None)  # noqa: FBT003 - a field
    assert shipped.allowed_classes(held("checker"), "acme", Permission.APPROVE) == (everything,)
    assert shipped.allowed_classes(held("text_approver"), "acme", Permission.APPROVE) == (text,)
    assert shipped.allowed_classes(held("intern"), "acme", Permission.EDIT) == (own,)
    assert shipped.allowed_classes(held("intern"), "acme", Permission.APPROVE) == ()


def asked(policy: Policy) -> int:
    return policy.answers.judge.asked


def test_what_was_asked_before_is_not_asked_again(load: Callable[..., Policy]):
    policy = load(
        "p, admin, *, edit, sms, own and audience <= 50k, allow\np, other, *, discard, sms, own, allow\n"
    )
    roles = held("admin")
    policy.warm([("acme", roles)])
    before = asked(policy)
    for permission, facts in product(Permission, SPACE):
        policy.allows(roles, "globex", permission, facts)
    policy.conflict(roles, "acme")
    assert policy.ever_allows(roles, "acme", Permission.APPROVE)
    assert asked(policy) == before
    policy.allows(held("other"), "acme", Permission.DISCARD, SPACE[0])
    assert asked(policy) == before + 1


def test_an_edited_matcher_is_obeyed_and_nothing_is_remembered(load: Callable[..., Policy]):
    model = (SHIPPED / "model.conf").read_text()
    edited = model.replace("&& holds(p.when, r.obj)", "&& holds(p.when, r.obj) && r.obj.audience < 70000")
    policy = load("", edited)
    assert [problem.code for problem in policy.problems] == ["matcher"]
    roles, small, large = (
        held("admin"),
        Facts(Channel.SMS, audience=69_999),
        Facts(Channel.SMS, audience=70_000),
    )
    for _ in range(2):
        before = asked(policy)
        assert policy.allows(roles, "acme", Permission.COMMENT, small)
        assert not policy.allows(roles, "acme", Permission.COMMENT, large)
        assert asked(policy) == before + 2
    (one,) = policy.allowed_classes(roles, "acme", Permission.COMMENT)
    assert one.audience_to == 70_000
    assert policy.reasons(roles, "acme", Permission.COMMENT, large)[0].code == "NO_RULE"


def test_a_name_made_of_roles_cannot_be_taken_for_the_roles(shipped: Policy):
    assert shipped.allows(held("admin", "auditor"), "acme", Permission.APPROVE)
    assert not shipped.allows(held("admin+auditor"), "acme", Permission.APPROVE)


def test_the_deepest_accepted_inheritance_reaches_who_holds_several_roles(load: Callable[..., Policy]):
    chain = "".join(f"g, r{n}, r{n + 1}, *\n" for n in range(LINKS_FOLLOWED))
    policy = load(f"{chain}p, r{LINKS_FOLLOWED}, *, discard, any, always, allow\n")
    assert policy.allows(held("r0"), "acme", Permission.DISCARD)
    assert policy.allows(held("r0", "member"), "acme", Permission.DISCARD)


def test_the_version_follows_the_text_of_both_files_and_nothing_else(folder: Callable[..., Path]):
    model = (SHIPPED / "model.conf").read_text()
    texts = (
        (BASE, model),
        (BASE.replace("\n", "\r\n"), "\ufeff" + model),
        (BASE + "# more\n", model),
        (BASE, model + "# more\n"),
    )
    versions = [Policy.load(folder(*one), now=NOW).version for one in texts]
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3
    assert {len(version) for version in versions} == {12}


def test_cold_questions_from_many_threads_are_answered_alike(shipped: Policy):
    policy = Policy.load(SHIPPED, now=NOW)
    roles = [held("intern", "auditor"), held("text_approver", "delivery"), held("maker", "viewer")]
    questions = [(one, "acme", p, facts) for one in roles for p in Permission for facts in SPACE[::97]]
    wrong: list[object] = []

    def ask() -> None:
        wrong.extend(one for one in questions if policy.allows(*one) != shipped.allows(*one))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
