"""Policies to ask: the shipped one, and folders made of a few lines."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import casbin
import pytest

from gql_approvals.policy import Policy
from gql_approvals.policy.model import register

SHIPPED = Path(__file__).parents[2] / "policies"
NOW = datetime(2027, 1, 1, tzinfo=UTC)

# The least that is accepted: every member may view, and somebody may do what nobody may be without.
BASE = """\
g, admin, member, *
p, everyone, *, view, any, always, allow
p, admin, *, approve, any, always, allow
p, admin, *, manage_members, any, always, allow
p, admin, *, manage_approvals, any, always, allow
p, member, *, comment, any, always, allow
"""


@pytest.fixture(scope="session")
def shipped() -> Policy:
    return Policy.load(SHIPPED, now=NOW)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write `policies/` into an empty working directory; messages then start with `policies/`."""

    def write(policy: str | bytes = BASE, model: str | bytes | None = None) -> Path:
        monkeypatch.chdir(tmp_path)
        place = Path("policies")
        place.mkdir(exist_ok=True)
        shipped_model = (SHIPPED / "model.conf").read_bytes()
        for name, content in (("policy.csv", policy), ("model.conf", model or shipped_model)):
            data = content if isinstance(content, bytes) else content.encode()
            (place / name).write_bytes(data)
        return place

    return write


@pytest.fixture
def load(folder: Callable[..., Path]) -> Callable[..., Policy]:
    """Load a policy whose text follows the base lines."""

    def from_lines(extra: str = "", model: str | None = None) -> Policy:
        return Policy.load(folder(BASE + extra, model), now=NOW)

    return from_lines


def stock_enforcer(folder: Path) -> casbin.Enforcer:
    """A bare Casbin enforcer on the two files, with nothing of ours but the registered functions."""
    enforcer = casbin.Enforcer(str(folder / "model.conf"), str(folder / "policy.csv"))
    register(enforcer)
    return enforcer
