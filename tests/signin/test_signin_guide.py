"""docs/signin.md says what is true: its tables, its numbers and its example are compared with the code."""

import re
from datetime import UTC, datetime
from pathlib import Path

from gql_approvals.http.oidc import keys, token
from gql_approvals.policy.engine import Policy
from gql_approvals.policy.groups import read_groups
from gql_approvals.service.sign_in import Why
from gql_approvals.settings import from_environment

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "signin.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The examples, without their indentation."""
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return [re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in found]


def test_every_reason_is_explained():
    explained = re.findall(r"^\| `([a-z_]+)` \| ", GUIDE.partition("## What is checked")[2], re.MULTILINE)

    assert explained == [why.value for why in Why]


def test_the_numbers_are_those_in_force():
    assert f"longer than {token.MAX_TOKEN:,} characters".replace(",", " ") in GUIDE
    assert f"with {token.SKEW_S} s for clocks" in GUIDE
    assert f"not more often than every {keys.PAUSE_S:g} s" in GUIDE
    assert f"waits for {keys.TIMEOUT_S:g} s at most" in GUIDE
    assert f"limited to {keys.MAX_BYTES // 1024} KiB" in GUIDE
    assert (keys.FRESH_S, keys.GIVEN_UP_S) == (5 * 60, 24 * 3600)


def test_the_two_settings_are_enough():
    [text] = blocks("sh")
    given = dict(re.findall(r"^(\w+)=(\S+)", text, re.MULTILINE))

    settings = from_environment(given)

    assert settings.oidc_issuer.startswith("https://")
    assert settings.oidc_audience


def test_the_example_of_groups_has_no_mistake(tmp_path: Path):
    [text] = blocks("csv")
    file = tmp_path / "groups.csv"
    file.write_text(text)
    policy = Policy.load(ROOT / "policies", now=datetime.now(UTC))

    groups, problems = read_groups(file, policy, ["acme"])

    assert problems == ()
    assert len(groups.lines) == 2
