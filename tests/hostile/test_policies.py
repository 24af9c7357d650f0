"""Hostile texts in the policy files: refused with their place, or read as what they are; shown as letters only."""
# ruff: noqa: E501  # tables and sentences keep their lines

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import run
from tests.cli.test_every_command import POLICIES
from tests.hostile.test_terminal import sound
from tests.hostile.texts import TEXTS

from gql_approvals.errors import BadPolicy
from gql_approvals.policy.engine import Policy

__all__ = ["run"]
# Where somebody may write a text in `policy.csv`.
PLACES = {
    "a comment": "# {}", "a comment behind a rule": "p, maker, *, revoke, any, own, allow # {}",
    "a role": "p, {}, *, create, any, any, allow", "an account": "p, maker, {}, create, any, any, allow",
    "an action": "p, maker, *, {}, any, any, allow", "a channel": "p, maker, *, create, {}, any, allow",
    "a scope": "p, maker, *, create, any, {}, allow", "an effect": "p, maker, *, create, any, any, {}",
    "a role above": "g, {}, maker, *", "a condition": "p2, *, any, {}, 1, anyone", "a line": "{}",
}  # fmt: skip


def read(folder: Path) -> Policy | str:
    """The policy, or what is wrong with its files."""
    try:
        return Policy.load(folder, now=datetime.now(UTC))
    except BadPolicy as refusal:
        return refusal.message


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_text_in_the_files_is_refused_at_its_place_or_is_a_name(run, tmp_path: Path, place: str):
    shutil.copytree(POLICIES, tmp_path / "policies")
    file = tmp_path / "policies" / "policy.csv"
    plain = file.read_text("utf-8")
    before = Policy.load(POLICIES, now=datetime.now(UTC))
    for number, (name, text) in enumerate(TEXTS.items()):
        file.write_bytes(f"{plain}\n{PLACES[place].format(text)}\n".encode("utf-8", "surrogatepass"))
        found = read(tmp_path / "policies")
        if isinstance(found, str):
            assert "policy.csv:" in found, name
        else:  # a name among others: whoever was there before is there
            assert set(before.roles("acme")) <= set(found.roles("acme")), name
        if number % 6 == 0:  # the command takes longer
            done = run("policy", "check", policies=str(tmp_path / "policies"))
            assert done.code in {0, 1}, done
            sound(done.out)
            sound(done.err)
    assert len(TEXTS) * len(PLACES) > 800
