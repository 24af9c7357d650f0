"""The comparison with stock Casbin notices a mistake in our layer: each of these is planted, and found.

What is planted stands between the files and Casbin: which lines it is shown, which answers are taken for
those of other facts, other roles or other accounts, and the laws on top.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gql_approvals.policy import answers, classes, engine, read_policy, reasons, redundancy
from gql_approvals.policy.answers import ELSEWHERE, Answers
from gql_approvals.policy.judge import Judge
from gql_approvals.workflow.vocabulary import Permission

from .conftest import BASE, NOW
from .differential import Differs, Tally, compare, compare_many
from .random_policies import MODEL, Drawn, dice_for
from .test_stock_casbin import remove_useless_lines

Plant = Callable[[pytest.MonkeyPatch], None]
PATIENCE = 24_000  # decisions


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Policies that were checked with a fault must not serve other tests, nor the other way round."""
    engine._checked.cache_clear()
    yield
    engine._checked.cache_clear()


def cut_points_one_too_high(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(classes, "bisect_right", bisect_left)


def involved_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = classes.Classes.key
    patch.setattr(classes.Classes, "key", lambda self, facts: right(self, replace(facts, involved=False)))


def unlisted_channels_are_taken_for_listed_ones(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(classes, "listed", lambda channel, spec: spec == "any" or channel is not None)


def lines_with_other_columns_are_shared(*columns: int) -> Plant:
    """Plant that Casbin is asked about the first of some lines that differ in more than the role."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = Answers._ground

        def ground(self: Answers, lines: object, roles: frozenset[str], place: str) -> object:
            held = answers.casbin_line
            kept = lambda line: ["" if i in columns else text for i, text in enumerate(held(line))]  # noqa: E731
            with pytest.MonkeyPatch.context() as within:
                within.setattr(answers, "casbin_line", kept)
                return right(self, lines, roles, place)

        patch.setattr(Answers, "_ground", ground)

    return plant


def denies_are_not_shown(patch: pytest.MonkeyPatch) -> None:
    right = answers.casbin_lines
    patch.setattr(answers, "casbin_lines", lambda lines: right(line for line in lines if line.allow))


def accounts_of_links_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "_accounts", lambda _: frozenset())


def accounts_of_view_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = answers._named_by

    def named_by(rules: object) -> object:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(answers, "REQUIRES_VIEW", frozenset())
            return right(rules)

    patch.setattr(answers, "_named_by", named_by)


def every_account_is_elsewhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Answers, "place", lambda *_: ELSEWHERE)


def view_is_not_required(patch: pytest.MonkeyPatch) -> None:
    for module in (answers, reasons):
        patch.setattr(module, "REQUIRES_VIEW", frozenset())


def duties_are_not_separated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "SEPARATED", frozenset())


def nobody_is_exempt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "EXEMPTS", Permission.RECORD_METRICS)


def only_parents_are_inherited_from(patch: pytest.MonkeyPatch) -> None:
    def heritage(self: Judge, roles: frozenset[str], account: str) -> frozenset[str]:
        known = roles & self._roles
        return known.union(*(self._enforcer.get_roles_for_user_in_domain(role, account) for role in known))

    patch.setattr(Judge, "heritage", heritage)


def only_one_role_counts(patch: pytest.MonkeyPatch) -> None:
    right = Judge._subject
    patch.setattr(Judge, "_subject", lambda self, roles: right(self, frozenset(sorted(roles)[:1])))


def everyone_is_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "EVERYONE", "nobody")


def the_first_requirement_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "max", lambda first, _: first, raising=False)


def audiences_are_joined_across_gaps(patch: pytest.MonkeyPatch) -> None:
    def join(found: list[classes.GrantClass]) -> list[classes.GrantClass]:
        groups = classes._alike(found, {"audience_from": 0, "audience_to": None})
        low = [min(one.audience_from for one in group) for group in groups]
        return [
            replace(one[0], audience_from=n, audience_to=None) for one, n in zip(groups, low, strict=True)
        ]

    patch.setattr(classes, "_join_audiences", join)


def the_first_line_is_named_whether_it_matches_or_not(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Judge, "matches", lambda *_: True)


# Each with a seed under which it is found soon; with another one it takes longer.
FAULTS: dict[str, tuple[int, Plant]] = {
    "only one role counts": (1, only_one_role_counts),
    "cut points one too high": (1, cut_points_one_too_high),
    "lines with other conditions are shared": (1, lines_with_other_columns_are_shared(4)),
    "channels that are not listed": (2, unlisted_channels_are_taken_for_listed_ones),
    "audiences are joined across gaps": (6, audiences_are_joined_across_gaps),
    "denies are not shown": (5, denies_are_not_shown),
    "only parents are inherited from": (1, only_parents_are_inherited_from),
    "everyone is nobody": (3, everyone_is_nobody),
    "the first line is named, whether it matches or not": (
        2,
        the_first_line_is_named_whether_it_matches_or_not,
    ),
    "view is not required": (5, view_is_not_required),
    "lines of other effect are shared": (3, lines_with_other_columns_are_shared(5)),
    "lines with other channels are shared": (15, lines_with_other_columns_are_shared(3)),
    "involved is forgotten": (1, involved_is_forgotten),
    "every account is elsewhere": (4, every_account_is_elsewhere),
    "accounts of links are forgotten": (1, accounts_of_links_are_forgotten),
    "accounts of view are forgotten": (10, accounts_of_view_are_forgotten),
    "duties are not separated": (2, duties_are_not_separated),
    "nobody is exempt": (1, nobody_is_exempt),
    "the first requirement wins": (39, the_first_requirement_wins),
}


def other_channels_are_covered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(redundancy, "_named", lambda _: frozenset())


def denies_never_meet_what_is_allowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(redundancy, "_meet", lambda *_: False)


def test_without_a_fault_there_is_no_difference(tmp_path: Path):
    assert compare_many(dice_for(11), tmp_path / "policies", 360, edited=0).decisions == 360


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "plant"), FAULTS.values(), ids=list(FAULTS))
def test_a_planted_fault_is_found(seed: int, plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    plant(monkeypatch)

    with pytest.raises(Differs, match="stock Casbin"):
        compare_many(dice_for(seed), tmp_path / "policies", PATIENCE, edited=0)


def compare_edited(folder: Path) -> None:
    """Compare a small policy whose matcher knows an audience of its own."""
    drawn = Drawn(
        BASE, MODEL.replace("holds(p.when, r.obj)", "holds(p.when, r.obj) && r.obj.audience < 70000")
    )
    policy, _ = read_policy(drawn.write(folder), now=NOW)
    assert policy is not None
    assert drawn.edited
    for seed in range(5):
        compare(dice_for(seed), drawn, policy, folder, Tally())


@pytest.mark.slow
def test_what_only_an_edited_matcher_tells_apart_cannot_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    compare_edited(tmp_path / "policies")
    monkeypatch.setattr(answers, "_seen_by", lambda _: classes.NOTHING_ELSE)
    engine._checked.cache_clear()

    with pytest.raises(Differs, match="classes"):
        compare_edited(tmp_path / "policies")


@pytest.mark.slow
@pytest.mark.parametrize("plant", [other_channels_are_covered, denies_never_meet_what_is_allowed])
def test_a_line_that_is_called_useless_by_mistake_is_found(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        remove_useless_lines(dice_for(11), tmp_path / "policies", 100)
